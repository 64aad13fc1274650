//! Recipients on their way from waiting to sent.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use crate::{
    campaign::run::{Fate, Recipient},
    error::Result,
    id::{CampaignId, ConversationId, GiftId, UserId},
    store::Tx,
};

/// Takes the next: those who were about to be told when somebody stopped in the middle, else so many who wait. Each of these counts against their day;
/// who takes no campaigns, is banned, or has had enough is skipped. Gives how many were taken, and who of them is to be told.
pub(in crate::campaign) async fn take(
    tx: &mut Tx,
    campaign: CampaignId,
    most: i64,
    now: Timestamp,
) -> Result<(usize, Vec<Recipient>)> {
    if !hold_campaign(tx, campaign).await? {
        let left = about_to_be_told(tx, campaign, most).await?;
        return Ok((left.len(), left));
    }
    let left = about_to_be_told(tx, campaign, most).await?;
    if !left.is_empty() {
        return Ok((left.len(), left));
    }
    let taken = judge(tx, campaign, most, now).await?;
    let batch = about_to_be_told(tx, campaign, most).await?;
    Ok((usize::try_from(taken).unwrap_or(usize::MAX), batch))
}

/// Is it being sent? It stays so for this work: taking is done by one at a time, and the stop button waits for it.
async fn hold_campaign(tx: &mut Tx, campaign: CampaignId) -> Result<bool> {
    let shop = tx.shop()?;
    let held = sqlx::query!(
        "select from campaigns where shop_id = $1 and id = $2 and state = 'sending' for no key update",
        shop.0,
        campaign.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(held.is_some())
}

async fn about_to_be_told(tx: &mut Tx, campaign: CampaignId, most: i64) -> Result<Vec<Recipient>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Recipient,
        r#"
        select r.customer_id as "customer: UserId", u.name, r.layer, c.id as "conversation?: ConversationId"
        from campaign_recipients r
        join users u on u.id = r.customer_id
        left join lateral (
          select c.id
          from conversations c
          where c.kind = 'shop' and c.shop_id = r.shop_id and c.person_a = r.customer_id
          limit 1
        ) c on true
        where r.shop_id = $1 and r.campaign_id = $2 and r.state = 'sending'
        order by r.place
        limit $3
        "#,
        shop.0,
        campaign.0,
        most,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}

/// One statement: what counts is written where it is decided. The rows of a campaign are new, so nothing is known of how many there are: each step says
/// by itself how the next rows are found, or all of them would be read for each.
async fn judge(tx: &mut Tx, campaign: CampaignId, most: i64, now: Timestamp) -> Result<u64> {
    let shop = tx.shop()?;
    let judged = sqlx::query!(
        "
        with rules as (
          select ($4 at time zone s.time_zone)::date as day, coalesce(r.per_day, 3) as per_day
          from shops s
          left join campaign_rules r on r.shop_id = s.id
          where s.id = $1
        ),
        next as materialized (
          select r.ctid as at, r.customer_id
          from campaign_recipients r
          where r.shop_id = $1 and r.campaign_id = $2 and r.state = 'waiting'
          order by r.place
          limit $3
        ),
        picked as materialized (
          select n.at, n.customer_id,
            case when c.opted_out_at is not null then 'opted_out' when b.banned then 'banned' end as because
          from next n
          cross join lateral (
            select c.opted_out_at from customers c where c.shop_id = $1 and c.user_id = n.customer_id limit 1
          ) c
          cross join lateral (
            select exists (select from bans b where b.shop_id = $1 and b.user_id = n.customer_id) as banned
          ) b
        ),
        counted as (
          insert into campaign_days (shop_id, customer_id, day, sent)
          select $1, p.customer_id, r.day, 1
          from picked p
          cross join rules r
          where p.because is null
          order by p.customer_id
          on conflict (shop_id, customer_id, day) do update
          set sent = campaign_days.sent + 1
          where campaign_days.sent < (select per_day from rules)
          returning customer_id
        )
        update campaign_recipients r
        set state = case when p.customer_id in (select customer_id from counted) then 'sending' else 'skipped' end,
          because = case
            when p.customer_id not in (select customer_id from counted) then coalesce(p.because, 'had_enough')
          end
        from picked p
        where r.ctid = p.at
        ",
        shop.0,
        campaign.0,
        most,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(judged.rows_affected())
}

/// Those of these who are still to be told, held until the work ends.
pub(in crate::campaign) async fn hold(
    tx: &mut Tx,
    campaign: CampaignId,
    customers: &[UserId],
) -> Result<Vec<UserId>> {
    let shop = tx.shop()?;
    let customers: Vec<Uuid> = customers.iter().map(|id| id.0).collect();
    let held = sqlx::query_scalar!(
        r#"
        select customer_id as "customer: UserId"
        from campaign_recipients
        where shop_id = $1 and campaign_id = $2 and customer_id = any ($3) and state = 'sending'
        order by customer_id
        for no key update
        "#,
        shop.0,
        campaign.0,
        &customers,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(held)
}

/// Writes down what became of these; of whom it is known already, nothing changes.
pub(in crate::campaign) async fn settle(
    tx: &mut Tx,
    campaign: CampaignId,
    fates: &[(UserId, Fate)],
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    let (mut customers, mut conversations, mut numbers, mut reasons) =
        (vec![], vec![], vec![], vec![]);
    for (customer, fate) in fates {
        let (conversation, number, because) = match fate {
            Fate::Sent(conversation, number) => {
                (Some(conversation.0), Some(number.cast_signed()), None)
            }
            Fate::Skipped(because) => (None, None, Some(because.as_str())),
        };
        customers.push(customer.0);
        conversations.push(conversation);
        numbers.push(number);
        reasons.push(because);
    }
    sqlx::query!(
        "
        update campaign_recipients r
        set state = case when f.number is not null then 'sent' else 'skipped' end, conversation_id = f.conversation_id,
          number = f.number, because = f.because, sent_at = case when f.number is not null then $7::timestamptz end
        from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::text[]) as f (customer_id, conversation_id, number, because)
        where r.shop_id = $1 and r.campaign_id = $2 and r.customer_id = f.customer_id and r.state = 'sending'
        ",
        shop.0,
        campaign.0,
        &customers,
        &conversations as &[Option<Uuid>],
        &numbers as &[Option<i64>],
        &reasons as &[Option<&str>],
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Which gift somebody got with it.
pub(in crate::campaign) async fn note_gift(
    tx: &mut Tx,
    campaign: CampaignId,
    customer: UserId,
    gift: GiftId,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update campaign_recipients set gift_id = $4 where shop_id = $1 and campaign_id = $2 and customer_id = $3",
        shop.0,
        campaign.0,
        customer.0,
        gift.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Those who were about to be told are not: the one who would tell them may not speak.
pub(in crate::campaign) async fn let_go(tx: &mut Tx, campaign: CampaignId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update campaign_recipients
        set state = 'skipped', because = 'sender_disabled'
        where shop_id = $1 and campaign_id = $2 and state = 'sending'
        ",
        shop.0,
        campaign.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
