//! Which alerts somebody wants to be shown (ALRT-04).

use proto::{AlertKind, json::Word as _};

use super::queries;
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
    id::UserId,
    store::Recheck,
};

/// The kinds that `user` has switched off.
pub async fn unwanted(app: &App, user: UserId) -> Result<Vec<AlertKind>> {
    let words = queries::unwanted_alerts(app.store.pool(), user).await?;
    let kinds = words.iter().filter_map(|word| AlertKind::from_word(word));
    Ok(kinds.collect())
}

/// The kinds that `user` is shown.
pub async fn wanted(app: &App, user: UserId) -> Result<Vec<String>> {
    let unwanted = unwanted(app, user).await?;
    let wanted = kinds().filter(|kind| !unwanted.contains(kind));
    Ok(wanted.map(AlertKind::word).collect())
}

/// From now on only these kinds, on all open sockets. Refuses with `invalid_argument` a word that is no kind, with
/// `rate_limited`.
pub async fn choose(app: &App, actor: &Actor, wanted: &[String]) -> Result<Vec<String>> {
    let known = |word: &String| kinds().any(|kind| kind.word() == *word);
    if !wanted.iter().all(known) {
        return Err(refused_argument(
            "wanted",
            "names something that is not an alert",
        ));
    }
    app.sends.take(actor.user)?;
    let words = kinds().map(AlertKind::word);
    let (wanted, unwanted): (Vec<_>, Vec<_>) = words.partition(|word| wanted.contains(word));
    let mut tx = app.store.begin_people().await?;
    queries::set_unwanted_alerts(&mut tx, actor.user, &unwanted).await?;
    tx.recheck(&[actor.user], Recheck::Person, "alerts_chosen")
        .await?;
    tx.commit().await?;
    Ok(wanted)
}

fn kinds() -> impl Iterator<Item = AlertKind> {
    (1..32).filter_map(|number| AlertKind::try_from(number).ok())
}
