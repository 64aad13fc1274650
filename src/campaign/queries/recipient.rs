//! Recipients on their way from waiting to sent.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use crate::{
    campaign::run::{Fate, Recipient},
    error::Result,
    id::{CampaignId, ConversationId, UserId},
    store::Tx,
};

/// Says how far it has come: up to there nobody waits any more.
pub(in crate::campaign) async fn advance(tx: &mut Tx, campaign: CampaignId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update campaigns c
        set reached = reached.place
        from (
          select coalesce(min(r.place) filter (where r.state = 'waiting') - 1, max(r.place)) as place
          from campaigns c
          join campaign_recipients r on r.campaign_id = c.id and r.place > c.reached and r.place <= c.reached + $3
          where c.shop_id = $1 and c.id = $2
        ) reached
        where c.shop_id = $1 and c.id = $2 and c.reached < reached.place
        ",
        shop.0,
        campaign.0,
        WINDOW,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Who is next, so many at most, each with why they are skipped if they are: whoever takes no campaigns, is banned, or has had enough. It counts against the day of
/// the others. Nobody, if the campaign is not being sent; the stop button waits for this work, and nobody else takes these.
pub(in crate::campaign) async fn next(
    tx: &mut Tx,
    campaign: CampaignId,
    most: i64,
    now: Timestamp,
) -> Result<Vec<Recipient>> {
    match hold_campaign(tx, campaign).await? {
        Some(reached) => judge(tx, campaign, reached, most, now).await,
        None => Ok(vec![]),
    }
}

/// Holds one that is being sent, and says up to which place nobody waits.
async fn hold_campaign(tx: &mut Tx, campaign: CampaignId) -> Result<Option<i64>> {
    let shop = tx.shop()?;
    let reached = sqlx::query_scalar!(
        "select reached from campaigns where shop_id = $1 and id = $2 and state = 'sending' for share",
        shop.0,
        campaign.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(reached)
}

/// So many places are looked at for the next ones, from where it was said last how far it has come: three times two batches.
const WINDOW: i64 = 1_500;

/// One statement: what counts is written where it is decided. The rows of a campaign are new, so the database does not know how many there are, and would read all of
/// them for each batch: that is why the places have two ends, and each step says by itself how its rows are found.
async fn judge(
    tx: &mut Tx,
    campaign: CampaignId,
    reached: i64,
    most: i64,
    now: Timestamp,
) -> Result<Vec<Recipient>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Recipient,
        r#"
        with rules as (
          select ($5 at time zone s.time_zone)::date as day, coalesce(r.per_day, 3) as per_day
          from shops s
          left join campaign_rules r on r.shop_id = s.id
          where s.id = $1
        ),
        next as materialized (
          select r.customer_id, r.place, r.layer
          from campaign_recipients r
          where r.campaign_id = $2 and r.place > $3 and r.place <= $3 + $6 and r.shop_id = $1 and r.state = 'waiting'
          order by r.place
          limit $4
          for no key update skip locked
        ),
        picked as materialized (
          select n.*, u.name, v.id as conversation,
            case when c.opted_out_at is not null then 'opted_out' when b.banned then 'banned' end as because
          from next n
          cross join lateral (select u.name from users u where u.id = n.customer_id limit 1) u
          cross join lateral (
            select c.opted_out_at from customers c where c.shop_id = $1 and c.user_id = n.customer_id limit 1
          ) c
          cross join lateral (
            select exists (select from bans b where b.shop_id = $1 and b.user_id = n.customer_id) as banned
          ) b
          left join lateral (
            select v.id from conversations v where v.kind = 'shop' and v.shop_id = $1 and v.person_a = n.customer_id limit 1
          ) v on true
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
        select p.place as "place!", p.customer_id as "customer!: UserId", p.name as "name!", p.layer as "layer!", p.conversation as "conversation?: ConversationId",
          case when p.customer_id not in (select customer_id from counted) then coalesce(p.because, 'had_enough') end as because
        from picked p
        order by p.place
        "#,
        shop.0,
        campaign.0,
        reached,
        most,
        now.to_sqlx() as _,
        WINDOW,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}

/// Writes down what became of these, by their places; of whom it is known already, nothing changes.
pub(in crate::campaign) async fn settle(
    tx: &mut Tx,
    campaign: CampaignId,
    fates: &[(i64, Fate)],
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    let mut rows = Rows::default();
    for (place, fate) in fates {
        rows.add(*place, fate);
    }
    sqlx::query!(
        "
        update campaign_recipients r
        set state = case when f.number is not null then 'sent' else 'skipped' end, conversation_id = f.conversation_id,
          number = f.number, gift_id = f.gift_id, because = f.because, sent_at = case when f.number is not null then $8::timestamptz end
        from unnest($3::bigint[], $4::uuid[], $5::bigint[], $6::uuid[], $7::text[])
          as f (place, conversation_id, number, gift_id, because)
        where r.campaign_id = $2 and r.place between $9 and $10 and r.place = f.place and r.shop_id = $1 and r.state = 'waiting'
        ",
        shop.0,
        campaign.0,
        &rows.places,
        &rows.conversations as &[Option<Uuid>],
        &rows.numbers as &[Option<i64>],
        &rows.gifts as &[Option<Uuid>],
        &rows.reasons as &[Option<&str>],
        now.to_sqlx() as _,
        rows.places.iter().min(),
        rows.places.iter().max(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Fates, column by column.
#[derive(Default)]
struct Rows<'a> {
    places: Vec<i64>,
    conversations: Vec<Option<Uuid>>,
    numbers: Vec<Option<i64>>,
    gifts: Vec<Option<Uuid>>,
    reasons: Vec<Option<&'a str>>,
}

impl<'a> Rows<'a> {
    fn add(&mut self, place: i64, fate: &'a Fate) {
        let (conversation, number, gift, because) = match fate {
            Fate::Told(conversation, number, gift) => {
                let number = Some(number.cast_signed());
                (Some(conversation.0), number, gift.map(|gift| gift.0), None)
            }
            Fate::Skipped(because) => (None, None, None, Some(because.as_str())),
        };
        self.places.push(place);
        self.conversations.push(conversation);
        self.numbers.push(number);
        self.gifts.push(gift);
        self.reasons.push(because);
    }
}
