//! A payment provider is set up as a whole or not at all.

use anyhow::bail;

use super::{AlipaySettings, Config, WechatPaySettings};

impl Config {
    /// Refuses half a provider, by the name of what is missing.
    pub(super) fn check_providers(&self) -> anyhow::Result<()> {
        for provider in [&self.wechat_pay.parts()[..], &self.alipay.parts()[..]] {
            let set = provider.iter().find(|(_, set)| *set);
            let missing = provider.iter().find(|(_, set)| !*set);
            if let Some(((set, _), (missing, _))) = set.zip(missing) {
                bail!("`{missing}` is missing: it goes together with `{set}` (docs/payments.md)");
            }
        }
        Ok(())
    }
}

impl WechatPaySettings {
    /// Whether it is set up.
    pub fn is_set(&self) -> bool {
        !self.merchant_id.is_empty()
    }

    /// What belongs together, and whether it is there.
    fn parts(&self) -> [(&'static str, bool); 6] {
        [
            ("wechat_pay.merchant_id", !self.merchant_id.is_empty()),
            ("wechat_pay.app_id", !self.app_id.is_empty()),
            (
                "wechat_pay.merchant_serial",
                !self.merchant_serial.is_empty(),
            ),
            ("wechat_pay.private_key", !self.private_key.is_empty()),
            ("wechat_pay.api_v3_key", !self.api_v3_key.is_empty()),
            ("wechat_pay.platform_keys", !self.platform_keys.is_empty()),
        ]
    }
}

impl AlipaySettings {
    /// Whether it is set up.
    pub fn is_set(&self) -> bool {
        !self.app_id.is_empty()
    }

    /// What belongs together, and whether it is there.
    fn parts(&self) -> [(&'static str, bool); 4] {
        [
            ("alipay.app_id", !self.app_id.is_empty()),
            ("alipay.seller_id", !self.seller_id.is_empty()),
            ("alipay.private_key", !self.private_key.is_empty()),
            ("alipay.public_key", !self.public_key.is_empty()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: &[(&str, &str)]) -> Option<String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let flags: Vec<_> = settings.iter().map(owned).collect();
        let config = Config::gather(None, &[], &flags).expect("settings");
        config.check().err().map(|error| format!("{error:#}"))
    }

    /// PAY-01: half a provider is none, and says what is missing.
    #[test]
    fn half_a_provider_is_refused_by_name() {
        let config = Config::default();
        let (wechat, alipay) = (config.wechat_pay.parts(), config.alipay.parts());
        for provider in [&wechat[..], &alipay[..]] {
            let mut settings: Vec<(&str, &str)> = vec![];
            for (part, _) in provider {
                let said = refused(&settings);
                let missing = said
                    .as_ref()
                    .is_some_and(|said| said.contains("is missing"));
                assert_eq!(missing, !settings.is_empty(), "{settings:?}: {said:?}");
                settings.push((part, "x"));
            }
            assert_eq!(refused(&settings), None);
            let without = settings.remove(0).0;
            let said = refused(&settings).unwrap();
            assert!(
                said.starts_with(&format!("`{without}` is missing")),
                "{said}"
            );
        }
    }
}
