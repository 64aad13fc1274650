//! What happens to coupons when a time has come: unused ones end, after one reminder (CPN-12); what nobody claimed of a gift goes back, once.
//! Whatever node does it, its statement decides that it is done once.

use jiff::SignedDuration;
use proto::{Message, Notice, NoticeKind};

use super::{Gift, picture, queries, words};
use crate::{
    app::App,
    conversation::{Draft, log, open},
    error::Result,
    id::{CouponId, GiftId, ShopId},
};

/// What one round takes at most.
const ROUND: i64 = 200;
/// So long before its end the customer is reminded.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// Everything whose time has come.
pub async fn due(app: &App) -> Result<()> {
    let (pool, now) = (app.store.pool(), app.clock.now());
    while queries::expire(pool, now, ROUND).await? == ROUND.unsigned_abs() {}
    for (shop, coupon) in queries::to_be_reminded(pool, now, now + BEFORE, ROUND).await? {
        remind(app, shop, coupon).await?;
    }
    for (shop, gift) in queries::gifts_over(pool, now, ROUND).await? {
        close(app, shop, gift).await?;
    }
    picture::stale(app).await
}

/// One message in the customer's conversation with the shop, which is opened for it if they have none.
async fn remind(app: &App, shop: ShopId, coupon: CouponId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(ending) = queries::remind(&mut tx, coupon, app.clock.now()).await? else {
        return Ok(());
    };
    if let Some(conversation) = open::by_itself(app, &mut tx, ending.customer).await? {
        let message = Message {
            conversation_id: conversation.to_string(),
            text: words::ending(&ending.title, &ending.until),
            notice: Some(Notice {
                kind: NoticeKind::CouponEnding.into(),
                ..Notice::default()
            }),
            ..Message::default()
        };
        let draft = Draft::of_server(conversation, message);
        log::append(&mut tx, &app.clock, draft).await?;
    }
    tx.commit().await
}

/// What is left of a gift goes back to its template. The template is held first, as whoever ends it does.
async fn close(app: &App, shop: ShopId, gift: GiftId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(over) = queries::gift(&mut tx, gift).await? else {
        return Ok(());
    };
    queries::lock_template(&mut tx, over.template_id).await?;
    let now = app.clock.now();
    let Some(claimed) = queries::close_gift(&mut tx, gift, now).await? else {
        return Ok(());
    };
    let over = Gift {
        claimed,
        closed_at: Some(now),
        ..over
    };
    queries::put_back(&mut tx, over.template_id, over.left()).await?;
    picture::draw(app, &mut tx, &over).await?;
    tx.commit().await
}
