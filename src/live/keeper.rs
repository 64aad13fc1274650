//! Does for the hub what takes the database: fills holes from the log, looks at people again (`live/recheck.rs`), and sweeps
//! for what the bus may have lost.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{Live, hub::Errand, sweep::Sweep};
use crate::{conversation::missed::missed, error::Result, id::ConversationId, shutdown::Shutdown};

/// Runs until the server stops. What takes long of one kind of work does not hold up the others.
pub async fn run(live: Live, errands: mpsc::Receiver<Errand>, shutdown: Shutdown) {
    tokio::select! {
        () = shutdown.firm().cancelled() => {}
        () = keep(&live, errands) => {}
        () = live.end_what_is_over() => {}
        () = live.renew_what_goes_on() => {}
    }
}

async fn keep(live: &Live, mut errands: mpsc::Receiver<Errand>) {
    let mut sweeps = interval(Duration::from_millis(live.app.config.bus.sweep_ms.max(50)));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sweep = Sweep::default();
    loop {
        let done = tokio::select! {
            Some(errand) = errands.recv() => match errand {
                Errand::Fill(conversation) => live.fill(conversation).await,
                Errand::Doubt => sweep.run(live).await,
            },
            _ = sweeps.tick() => sweep.run(live).await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the keeper will look again at the next sweep");
        }
    }
}

impl Live {
    /// Shows what the log has beyond what was shown here, page by page.
    async fn fill(&self, conversation: ConversationId) -> Result<()> {
        metrics::counter!("souk_fills").increment(1);
        while let Some(shown) = self.hub.shown(conversation) {
            let missed = missed(&self.app, conversation, shown).await?;
            self.hub
                .filled(conversation, &missed.events, missed.number, missed.revision);
            if !missed.more {
                break;
            }
        }
        Ok(())
    }
}
