//! What delivery costs (LOG-02).

use proto::DeliveryMethod;
use serde::{Deserialize, Serialize};

use super::queries;
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Result, refused_argument},
    id::ShopId,
    money::Money,
    rights,
    store::Tx,
};

/// A shop's template: so much, or nothing from a sum on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Freight {
    /// For what is sent, in minor units, 0 and up.
    pub fee: Money,
    /// Goods for so much are sent free, in minor units; null: never.
    pub free_from: Option<Money>,
}

impl Freight {
    /// What goods for so much cost to be delivered in this way.
    pub fn of(self, method: DeliveryMethod, goods: Money) -> Money {
        let free = self.free_from.is_some_and(|from| goods >= from);
        match method {
            DeliveryMethod::Express if !free => self.fee,
            _ => Money::ZERO,
        }
    }
}

/// The template of a shop.
pub async fn show(app: &App, _: &Actor, shop: ShopId) -> Result<Freight> {
    let mut tx = app.store.begin(shop).await?;
    queries::freight(&mut tx).await
}

/// Sets it (recorded). Refuses with `invalid_argument`.
pub async fn set(app: &App, by: &Staff<ManageShop>, freight: Freight) -> Result<Freight> {
    let most = Money::minor(1_000_000_000);
    if !(Money::ZERO..=most).contains(&freight.fee) {
        return Err(refused_argument("fee", "is 0 to 1000000000"));
    }
    if freight.free_from.is_some_and(|from| from <= Money::ZERO) {
        return Err(refused_argument("free_from", "is above 0"));
    }
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::freight(&mut tx).await?;
    queries::set_freight(&mut tx, freight).await?;
    let deed = Deed::new(by.actor.user, "freight.changed", by.shop)
        .before(serde_json::to_value(former).ok())
        .after(serde_json::to_value(freight).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(freight)
}

/// What goods for so much cost to be delivered.
pub async fn fee(tx: &mut Tx, method: DeliveryMethod, goods: Money) -> Result<Money> {
    Ok(queries::freight(tx).await?.of(method, goods))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LOG-02: 49.99 costs 8.00, 50.00 costs nothing; what is not sent never costs anything.
    #[test]
    fn freight_is_free_from_a_sum_on() {
        let freight = Freight {
            fee: Money::minor(800),
            free_from: Some(Money::minor(5_000)),
        };
        let fee = |method, goods| freight.of(method, Money::minor(goods)).in_minor();
        assert_eq!(fee(DeliveryMethod::Express, 4_999), 800);
        assert_eq!(fee(DeliveryMethod::Express, 5_000), 0);
        assert_eq!(fee(DeliveryMethod::Pickup, 100), 0);
        assert_eq!(fee(DeliveryMethod::Service, 100), 0);
    }
}
