//! Staff keep the places that are told what happened.

use jiff::SignedDuration;
use proto::Permission;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    ENDPOINTS, EVENTS, Endpoint, EndpointWithSecret, MESSAGE_CHANGED, MESSAGE_POSTED, queries,
};
use crate::{
    actor::{ManageBots, Permissions, Staff},
    app::App,
    audit::{self, Deed},
    egress::address::Guard,
    error::{Refusal, Result, refused_argument},
    id::{EndpointId, UserId},
    rights,
    sign::Secret,
    staff,
    store::Tx,
};

/// After a rotation the former secret signs too for so long.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);

/// A new endpoint.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEndpoint {
    /// `https://…` on port 443 or 8443, at a public address.
    pub url: String,
    /// Kinds of events, at least one.
    pub events: Vec<String>,
    /// Only what this bot of the shop may hear.
    pub bot_id: Option<UserId>,
}

/// What is to change; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointChange {
    /// Another address.
    pub url: Option<String>,
    /// Other kinds of events, all of them.
    pub events: Option<Vec<String>>,
    /// Switches it on (its failures are forgotten) or off.
    pub on: Option<bool>,
}

/// Adds an endpoint and makes its secret.
///
/// Refuses with `address_refused` where we may not call, `invalid_argument`, `not_found` for another shop's bot,
/// `quota_exceeded` beyond [`ENDPOINTS`], `forbidden` to send more somewhere than one may hear oneself: every message takes
/// `chat` and `manage_groups`, what a bot hears takes all of its scopes.
pub async fn add(
    app: &App,
    staff: &Staff<ManageBots>,
    new: NewEndpoint,
) -> Result<EndpointWithSecret> {
    check_url(app, &new.url)?;
    check_events(&new.events)?;
    let secret = Secret::generate(&mut rand::rng());
    let mut act = Act::begin(app, staff, EndpointId::new()).await?;
    if let Some(bot) = new.bot_id {
        let scopes = queries::scopes(&mut act.tx, bot).await?;
        scopes.ok_or(Refusal::NotFound)?;
    }
    let (id, now) = (act.id, app.clock.now());
    let sealed = app.vault.seal(&row(id), &secret.reveal());
    if !queries::add(&mut act.tx, id, &new, &sealed, ENDPOINTS, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    act.done("webhook.added")
        .await
        .and_then(|endpoint| with_secret(endpoint, &secret))
}

/// All of the shop's endpoints, oldest first.
pub async fn list(app: &App, staff: &Staff<ManageBots>) -> Result<Vec<Endpoint>> {
    let mut tx = app.store.begin(staff.shop).await?;
    queries::list(&mut tx).await
}

/// One endpoint. Refuses with `not_found`.
pub async fn one(app: &App, staff: &Staff<ManageBots>, id: EndpointId) -> Result<Endpoint> {
    let mut tx = app.store.begin(staff.shop).await?;
    let endpoint = queries::one(&mut tx, id).await?;
    endpoint.ok_or_else(|| Refusal::NotFound.into())
}

/// Changes an endpoint, or switches it on or off. What waits for it while it is off is sent when it is on again.
///
/// Refuses with `not_found`, `address_refused`, `invalid_argument`, `forbidden` as [`add`] does.
pub async fn change(
    app: &App,
    staff: &Staff<ManageBots>,
    id: EndpointId,
    change: EndpointChange,
) -> Result<Endpoint> {
    change
        .url
        .as_deref()
        .map_or(Ok(()), |url| check_url(app, url))?;
    change.events.as_deref().map_or(Ok(()), check_events)?;
    let mut act = Act::begin(app, staff, id).await?;
    queries::change(&mut act.tx, id, &change, app.clock.now()).await?;
    let endpoint = act.done("webhook.changed").await?;
    endpoint.ok_or_else(|| Refusal::NotFound.into())
}

/// Removes an endpoint with all that waits for it. Refuses with `not_found`.
pub async fn remove(app: &App, staff: &Staff<ManageBots>, id: EndpointId) -> Result<()> {
    let mut act = Act::begin(app, staff, id).await?;
    if !queries::remove(&mut act.tx, id).await? {
        return Err(Refusal::NotFound.into());
    }
    act.done("webhook.removed").await.map(drop)
}

/// Makes a new secret; for a day calls are signed with the former one too. Refuses with `not_found`.
pub async fn rotate(
    app: &App,
    staff: &Staff<ManageBots>,
    id: EndpointId,
) -> Result<EndpointWithSecret> {
    let secret = Secret::generate(&mut rand::rng());
    let mut act = Act::begin(app, staff, id).await?;
    let until = app.clock.now() + ROTATION;
    let sealed = app.vault.seal(&row(id), &secret.reveal());
    queries::rotate(&mut act.tx, id, &sealed, until).await?;
    act.done("webhook.secret_rotated")
        .await
        .and_then(|endpoint| with_secret(endpoint, &secret))
}

/// Seals with the current key whatever is not: at every start, so that a change of keys is complete when all nodes have
/// started anew. Fails if a key is missing.
pub async fn seal_anew(app: &App) -> anyhow::Result<()> {
    let (sql, mark) = (app.store.pool(), app.vault.mark());
    for kept in queries::sealed_otherwise(sql, &mark).await? {
        let renew = |text: &String| app.vault.renew(&row(kept.id), text);
        let secret = renew(&kept.secret)?;
        let previous = kept.previous_secret.as_ref().map(renew).transpose()?;
        queries::reseal(sql, &kept, &secret, previous.as_deref()).await?;
    }
    Ok(())
}

/// The row that an endpoint's secrets are sealed for.
pub(super) fn row(id: EndpointId) -> String {
    format!("webhook_endpoints/{id}")
}

fn with_secret(endpoint: Option<Endpoint>, secret: &Secret) -> Result<EndpointWithSecret> {
    Ok(EndpointWithSecret {
        endpoint: endpoint.ok_or(Refusal::NotFound)?,
        secret: secret.reveal(),
    })
}

/// Something that staff do to an endpoint, with how it was before.
struct Act<'a> {
    app: &'a App,
    staff: &'a Staff<ManageBots>,
    /// What they may do in the shop while this lasts.
    held: Permissions,
    tx: Tx,
    id: EndpointId,
    before: Option<Endpoint>,
}

impl<'a> Act<'a> {
    /// Whoever changes the shop's endpoints comes one after the other from here on.
    async fn begin(app: &'a App, staff: &'a Staff<ManageBots>, id: EndpointId) -> Result<Self> {
        let mut tx = app.store.begin(staff.shop).await?;
        let held = rights::rely(&mut tx, staff).await?;
        queries::lock_shop(&mut tx).await?;
        let before = queries::one(&mut tx, id).await?;
        Ok(Self {
            app,
            staff,
            held,
            tx,
            id,
            before,
        })
    }

    /// What is heard goes only where somebody sends it who may hear it themselves. Refuses with `forbidden`.
    async fn may_hear(&mut self, endpoint: &Endpoint) -> Result<()> {
        let heard = match endpoint.bot_id {
            Some(bot) => {
                let scopes = queries::scopes(&mut self.tx, bot).await?;
                Permissions::from_words(scopes.unwrap_or_default())
            }
            None => [Permission::Chat, Permission::ManageGroups]
                .into_iter()
                .collect(),
        };
        staff::may_change(self.held, Permissions::NONE, heard)
    }

    /// Sees to it that the shop remembers what its endpoints want, leaves a record, and commits. Gives the endpoint as
    /// it is now; nothing is kept where there was none before and there is none now.
    async fn done(mut self, action: &'static str) -> Result<Option<Endpoint>> {
        let after = queries::one(&mut self.tx, self.id).await?;
        if self.before.is_none() && after.is_none() {
            return Ok(None);
        }
        if let Some(endpoint) = hears_more(self.before.as_ref(), after.as_ref()) {
            self.may_hear(endpoint).await?;
        }
        queries::remember_what_is_wanted(&mut self.tx).await?;
        let deed = Deed::new(self.staff.actor.user, action, self.id)
            .before(picture(self.before.as_ref()))
            .after(picture(after.as_ref()));
        audit::record(&mut self.tx, deed, self.app.clock.now()).await?;
        self.tx.commit().await?;
        Ok(after)
    }
}

/// The endpoint, if it begins to hear something that not all may hear, or hears it elsewhere than before: words, or what
/// is told to a bot. Switched on it hears anew.
fn hears_more<'a>(before: Option<&Endpoint>, after: Option<&'a Endpoint>) -> Option<&'a Endpoint> {
    let after = after?;
    let words = |event: &&String| [MESSAGE_POSTED, MESSAGE_CHANGED].contains(&event.as_str());
    let guarded = |event: &&String| after.bot_id.is_some() || words(event);
    let goes_on = |before: &&Endpoint| before.on || !after.on;
    let before = before
        .filter(|before| before.url == after.url)
        .filter(goes_on);
    let heard = |event: &String| before.is_some_and(|before| before.events.contains(event));
    let new = after
        .events
        .iter()
        .filter(guarded)
        .any(|event| !heard(event));
    new.then_some(after)
}

fn picture(endpoint: Option<&Endpoint>) -> Option<Value> {
    endpoint.and_then(|endpoint| serde_json::to_value(endpoint).ok())
}

fn check_url(app: &App, url: &str) -> Result<()> {
    Guard::of(&app.config).check("url", url)
}

fn check_events(events: &[String]) -> Result<()> {
    if events.is_empty() || events.len() > EVENTS.len() {
        return Err(refused_argument(
            "events",
            "names at least one kind, each once",
        ));
    }
    match events
        .iter()
        .find(|event| !EVENTS.contains(&event.as_str()))
    {
        Some(_) => Err(refused_argument(
            "events",
            &format!("are some of {}", EVENTS.join(", ")),
        )),
        None => Ok(()),
    }
}
