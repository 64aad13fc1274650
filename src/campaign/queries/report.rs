//! What has come of a campaign.

use crate::{
    campaign::show::{Channel, Progress, Results, Skipped},
    error::Result,
    id::{CampaignId, ConversationId},
    store::Tx,
};

/// Recipients by state, and those who were skipped by reason.
pub(in crate::campaign) async fn progress(
    tx: &mut Tx,
    campaign: CampaignId,
) -> Result<(Progress, Vec<Skipped>)> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select state, because, count(*) as "count!"
        from campaign_recipients
        where shop_id = $1 and campaign_id = $2
        group by state, because
        order by state, because
        "#,
        shop.0,
        campaign.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let (mut progress, mut skipped) = (Progress::default(), vec![]);
    for row in rows {
        progress.recipients += row.count;
        match &*row.state {
            "sent" => progress.sent += row.count,
            "skipped" => {
                progress.skipped += row.count;
                skipped.push(Skipped {
                    because: row.because.unwrap_or_default(),
                    customers: row.count,
                });
            }
            _ => progress.waiting += row.count,
        }
    }
    Ok((progress, skipped))
}

/// What has come of it in everybody's own conversation, and in each group.
pub(in crate::campaign) async fn channels(
    tx: &mut Tx,
    campaign: CampaignId,
) -> Result<Vec<Channel>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select null::uuid as "group: ConversationId", count(*) as "sent!", count(p.id) as "claimed!",
          count(*) filter (where p.state = 'used') as "used!", 0::bigint as "visits!"
        from campaign_recipients r
        left join coupons p on p.gift_id = r.gift_id and p.customer_id = r.customer_id
        where r.shop_id = $1 and r.campaign_id = $2 and r.state = 'sent'
        having count(*) > 0
        union all
        select * from (
          select g.group_id, case when g.state = 'sent' then 1 else 0 end::bigint, c.claimed, c.used, v.visits
          from campaign_groups g
          cross join lateral (
            select count(*) as claimed, count(*) filter (where p.state = 'used') as used
            from coupons p
            where p.gift_id = g.gift_id
          ) c
          cross join lateral (
            select count(*) as visits
            from shop_visits v
            where v.shop_id = g.shop_id and v.code = g.link and v.at >= g.sent_at
          ) v
          where g.shop_id = $1 and g.campaign_id = $2
          order by g.group_id
        ) of_groups
        "#,
        shop.0,
        campaign.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let channels = rows.into_iter().map(|row| Channel {
        group_id: row.group,
        results: Results {
            sent: row.sent,
            claimed: row.claimed,
            used: row.used,
            visits: row.visits,
        },
    });
    Ok(channels.collect())
}
