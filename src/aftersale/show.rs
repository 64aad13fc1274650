//! A case as somebody may see it, with all that was done with it (AFS-04).

use jiff::Timestamp;
use proto::CaseDeed;
use serde::Serialize;

use super::{Case, queries};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    error::{Refusal, Result},
    id::{CaseId, UserId},
    order::graph::Party,
    store::Tx,
};

/// One thing that was done.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CaseEntry)]
pub struct Entry {
    /// 1 and up, dense.
    pub version: i32,
    /// What, a word of the state graph.
    pub deed: String,
    /// Where the case stood; null: it began.
    pub state_before: Option<String>,
    /// Where it stands since.
    pub state: String,
    /// Who; null: a rule, or who pays.
    pub actor_id: Option<UserId>,
    /// Their name.
    pub actor_name: Option<String>,
    /// `customer`, `staff`, `system` or `provider`.
    pub actor_kind: String,
    /// What was said about it.
    pub remark: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A case as somebody sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CaseShown)]
pub struct Shown {
    /// The case.
    #[serde(flatten)]
    pub case: Case,
    /// What whoever looks may do with it now.
    pub may: Vec<CaseDeed>,
    /// All that was done with it, the oldest first.
    pub timeline: Vec<Entry>,
}

impl Shown {
    pub(super) async fn load(case: Case, tx: &mut Tx, viewer: Party) -> Result<Self> {
        Ok(Self {
            may: case.may(viewer),
            timeline: queries::timeline(tx, case.id).await?,
            case,
        })
    }
}

/// A customer's own case. Refuses with `not_found`.
pub async fn to_customer(app: &App, customer: &Customer, case: CaseId) -> Result<Shown> {
    let shop = queries::shop_of(app.store.pool(), customer.0.user, case).await?;
    let mut tx = app.store.begin(shop.ok_or(Refusal::NotFound)?).await?;
    let case = one(&mut tx, case).await?;
    Shown::load(case, &mut tx, Party::Customer).await
}

/// A case of the shop. Refuses with `not_found`.
pub async fn to_staff(app: &App, by: &Staff<ManageOrders>, case: CaseId) -> Result<Shown> {
    let mut tx = app.store.begin(by.shop).await?;
    let case = one(&mut tx, case).await?;
    Shown::load(case, &mut tx, Party::Staff).await
}

async fn one(tx: &mut Tx, case: CaseId) -> Result<Case> {
    let found = queries::cases(tx, &[case]).await?.pop();
    Ok(found.ok_or(Refusal::NotFound)?)
}
