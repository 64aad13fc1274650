//! Decide a draw whose list is closed: in the same unit of work if it needs no beacon, else as soon as its round is known. The relays are asked outside of
//! any transaction; whoever takes the row out of `closed` draws, and others find nothing to do.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use proto::{AlertKind, DrawDeed, Permission};

use super::{
    Draw, hold, picture,
    queries::{self, Waiting},
    show, tell, words,
};
use crate::{
    alert::{self, NewAlert},
    app::App,
    beacon::{Fault, Value},
    conversation::redraw,
    egress::again,
    error::{Result, Round},
    id::DrawId,
    store::Tx,
};

/// Draws that one round of the schedule looks at.
const ROUND: i64 = 50;
/// Pauses after each time that the relays were asked in vain; the last one for ever, for a draw waits until its round is known or it is called off.
const PAUSES: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_mins(1),
];
/// When staff are told that a round does not come: so long after it has begun.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What was asked already: several draws may wait for one round of one chain.
type Known = BTreeMap<(String, u64), Result<Value, Fault>>;

/// Asks for the rounds that have begun, and draws. While no relay can be reached the others wait for the next time, too.
pub async fn due(app: &App) -> Result<()> {
    let (mut known, mut round) = (Known::new(), Round::default());
    for waiting in queries::waiting(app.store.pool(), app.clock.now(), ROUND).await? {
        let outcome = ask(app, &mut known, &waiting).await;
        let reached = !matches!(outcome, Err(Fault::Call(_) | Fault::NoRelay));
        round.note(match outcome {
            Ok(value) => by_beacon(app, &waiting, &value).await,
            Err(_) => wait(app, &waiting).await,
        })?;
        if !reached {
            break;
        }
    }
    round.end()
}

async fn ask(app: &App, known: &mut Known, waiting: &Waiting) -> Result<Value, Fault> {
    let key = (waiting.chain.public_key.clone(), waiting.round);
    if let Some(outcome) = known.get(&key) {
        return outcome.clone();
    }
    let turn = usize::try_from(waiting.asked).unwrap_or_default();
    let outcome = app.beacon.ask(&waiting.chain, waiting.round, turn).await;
    known.insert(key, outcome.clone());
    outcome
}

/// Draws by the value of the round, unless somebody else has, or it was called off meanwhile.
async fn by_beacon(app: &App, waiting: &Waiting, value: &Value) -> Result<()> {
    let (shop, id) = (waiting.shop, waiting.id);
    let mut tx = app.store.begin(shop).await?;
    redraw::hold(&mut tx, waiting.conversation).await?;
    let now = app.clock.now();
    if !queries::decide(
        &mut tx,
        id,
        (waiting.round, &value.signature),
        hold::closing(now),
    )
    .await?
    {
        return Ok(());
    }
    draw(app, &mut tx, id).await?;
    tx.commit().await?;
    tell::winners_of(app, shop, id).await
}

/// Decides a draw that has everything it needs, and says so.
pub(super) async fn draw(app: &App, tx: &mut Tx, id: DrawId) -> Result<()> {
    let draw = queries::required(tx, id).await?;
    let file = show::file_of(tx, &draw).await?;
    queries::add_places(tx, &draw, &file).await?;
    queries::finish(tx, id).await?;
    let draw = queries::required(tx, id).await?;
    let places = queries::places(tx, id).await?;
    hold::announce(app, tx, &draw, &places).await?;
    picture::draw(app, tx, &draw).await?;
    hold::remember(tx, &draw, DrawDeed::Draw, app.clock.now()).await
}

/// Nobody has told the round: later, and staff hear of it once when that has gone on for long.
async fn wait(app: &App, waiting: &Waiting) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(waiting.shop).await?;
    let again = next(waiting.asked, rand::random(), now);
    queries::ask_again(&mut tx, waiting.id, again).await?;
    let late = now >= waiting.round_at + PATIENCE;
    if late && queries::alerted(&mut tx, waiting.id, now).await? {
        let draw = queries::required(&mut tx, waiting.id).await?;
        alert_staff(&mut tx, &draw, now).await?;
    }
    tx.commit().await
}

async fn alert_staff(tx: &mut Tx, draw: &Draw, now: Timestamp) -> Result<()> {
    let text = words::waits(draw);
    let alert = NewAlert::new(AlertKind::DrawWaits, Permission::ManageCampaigns, text);
    let alert = alert.in_conversation(draw.conversation_id);
    alert::raise(tx, alert, now).await.map(drop)
}

/// When to ask again that was asked so often before.
fn next(asked: i32, jitter: f64, now: Timestamp) -> Timestamp {
    let last = i32::try_from(PAUSES.len()).unwrap_or(i32::MAX);
    let asked = asked.saturating_add(1).clamp(1, last);
    again::due(&PAUSES, asked, jitter, None, now).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LOT-04: relays that are down are asked less and less often, and never given up.
    #[test]
    fn pauses_grow_and_never_end() {
        let pause = |asked| next(asked, 0.0, Timestamp::UNIX_EPOCH).as_second();
        assert_eq!([0, 1, 2, 6, 7, i32::MAX].map(pause), [1, 2, 4, 60, 60, 60]);
    }
}
