//! Codes go to phones and mailboxes by the operator's gateway, which misbehaves.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::config::{Config, Profile};

use crate::{
    support::{Person, TestServer, register::phone},
    webhook::receiver::{Manner, Receiver},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A server in production whose texts to phones go to this gateway.
async fn server_with(gateway: &Receiver, call_ms: u64) -> TestServer {
    TestServer::with(|config: &mut Config| {
        config.server.profile = Profile::Production;
        config.sms.gateway_url = gateway.url();
        config.sms.gateway_secret = SECRET.into();
        config.sms.call_ms = call_ms;
    })
    .await
}

fn to(number: u32) -> Value {
    json!({ "phone": phone(number) })
}

/// ACC-03: a gateway hears, signed, whom a code goes to; the code is good; it is kept nowhere in the clear.
#[tokio::test]
async fn a_code_goes_by_the_gateway() {
    let mut gateway = Receiver::new(Manner::Drips).await;
    let server = server_with(&gateway, 5_000).await;
    let asked = server.request_code("customer", to(1), "register").await;
    let call = gateway.hears().await;
    assert!(call.signed_with(SECRET));
    let letter = call.json();
    let code = letter["code"].as_str().unwrap();
    assert_eq!(
        letter,
        json!({
            "channel": "sms", "to": phone(1), "code": code, "minutes": 10, "purpose": "register",
            "text": format!("【Souk】{code}，10 分钟内有效，请勿告诉他人。"),
        })
    );
    let kept: i64 = sqlx::query_scalar("select count(*) from outgoing_messages")
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(kept, 0);
    let proof = json!({ "request_id": asked.ok()["request_id"], "code": code });
    let form = json!({ "phone": phone(1), "proof": proof, "name": "Ann", "device_id": "d" });
    let rest = server.rest();
    Person::of(&rest.post("/registrations/customer", form).await.ok());
}

/// ACC-03: a gateway that fails for a moment is asked again, with the same id, so that it can drop doubles.
#[tokio::test]
async fn a_gateway_that_stumbles_is_asked_again() {
    let mut gateway = Receiver::new(Manner::Says(500)).await;
    let server = server_with(&gateway, 5_000).await;
    let asking = server.request_code("customer", to(1), "register");
    let (asked, first) = tokio::join!(asking, async {
        let first = gateway.hears().await;
        gateway.is_now(Manner::Says(202));
        first
    });
    asked.ok();
    let second = gateway.hears().await;
    assert_eq!((second.id(), &second.body), (first.id(), &first.body));
    assert!(second.signed_with(SECRET) && gateway.heard().is_empty());
}

/// ACC-03: what the gateway will not take is not repeated; whoever registers is told; others are still served.
#[tokio::test]
async fn a_text_that_is_refused_is_refused_once() {
    let mut gateway = Receiver::new(Manner::Says(400)).await;
    let server = server_with(&gateway, 5_000).await;
    for number in 1..=4 {
        let asked = server
            .request_code("customer", to(number), "register")
            .await;
        assert_eq!((asked.status, asked.refused()), (503, "unavailable"));
        assert_eq!(gateway.heard().len(), 1);
    }
    let elsewhere = format!("http://{}/elsewhere", gateway.address);
    gateway.is_now(Manner::SaysWith(307, "location", elsewhere));
    let asked = server.request_code("customer", to(5), "register").await;
    assert_eq!((asked.refused(), gateway.heard().len()), ("unavailable", 1));
    gateway.is_now(Manner::Says(200));
    server
        .request_code("customer", to(6), "register")
        .await
        .ok();
}

/// ACC-03, ACC-10: a gateway that does nothing but hang is left alone for half a minute: everybody is refused at once and hears
/// when to come again, whether they have an account or not; their allowance is not touched.
#[tokio::test]
async fn a_gateway_that_hangs_is_left_alone_for_a_while() {
    let mut gateway = Receiver::new(Manner::Waits).await;
    let server = server_with(&gateway, 50).await;
    for number in 1..=3 {
        let asked = server
            .request_code("customer", to(number), "register")
            .await;
        assert_eq!((asked.status, asked.refused()), (503, "unavailable"));
        assert_eq!(gateway.heard().len(), 3, "three tries");
    }
    for purpose in ["register", "log_in"] {
        let asked = server.request_code("customer", to(4), purpose).await;
        assert_eq!(asked.refused(), "unavailable");
        let wait = asked.body["retry_after_ms"].as_u64().unwrap();
        assert!((20_000..=30_000).contains(&wait), "{wait}");
    }
    assert!(gateway.heard().is_empty());
    gateway.let_go();
    server.clock.advance(SignedDuration::from_secs(31));
    server
        .request_code("customer", to(4), "register")
        .await
        .ok();
    let used: Vec<i32> = sqlx::query_scalar("select max(used) from allowances")
        .fetch_all(server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(used, [1], "only what went out is counted");
}

/// ACC-10: neither the answer nor the time it takes tells who has an account: nobody waits for the gateway to log in, and to a
/// stranger nothing is sent.
#[tokio::test]
async fn a_gateway_does_not_tell_who_has_an_account() {
    let mut gateway = Receiver::new(Manner::Waits).await;
    let server = server_with(&gateway, 60_000).await;
    let known = Person::customer(&server, "Ann").await;
    sqlx::query("update users set phone = $2 where id = $1")
        .bind(known.id)
        .bind(phone(1))
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    for number in [2, 1] {
        let asking = server.request_code("customer", to(number), "log_in");
        let asked = tokio::time::timeout(Duration::from_secs(20), asking).await;
        asked.expect("an answer before the gateway's").ok();
    }
    assert_eq!(gateway.hears().await.json()["to"], phone(1));
    assert!(gateway.heard().is_empty());
    gateway.let_go();
}

/// ACC-03: production without a gateway starts, and says clearly that it cannot send codes.
#[tokio::test]
async fn without_a_gateway_codes_are_refused_clearly() {
    let server = TestServer::with(|config| config.server.profile = Profile::Production).await;
    for contact in [to(1), json!({ "email": "ann@example.com" })] {
        for purpose in ["register", "log_in"] {
            let asked = server
                .request_code("customer", contact.clone(), purpose)
                .await;
            assert_eq!((asked.status, asked.refused()), (503, "unavailable"));
            let said = asked.body.to_string();
            assert!(said.contains("cannot send codes this way"), "{said}");
        }
    }
}
