//! Does for the hub what takes the database: fills holes from the log, looks at rights again, and sweeps for what the
//! bus may have lost.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{
    Live,
    close::Close,
    hub::{Errand, Hub},
    line::Line,
};
use crate::{
    account::session,
    conversation::missed::missed,
    error::{Refusal, Result},
    id::{ConversationId, UserId},
    shutdown::Shutdown,
};

/// Runs until the server stops.
pub async fn run(live: Live, mut errands: mpsc::Receiver<Errand>, shutdown: Shutdown) {
    let mut sweeps = interval(Duration::from_millis(live.app.config.bus.sweep_ms.max(50)));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let done = tokio::select! {
            () = shutdown.firm().cancelled() => return,
            Some(errand) = errands.recv() => live.run_errand(errand).await,
            _ = sweeps.tick() => live.sweep().await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the keeper will look again at the next sweep");
        }
    }
}

impl Live {
    async fn run_errand(&self, errand: Errand) -> Result<()> {
        match errand {
            Errand::Fill(conversation) => self.fill(conversation).await,
            Errand::LookAgain(user) => self.look_again(user).await,
            Errand::Doubt => self.sweep().await,
        }
    }

    /// Shows what the log has beyond what was shown here, page by page.
    async fn fill(&self, conversation: ConversationId) -> Result<()> {
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

    async fn sweep(&self) -> Result<()> {
        let _: &Arc<Hub> = &self.hub;
        Ok(())
    }

    /// A user's sessions or rights changed: what is over is closed, what has other rights goes on with those.
    async fn look_again(&self, user: UserId) -> Result<()> {
        for line in self.hub.lines_of(user) {
            self.look_again_at(&line).await?;
        }
        Ok(())
    }

    async fn look_again_at(&self, line: &Arc<Line>) -> Result<()> {
        let actor = line.actor();
        let Some(session) = actor.session else {
            return Ok(());
        };
        match session::again(&self.app, session).await {
            Ok(session) => line.renew(session.actor),
            Err(error) if error.refusal() == Some(Refusal::SessionRevoked) => {
                line.close(Close::Revoked);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let audiences = self.audiences(line, actor.user).await?;
        self.hub.move_line(line, &audiences).await;
        Ok(())
    }
}
