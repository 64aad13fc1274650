//! Coupons of the shop: issued, dropped in a group, claimed.

use anyhow::Context as _;
use serde_json::json;
use uuid::Uuid;

use super::{BUSY, Market};
use crate::{
    front_door::{Busy, text},
    people::{Circle, Person},
};

/// What somebody hears who presses.
pub(crate) enum Pressed {
    /// The coupon that they have now.
    Granted(String),
    /// All of them are gone.
    SoldOut,
}

impl Market {
    /// Terms of which there is no end, published; everybody may have many.
    pub(crate) async fn issue(&self) -> anyhow::Result<String> {
        let form = json!({
            "terms": {
                "title": "满50减10", "face": { "kind": "full_reduction", "value": 1_000, "threshold": 5_000 },
                "scope": { "of": "shop" }, "stacks_with_promotions": true,
            },
            "validity": { "days": 7 }, "eligibility": { "who": "anyone" }, "aim": "new_customers", "per_person": 100,
        });
        let path = self.path("/coupon-templates");
        let made = self.door.post(&path, &self.owner, &form).await?;
        let template = text(&made, "id")?;
        let path = self.path(&format!("/coupon-templates/{template}/publish"));
        self.door.post(&path, &self.owner, &json!({})).await?;
        Ok(template)
    }

    /// Drops so many into a group; gives the gift's id.
    pub(crate) async fn give(
        &self,
        template: &str,
        group: &Circle,
        pieces: u64,
    ) -> anyhow::Result<String> {
        let form = json!({ "template_id": template, "conversation_id": group.conversation, "pieces": pieces });
        let path = self.path("/coupon-gifts");
        let gift = self.door.post(&path, &self.owner, &form).await?;
        text(&gift, "id")
    }

    /// Somebody presses, and again with the same key while the server is busy.
    pub(crate) async fn claim(&self, customer: &Person, gift: &str) -> anyhow::Result<Pressed> {
        let path = format!("/coupon-gifts/{gift}/claim");
        let (key, nothing) = (Uuid::new_v4().to_string(), json!({}));
        loop {
            let said = self.door.post_once(&path, &customer.token, &nothing, &key);
            match said.await {
                Ok(coupon) => return Ok(Pressed::Granted(text(&coupon, "id")?)),
                Err(error) if error.is::<Busy>() => {}
                Err(error) if error.to_string().contains("\"coupon_sold_out\"") => {
                    return Ok(Pressed::SoldOut);
                }
                Err(error) => return Err(error.context("claiming")),
            }
            tokio::time::sleep(BUSY.mul_f64(0.5 + rand::random::<f64>())).await;
        }
    }

    /// How many coupons of these terms lie in wallets.
    pub(crate) async fn in_wallets(&self, template: &str) -> anyhow::Result<u64> {
        let path = self.path(&format!("/coupon-templates/{template}"));
        let report = self.door.read(&path, &self.owner).await?;
        let number = report["in_wallets"].as_u64();
        number.context("`in_wallets` is missing")
    }
}
