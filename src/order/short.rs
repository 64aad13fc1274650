//! What a shortage does with an order, under its lock: units of a line are not there (INV-04), until they are given up, exchanged for
//! something similar, or come in (INV-05). Units that are short are left and not held; nothing of them is sent.

use proto::{OrderDeed, PaymentStatus, ShortageChoice, ShortageReason, json::Word as _};
use serde_json::{Value, json};

pub(crate) use super::place::tell_staff;
use super::{
    Line, LineUnits, Order, after_sale::Concern, offer::Offer, queries, step, words as said,
};
use crate::{
    app::App,
    error::{Refusal, Result, refused_argument, refused_because},
    id::{CaseId, ShortageId, VariantId},
    money::Money,
    payment,
    stock::Units,
    store::Tx,
};
use step::{By, Done};

/// Units that are not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Missing<'a> {
    /// Under which id it is dealt with.
    pub shortage: ShortageId,
    /// Which.
    pub part: LineUnits,
    /// Why, for the shop.
    pub reason: ShortageReason,
    /// For the customer.
    pub remark: &'a str,
}

/// What is to happen with units that are not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<'a> {
    /// Which shortage.
    pub shortage: ShortageId,
    /// What is still short of it.
    pub part: LineUnits,
    /// What was chosen.
    pub choice: ShortageChoice,
    /// What was said with it.
    pub remark: &'a str,
}

/// Marks units of a line as not there and tells the customer.
///
/// Refuses with `order_state` an order that is not paid or of which nothing is to be sent, with `invalid_argument` units that are not
/// there to be missed, with `conflict` a line of which some are short already.
pub(crate) async fn mark(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    missing: &Missing<'_>,
    by: &By,
) -> Result<()> {
    order.require(OrderDeed::MarkShort, by.party)?;
    order.require_money()?;
    let line = order.miss(missing.part)?;
    line.short_reason = Some(missing.reason.word());
    let words = said::short(line, missing.part.units);
    let after = json!({
        "shortage_id": missing.shortage, "line": missing.part.line, "units": missing.part.units, "short_reason": missing.reason.word(),
    });
    let done = Done::new(by, OrderDeed::MarkShort).remark(missing.remark);
    let words = [said::with(&words, missing.remark)];
    put(app, tx, order, after_is(done, after), &words).await
}

/// They are sent when they come in.
pub(crate) async fn wait(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    chosen: &Chosen<'_>,
    by: &By,
) -> Result<()> {
    order.require(OrderDeed::Choose, by.party)?;
    let words = [said::CHOSE_TO_WAIT.to_owned()];
    put(app, tx, order, chosen.done(by, json!({})), &words).await
}

/// They will not be sent: what follows is that their money goes back.
pub(crate) async fn give_up(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    chosen: &Chosen<'_>,
    by: &By,
) -> Result<()> {
    order.require(OrderDeed::Choose, by.party)?;
    order.find_short(chosen.part)?.no_more_short(chosen.part);
    put(app, tx, order, chosen.done(by, json!({})), &[]).await
}

/// Something similar is sent instead: it is a line of its own, and what it costs less goes back. Gives how much that is.
pub(crate) async fn exchange(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    (chosen, offer): (&Chosen<'_>, &Offer),
    by: &By,
) -> Result<Money> {
    order.require(OrderDeed::Choose, by.party)?;
    let agreed = order.agreed();
    let (touched, less) = order.swap(chosen.part, offer)?;
    for line in order
        .lines
        .iter()
        .filter(|line| touched.contains(&line.line))
    {
        queries::put_line(tx, order, line).await?;
    }
    order.revise()?;
    if less > Money::ZERO {
        let wanted = order.refundable(less, said::DIFFERENCE);
        payment::refund::order(tx, &wanted, app.clock.now()).await?;
        order.give_back(less)?;
    }
    let after =
        json!({ "variant_id": offer.variant_id, "refunded": less, "agreed": order.agreed() });
    let done = chosen.done(by, after);
    let done = Done {
        before: Some(json!({ "agreed": agreed })),
        ..done
    };
    let words = [said::exchanged(order, offer, less)];
    put(app, tx, order, done, &words).await?;
    Ok(less)
}

/// They are there: they can be sent, and the order is shipped first. Whoever calls holds them.
pub(crate) async fn arrive(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    shortage: ShortageId,
    part: LineUnits,
) -> Result<()> {
    order.require(OrderDeed::Arrive, By::SYSTEM.party)?;
    let line = order.find_short(part)?;
    line.no_more_short(part);
    let words = [said::arrived(line, part.units)];
    queries::put_first(tx, order.id, app.clock.now()).await?;
    let after = json!({ "shortage_id": shortage, "line": part.line, "units": part.units });
    let done = Done::new(&By::SYSTEM, OrderDeed::Arrive);
    put(app, tx, order, after_is(done, after), &words).await
}

fn after_is(done: Done<'_>, after: Value) -> Done<'_> {
    Done {
        after: Some(after),
        ..done
    }
}

async fn put(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    done: Done<'_>,
    said: &[String],
) -> Result<()> {
    queries::save_lines(tx, order).await?;
    step::write(app, tx, order, order.state, done, said).await
}

impl<'a> Chosen<'a> {
    fn done(&self, by: &'a By, more: Value) -> Done<'a> {
        let mut after = json!({
            "shortage_id": self.shortage, "line": self.part.line, "units": self.part.units, "choice": self.choice.word(),
        });
        if let (Some(after), Value::Object(more)) = (after.as_object_mut(), more) {
            after.extend(more);
        }
        after_is(Done::new(by, OrderDeed::Choose).remark(self.remark), after)
    }
}

impl Line {
    pub(super) fn no_more_short(&mut self, part: LineUnits) {
        self.short -= part.units.cast_signed();
        if self.short == 0 {
            self.short_reason = None;
        }
    }
}

impl Order {
    /// Some of it is not there.
    pub(super) fn is_short(&self) -> bool {
        self.lines.iter().any(|line| line.short > 0)
    }

    /// Refuses with `conflict` what needs all of it while some is not there.
    pub(super) fn require_all_there(&self) -> Result<()> {
        if self.is_short() {
            let sentence = "Some of it is not there: first settle what happens instead.".to_owned();
            return Err(refused_because(Refusal::Conflict, &"lines", sentence));
        }
        Ok(())
    }

    /// Why something is short is the shop's own business.
    pub(super) fn hide_reasons(&mut self) {
        self.lines
            .iter_mut()
            .for_each(|line| line.short_reason = None);
    }

    /// Refuses with `order_state` what is not paid: there is no money to choose about.
    fn require_money(&self) -> Result<()> {
        if self.payment_status == PaymentStatus::Unpaid && self.total > Money::ZERO {
            let sentence = "Nothing was paid for it yet.".to_owned();
            return Err(refused_because(
                Refusal::OrderState,
                &"payment_status",
                sentence,
            ));
        }
        Ok(())
    }

    fn miss(&mut self, part: LineUnits) -> Result<&mut Line> {
        let line = self.lines.iter_mut().find(|line| line.line == part.line);
        let line = line.ok_or_else(|| refused_argument("line", "names no line of the order"))?;
        if line.short > 0 {
            let sentence = format!("Some of line {} are marked short already.", line.line);
            return Err(refused_because(Refusal::Conflict, &"line", sentence));
        }
        let most = line.ready();
        if part.units == 0 || part.units > most.unsigned_abs() {
            let wrong = match most {
                0 => "has nothing of that line that is still to be sent".to_owned(),
                most => format!("is 1 to {most}, what is still to be sent of the line"),
            };
            return Err(refused_argument("units", &wrong));
        }
        line.short = part.units.cast_signed();
        Ok(line)
    }

    pub(super) fn find_short(&mut self, part: LineUnits) -> Result<&mut Line> {
        let short =
            |line: &&mut Line| line.line == part.line && line.short >= part.units.cast_signed();
        Ok(self.lines.iter_mut().find(short).ok_or(Refusal::Conflict)?)
    }

    /// Which of these units it holds and does not need any more.
    pub(crate) fn spare(&self, units: &[Units], held: &[Units]) -> Vec<Units> {
        let spare = |of: &Units| {
            let held = held
                .iter()
                .find(|one| one.variant_id == of.variant_id)?
                .units;
            let units = of.units.min(held.saturating_sub(self.needs(of.variant_id)));
            (units > 0).then_some(Units { units, ..*of })
        };
        units.iter().filter_map(spare).collect()
    }

    /// Units of a variant that are still to be sent and are there.
    fn needs(&self, variant: VariantId) -> u32 {
        let of = self.lines.iter().filter(|line| line.variant_id == variant);
        of.map(|line| line.ready().unsigned_abs()).sum()
    }

    /// What goes back if units that are not there are given up, in minor units.
    pub(crate) fn worth_of_short(&self, part: LineUnits) -> Result<Money> {
        self.worth(&Concern {
            case: CaseId::new(),
            lines: &[part],
            sent: false,
        })
    }
}
