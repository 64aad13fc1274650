//! Hold a draw whose time has come: the list is closed and the seed revealed, in one unit of work, once. Without a beacon the winners are known
//! in the same. With one the card names the round that decides, which nobody can know yet ([`super::decide`]).

use jiff::{SignedDuration, Timestamp};
use proto::{Card, DrawDeed, DrawState, Message, Notice, NoticeKind};

use super::{
    Draw, PlaceOf, decide,
    fair::{self, Awaited, Because},
    picture,
    queries::{self, Due},
    roll::Roll,
    rules::Entry,
    tell, words,
};
use crate::{
    app::App,
    beacon::Chain,
    clock::millis,
    conversation::{Draft, log, redraw},
    error::{Error, Result},
    fact::Fact,
    id::{DrawId, ShopId},
    store::Tx,
};

/// The file of rules, results and winners is kept for so long (two years).
const KEPT: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// Holds a draw, closes its list, or cancels it, if its time has come and nobody else has: whoever takes its row out of `open` does it, and others find
/// nothing to do. Then the winners are told.
pub async fn when_due(app: &App, shop: ShopId, id: DrawId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(draw) = queries::draw(&mut tx, id).await? else {
        return Ok(());
    };
    if draw.state != DrawState::Open {
        return Ok(());
    }
    // Nobody comes or goes in the group, and no older picture is drawn after this one.
    redraw::hold(&mut tx, draw.conversation_id).await?;
    let now = to_the_millisecond(app.clock.now());
    let seed = reveal(app, &draw)?;
    let chain = draw.rules.beacon.as_ref();
    let awaited = chain.map(|chain| awaited(chain, now));
    match queries::close(&mut tx, id, (&seed, awaited), closing(now)).await? {
        None => return Ok(()),
        Some(Due::Draw) => {
            complete_list(&mut tx, id, now).await?;
            decide::draw(app, &mut tx, id).await?;
        }
        Some(Due::Close) => close(app, &mut tx, id).await?,
        Some(Due::Lapse) => lapse(app, &mut tx, id).await?,
    }
    tx.commit().await?;
    tell::winners_of(app, shop, id).await
}

/// When a draw is over that ends now, and until when it is kept.
pub(super) fn closing(now: Timestamp) -> (Timestamp, Timestamp) {
    (now, now + KEPT)
}

/// The seed, as it was committed to.
pub(super) fn reveal(app: &App, draw: &Draw) -> Result<String> {
    let seed = app.vault.unseal(&Draw::row(draw.id), &draw.sealed_seed);
    Ok(seed.map_err(anyhow::Error::from)?)
}

/// The files' times are in whole milliseconds.
pub(super) fn to_the_millisecond(now: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(millis(now)).unwrap_or(now)
}

/// What decides a list that is closed now.
fn awaited(chain: &Chain, now: Timestamp) -> Awaited {
    let at = millis(now);
    Awaited {
        at,
        round: chain.round_after(at),
    }
}

/// Closes the list. Completing it takes its time: which round decides is said afterwards, just before all of this is seen.
async fn close(app: &App, tx: &mut Tx, id: DrawId) -> Result<()> {
    complete_list(tx, id, app.clock.now()).await?;
    let draw = queries::required(tx, id).await?;
    let (tickets, left_out) = queries::list(tx, id).await?;
    let now = to_the_millisecond(app.clock.now());
    let Some(chain) = &draw.rules.beacon else {
        return Err(anyhow::anyhow!("a draw without a beacon needs no round").into());
    };
    let awaited = awaited(chain, now);
    let begins = Timestamp::from_millisecond(chain.begins(awaited.round));
    let begins = begins.map_err(anyhow::Error::from)?;
    let hash = fair::close(tickets.len(), &draw.last_link, Some(awaited), &left_out);
    queries::freeze(tx, id, (&hash, awaited.round, begins), now).await?;
    let draw = queries::required(tx, id).await?;
    say(app, tx, &draw, words::closed(&draw)).await?;
    picture::draw(app, tx, &draw).await?;
    remember(tx, &draw, DrawDeed::Close, now).await
}

/// Who takes part by being there, what friends have earned until this moment, and who wins nothing.
async fn complete_list(tx: &mut Tx, id: DrawId, now: Timestamp) -> Result<()> {
    let draw = queries::required(tx, id).await?;
    let mut roll = Roll::of(&draw);
    if draw.rules.entry == Entry::EveryMember {
        for customer in queries::others(tx, &draw).await? {
            roll.enter(customer, Because::Member, "");
        }
        roll.write(tx, now).await?;
    }
    roll.top_up(tx, None).await?;
    roll.write(tx, now).await?;
    queries::leave_out(tx, id).await
}

/// The target was not reached in time.
async fn lapse(app: &App, tx: &mut Tx, id: DrawId) -> Result<()> {
    let draw = queries::required(tx, id).await?;
    say(app, tx, &draw, words::cancelled(&draw)).await?;
    picture::draw(app, tx, &draw).await?;
    remember(tx, &draw, DrawDeed::Cancel, app.clock.now()).await
}

/// With the card once more: who makes the group full has not seen the first one, and can check the draw all the same.
pub(super) async fn announce(
    app: &App,
    tx: &mut Tx,
    draw: &Draw,
    places: &[PlaceOf],
) -> Result<()> {
    let card = picture::of(tx, draw).await?;
    let number = post(app, tx, draw, (words::result(draw, places), Some(card))).await?;
    queries::announced(tx, draw.id, number).await
}

/// Says something about a draw in its group. Gives the message's number; `None`: the group was dissolved.
pub(super) async fn say(app: &App, tx: &mut Tx, draw: &Draw, words: String) -> Result<Option<i64>> {
    post(app, tx, draw, (words, None)).await
}

async fn post(
    app: &App,
    tx: &mut Tx,
    draw: &Draw,
    (text, card): (String, Option<Card>),
) -> Result<Option<i64>> {
    let message = Message {
        conversation_id: draw.conversation_id.to_string(),
        text,
        card,
        notice: Some(Notice {
            kind: NoticeKind::DrawMoved.into(),
            ..Notice::default()
        }),
        ..Message::default()
    };
    let draft = Draft::of_server(draw.conversation_id, message);
    match log::append(tx, &app.clock, draft).await {
        Ok(posted) => Ok(Some(posted.number.cast_signed())),
        Err(Error::Refused(_)) => Ok(None),
        Err(broken) => Err(broken),
    }
}

/// The business remembers what was done with a draw.
pub(super) async fn remember(
    tx: &mut Tx,
    draw: &Draw,
    deed: DrawDeed,
    now: Timestamp,
) -> Result<()> {
    let fact = Fact::DrawMoved {
        draw_id: draw.id,
        conversation_id: draw.conversation_id,
        deed,
        state: draw.state,
        tickets: draw.tickets.into(),
    };
    tx.remember(&fact, now).await
}
