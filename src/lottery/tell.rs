//! Tell winners in person, each in their conversation with the shop, which is opened for them if they have none. Outside of the draw's own
//! work, so that it holds one group only; a row says who has been told, so that nobody is told twice.

use proto::{DrawDeed, Message, Notice, NoticeKind};

use super::{hold, picture, queries, words};
use crate::{
    app::App,
    conversation::{Draft, log, open, redraw},
    coupon::prize,
    error::{Error, Result, Round},
    id::{DrawId, ShopId, UserId},
    store::Tx,
};

/// Everybody who has won and has not been told. A coupon is in the winner's wallet then, and the prize delivered.
pub(super) async fn winners_of(app: &App, shop: ShopId, draw: DrawId) -> Result<()> {
    let mut round = Round::default();
    let mut delivered = false;
    for place in queries::untold_of(app.store.pool(), shop, draw).await? {
        match tell(app, shop, (draw, place), true).await {
            Ok(had) => delivered |= had,
            // One customer may have so many only: then the winner is told all the same, and staff find another way.
            Err(Error::Refused(_)) => {
                round.note(tell(app, shop, (draw, place), false).await.map(drop))?;
            }
            Err(broken) => round.note(Err(broken))?,
        }
    }
    if delivered {
        round.note(settled(app, shop, draw).await)?;
    }
    round.end()
}

/// Tells one, once, and hands over what is a coupon, if that is wanted. Says whether it was handed over.
async fn tell(
    app: &App,
    shop: ShopId,
    (id, place): (DrawId, i32),
    hand_over: bool,
) -> Result<bool> {
    let now = app.clock.now();
    let mut tx = app.store.begin(shop).await?;
    if !queries::told(&mut tx, id, place, now).await? {
        return Ok(false);
    }
    let draw = queries::required(&mut tx, id).await?;
    let places = queries::places(&mut tx, id).await?;
    let Some(won) = places.iter().find(|one| one.place == place) else {
        return Ok(false);
    };
    let coupon = queries::gift_for(&mut tx, id, place).await?;
    let coupon = coupon.filter(|_| hand_over);
    if let Some(gift) = coupon {
        prize::award(&mut tx, gift, won.customer_id, now).await?;
        queries::deliver(&mut tx, id, place, now).await?;
    }
    say(app, &mut tx, won.customer_id, words::won(&draw, won)).await?;
    tx.commit().await?;
    Ok(coupon.is_some())
}

async fn say(app: &App, tx: &mut Tx, winner: UserId, words: String) -> Result<()> {
    let Some(conversation) = open::by_itself(app, tx, winner).await? else {
        return Ok(());
    };
    let message = Message {
        conversation_id: conversation.to_string(),
        text: words,
        notice: Some(Notice {
            kind: NoticeKind::DrawMoved.into(),
            ..Notice::default()
        }),
        ..Message::default()
    };
    let draft = Draft::of_server(conversation, message);
    log::append(tx, &app.clock, draft).await.map(drop)
}

/// Prizes were delivered by telling: the card says so, and the draw may be done.
async fn settled(app: &App, shop: ShopId, id: DrawId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let conversation = queries::required(&mut tx, id).await?.conversation_id;
    redraw::hold(&mut tx, conversation).await?;
    queries::finish(&mut tx, id).await?;
    let draw = queries::required(&mut tx, id).await?;
    picture::draw(app, &mut tx, &draw).await?;
    hold::remember(&mut tx, &draw, DrawDeed::Deliver, app.clock.now()).await?;
    tx.commit().await
}
