//! Notices to groups (GRP-05): each with a gift of its own, claimed from the message itself, and a link of its own, so that it is known what came by which.

use jiff::Timestamp;

use super::{
    LINK, Notice, message_id, queries,
    run::{Under, refused},
};
use crate::{
    actor::Actor,
    conversation::log,
    coupon::packed::{self, Packed, Supply, To},
    error::Result,
    id::ConversationId,
    shop::link::{self, NewLink},
    store::Tx,
};

/// Tells the groups that have not been told. False: there was none.
pub(super) async fn tell(under: &Under<'_>) -> Result<bool> {
    let Some(notice) = &under.plan.notice else {
        return Ok(false);
    };
    let mut tx = under.app.store.begin(under.shop).await?;
    let groups = queries::untold(&mut tx, under.id).await?;
    drop(tx);
    for group in &groups {
        if let Err(error) = tell_one(under, notice, *group).await {
            let code = refused(error)?;
            let mut tx = under.app.store.begin(under.shop).await?;
            queries::skip_group(&mut tx, under.id, *group, code).await?;
            tx.commit().await?;
        }
    }
    Ok(!groups.is_empty())
}

/// One unit of work: the row of the group, its gift, and the message.
async fn tell_one(under: &Under<'_>, notice: &Notice, group: ConversationId) -> Result<()> {
    let (app, now) = (under.app, under.app.clock.now());
    let code = link(under, notice, group).await?;
    let mut tx = app.store.begin(under.shop).await?;
    if !queries::hold_group(&mut tx, under.id, group).await? {
        return Ok(());
    }
    let goods = pack(&mut tx, notice, group, now).await?;
    let card = goods.as_ref().map(|(_, packed)| packed.card.clone());
    let text = text(under, notice, code.as_deref());
    let draft = under.draft_as(message_id(under.id), group, text, card);
    let number = log::append(&mut tx, &app.clock, draft).await?.number;
    let mut gift = None;
    if let Some((supply, packed)) = &goods {
        let by = under.voice.user;
        gift = Some(packed::keep(&mut tx, packed, number, by, now).await?);
        supply.take(&mut tx, notice.pieces.into(), now).await?;
    }
    let told = queries::Told {
        group,
        number,
        gift,
        link: code,
    };
    queries::group_told(&mut tx, under.id, told, now).await?;
    tx.commit().await
}

/// The coupons of a notice, if it has any.
async fn pack(
    tx: &mut Tx,
    notice: &Notice,
    group: ConversationId,
    now: Timestamp,
) -> Result<Option<(Supply, Packed)>> {
    let Some(template) = notice.template_id else {
        return Ok(None);
    };
    let supply = packed::supply(tx, template).await?;
    let to = To::Group {
        pieces: notice.pieces,
        minutes: notice.minutes,
    };
    let packed = supply.pack(tx, group, to, now).await?;
    Ok(Some((supply, packed)))
}

fn text(under: &Under<'_>, notice: &Notice, code: Option<&str>) -> String {
    let url = code.map(|code| format!("{}/l/{code}", under.app.config.public_url()));
    notice.text.replace(LINK, &url.unwrap_or_default())
}

/// The bot's link to the shop for this group; the same one whenever it is asked for.
async fn link(under: &Under<'_>, notice: &Notice, group: ConversationId) -> Result<Option<String>> {
    if !notice.wants_link() {
        return Ok(None);
    }
    let bot = Actor {
        user: under.voice.user,
        kind: proto::UserKind::Bot,
        name: under.voice.name.as_str().into(),
        avatar: None,
        session: None,
        home: Some(under.shop),
        posts: [].into(),
    };
    let new = NewLink {
        product_id: None,
        promotion_id: None,
        channel: format!("group-{}", group.0.simple()),
    };
    let link = link::share(under.app, &bot, under.shop, &new).await?;
    Ok(Some(link.code))
}
