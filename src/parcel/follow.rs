//! Ask the tracker to follow what has left. It is called outside of any transaction; a call whose outcome nobody knows is made again, with
//! the same address and salt.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    queries::{self, Due},
    secret::Secret,
};
use crate::{
    app::App,
    egress::again,
    error::{Result, Round},
    order::on_the_way,
    tracker::{Fault, Followed, Subscription, Tracker},
};

/// Parcels that one round asks for at most.
const ROUND: i64 = 50;
/// Pauses after each failure; after the last nobody asks again, and the parcel is looked after by hand.
pub(super) const STEPS: [Duration; 9] = [
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
];
/// What the tracker has let go may be asked for again after half an hour, and not before.
pub(super) const LET_GO: SignedDuration = SignedDuration::from_mins(31);

/// Asks for all that is due. When the tracker cannot be asked the others wait for the next round, too.
pub async fn due(app: &App) -> Result<()> {
    let due = queries::due(app.store.pool(), app.clock.now(), ROUND).await?;
    let mut round = Round::default();
    for parcel in due {
        match one(app, &parcel).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => round.note(Err(error))?,
        }
    }
    round.end()
}

/// Asks for one, and writes down what became of it. `false`: the tracker cannot be asked now.
async fn one(app: &App, parcel: &Due) -> Result<bool> {
    let outcome = ask(app, parcel).await?;
    let there = !matches!(outcome, Err(Fault::NotNow(_) | Fault::Account(_)));
    settle(app, parcel, outcome).await?;
    Ok(there)
}

async fn ask(app: &App, parcel: &Due) -> Result<Result<Followed, Fault>> {
    if matches!(app.tracker, Tracker::Sink) {
        return Ok(Ok(Followed::ByNobody));
    }
    let secret = armed(app, parcel).await?;
    let mut tx = app.store.begin(parcel.shop).await?;
    let phone = on_the_way::phone(app, &mut tx, parcel.order).await?;
    drop(tx);
    let subscription = Subscription {
        carrier: parcel.carrier.clone(),
        number: parcel.tracking_number.clone(),
        phone,
        callback_url: format!(
            "{}/api/v1/tracking/{}",
            app.config.public_url(),
            secret.token
        ),
        salt: secret.salt,
    };
    Ok(app.tracker.follow(&subscription).await)
}

/// The parcel's secret, which is there before the tracker knows it: news may come before the answer.
async fn armed(app: &App, parcel: &Due) -> Result<Secret> {
    if let Some(sealed) = &parcel.secret {
        return Secret::unseal(&app.vault, parcel.package, sealed);
    }
    let secret = Secret::new();
    let sealed = secret.seal(&app.vault, parcel.package);
    let mut tx = app.store.begin(parcel.shop).await?;
    let hash = Secret::hash(&secret.token);
    let kept = queries::arm(&mut tx, parcel.package, &hash, &sealed).await?;
    tx.commit().await?;
    Secret::unseal(&app.vault, parcel.package, &kept)
}

async fn settle(app: &App, parcel: &Due, outcome: Result<Followed, Fault>) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.store.begin(parcel.shop).await?;
    let (follow, trouble) = match &outcome {
        Ok(Followed::Yes) => ("followed", String::new()),
        Ok(Followed::ByNobody) => ("nobody", String::new()),
        Err(fault @ Fault::Unfit(_)) => ("unfit", fault.to_string()),
        Err(fault) => ("due", fault.to_string()),
    };
    let (attempts, jitter) = (parcel.attempts + 1, rand::random::<f64>());
    let again = again::due(&STEPS, attempts, jitter, None, now);
    let follow = match again {
        None if follow == "due" => "over",
        _ => follow,
    };
    queries::settle(&mut tx, parcel, follow, &trouble, again.unwrap_or(now)).await?;
    tx.commit().await
}
