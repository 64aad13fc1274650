//! Who gets the goods, and where: personal data, kept sealed, shown to whoever has to know (SEC-01).

use proto::DeliveryMethod;
use serde::{Deserialize, Serialize};

use super::{queries, step};
use crate::{
    app::App,
    error::{Result, refused_argument},
    id::OrderId,
    vault::Vault,
};

/// A name, a phone number and an address; what is not known yet is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recipient {
    /// At most 60 characters.
    pub name: String,
    /// At most 30 characters.
    pub phone: String,
    /// At most 300 characters.
    pub address: String,
}

impl Recipient {
    /// Refuses with `invalid_argument` what is too long or holds control characters; blanks around are taken off.
    pub fn check(&mut self) -> Result<()> {
        for (field, text, most) in [
            ("recipient.name", &mut self.name, 60),
            ("recipient.phone", &mut self.phone, 30),
            ("recipient.address", &mut self.address, 300),
        ] {
            *text = text.trim().to_owned();
            if text.chars().count() > most || text.contains(char::is_control) {
                let wrong =
                    format!("has at most {most} characters, none of them a control character");
                return Err(refused_argument(field, &wrong));
            }
        }
        Ok(())
    }

    /// What is missing for this delivery, by field.
    pub fn missing(&self, method: DeliveryMethod) -> Vec<&'static str> {
        let address = method != DeliveryMethod::Pickup;
        let fields = [
            ("name", self.name.is_empty()),
            (
                "phone",
                !self.phone.chars().any(|sign| sign.is_ascii_digit()),
            ),
            ("address", address && self.address.chars().count() < 5),
        ];
        let missing = fields.into_iter().filter(|(_, missing)| *missing);
        missing.map(|(field, _)| field).collect()
    }

    /// As those see it who need not know: enough to recognise, too little to find.
    #[must_use]
    pub fn masked(&self) -> Self {
        Self {
            name: masked(&self.name, 1, 0),
            phone: masked(&self.phone, 3, 2),
            address: masked(&self.address, 6, 0),
        }
    }

    /// What somebody means who sees it masked: what they give back as they were shown it stays as it is.
    #[must_use]
    pub(super) fn meant(self, known: &Self) -> Self {
        let shown = known.masked();
        let meant = |said: String, shown: String, known: &String| {
            if said == shown { known.clone() } else { said }
        };
        Self {
            name: meant(self.name, shown.name, &known.name),
            phone: meant(self.phone, shown.phone, &known.phone),
            address: meant(self.address, shown.address, &known.address),
        }
    }

    /// Sealed for the order's row, and the phone's index.
    pub(super) fn seal(&self, vault: &Vault, order: OrderId) -> (String, Option<Vec<u8>>) {
        let text = serde_json::to_string(self).unwrap_or_default();
        let digits = digits(&self.phone);
        let index = (!digits.is_empty()).then(|| vault.index(PHONE, &digits));
        (vault.seal(&row(order), &text), index)
    }

    /// The recipient of this order's row. Breaks when its key is not among the settings.
    pub(super) fn unseal(vault: &Vault, order: OrderId, sealed: &str) -> Result<Self> {
        let text = vault
            .unseal(&row(order), sealed)
            .map_err(anyhow::Error::from)?;
        Ok(serde_json::from_str(&text).map_err(anyhow::Error::from)?)
    }
}

/// Seals with the current key whatever is not, and indexes it anew: at every start, a few orders at a time, so that a change of keys is
/// complete when all nodes have started anew. What the history says of former addresses stays as it was written. Fails if a key is missing.
pub async fn seal_anew(app: &App) -> anyhow::Result<()> {
    let (pool, mark) = (app.store.pool(), app.vault.mark());
    loop {
        let kept = queries::sealed_otherwise(pool, &mark, AT_A_TIME).await?;
        if kept.is_empty() {
            return Ok(());
        }
        for (shop, order) in kept {
            let mut tx = app.store.begin(shop).await?;
            step::hold(&mut tx, order).await?;
            if let Some(sealed) = queries::recipient(&mut tx, order).await? {
                let recipient = Recipient::unseal(&app.vault, order, &sealed)?;
                let (sealed, index) = recipient.seal(&app.vault, order);
                queries::set_recipient(&mut tx, order, &sealed, index.as_deref()).await?;
            }
            tx.commit().await?;
        }
    }
}

/// Orders that are sealed anew before the next are looked for.
pub(super) const AT_A_TIME: i64 = 200;

/// The index of phone numbers of orders.
const PHONE: &str = "orders.phone";

/// Under which indexes a phone number may lie: of the key of now and of former ones.
pub(super) fn phone_indexes(vault: &Vault, phone: &str) -> Vec<Vec<u8>> {
    vault.indexes(PHONE, &digits(phone))
}

/// As a number is compared: its digits, without China's prefix.
fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("86") {
        Some(rest) if rest.len() == 11 => rest.to_owned(),
        _ => digits,
    }
}

fn row(order: OrderId) -> String {
    format!("orders/{order}")
}

/// The first and the last characters, stars between them.
fn masked(text: &str, first: usize, last: usize) -> String {
    let signs: Vec<char> = text.chars().collect();
    if signs.len() <= first + last {
        return "*".repeat(signs.len());
    }
    let stars = "*".repeat((signs.len() - first - last).min(6));
    let tail: String = signs[signs.len() - last..].iter().collect();
    signs[..first].iter().collect::<String>() + &stars + &tail
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC-01: what is masked can be recognised by who knows it, and found by nobody.
    #[test]
    fn a_masked_recipient_keeps_little() {
        let recipient = Recipient {
            name: "王小明".into(),
            phone: "13800138000".into(),
            address: "上海市静安区南京西路1266号".into(),
        };
        let masked = recipient.masked();
        assert_eq!(masked.name, "王**");
        assert_eq!(masked.phone, "138******00");
        assert_eq!(masked.address, "上海市静安区******");
        assert_eq!(super::masked("王", 1, 0), "*");
    }

    #[test]
    fn numbers_are_compared_by_their_digits() {
        assert_eq!(digits("+86 138-0013-8000"), digits("13800138000"));
        assert_ne!(digits("8613800138"), digits("13800138"));
    }

    /// ORD-07: what is missing depends on how the goods come.
    #[test]
    fn what_is_missing_depends_on_the_delivery() {
        let recipient = Recipient {
            name: "Ann".into(),
            phone: "138".into(),
            address: String::new(),
        };
        assert_eq!(recipient.missing(DeliveryMethod::Express), ["address"]);
        assert!(recipient.missing(DeliveryMethod::Pickup).is_empty());
        assert_eq!(
            Recipient::default().missing(DeliveryMethod::Service).len(),
            3
        );
    }
}
