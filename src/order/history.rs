//! Everything that was ever done with an order (ORD-25).

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    queries,
    show::{self, Viewer},
    step,
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::{Refusal, Result},
    id::{OrderId, UserId},
    store::Tx,
};

/// One thing that was done.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OrderEntry)]
pub struct Entry {
    /// 1 and up, dense.
    pub version: i32,
    /// What, a word of the state graph.
    pub deed: String,
    /// Where the order stood; null: it began.
    pub state_before: Option<String>,
    /// Where it stands since.
    pub state: String,
    /// Who; null: nobody, or who pays and who carries.
    pub actor_id: Option<UserId>,
    /// Their name.
    pub actor_name: Option<String>,
    /// `customer`, `staff`, `system`, `provider` or `carrier`.
    pub actor_kind: String,
    /// What was said about it.
    pub remark: String,
    /// How it was, where more changed than the state.
    pub before: Option<Value>,
    /// How it is.
    pub after: Option<Value>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// For the customer whose order it is. Refuses with `not_found`.
pub async fn to_customer(app: &App, customer: &Customer, order: OrderId) -> Result<Vec<Entry>> {
    let shop = step::shop_of(app, customer, order).await?;
    let mut tx = app.store.begin(shop).await?;
    read(app, &mut tx, order, Viewer::Customer).await
}

/// For staff. Refuses with `not_found`.
pub async fn to_staff(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Vec<Entry>> {
    let mut tx = app.store.begin(by.shop).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    match read(app, &mut tx, order, viewer).await? {
        entries if entries.is_empty() => Err(Refusal::NotFound.into()),
        entries => Ok(entries),
    }
}

pub(super) async fn read(
    app: &App,
    tx: &mut Tx,
    order: OrderId,
    viewer: Viewer,
) -> Result<Vec<Entry>> {
    let entries = queries::history(tx, order).await?.into_iter();
    let opened = entries.map(|entry| Entry {
        before: show::opened(app, order, viewer, entry.before),
        after: show::opened(app, order, viewer, entry.after),
        ..entry
    });
    Ok(opened.collect())
}
