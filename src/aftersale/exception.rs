//! Special goods, such as fresh ones: less can be asked for once they were sent, and who asks is told what is offered (AFS-12).

use proto::CaseKind;
use serde::{Deserialize, Serialize};

use super::{Case, queries};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument, refused_because},
    id::ProductId,
    order::{Line, Order},
    rights,
    store::Tx,
    words,
};

/// A product's own rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Exception {
    /// Of which product.
    pub product_id: ProductId,
    /// What can be asked for.
    pub kinds: Vec<CaseKind>,
    /// Why, and what is offered instead.
    pub text: String,
}

/// What can be asked for, and why not more.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionForm {
    /// 1 to 3 different ones.
    pub kinds: Vec<CaseKind>,
    /// 1 to 500 characters; whoever applies reads it.
    pub text: String,
}

/// From now on no more than this can be asked for the product once it was sent. Recorded. Refuses with `not_found`,
/// `invalid_argument`.
pub async fn set(
    app: &App,
    by: &Staff<ManageProducts>,
    product: ProductId,
    form: &ExceptionForm,
) -> Result<Exception> {
    let exception = Exception::new(product, form)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::set_exception(&mut tx, &exception).await? {
        return Err(Refusal::NotFound.into());
    }
    let deed = Deed::new(by.actor.user, "after_sale_exception.set", product)
        .after(serde_json::to_value(&exception).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(exception)
}

/// The product is like others again. Recorded. Refuses with `not_found` where there is no exception.
pub async fn remove(app: &App, by: &Staff<ManageProducts>, product: ProductId) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::remove_exception(&mut tx, product).await? {
        return Err(Refusal::NotFound.into());
    }
    let deed = Deed::new(by.actor.user, "after_sale_exception.removed", product);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

/// Refuses with `invalid_argument`, in the shop's words, what a product of the case is an exception from.
pub(super) async fn require_allowed(tx: &mut Tx, case: &Case, order: &Order) -> Result<()> {
    let named = |line: &&Line| case.lines.iter().any(|of| of.line == line.line);
    let products: Vec<ProductId> = order
        .lines
        .iter()
        .filter(named)
        .map(|line| line.product_id)
        .collect();
    let exceptions = queries::exceptions(tx, Some(&products)).await?;
    let against = exceptions
        .into_iter()
        .find(|one| !one.kinds.contains(&case.kind));
    match against {
        Some(exception) => Err(refused_because(
            Refusal::InvalidArgument,
            &"kind",
            exception.text,
        )),
        None => Ok(()),
    }
}

impl Exception {
    fn new(product_id: ProductId, form: &ExceptionForm) -> Result<Self> {
        words::text("text", &form.text, 1..=500)?;
        let mut kinds = form.kinds.clone();
        kinds.sort_by_key(|kind| i32::from(*kind));
        kinds.dedup();
        let known = !kinds.contains(&CaseKind::Unspecified);
        if !known || kinds.is_empty() || kinds.len() < form.kinds.len() {
            return Err(refused_argument("kinds", "has 1 to 3 different kinds"));
        }
        Ok(Self {
            product_id,
            kinds,
            text: form.text.trim().to_owned(),
        })
    }
}
