//! How providers are set up, and with what they are not.

use souk::{
    clock::Clock,
    config::Config,
    pay::{Fault, Providers},
};

use super::{Scene, number};
use crate::support::{
    Simulator,
    simulator::{
        Plays,
        keys::{Owner, keys},
    },
};

/// PAY-01: who asks for answers signed by WeChat Pay's older certificate gets and believes them.
#[tokio::test]
async fn the_platform_certificate_is_believed_too() {
    let scene = Scene::set(Plays::WechatPay, |config| {
        config.wechat_pay.platform_keys.reverse();
    })
    .await;
    scene.paid("pay_0001", 100).await;
    let standing = scene.provider.query(&number("pay_0001")).await;
    assert!(matches!(standing, Ok(Some(_))), "{standing:?}");
}

/// PAY-01: the simulator believes us no more than we believe it: another key, and it answers nothing that is signed.
#[tokio::test]
async fn the_simulator_knows_our_signature() {
    for plays in [Plays::WechatPay, Plays::Alipay] {
        let scene = Scene::set(plays, |config| {
            config.wechat_pay.private_key = keys().private(Owner::Stranger);
            config.alipay.private_key = keys().private(Owner::Stranger);
        })
        .await;
        let charge = scene.charge("pay_0001", 100);
        let said = scene.provider.charge(&charge).await;
        assert!(matches!(said, Err(Fault::Unknown(_))), "{said:?}");
        let complaints = scene.simulator.complaints();
        assert!(
            complaints[0].starts_with("a wrong signature of"),
            "{complaints:?}"
        );
    }
}

/// A mistake in the settings, and what is said of it.
type Mistake = (fn(&mut Config), &'static str);

/// PAY-01: keys and addresses that are none stop the start, and say which setting it is.
#[tokio::test]
async fn bad_settings_stop_the_start_by_name() {
    let refused = |plays: Plays, change: fn(&mut Config)| async move {
        let mut config = Config::default();
        Simulator::start(plays).await.set(&mut config);
        change(&mut config);
        let said = Providers::open(&config, &Clock::default()).err();
        format!("{:#}", said.expect("it does not start"))
    };
    let wechat: [Mistake; 6] = [
        (
            |config| config.wechat_pay.private_key = "/nowhere".into(),
            "private_key",
        ),
        (
            |config| config.wechat_pay.private_key = keys().public(Owner::Wechat),
            "private_key",
        ),
        (
            |config| config.wechat_pay.api_v3_key = "too short".into(),
            "api_v3_key",
        ),
        (
            |config| config.wechat_pay.platform_keys = vec!["/a/file".into()],
            "platform_keys",
        ),
        (
            |config| config.wechat_pay.gateway_url = "http://example.com".into(),
            "gateway_url",
        ),
        (
            |config| {
                let own = keys().public(Owner::Merchant);
                config.wechat_pay.platform_keys = vec![format!("PUB_KEY_ID_1={own}")];
            },
            "the merchant's own key",
        ),
    ];
    for (change, named) in wechat {
        let said = refused(Plays::WechatPay, change).await;
        assert!(
            said.contains("[wechat_pay]") && said.contains(named),
            "{said}"
        );
        assert!(!said.contains("too short"), "{said}");
    }
    let alipay: [Mistake; 3] = [
        (
            |config| config.alipay.private_key = keys().public(Owner::Alipay),
            "private_key",
        ),
        (
            |config| config.alipay.public_key = keys().public(Owner::App),
            "the app's own key",
        ),
        (
            |config| config.alipay.gateway_url = "ftp://127.0.0.1".into(),
            "gateway_url",
        ),
    ];
    for (change, named) in alipay {
        let said = refused(Plays::Alipay, change).await;
        assert!(said.contains("[alipay]") && said.contains(named), "{said}");
    }
}
