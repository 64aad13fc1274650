//! Somebody's screen with the cards of coupons: how often each was drawn, and what it shows.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use prost::Message as _;
use proto::{ServerFrame, push::Event, server_frame::Kind};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::socket::Socket;

/// How long is waited at the end for a card that does not show yet what it should.
const LAST_WAIT: Duration = Duration::from_secs(20);
/// How often somebody looks whether they may go.
const GLIMPSE: Duration = Duration::from_millis(200);

/// What is seen of one gift.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// How often it was drawn.
    pub(crate) pictures: u64,
    /// How many it says are left.
    pub(crate) left: u64,
    /// How often it said more than before.
    pub(crate) backwards: u64,
}

/// Each gift by its id.
pub(crate) type Cards = HashMap<String, Seen>;

/// A screen that is looked at.
pub(crate) struct Screen {
    /// How many are to be left of each gift, once it is known.
    goal: watch::Sender<Option<HashMap<String, u64>>>,
    looking: JoinHandle<anyhow::Result<Cards>>,
}

impl Screen {
    /// Looks at it from now on; one who is `slow` reads nothing before the end.
    pub(crate) fn of(socket: Socket, slow: bool) -> Self {
        let (goal, told) = watch::channel(None);
        let looking = tokio::spawn(look(socket, told, slow));
        Self { goal, looking }
    }

    /// What is on it in the end: when it shows this, or after all patience.
    pub(crate) async fn shows(self, goal: &HashMap<String, u64>) -> anyhow::Result<Cards> {
        self.goal.send_replace(Some(goal.clone()));
        self.looking.await?
    }
}

async fn look(
    mut socket: Socket,
    mut told: watch::Receiver<Option<HashMap<String, u64>>>,
    slow: bool,
) -> anyhow::Result<Cards> {
    if slow {
        told.changed().await.context("the end")?;
    }
    let (mut cards, mut end) = (Cards::new(), None);
    loop {
        let goal = told.borrow().clone();
        if let Some(goal) = goal {
            let end = *end.get_or_insert_with(|| Instant::now() + LAST_WAIT);
            let there = |(gift, left): (&String, &u64)| {
                cards.get(gift).is_some_and(|seen| seen.left == *left)
            };
            if goal.iter().all(there) || Instant::now() >= end {
                return Ok(cards);
            }
        }
        let read = socket.read(|frame| see(&mut cards, frame));
        if let Ok(read) = timeout(GLIMPSE, read).await {
            read.context("looking at coupons")?;
        }
    }
}

fn see(cards: &mut Cards, frame: &[u8]) {
    let Ok(frame) = ServerFrame::decode(frame) else {
        return;
    };
    let Some(Kind::Push(push)) = frame.kind else {
        return;
    };
    let message = match push.event {
        Some(Event::MessagePosted(posted)) => posted.message,
        Some(Event::MessageChanged(changed)) => changed.message,
        _ => None,
    };
    let coupon = message
        .and_then(|message| message.card)
        .and_then(|card| card.coupon);
    if let Some(coupon) = coupon {
        let new = Seen {
            left: coupon.left,
            ..Seen::default()
        };
        let seen = cards.entry(coupon.gift_id.clone()).or_insert(new);
        seen.pictures += 1;
        seen.backwards += u64::from(coupon.left > seen.left);
        seen.left = coupon.left;
    }
}
