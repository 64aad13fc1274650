//! Somebody on the line who says nothing and notes what a shop's event shows them: cards, announcements, alerts.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use prost::Message as _;
use proto::{AlertKind, ServerFrame, push::Event, server_frame::Kind};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::{check::Heard, socket::Socket};

/// How long is waited at the end for what was promised and did not come yet.
const LAST_WAIT: Duration = Duration::from_secs(20);
/// How often somebody looks whether they may go.
const GLIMPSE: Duration = Duration::from_millis(500);

/// Who looks on.
pub(crate) struct Onlooker {
    socket: Socket,
    conversation: String,
    group: String,
    shown: Shown,
}

/// What they were shown.
#[derive(Default)]
pub(crate) struct Shown {
    /// In their conversation with the shop.
    pub(crate) cards: Heard,
    /// In their group.
    pub(crate) announcements: u64,
    /// How often they were alerted to each new order.
    pub(crate) alerts: HashMap<String, u64>,
}

/// Until when somebody looks on.
#[derive(Clone, Copy, Default)]
struct Goal {
    /// This message of the conversation was shown.
    card: u64,
    /// So many alerts came.
    alerts: u64,
}

impl Goal {
    fn reached(self, shown: &Shown) -> bool {
        let alerts = shown.alerts.values().sum::<u64>();
        shown.cards.highest() >= self.card && alerts >= self.alerts
    }
}

/// Somebody who is looking on.
pub(crate) struct Watch {
    goal: watch::Sender<Option<Goal>>,
    looking: JoinHandle<anyhow::Result<Shown>>,
}

impl Onlooker {
    /// In a conversation with a shop and in a group of it; those who are in none name nothing.
    pub(crate) fn new(socket: Socket, conversation: String, group: String) -> Self {
        Self {
            socket,
            conversation,
            group,
            shown: Shown::default(),
        }
    }

    /// Begins to look.
    pub(crate) fn watch(self) -> Watch {
        let (goal, told) = watch::channel(None);
        let looking = tokio::spawn(self.look(told));
        Watch { goal, looking }
    }

    async fn look(mut self, told: watch::Receiver<Option<Goal>>) -> anyhow::Result<Shown> {
        let mut end = None;
        loop {
            let goal = *told.borrow();
            if let Some(goal) = goal {
                let end = *end.get_or_insert_with(|| Instant::now() + LAST_WAIT);
                if goal.reached(&self.shown) || Instant::now() >= end {
                    return Ok(self.shown);
                }
            }
            let Self {
                socket,
                conversation,
                group,
                shown,
            } = &mut self;
            let read = socket.read(|frame| shown.see(frame, (conversation, group)));
            if let Ok(read) = timeout(GLIMPSE, read).await {
                read.context("looking on")?;
            }
        }
    }
}

impl Shown {
    fn see(&mut self, frame: &[u8], (conversation, group): (&str, &str)) {
        let Ok(frame) = ServerFrame::decode(frame) else {
            return;
        };
        let Some(Kind::Push(push)) = frame.kind else {
            return;
        };
        match push.event {
            Some(Event::Alert(alert)) if alert.kind() == AlertKind::NewOrder => {
                *self.alerts.entry(alert.order_id).or_default() += 1;
            }
            Some(Event::MessagePosted(posted)) => {
                let message = posted.message.unwrap_or_default();
                if message.conversation_id == conversation {
                    self.cards.hear(message.number, b"");
                } else if message.conversation_id == group {
                    self.announcements += 1;
                }
            }
            _ => {}
        }
    }
}

impl Watch {
    /// They may go when this message of the conversation and so many alerts were shown, or after all patience.
    pub(crate) fn until(&self, card: u64, alerts: u64) {
        self.goal.send_replace(Some(Goal { card, alerts }));
    }

    /// What was shown.
    pub(crate) async fn shown(self) -> anyhow::Result<Shown> {
        self.looking.await?
    }
}
