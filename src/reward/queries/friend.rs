//! Friends who count: real new people, each once for a rule (RISK-02).

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use super::super::Rule;
use crate::{
    error::Result,
    id::{ConversationId, OrderId, RewardRuleId, UserId},
    store::Tx,
};

/// These came into a group by a customer's invitation: whoever of them `invited_friends` counts is written down, unless they counted for this rule
/// before.
pub(in crate::reward) async fn count_joined(
    tx: &mut Tx,
    rule: &Rule,
    (group, inviter, friends): (ConversationId, UserId, &[UserId]),
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    let friends: Vec<Uuid> = friends.iter().map(|friend| friend.0).collect();
    sqlx::query!(
        "
        insert into reward_friends (rule_id, friend_id, inviter_id, at)
        select $2, f.friend_id, f.inviter_id, $6
        from invited_friends f
        join users i on i.id = f.inviter_id and i.kind = 'customer'
        where f.shop_id = $1 and f.conversation_id = $3 and f.inviter_id = $4 and f.friend_id = any ($5) and f.joined_at >= $7
        on conflict do nothing
        ",
        shop.0,
        rule.id.0,
        group.0,
        inviter.0,
        &friends,
        now.to_sqlx() as _,
        rule.created_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Somebody's paid order was accepted. They are written down as a friend of the customer who brought them first, by a link or into a group, if this is the
/// first order that they paid, if they had ordered nothing here before they were brought, are no staff, and share no device with that customer.
pub(in crate::reward) async fn count_bought(
    tx: &mut Tx,
    rule: &Rule,
    (friend, order): (UserId, OrderId),
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into reward_friends (rule_id, friend_id, inviter_id, at)
        select $2, o.customer_id, b.inviter_id, $5
        from orders o
        cross join lateral (
          select w.inviter_id, w.at
          from (
            select l.sharer_id, v.at
            from shop_visits v
            join shop_links l on l.code = v.code
            where v.shop_id = o.shop_id and v.visitor_id = o.customer_id
            union all
            select m.inviter_id, m.joined_at
            from groups g
            join memberships m on m.conversation_id = g.conversation_id and m.user_id = o.customer_id
            where g.shop_id = o.shop_id
          ) w (inviter_id, at)
          join users i on i.id = w.inviter_id and i.kind = 'customer' and i.id <> o.customer_id
          order by w.at, w.inviter_id
          limit 1
        ) b
        where o.shop_id = $1 and o.id = $4 and o.customer_id = $3 and o.state <> 'cancelled' and o.paid_at >= $6 and b.at <= o.placed_at
          and not exists (
            select from orders e
            where e.shop_id = o.shop_id and e.customer_id = o.customer_id and e.id <> o.id
              and ((e.paid_at, e.id) < (o.paid_at, o.id) or (e.placed_at < b.at and e.state <> 'cancelled'))
          )
          and not exists (select from staff s where s.shop_id = o.shop_id and s.user_id = o.customer_id)
          and not share_a_device(b.inviter_id, o.customer_id)
        on conflict do nothing
        ",
        shop.0,
        rule.id.0,
        friend.0,
        order.0,
        now.to_sqlx() as _,
        rule.created_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Who of these counts for a rule, and for whom.
pub(in crate::reward) async fn counted(
    tx: &mut Tx,
    rule: RewardRuleId,
    friends: &[UserId],
) -> Result<Vec<(UserId, UserId)>> {
    let shop = tx.shop()?;
    let friends: Vec<Uuid> = friends.iter().map(|friend| friend.0).collect();
    let rows = sqlx::query!(
        r#"
        select f.friend_id as "friend: UserId", f.inviter_id as "inviter: UserId"
        from reward_friends f
        join reward_rules r on r.id = f.rule_id
        where r.shop_id = $1 and f.rule_id = $2 and f.friend_id = any ($3)
        order by f.friend_id
        "#,
        shop.0,
        rule.0,
        &friends,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.friend, row.inviter))
        .collect())
}

/// How many friends of somebody count for a rule, and how many times they were rewarded for them, or could not be.
pub(in crate::reward) async fn friends_of(
    tx: &mut Tx,
    rule: RewardRuleId,
    inviter: UserId,
) -> Result<(i64, i64)> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select
          (select count(*) from reward_friends f where f.rule_id = r.id and f.inviter_id = $3) as "friends!",
          (
            select count(*) from reward_grants g
            where g.rule_id = r.id and g.customer_id = $3 and g.event like 'friends:%'
          ) as "had!"
        from reward_rules r
        where r.shop_id = $1 and r.id = $2
        "#,
        shop.0,
        rule.0,
        inviter.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok((row.friends, row.had))
}
