//! Templates for what is sold often, products and services (ORD-06): the form for a chat order comes filled in, and is edited and sent as any
//! other. A template has no prices; what its lines cost is asked anew each time.

use jiff::Timestamp;
use proto::{DeliveryMethod, PaymentTerms, json::Word as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    draft,
    place::{self, Considered, require_method},
    queries,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    error::{Error, Refusal, Result, refused_argument},
    id::{ConversationId, TemplateId},
    product::price::{self, Basket},
    rights,
    store::Tx,
    words,
};

/// Templates of one shop at most.
const MOST: i64 = 200;

/// What a shop's orders often have.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// What staff call it.
    pub name: String,
    /// What is ordered.
    pub basket: Basket,
    /// What is wished besides.
    pub requests: String,
    /// How it comes.
    pub delivery_method: DeliveryMethod,
    /// When it is paid.
    pub terms: PaymentTerms,
}

/// A template to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    /// 1 to 60 characters; no two of a shop are called alike.
    pub name: String,
    /// What is ordered.
    pub basket: Basket,
    /// At most 500 characters.
    #[serde(default)]
    pub requests: String,
    /// How it comes.
    pub delivery_method: DeliveryMethod,
    /// When it is paid.
    pub terms: PaymentTerms,
}

/// Saves a template. Recorded.
///
/// Refuses with `name_taken`, with `quota_exceeded` beyond 200, with `not_found` or `not_on_sale` what the shop does not sell, with
/// `invalid_argument` absurd numbers.
pub async fn save(app: &App, by: &Staff<ManageOrders>, new: NewTemplate) -> Result<Template> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let template = new
        .checked(&mut tx, TemplateId::new(), app.clock.now())
        .await?;
    let now = app.clock.now();
    if !queries::add_template(&mut tx, &template, MOST, by.actor.user, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    record(app, tx, by, "order_template.saved", &template).await
}

/// Puts another in its place, under the same id. Recorded. Refuses as [`save`] does, and with `not_found`.
pub async fn replace(
    app: &App,
    by: &Staff<ManageOrders>,
    template: TemplateId,
    new: NewTemplate,
) -> Result<Template> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let template = new.checked(&mut tx, template, app.clock.now()).await?;
    if !queries::replace_template(&mut tx, &template).await? {
        return Err(Refusal::NotFound.into());
    }
    record(app, tx, by, "order_template.changed", &template).await
}

/// Removes a template; orders that were made from it stay. Recorded. Refuses with `not_found`.
pub async fn remove(app: &App, by: &Staff<ManageOrders>, template: TemplateId) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::remove_template(&mut tx, template).await? {
        return Err(Refusal::NotFound.into());
    }
    let deed = Deed::new(by.actor.user, "order_template.removed", template);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

/// The shop's templates, by name.
pub async fn list(app: &App, by: &Staff<ManageOrders>) -> Result<Vec<Template>> {
    let mut tx = app.store.begin(by.shop).await?;
    queries::templates(&mut tx, None).await
}

/// What the form for a new chat order is filled with (ORD-03): the customer, and with a template its `agreement` and what that `costs` now,
/// or under `problem` why it cannot be sold as it is. Refuses with `not_found`.
pub async fn form(
    app: &App,
    by: &Staff<ManageOrders>,
    conversation: ConversationId,
    template: Option<TemplateId>,
) -> Result<Value> {
    let (customer, mut form) = draft::form(app, by, conversation).await?;
    let Some(template) = template else {
        return Ok(form);
    };
    let mut tx = app.store.begin(by.shop).await?;
    let template = queries::templates(&mut tx, Some(template)).await?.pop();
    let template = template.ok_or(Refusal::NotFound)?;
    drop(tx);
    let considered = Considered {
        basket: template.basket.clone(),
        delivery_method: template.delivery_method,
        coupon_id: None,
    };
    let (costs, problem) = match place::costs(app, customer, by.shop, &considered).await {
        Ok(costs) => (json!(costs), Value::Null),
        Err(Error::Broken(error)) => return Err(Error::Broken(error)),
        Err(refused) => {
            let refused = refused.to_refused();
            (
                Value::Null,
                json!({ "code": refused.code().word(), "sentence": refused.sentence }),
            )
        }
    };
    form["agreement"] = json!({
        "basket": template.basket, "requests": template.requests, "delivery_method": template.delivery_method, "terms": template.terms,
    });
    (form["costs"], form["problem"]) = (costs, problem);
    Ok(form)
}

async fn record(
    app: &App,
    mut tx: Tx,
    by: &Staff<ManageOrders>,
    action: &'static str,
    template: &Template,
) -> Result<Template> {
    let deed = Deed::new(by.actor.user, action, template.id).after(json!(template));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(template.clone())
}

impl NewTemplate {
    /// A template that could be sold now.
    async fn checked(self, tx: &mut Tx, id: TemplateId, now: Timestamp) -> Result<Template> {
        let name = words::line("name", &self.name, 60)?.to_owned();
        words::text("requests", &self.requests, 0..=500)?;
        require_method(self.delivery_method)?;
        if self.terms == PaymentTerms::Unspecified {
            return Err(refused_argument("terms", "is missing"));
        }
        price::price(tx, &self.basket, None, now).await?;
        Ok(Template {
            id,
            name,
            basket: self.basket,
            requests: self.requests.trim().to_owned(),
            delivery_method: self.delivery_method,
            terms: self.terms,
        })
    }
}
