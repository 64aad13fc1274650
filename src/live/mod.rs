//! People on the line: one [`connection`] a socket, the [`hub`] that knows who is here, and the [`keeper`] that asks
//! Postgres for what the bus may have lost. What a request does is a verb of its noun; `dispatch.rs` is the table.

mod alarm;
pub mod close;
pub mod connection;
mod crowd;
pub mod decode;
mod dispatch;
pub mod hub;
pub mod keeper;
pub mod line;
pub mod order;
pub mod outbox;
mod recheck;
mod show;
mod sweep;
mod tempo;
mod times;
pub mod transport;
mod turn;
pub mod upgrade;
mod watch;

use std::{sync::Arc, time::Duration};

use proto::Permission;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::{close::Close, hub::Hub, line::Line};
use crate::{
    account::session,
    alert,
    app::App,
    bus::{Audience, Recheck},
    conversation::{self, Time},
    error::{Refusal, Result},
    id::{ConversationId, UserId},
};

/// How long somebody who has said who they are waits for their turn to be let in. Clients wait 20 s for an answer.
const TURN: Duration = Duration::from_secs(15);

/// What a socket needs.
#[derive(Clone)]
pub struct Live {
    /// For verbs.
    pub app: App,
    /// For showing.
    pub hub: Arc<Hub>,
    /// A place for each socket that is being let in. Fair: first come, first served.
    logins: Arc<Semaphore>,
}

/// The permissions that make a member of staff the audience of something.
const AUDIENCES: [Permission; 5] = [
    Permission::Chat,
    Permission::ManageOrders,
    Permission::ManageBots,
    Permission::ManageShop,
    Permission::ManageProducts,
];

impl Live {
    /// With as many places for log-ins as the settings say.
    pub fn new(app: App, hub: Arc<Hub>) -> Self {
        let places = app.config.limits.logins_at_once.max(1);
        Self {
            app,
            hub,
            logins: Arc::new(Semaphore::new(places)),
        }
    }

    /// The same for what is done for the hub, and for nobody who waits.
    #[must_use]
    pub fn by_itself(&self) -> Self {
        Self {
            app: self.app.by_itself(),
            ..self.clone()
        }
    }

    /// Waits for one of the places for log-ins: when everybody comes back at once, they queue here, in order, and not
    /// for the database, where they would be in the way of those who are in. Refuses with `overloaded`.
    pub async fn turn_to_enter(&self) -> Result<OwnedSemaphorePermit> {
        let turn = self.logins.clone().acquire_owned();
        match timeout(TURN, turn).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::Overloaded.into()),
        }
    }

    /// Puts a line where its person belongs. First it hears for the person, then session, rights and groups are read
    /// once more: whatever changes from then on is told by an event, whatever changed before is seen here.
    pub async fn settle(&self, line: &Arc<Line>) -> Result<()> {
        let user = line.actor().user;
        self.hub.arrive(line);
        self.hub.join(line, &[Audience::User(user)]).await;
        self.make_room(user);
        let settled = self.renew(line, Recheck::Rights).await;
        if settled.is_err() {
            self.hub.leave(line);
        }
        settled
    }

    /// Brings a line up to date: who is on it, and for [`Recheck::Rights`] where it belongs. Groups are many, so nobody's
    /// are read for a new name. Refuses with `session_revoked`, `token_expired`.
    pub async fn renew(&self, line: &Arc<Line>, what: Recheck) -> Result<()> {
        let actor = line.actor();
        let mut sql = self.app.store.pool().acquire().await?;
        if let Some(session) = actor.session {
            let session = session::again_by(&self.app, &mut sql, session).await?;
            line.renew(session.actor);
        }
        let groups = match what {
            Recheck::Rights => Some(conversation::groups_of(&mut sql, actor.user).await?),
            Recheck::Sessions | Recheck::Person => None,
        };
        drop(sql);
        // Alerts are for those who work for a shop.
        if !line.actor().posts.is_empty() {
            line.mute_alerts(alert::choose::unwanted(&self.app, actor.user).await?);
        }
        if let Some(groups) = groups {
            let mut audiences = audiences(line, groups);
            audiences.extend(self.still_watched(line).await?);
            self.hub.move_line(line, &audiences).await;
        }
        Ok(())
    }

    /// Whoever opens too many sockets loses the oldest.
    fn make_room(&self, user: UserId) {
        let mut lines = self.hub.lines_of(user);
        let most = self.app.config.limits.sockets_per_user.max(1);
        lines.sort_by_key(|line| line.id);
        for line in lines.iter().rev().skip(most) {
            line.close(Close::Replaced);
        }
    }
}

/// Where a line's person belongs now.
fn audiences(line: &Line, groups: Vec<(ConversationId, Vec<Time>)>) -> Vec<Audience> {
    let actor = line.actor();
    let staff = actor.posts.iter().flat_map(|post| {
        let held = AUDIENCES
            .into_iter()
            .filter(|permission| post.permissions.include(*permission));
        held.map(|permission| Audience::Staff(post.shop, permission))
    });
    let groups = groups.into_iter().map(|(group, times)| {
        line.sees(group, times);
        Audience::Group(group)
    });
    std::iter::once(Audience::User(actor.user))
        .chain(staff)
        .chain(groups)
        .collect()
}

/// When the server stops, everybody on the line is sent elsewhere, spread by chance over the drain time, so that the other
/// nodes are not stormed.
pub async fn drain(live: Live, stop: CancellationToken) {
    stop.cancelled().await;
    let window = Duration::from_secs(live.app.config.server.drain_seconds);
    let lines = live.hub.lines();
    let gap = window * 4 / 5 / u32::try_from(lines.len().max(1)).unwrap_or(u32::MAX);
    for line in lines {
        line.close(Close::Moving(window.mul_f64(rand::random::<f64>())));
        tokio::time::sleep(gap).await;
    }
}
