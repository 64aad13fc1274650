//! Lay down a promotion. It begins and ends by itself.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use serde::Deserialize;

use super::{Promotion, queries, terms::Terms};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::PromotionId,
    rights,
    store::Tx,
    words,
};

/// Promotions of one shop that are not over yet, at most: all of them are looked at for every order.
const MOST: i64 = 50;

/// A promotion to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPromotion {
    /// What customers read, 1 to 60 characters.
    pub name: String,
    /// What it does.
    pub terms: Terms,
    /// Coupons count beside it.
    #[serde(default = "yes")]
    pub stacks_with_coupons: bool,
    /// From then on, `2026-11-28T00:00` by the clock on the shop's wall.
    #[schema(value_type = String)]
    pub from: DateTime,
    /// Not then any more.
    #[schema(value_type = String)]
    pub until: DateTime,
}

fn yes() -> bool {
    true
}

/// Makes it. Refuses with `invalid_argument` what is out of bounds or over already, with `not_found` products and variants that the shop does
/// not have, and with `quota_exceeded` beyond 50 that are not over.
pub async fn create(
    app: &App,
    by: &Staff<ManageCampaigns>,
    new: NewPromotion,
) -> Result<Promotion> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let promotion = new.promotion(&mut tx, now).await?;
    promotion.check(&mut tx, now).await?;
    if !queries::add(&mut tx, &promotion, by.actor.user, MOST).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    promotion.choose(&mut tx).await?;
    let deed = Deed::new(by.actor.user, "promotion.created", promotion.id);
    let deed = deed.after(serde_json::to_value(&promotion).ok());
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(promotion)
}

impl NewPromotion {
    async fn promotion(self, tx: &mut Tx, now: Timestamp) -> Result<Promotion> {
        Ok(Promotion {
            id: PromotionId::new(),
            name: self.name.trim().to_owned(),
            terms: self.terms,
            stacks_with_coupons: self.stacks_with_coupons,
            starts_at: instant(tx, self.from).await?,
            ends_at: instant(tx, self.until).await?,
            stopped_at: None,
            created_at: now,
        })
    }
}

impl Promotion {
    /// Refuses with `invalid_argument`, and with `not_found` what it names and the shop does not have.
    pub(super) async fn check(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        words::line("name", &self.name, 60)?;
        self.terms.check()?;
        let longest = SignedDuration::from_hours(24 * 366);
        let lasts = self.ends_at.duration_since(self.starts_at);
        if self.ends_at <= now || !lasts.is_positive() || lasts > longest {
            let wrong = "is after it begins, in the future, within a year of that";
            return Err(refused_argument("until", wrong));
        }
        if queries::has(tx, self.terms.products(), &self.terms.gifts()).await? {
            Ok(())
        } else {
            Err(Refusal::NotFound.into())
        }
    }

    /// A flash discount counts for its products, and no others.
    pub(super) async fn choose(&self, tx: &mut Tx) -> Result<()> {
        let flash = match &self.terms {
            Terms::Flash(flash) => Some(flash),
            Terms::Tiered(_) => None,
        };
        queries::set_flash(tx, self.id, flash).await
    }
}

/// When the clock on the shop's wall shows this. Refuses with `invalid_argument` years that no shop is open in.
pub(super) async fn instant(tx: &mut Tx, at: DateTime) -> Result<Timestamp> {
    if !(2000..=2200).contains(&at.year()) {
        return Err(refused_argument(
            "from",
            "is between the years 2000 and 2200",
        ));
    }
    queries::on_the_wall(tx, at).await
}
