//! Templates: their terms, and the people that they name.

use jiff::{Timestamp, civil::DateTime};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use proto::json::Word as _;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    super::{
        Template,
        code::ClaimCode,
        task::Conditions,
        terms::{Aim, Eligibility, Limits, Terms, Validity},
    },
    word,
};
use crate::{
    error::Result,
    id::{CouponTemplateId, ProductId, UserId},
    money::Money,
    store::Tx,
};

/// A template as it lies there.
struct Row {
    id: CouponTemplateId,
    state: String,
    terms: Json<Terms>,
    validity: Json<Validity>,
    eligibility: Json<Eligibility>,
    conditions: Json<Conditions>,
    aim: String,
    quantity: Option<i64>,
    budget: Option<Money>,
    claim_from: Option<SqlTimestamp>,
    claim_until: Option<SqlTimestamp>,
    per_person: i32,
    per_device: Option<i32>,
    claimed: i64,
    given: i64,
    created_at: SqlTimestamp,
}

impl Row {
    fn template(self) -> Result<Template> {
        let aim = serde_json::from_value::<Aim>(Value::String(self.aim));
        Ok(Template {
            id: self.id,
            state: word(&self.state)?,
            terms: self.terms.0,
            validity: self.validity.0,
            eligibility: self.eligibility.0,
            conditions: self.conditions.0,
            aim: aim.map_err(anyhow::Error::from)?,
            limits: Limits {
                quantity: self.quantity,
                budget: self.budget,
                claim_from: self.claim_from.map(SqlTimestamp::to_jiff),
                claim_until: self.claim_until.map(SqlTimestamp::to_jiff),
                per_person: self.per_person,
                per_device: self.per_device,
            },
            claimed: self.claimed,
            given: self.given,
            created_at: self.created_at.to_jiff(),
        })
    }
}

fn json(value: &impl serde::Serialize) -> Result<Value> {
    Ok(serde_json::to_value(value).map_err(anyhow::Error::from)?)
}

/// A new template; false if the shop has `most` already.
pub(in crate::coupon) async fn add_template(
    tx: &mut Tx,
    template: &Template,
    most: i64,
) -> Result<bool> {
    let (shop, limits) = (tx.shop()?, &template.limits);
    let aim = json(&template.aim)?;
    let added = sqlx::query!(
        "
        insert into coupon_templates (id, shop_id, state, terms, validity, eligibility, aim, worth, quantity, budget, claim_from,
          claim_until, per_person, per_device, created_at, conditions)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17
        where (select count(*) from coupon_templates where shop_id = $2) < $16
        ",
        template.id.0,
        shop.0,
        template.state.word(),
        json(&template.terms)?,
        json(&template.validity)?,
        json(&template.eligibility)?,
        aim.as_str().unwrap_or_default(),
        template.terms.face.worth().map(Money::in_minor),
        limits.quantity,
        limits.budget.map(Money::in_minor),
        limits.claim_from.map(ToSqlx::to_sqlx) as _,
        limits.claim_until.map(ToSqlx::to_sqlx) as _,
        limits.per_person,
        limits.per_device,
        template.created_at.to_sqlx() as _,
        most,
        json(&template.conditions)?,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Writes down whom a template names; false: one of them is no customer.
pub(in crate::coupon) async fn name_people(
    tx: &mut Tx,
    template: CouponTemplateId,
    list: &str,
    people: &[UserId],
) -> Result<bool> {
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let named = sqlx::query_scalar!(
        r#"
        with named as (
          insert into coupon_people (template_id, list, customer_id)
          select distinct $1::uuid, $2, u.id
          from unnest($3::uuid[]) as p (id)
          join users u on u.id = p.id and u.kind = 'customer'
          returning customer_id
        )
        select (select count(*) from named) = (select count(distinct id) from unnest($3::uuid[]) as p (id)) as "all!"
        "#,
        template.0,
        list,
        &ids,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(named)
}

/// Does the shop have all of these products?
pub(in crate::coupon) async fn has_products(tx: &mut Tx, products: &[ProductId]) -> Result<bool> {
    let ids: Vec<Uuid> = products.iter().map(|id| id.0).collect();
    let shop = tx.shop()?;
    let all = sqlx::query_scalar!(
        r#"
        select not exists (
          select from unnest($2::uuid[]) as w (id)
          where not exists (select from products p where p.shop_id = $1 and p.id = w.id)
        ) as "all!"
        "#,
        shop.0,
        &ids,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(all)
}

/// When the clock on the shop's wall shows this.
pub(in crate::coupon) async fn on_the_wall(tx: &mut Tx, at: DateTime) -> Result<Timestamp> {
    let shop = tx.shop()?;
    let at = sqlx::query_scalar!(
        r#"select $2::text::timestamp at time zone time_zone as "at!: SqlTimestamp" from shops where id = $1"#,
        shop.0,
        at.to_string(),
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(at.to_jiff())
}

/// The shop's currency, ISO 4217.
pub(in crate::coupon) async fn currency(tx: &mut Tx) -> Result<String> {
    let shop = tx.shop()?;
    let currency = sqlx::query_scalar!("select currency from shops where id = $1", shop.0)
        .fetch_one(tx.sql())
        .await?;
    Ok(currency)
}

/// A template of the shop.
pub(in crate::coupon) async fn template(
    tx: &mut Tx,
    template: CouponTemplateId,
) -> Result<Option<Template>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        Row,
        r#"
        select id as "id: CouponTemplateId", state, terms as "terms: Json<Terms>", validity as "validity: Json<Validity>",
          eligibility as "eligibility: Json<Eligibility>", conditions as "conditions: Json<Conditions>", aim, quantity, budget as "budget: Money",
          claim_from as "claim_from: SqlTimestamp", claim_until as "claim_until: SqlTimestamp", per_person, per_device, claimed,
          given, created_at as "created_at: SqlTimestamp"
        from coupon_templates
        where shop_id = $1 and id = $2
        "#,
        shop.0,
        template.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    row.map(Row::template).transpose()
}

/// The same, out of which nothing goes until this work ends.
pub(in crate::coupon) async fn lock_template(
    tx: &mut Tx,
    wanted: CouponTemplateId,
) -> Result<Option<Template>> {
    let shop = tx.shop()?;
    sqlx::query!(
        r#"select 1 as "one!" from coupon_templates where shop_id = $1 and id = $2 for no key update"#,
        shop.0,
        wanted.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    template(tx, wanted).await
}

/// Everything of a template that staff change. The caller holds its lock.
pub(in crate::coupon) async fn save_template(tx: &mut Tx, template: &Template) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update coupon_templates
        set state = $3, terms = $4, validity = $5, worth = $6, quantity = $7, budget = $8
        where shop_id = $1 and id = $2
        ",
        shop.0,
        template.id.0,
        template.state.word(),
        json(&template.terms)?,
        json(&template.validity)?,
        template.terms.face.worth().map(Money::in_minor),
        template.limits.quantity,
        template.limits.budget.map(Money::in_minor),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A page of the shop's templates, the newest first.
pub(in crate::coupon) async fn templates(
    tx: &mut Tx,
    before: Option<CouponTemplateId>,
    limit: i64,
) -> Result<Vec<Template>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: CouponTemplateId", state, terms as "terms: Json<Terms>", validity as "validity: Json<Validity>",
          eligibility as "eligibility: Json<Eligibility>", conditions as "conditions: Json<Conditions>", aim, quantity, budget as "budget: Money",
          claim_from as "claim_from: SqlTimestamp", claim_until as "claim_until: SqlTimestamp", per_person, per_device, claimed,
          given, created_at as "created_at: SqlTimestamp"
        from coupon_templates
        where shop_id = $1 and ($2::uuid is null or id < $2)
        order by id desc
        limit $3
        "#,
        shop.0,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter().map(Row::template).collect()
}

/// A page of what this customer can see to be claimed now, the newest first.
pub(in crate::coupon) async fn offers(
    tx: &mut Tx,
    (customer, now): (UserId, Timestamp),
    before: Option<CouponTemplateId>,
    limit: i64,
) -> Result<Vec<Template>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select t.id as "id: CouponTemplateId", state, terms as "terms: Json<Terms>", validity as "validity: Json<Validity>",
          eligibility as "eligibility: Json<Eligibility>", conditions as "conditions: Json<Conditions>", aim, quantity, budget as "budget: Money",
          claim_from as "claim_from: SqlTimestamp", claim_until as "claim_until: SqlTimestamp", per_person, per_device, claimed,
          given, created_at as "created_at: SqlTimestamp"
        from coupon_templates t
        where shop_id = $1 and ($2::uuid is null or t.id < $2) and state in ('trial', 'published')
          and coalesce(claim_from <= $4, true) and coalesce($4 < claim_until, true)
          and (quantity is null or claimed + given < quantity)
          and (budget is null or (claimed + given + 1) * worth <= budget)
          and (state = 'published'
            or exists (select from coupon_people p where p.template_id = t.id and p.list = 'testers' and p.customer_id = $5))
          and conditions -> 'earned_only' is distinct from 'true'
          and (eligibility ->> 'who' <> 'listed'
            or exists (select from coupon_people p where p.template_id = t.id and p.list = 'customers' and p.customer_id = $5))
        order by t.id desc
        limit $3
        "#,
        shop.0,
        before.map(|id| id.0),
        limit,
        now.to_sqlx() as _,
        customer.0,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter().map(Row::template).collect()
}

/// A code for a template of the shop; false if it has `most` already. The caller holds the template's lock.
pub(in crate::coupon) async fn add_code(
    tx: &mut Tx,
    template: CouponTemplateId,
    code: &ClaimCode,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into coupon_codes (shop_id, code, template_id, ends_at, created_at)
        select $1, $2, $3, $4, $5
        where (select count(*) from coupon_codes where template_id = $3) < $6
        ",
        shop.0,
        code.code,
        template.0,
        code.ends_at.to_sqlx() as _,
        now.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The template of a code that is not over.
pub(in crate::coupon) async fn template_of_code(
    tx: &mut Tx,
    code: &str,
    now: Timestamp,
) -> Result<Option<CouponTemplateId>> {
    let shop = tx.shop()?;
    let template = sqlx::query_scalar!(
        r#"select template_id as "id: CouponTemplateId" from coupon_codes where shop_id = $1 and code = $2 and ends_at > $3"#,
        shop.0,
        code,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(template)
}

/// What has become of a template's coupons.
pub(in crate::coupon) struct Results {
    pub in_wallets: i64,
    pub used: i64,
    pub expired: i64,
    pub deducted: i64,
    pub first_orders: i64,
    pub units: i64,
}

/// Counts them. An order is its customer's first if they placed none before it in the shop.
pub(in crate::coupon) async fn results(tx: &mut Tx, template: CouponTemplateId) -> Result<Results> {
    let shop = tx.shop()?;
    let results = sqlx::query_as!(
        Results,
        r#"
        select count(*) as "in_wallets!", count(*) filter (where c.state = 'used') as "used!",
          count(*) filter (where c.state = 'expired') as "expired!",
          coalesce(sum(c.deducted) filter (where c.state = 'used'), 0)::bigint as "deducted!",
          count(*) filter (where c.state = 'used' and not exists (
            select from orders e where e.shop_id = $1 and e.customer_id = c.customer_id and e.placed_at < o.placed_at
          )) as "first_orders!",
          coalesce(sum((select sum(l.units) from order_lines l where l.order_id = o.id)) filter (where c.state = 'used'), 0)::bigint
            as "units!"
        from coupons c
        left join orders o on o.id = c.order_id
        where c.shop_id = $1 and c.template_id = $2
        "#,
        shop.0,
        template.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(results)
}
