//! A shop's rules.

use crate::{error::Result, id::UserId, order::rules::Rules, store::Tx};

/// The shop's rules; the defaults where it has none of its own.
pub(in crate::order) async fn rules(tx: &mut Tx) -> Result<Rules> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Rules,
        "
        select pay_within_minutes, remind_after_minutes, received_after_days, unpaid_at_most, customers_may_edit, review_blocks,
          survey_when_completed, policy, policy_version
        from order_rules
        where shop_id = $1
        ",
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found.unwrap_or_default())
}

/// The same, and nobody else changes them until this work ends.
pub(in crate::order) async fn lock_rules(tx: &mut Tx) -> Result<Rules> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into order_rules (shop_id) values ($1) on conflict (shop_id) do update set policy = order_rules.policy",
        shop.0
    )
    .execute(tx.sql())
    .await?;
    rules(tx).await
}

pub(in crate::order) async fn set_rules(tx: &mut Tx, rules: &Rules) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update order_rules
        set pay_within_minutes = $2, remind_after_minutes = $3, received_after_days = $4, customers_may_edit = $5,
          review_blocks = $6, policy = $7, policy_version = $8, unpaid_at_most = $9, survey_when_completed = $10
        where shop_id = $1
        ",
        shop.0,
        rules.pay_within_minutes,
        &rules.remind_after_minutes,
        rules.received_after_days,
        rules.customers_may_edit,
        rules.review_blocks,
        rules.policy,
        rules.policy_version,
        rules.unpaid_at_most,
        rules.survey_when_completed
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// How many orders of a customer wait for their money.
pub(in crate::order) async fn unpaid_of(tx: &mut Tx, customer: UserId) -> Result<i64> {
    let shop = tx.shop()?;
    let unpaid = sqlx::query_scalar!(
        r#"select count(*) as "unpaid!" from orders where shop_id = $1 and customer_id = $2 and state = 'pending_payment'"#,
        shop.0,
        customer.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(unpaid)
}
