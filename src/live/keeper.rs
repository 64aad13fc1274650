//! Does for the hub what takes the database: fills holes from the log, looks at rights again, and sweeps for what the
//! bus may have lost.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{Live, close::Close, hub::Errand, line::Line, sweep::Sweep};
use crate::{
    conversation::missed::missed,
    error::{Error, Refusal, Result},
    id::{ConversationId, UserId},
    shutdown::Shutdown,
};

/// Runs until the server stops.
pub async fn run(live: Live, mut errands: mpsc::Receiver<Errand>, shutdown: Shutdown) {
    let mut sweeps = interval(Duration::from_millis(live.app.config.bus.sweep_ms.max(50)));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sweep = Sweep::default();
    loop {
        let done = tokio::select! {
            () = shutdown.firm().cancelled() => return,
            Some(errand) = errands.recv() => match errand {
                Errand::Fill(conversation) => live.fill(conversation).await,
                Errand::LookAgain(user) => live.look_again(user).await,
                Errand::Doubt => sweep.run(&live).await,
            },
            _ = sweeps.tick() => sweep.run(&live).await,
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

    /// A user's sessions or rights changed: what is over is closed, what has other rights goes on with those.
    pub(super) async fn look_again(&self, user: UserId) -> Result<()> {
        for line in self.hub.lines_of(user) {
            self.look_again_at(&line).await?;
        }
        Ok(())
    }

    async fn look_again_at(&self, line: &Arc<Line>) -> Result<()> {
        let renewed = self.renew(line).await;
        if renewed
            .as_ref()
            .err()
            .and_then(Error::refusal)
            .is_some_and(is_over)
        {
            line.close(Close::Revoked);
            return Ok(());
        }
        renewed
    }
}

fn is_over(code: Refusal) -> bool {
    matches!(code, Refusal::SessionRevoked | Refusal::TokenExpired)
}
