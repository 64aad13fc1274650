//! What shops give for what.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgPool;
use uuid::Uuid;

use super::super::{Rule, Trigger, show::MyReward};
use crate::{
    error::Result,
    id::{CouponTemplateId, RewardRuleId, ShopId, UserId},
    store::Tx,
};

/// A rule as it lies there.
struct Row {
    id: RewardRuleId,
    shop_id: ShopId,
    trigger: String,
    friends: i32,
    most: Option<i32>,
    template_id: Option<CouponTemplateId>,
    friend_template_id: Option<CouponTemplateId>,
    created_at: SqlTimestamp,
    ended_at: Option<SqlTimestamp>,
}

impl Row {
    fn rule(self) -> Result<Rule> {
        let trigger = serde_json::from_value::<Trigger>(self.trigger.into());
        Ok(Rule {
            id: self.id,
            trigger: trigger.map_err(anyhow::Error::from)?,
            friends: self.friends,
            most: self.most,
            template_id: self.template_id,
            friend_template_id: self.friend_template_id,
            created_at: self.created_at.to_jiff(),
            ended_at: self.ended_at.map(SqlTimestamp::to_jiff),
        })
    }
}

/// A new rule; false if the shop has `most` that go on.
pub(in crate::reward) async fn add_rule(tx: &mut Tx, rule: &Rule, most: i64) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "
        insert into reward_rules (id, shop_id, trigger, friends, most, template_id, friend_template_id, created_at)
        select $1, $2, $3, $4, $5, $6, $7, $8
        where (select count(*) from reward_rules where shop_id = $2 and ended_at is null) < $9
        ",
        rule.id.0,
        shop.0,
        rule.trigger.word(),
        rule.friends,
        rule.most,
        rule.template_id.map(|id| id.0),
        rule.friend_template_id.map(|id| id.0),
        rule.created_at.to_sqlx() as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The shop's rules, those first that go on.
pub(in crate::reward) async fn rules(tx: &mut Tx) -> Result<Vec<Rule>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: RewardRuleId", shop_id as "shop_id: ShopId", trigger, friends, most, template_id as "template_id: CouponTemplateId",
          friend_template_id as "friend_template_id: CouponTemplateId", created_at as "created_at: SqlTimestamp",
          ended_at as "ended_at: SqlTimestamp"
        from reward_rules
        where shop_id = $1
        order by ended_at is not null, id
        limit 200
        "#,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    rows.into_iter().map(Row::rule).collect()
}

/// The rules of these shops that go on, the oldest first.
pub(in crate::reward) async fn rules_of(
    pool: &PgPool,
    shops: &[ShopId],
) -> Result<Vec<(ShopId, Rule)>> {
    let shops: Vec<Uuid> = shops.iter().map(|shop| shop.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: RewardRuleId", shop_id as "shop_id: ShopId", trigger, friends, most, template_id as "template_id: CouponTemplateId",
          friend_template_id as "friend_template_id: CouponTemplateId", created_at as "created_at: SqlTimestamp",
          ended_at as "ended_at: SqlTimestamp"
        from reward_rules
        where shop_id = any ($1) and ended_at is null
        order by id
        "#,
        &shops,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.shop_id, row.rule()?)))
        .collect()
}

/// A rule that goes on, which nobody else changes until this work ends.
pub(in crate::reward) async fn hold_rule(tx: &mut Tx, rule: RewardRuleId) -> Result<Option<Rule>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        Row,
        r#"
        select id as "id: RewardRuleId", shop_id as "shop_id: ShopId", trigger, friends, most, template_id as "template_id: CouponTemplateId",
          friend_template_id as "friend_template_id: CouponTemplateId", created_at as "created_at: SqlTimestamp",
          ended_at as "ended_at: SqlTimestamp"
        from reward_rules
        where shop_id = $1 and id = $2 and ended_at is null
        for no key update
        "#,
        shop.0,
        rule.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    row.map(Row::rule).transpose()
}

/// Everything of a rule that staff change. The caller holds it.
pub(in crate::reward) async fn save_rule(tx: &mut Tx, rule: &Rule) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update reward_rules
        set friends = $3, most = $4, template_id = $5, friend_template_id = $6, ended_at = $7
        where shop_id = $1 and id = $2
        ",
        shop.0,
        rule.id.0,
        rule.friends,
        rule.most,
        rule.template_id.map(|id| id.0),
        rule.friend_template_id.map(|id| id.0),
        rule.ended_at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Has the shop this rule, whether or not it goes on?
pub(in crate::reward) async fn has_rule(tx: &mut Tx, rule: RewardRuleId) -> Result<bool> {
    let shop = tx.shop()?;
    let has = sqlx::query_scalar!(
        r#"select exists (select from reward_rules where shop_id = $1 and id = $2) as "has!""#,
        shop.0,
        rule.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(has)
}

/// The rules that go on, and how far a customer is with each.
pub(in crate::reward) async fn mine(tx: &mut Tx, customer: UserId) -> Result<Vec<MyReward>> {
    let rules = rules(tx).await?;
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select r.id as "id: RewardRuleId",
          (select count(*) from reward_friends f where f.rule_id = r.id and f.inviter_id = $2) as "counted!",
          (select count(*) from reward_grants g where g.rule_id = r.id and g.customer_id = $2 and g.coupon_id is not null) as "given!"
        from reward_rules r
        where r.shop_id = $1 and r.ended_at is null
        "#,
        shop.0,
        customer.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let mine = rules.into_iter().filter_map(|rule| {
        let row = rows.iter().find(|row| row.id == rule.id)?;
        Some(MyReward {
            rule,
            counted: row.counted,
            given: row.given,
        })
    });
    Ok(mine.collect())
}
