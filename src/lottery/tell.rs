//! Tell winners in person, each in their conversation with the shop, which is opened for them if they have none. Outside of the draw's own
//! work, so that it holds one group only; a row says who has been told, so that nobody is told twice.

use proto::{Message, Notice, NoticeKind};

use super::{queries, words};
use crate::{
    app::App,
    conversation::{Draft, log, open},
    error::{Result, Round},
    id::{DrawId, ShopId},
};

/// Everybody who has won and has not been told.
pub(super) async fn winners_of(app: &App, shop: ShopId, draw: DrawId) -> Result<()> {
    let mut round = Round::default();
    for place in queries::untold_of(app.store.pool(), shop, draw).await? {
        round.note(tell(app, shop, draw, place).await)?;
    }
    round.end()
}

async fn tell(app: &App, shop: ShopId, id: DrawId, place: i32) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    if !queries::told(&mut tx, id, place, app.clock.now()).await? {
        return Ok(());
    }
    let draw = queries::required(&mut tx, id).await?;
    let places = queries::places(&mut tx, id).await?;
    let Some(won) = places.iter().find(|one| one.place == place) else {
        return Ok(());
    };
    if let Some(conversation) = open::by_itself(app, &mut tx, won.customer_id).await? {
        let message = Message {
            conversation_id: conversation.to_string(),
            text: words::won(&draw, won),
            notice: Some(Notice {
                kind: NoticeKind::DrawMoved.into(),
                ..Notice::default()
            }),
            ..Message::default()
        };
        let draft = Draft {
            conversation,
            sender: None,
            message,
            fingerprint: None,
        };
        log::append(&mut tx, &app.clock, draft).await?;
    }
    tx.commit().await
}
