//! The customer asks for a change of an order that the shop has taken; staff approve or reject it (O23, ORD-14).

use jiff::Timestamp;
use proto::OrderDeed;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    edit::{self, Edit},
    place, queries, readdress,
    recipient::{AT_A_TIME, Recipient},
    show::{Shown, Viewer},
    step::{self, By, Done},
    words as said,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::{Refusal, Result, refused_argument},
    id::{ChangeId, OrderId},
    vault::{Vault, renew::renew},
    words,
};

/// What the customer wants changed; at least one of them.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = OrderWish)]
#[serde(default, deny_unknown_fields)]
pub struct Wish {
    /// Other lines or another wish.
    pub edit: Option<Edit>,
    /// Another recipient.
    pub recipient: Option<Recipient>,
}

/// A change that was asked for.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OrderChange)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// `pending`, `approved` or `rejected`.
    pub state: String,
    /// Other lines or another wish, as they were asked for.
    pub asked: serde_json::Value,
    /// Another recipient; masked for whoever may not see it.
    pub recipient: Option<Recipient>,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// What staff said.
    pub answer: String,
}

/// Asks; staff are alerted. Refuses with `order_state`, and with `conflict` while another wish waits.
pub async fn ask(app: &App, customer: &Customer, order: OrderId, mut wish: Wish) -> Result<Change> {
    wish.check()?;
    let (mut tx, mut order) = step::of_customer(app, customer, order).await?;
    order.require(OrderDeed::AskChange, super::graph::Party::Customer)?;
    let id = ChangeId::new();
    let asked = serde_json::to_value(&wish.edit).map_err(anyhow::Error::from)?;
    let sealed = wish
        .recipient
        .as_ref()
        .map(|recipient| seal(&app.vault, id, recipient));
    let now = app.clock.now();
    let new = queries::NewChange {
        id,
        order: order.id,
        asked: &asked,
        recipient: sealed.as_deref(),
    };
    if !queries::add_change(&mut tx, &new, now).await? {
        return Err(Refusal::Conflict.into());
    }
    let (by, was) = (By::from(customer), order.state);
    let done = Done {
        after: Some(json!({ "change_id": id, "asked": asked })),
        ..Done::new(&by, OrderDeed::AskChange)
    };
    step::write(
        app,
        &mut tx,
        &mut order,
        was,
        done,
        &["客户申请修改订单".to_owned()],
    )
    .await?;
    place::tell_staff(
        app,
        &mut tx,
        &order,
        proto::AlertKind::OrderChanged,
        &said::change_asked(&order),
    )
    .await?;
    tx.commit().await?;
    Ok(Change {
        id,
        state: "pending".to_owned(),
        asked,
        recipient: wish.recipient,
        asked_at: now,
        answer: String::new(),
    })
}

/// Answers the wish that waits. Approved, it is put into effect in the same work. Refuses with `not_found` where none waits, with
/// `order_state` when the goods have left meanwhile, and as an edit does.
pub async fn answer(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    approved: bool,
    answer: &str,
) -> Result<Shown> {
    words::text("answer", answer, 0..=200)?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    let found = queries::pending_change(&mut tx, order.id).await?;
    let (id, asked, sealed) = found.ok_or(Refusal::NotFound)?;
    queries::decide_change(
        &mut tx,
        id,
        approved,
        by.actor.user,
        answer,
        app.clock.now(),
    )
    .await?;
    let who = By::from(by);
    if approved {
        order.require(OrderDeed::AskChange, super::graph::Party::Customer)?;
        if let Some(sealed) = sealed {
            let recipient = unseal(&app.vault, id, &sealed)?;
            order = readdress::apply(app, &mut tx, order, &recipient, &who).await?;
        }
        let edit: Option<Edit> = serde_json::from_value(asked).map_err(anyhow::Error::from)?;
        if let Some(edit) = edit {
            order = edit::apply(app, &mut tx, order, &edit, (OrderDeed::AskChange, &who)).await?;
        }
    }
    let was = order.state;
    let done = Done {
        after: Some(json!({ "change_id": id, "approved": approved })),
        ..Done::new(&who, OrderDeed::AskChange).remark(answer)
    };
    let said = said::with(
        if approved {
            "商家已同意修改订单"
        } else {
            "商家未同意修改订单"
        },
        answer,
    );
    step::write(app, &mut tx, &mut order, was, done, &[said]).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

/// The changes that were asked for of an order of the shop, the newest first.
pub async fn list(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Vec<Change>> {
    let mut tx = app.store.begin(by.shop).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    let rows = queries::changes(&mut tx, order).await?;
    let changes = rows.into_iter().map(|(mut change, sealed)| {
        if let Some(sealed) = sealed {
            change.recipient = Some(viewer.sees(unseal(&app.vault, change.id, &sealed)?));
        }
        Ok(change)
    });
    changes.collect()
}

fn row(id: ChangeId) -> String {
    format!("order_changes/{id}")
}

fn seal(vault: &Vault, id: ChangeId, recipient: &Recipient) -> String {
    vault.seal(
        &row(id),
        &serde_json::to_string(recipient).unwrap_or_default(),
    )
}

fn unseal(vault: &Vault, id: ChangeId, sealed: &str) -> Result<Recipient> {
    let text = vault
        .unseal(&row(id), sealed)
        .map_err(anyhow::Error::from)?;
    Ok(serde_json::from_str(&text).map_err(anyhow::Error::from)?)
}

impl Wish {
    fn check(&mut self) -> Result<()> {
        if self.edit.is_none() && self.recipient.is_none() {
            return Err(refused_argument("edit", "or `recipient` is needed"));
        }
        self.edit.as_ref().map_or(Ok(()), Edit::check)?;
        self.recipient.as_mut().map_or(Ok(()), Recipient::check)
    }
}

/// Seals with the current key the recipients of wishes that are not, as `recipient::seal_anew` does those of orders. Fails if a key is missing.
pub async fn seal_anew(app: &App) -> anyhow::Result<()> {
    let pool = app.store.pool();
    renew(
        &app.vault,
        row,
        async |mark: &str| queries::changes_sealed_otherwise(pool, mark, AT_A_TIME).await,
        async |id, kept: &str, renewed: &str| queries::reseal_change(pool, id, kept, renewed).await,
    )
    .await
}
