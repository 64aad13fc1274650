//! Groups that a campaign is posted to.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::{Refusal, json::Word as _};
use uuid::Uuid;

use crate::{
    error::Result,
    id::{CampaignId, ConversationId, GiftId},
    store::Tx,
};

/// Are all of them groups of the shop that are open?
pub(in crate::campaign) async fn has_groups(
    tx: &mut Tx,
    groups: &[ConversationId],
) -> Result<bool> {
    let shop = tx.shop()?;
    let ids: Vec<Uuid> = groups.iter().map(|id| id.0).collect();
    let found = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from conversations c
        join groups g on g.conversation_id = c.id
        where c.shop_id = $1 and c.id = any ($2) and c.closed_at is null
        "#,
        shop.0,
        &ids,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(usize::try_from(found).is_ok_and(|found| found == groups.len()))
}

/// They will be told.
pub(in crate::campaign) async fn add_groups(
    tx: &mut Tx,
    campaign: CampaignId,
    groups: &[ConversationId],
) -> Result<()> {
    let shop = tx.shop()?;
    let ids: Vec<Uuid> = groups.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into campaign_groups (campaign_id, shop_id, group_id) select $1, $2, id from unnest($3::uuid[]) as g (id)",
        campaign.0,
        shop.0,
        &ids,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Those that have not been told, of a campaign that is being sent.
pub(in crate::campaign) async fn untold(
    tx: &mut Tx,
    campaign: CampaignId,
) -> Result<Vec<ConversationId>> {
    let shop = tx.shop()?;
    let groups = sqlx::query_scalar!(
        r#"
        select g.group_id as "group: ConversationId"
        from campaign_groups g
        join campaigns c on c.id = g.campaign_id and c.state = 'sending'
        where g.shop_id = $1 and g.campaign_id = $2 and g.state = 'waiting'
        order by g.group_id
        "#,
        shop.0,
        campaign.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(groups)
}

/// Holds one that has not been told. False: somebody else has, or the campaign was stopped.
pub(in crate::campaign) async fn hold_group(
    tx: &mut Tx,
    campaign: CampaignId,
    group: ConversationId,
) -> Result<bool> {
    let shop = tx.shop()?;
    let held = sqlx::query!(
        "
        select
        from campaign_groups g
        join campaigns c on c.id = g.campaign_id and c.state = 'sending'
        where g.shop_id = $1 and g.campaign_id = $2 and g.group_id = $3 and g.state = 'waiting'
        for no key update
        ",
        shop.0,
        campaign.0,
        group.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(held.is_some())
}

/// How a group was told.
pub(in crate::campaign) struct Told {
    pub group: ConversationId,
    pub number: u64,
    pub gift: Option<GiftId>,
    pub link: Option<String>,
}

/// It was told.
pub(in crate::campaign) async fn group_told(
    tx: &mut Tx,
    campaign: CampaignId,
    told: Told,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update campaign_groups
        set state = 'sent', number = $4, gift_id = $5, link = $6, sent_at = $7
        where shop_id = $1 and campaign_id = $2 and group_id = $3
        ",
        shop.0,
        campaign.0,
        told.group.0,
        told.number.cast_signed(),
        told.gift.map(|id| id.0),
        told.link,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// It cannot be told.
pub(in crate::campaign) async fn skip_group(
    tx: &mut Tx,
    campaign: CampaignId,
    group: ConversationId,
    because: Refusal,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update campaign_groups
        set state = 'skipped', because = $4
        where shop_id = $1 and campaign_id = $2 and group_id = $3 and state = 'waiting'
        ",
        shop.0,
        campaign.0,
        group.0,
        because.word(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
