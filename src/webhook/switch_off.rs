//! Stops calling who never hears, and tells the shop.

use jiff::{SignedDuration, Timestamp};
use proto::{AlertKind, Permission};

use super::{queries, schedule::FEWEST_FAILURES};
use crate::{
    alert::{self, NewAlert},
    app::App,
    error::Result,
    fact::Fact,
    id::EndpointId,
    store::Tx,
};

/// Why an endpoint is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// It answered 410: it wants no more calls.
    Gone,
    /// Nothing but failures for too long.
    Failing,
}

impl Because {
    fn sentence(self) -> &'static str {
        match self {
            Self::Gone => "A webhook endpoint answered 410 and was switched off.",
            Self::Failing => "A webhook endpoint failed for too long and was switched off.",
        }
    }
}

/// Switches off every endpoint that has done nothing but fail for `webhook.give_up_hours`.
pub async fn exhausted(app: &App) -> Result<()> {
    let now = app.clock.now();
    let since = now - SignedDuration::from_hours(app.config.webhook.give_up_hours);
    for (shop, endpoint) in queries::failing_since(app.store.pool(), since, FEWEST_FAILURES).await?
    {
        let mut tx = app.store.begin(shop).await?;
        // Asked again in the statement: it may have heard something in between.
        if queries::switch_off_failing(&mut tx, endpoint, since, FEWEST_FAILURES, now).await? {
            tell(&mut tx, endpoint, Because::Failing, now).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// An endpoint was switched off in this unit of work: the shop no longer remembers what nobody wants, and its staff hear.
pub(super) async fn tell(
    tx: &mut Tx,
    endpoint: EndpointId,
    because: Because,
    now: Timestamp,
) -> Result<()> {
    queries::remember_what_is_wanted(tx).await?;
    tx.remember(
        &Fact::EndpointSwitchedOff {
            endpoint_id: endpoint,
        },
        now,
    )
    .await?;
    let alert = NewAlert::new(
        AlertKind::WebhookOff,
        Permission::ManageBots,
        because.sentence(),
    );
    alert::raise(tx, alert, now).await?;
    Ok(())
}
