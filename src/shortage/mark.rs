//! Staff cannot find what was sold.

use jiff::Timestamp;
use proto::{ShortageReason, ShortageState, json::Word as _};
use serde::Deserialize;
use serde_json::json;

use super::{Offer, Shortage, step};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::{OrderId, ShortageId, UserId, VariantId},
    money::Money,
    order::{
        LineUnits, Order,
        after_sale::{self, By},
        short::{self, Missing},
    },
    product::price::{self, Basket},
    stock::{self, Units, lose::lose},
    store::Tx,
    words,
};

/// Similar things that are offered at most.
const OFFERS: usize = 5;

/// What is not there.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingGoods {
    /// Which line of the order.
    pub line: i16,
    /// How many of it, 1 and up.
    pub units: u32,
    /// Why; the customer is not told.
    pub reason: ShortageReason,
    /// For the customer, at most 200 characters.
    #[serde(default)]
    pub remark: String,
    /// Variants that the customer may have instead, at most 5; none may cost more than what is not there.
    #[serde(default)]
    pub similar: Vec<VariantId>,
}

/// Marks units of a line as not there: they are written off, and the customer has the choice. Recorded.
///
/// Refuses with `order_state` an order that is not paid or of which nothing is to be sent, with `conflict` a line of which some are short
/// already, with `out_of_stock` or `not_on_sale` an offer that cannot be had, with `invalid_argument` units that were sent, and an offer
/// that is dearer.
pub async fn mark(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    missing: MissingGoods,
) -> Result<Shortage> {
    missing.check()?;
    let (mut tx, mut order) = after_sale::of_staff(app, by, order).await?;
    let (now, id) = (app.clock.now(), ShortageId::new());
    let of = Missing {
        shortage: id,
        part: missing.part(),
        reason: missing.reason,
        remark: missing.remark.trim(),
    };
    short::mark(app, &mut tx, &mut order, &of, &By::from(by)).await?;
    let line = order.lines.iter().find(|line| line.line == missing.line);
    let line = line.ok_or(Refusal::NotFound)?.clone();
    let mut shortage = Shortage {
        id,
        order_id: order.id,
        line: missing.line,
        variant_id: line.variant_id,
        title: line.title,
        choice: line.choice,
        units: missing.units,
        arrived: 0,
        reason: Some(missing.reason),
        remark: of.remark.to_owned(),
        offers: offers(&mut tx, &order, &missing, now).await?,
        state: ShortageState::Offered,
        card_number: 0,
        marked_by: by.actor.user,
        marked_at: now,
        chosen: None,
        taken: None,
        chosen_by: None,
        chosen_at: None,
        case_id: None,
    };
    step::begin(app, &mut tx, &order, &mut shortage).await?;
    record(app, &mut tx, by, &shortage).await?;
    let goods = Units {
        variant_id: line.variant_id,
        units: missing.units,
    };
    let (who, note) = (by.actor.user, missing.note(&order));
    lose(&mut tx, order.holder(), goods, who, &note, now).await?;
    tx.commit().await?;
    Ok(shortage)
}

async fn record(
    app: &App,
    tx: &mut Tx,
    by: &Staff<ManageOrders>,
    shortage: &Shortage,
) -> Result<()> {
    let after = json!({ "shortage_id": shortage.id, "line": shortage.line, "units": shortage.units, "reason": shortage.reason });
    let deed = Deed::new(by.actor.user, "order.marked_short", shortage.order_id).after(after);
    audit::record(tx, deed, app.clock.now()).await
}

/// What each similar thing costs now, for as many units.
async fn offers(
    tx: &mut Tx,
    order: &Order,
    missing: &MissingGoods,
    now: Timestamp,
) -> Result<Vec<Offer>> {
    let most = order.cost_of_last(missing.part())?;
    let mut offers = Vec::with_capacity(missing.similar.len());
    for variant in &missing.similar {
        if order.discount > Money::ZERO {
            let wrong = "cannot be offered for what was bought with a coupon or a reduction";
            return Err(refused_argument("similar", wrong));
        }
        offers.push(offer(tx, order.customer_id, (*variant, missing.units), most, now).await?);
    }
    if offers.iter().any(|offer| {
        order
            .units_of(&[missing.part()])
            .iter()
            .any(|of| of.variant_id == offer.variant_id)
    }) {
        return Err(refused_argument("similar", "names what is not there"));
    }
    Ok(offers)
}

async fn offer(
    tx: &mut Tx,
    customer: UserId,
    (variant_id, units): (VariantId, u32),
    most: Money,
    now: Timestamp,
) -> Result<Offer> {
    let basket = Basket {
        lines: vec![Units { variant_id, units }],
        ..Basket::default()
    };
    let quote = price::price(tx, &basket, Some(customer), now).await?;
    let line = quote.lines.into_iter().next().ok_or(Refusal::NotFound)?;
    if line.total > most {
        let wrong = format!(
            "names {}, which costs more than what it stands for",
            line.title
        );
        return Err(refused_argument("similar", &wrong));
    }
    if stock::level(tx, variant_id).await?.available < units.into() {
        return Err(Refusal::OutOfStock.into());
    }
    Ok(Offer {
        variant_id,
        product_id: line.product_id,
        title: line.title,
        choice: line.choice,
        list_price: line.list_price,
        price: line.price,
        total: line.total,
    })
}

impl MissingGoods {
    fn check(&self) -> Result<()> {
        words::text("remark", &self.remark, 0..=200)?;
        if self.reason == ShortageReason::Unspecified {
            return Err(refused_argument("reason", "is missing"));
        }
        let mut seen = std::collections::BTreeSet::new();
        if self.similar.len() > OFFERS || !self.similar.iter().all(|one| seen.insert(*one)) {
            return Err(refused_argument("similar", "has at most 5, each once"));
        }
        Ok(())
    }

    fn part(&self) -> LineUnits {
        LineUnits {
            line: self.line,
            units: self.units,
        }
    }

    /// For the journal of the stock.
    fn note(&self, order: &Order) -> String {
        let number = order.number.as_deref().unwrap_or_default();
        format!("{} short: {}", number, self.reason.word())
    }
}
