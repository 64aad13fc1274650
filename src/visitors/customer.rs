//! One of them: comes in, hears what is said, and does one thing after the other until all of them go.

use std::{collections::HashSet, time::Duration};

use anyhow::{Context as _, bail};
use proto::{
    Conversation, ConversationKind, GiftState, ListConversations, ListMessages, Message, OrderDeed,
    client_frame::Request, push::Event, reply::Answer,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Tally, after,
    door::{Door, Refused},
    line::Line,
    mind::{Mind, Wish},
};

/// An access token is good for an hour unless a server's settings say less.
const FRESH: Duration = Duration::from_mins(15);
/// Milliseconds before a new line is tried; twice as many each time.
const PAUSES: [u64; 6] = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
/// What is read of a conversation by who comes in.
const GLANCE: u32 = 20;

/// What somebody has heard and will see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// The shop has written.
    Answer,
    /// The shop has drafted an order: this revision of it.
    Confirm {
        order: String,
        revision: u32,
        hash: String,
    },
    /// An order waits for its money.
    Pay { order: String },
    /// A coupon can be had.
    TakeGift { gift: String },
}

/// Somebody who comes.
pub(super) struct Customer<'a> {
    pub(super) name: String,
    pub(super) tally: &'a Tally<'a>,
    pub(super) mind: Mind,
    pub(super) door: Door,
    pub(super) line: Line,
    pub(super) shop: String,
    /// The conversation with the shop.
    pub(super) chat: String,
    /// A group that they are in.
    pub(super) group: Option<String>,
    pub(super) phone: String,
    refresh_token: String,
    fresh_until: Instant,
    errands: Vec<(Instant, Errand)>,
    /// Gifts that they have been for.
    gifts: HashSet<String>,
}

impl<'a> Customer<'a> {
    /// Logs in, opens a line, and looks at what waits.
    pub(super) async fn come(
        tally: &'a Tally<'a>,
        door: &Door,
        name: &str,
        phone: &str,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (door, refresh_token) = door.log_in(phone).await?;
        let mut line = Line::open(&door.socket(), door.token()).await?;
        let mine = conversations(&mut line).await?;
        let of = |kind| mine.iter().find(|one| one.kind() == kind);
        let chat = of(ConversationKind::Shop).context("they know no shop: start it with --demo")?;
        let mut customer = Self {
            name: name.to_owned(),
            tally,
            mind: Mind::of(seed),
            door,
            line,
            shop: chat.shop_id.clone(),
            chat: chat.id.clone(),
            group: of(ConversationKind::Group).map(|group| group.id.clone()),
            phone: phone.to_owned(),
            refresh_token,
            fresh_until: Instant::now() + FRESH,
            errands: vec![],
            gifts: HashSet::new(),
        };
        customer.glance().await?;
        Ok(customer)
    }

    /// Does one thing after the other, and comes back whenever the line breaks.
    pub(super) async fn live(mut self) {
        while !self.tally.stop.is_cancelled() {
            if let Err(error) = self.be_there().await {
                self.tally
                    .note(&self.name, &format!("lost the line: {error:#}"));
                self.come_back().await;
            }
        }
    }

    /// Until the line breaks.
    async fn be_there(&mut self) -> anyhow::Result<()> {
        let mut next = after(self.mind.within(&self.tally.pace.between));
        loop {
            let due = self.errands.iter().map(|(at, _)| *at).min();
            tokio::select! {
                event = self.line.hear() => self.notice(event?),
                () = sleep_until(due.unwrap_or(next).min(next)) => {
                    self.stay_logged_in().await?;
                    if let Some(errand) = self.take_due() {
                        let done = self.see_to(errand).await;
                        self.unless_refused(done)?;
                    } else {
                        next = after(self.mind.within(&self.tally.pace.between));
                        let wish = self.mind.wish();
                        let done = self.follow(wish).await;
                        self.unless_refused(done)?;
                    }
                }
            }
        }
    }

    /// That the rules say no happens to everybody.
    fn unless_refused(&self, done: anyhow::Result<()>) -> anyhow::Result<()> {
        match done {
            Err(error) if error.is::<Refused>() => {
                self.tally.note(&self.name, &format!("is refused: {error}"));
                Ok(())
            }
            done => done,
        }
    }

    async fn follow(&mut self, wish: Wish) -> anyhow::Result<()> {
        match wish {
            Wish::Ask => self.ask_about_goods().await,
            Wish::Order => self.order().await,
            Wish::Chat => self.chat().await,
            Wish::Claim => self.claim_offer().await,
            Wish::LookAfter => self.look_after().await,
        }
    }

    fn notice(&mut self, event: Event) {
        let message = match event {
            Event::MessagePosted(posted) => posted.message,
            Event::MessageChanged(changed) => changed.message,
            _ => None,
        };
        if let Some(message) = message {
            self.hear(&message);
        }
    }

    /// What follows from a message.
    fn hear(&mut self, message: &Message) {
        let card = message.card.as_ref();
        if let Some(order) = card.and_then(|card| card.order.as_ref()) {
            let mut may = order.customer_may();
            if may.any(|deed| deed == OrderDeed::Confirm) {
                self.plan(Errand::Confirm {
                    order: order.order_id.clone(),
                    revision: order.revision,
                    hash: order.hash.clone(),
                });
            }
        } else if let Some(gift) = card.and_then(|card| card.coupon.as_ref()) {
            // What is for one alone is in their wallet already. The card is drawn anew with every claim of others.
            let open = gift.customer_id.is_empty() && gift.state() == GiftState::Open;
            if open && self.gifts.insert(gift.gift_id.clone()) {
                self.plan(Errand::TakeGift {
                    gift: gift.gift_id.clone(),
                });
            }
        } else if self.is_asked(message) {
            self.plan(Errand::Answer);
        }
    }

    /// Words of the shop's people, just said, to this customer alone.
    fn is_asked(&self, message: &Message) -> bool {
        let of_shop = message
            .sender
            .as_ref()
            .is_some_and(|by| !by.shop_id.is_empty());
        message.conversation_id == self.chat
            && of_shop
            && message.notice.is_none()
            && message.version == 1
    }

    /// Sees to it soon; what is planned already is not planned twice.
    pub(super) fn plan(&mut self, errand: Errand) {
        if !self.errands.iter().any(|(_, planned)| *planned == errand) {
            let at = after(self.mind.within(&self.tally.pace.answers));
            self.errands.push((at, errand));
        }
    }

    fn take_due(&mut self) -> Option<Errand> {
        let now = Instant::now();
        let at = self.errands.iter().position(|(at, _)| *at <= now)?;
        Some(self.errands.swap_remove(at).1)
    }

    /// What was said while nobody was there: the last words of the shop, drafts and gifts that are open.
    async fn glance(&mut self) -> anyhow::Result<()> {
        let places: Vec<_> = [Some(self.chat.clone()), self.group.clone()].into();
        for conversation_id in places.into_iter().flatten() {
            let messages = messages(&mut self.line, conversation_id).await?;
            let newest = messages.iter().map(|one| one.number).max();
            for message in &messages {
                if message.card.is_some() || Some(message.number) == newest {
                    self.hear(message);
                }
            }
        }
        Ok(())
    }

    async fn stay_logged_in(&mut self) -> anyhow::Result<()> {
        if Instant::now() >= self.fresh_until {
            self.refresh().await?;
        }
        Ok(())
    }

    async fn refresh(&mut self) -> anyhow::Result<()> {
        (self.door, self.refresh_token) = self.door.refreshed(&self.refresh_token).await?;
        self.fresh_until = Instant::now() + FRESH;
        Ok(())
    }

    /// Tries until there is a line again.
    async fn come_back(&mut self) {
        for pause in PAUSES.into_iter().chain(std::iter::repeat(PAUSES[5])) {
            sleep(Duration::from_millis(
                self.mind.within(&(pause / 2..=pause)),
            ))
            .await;
            if self.reconnect().await.is_ok() {
                return;
            }
        }
    }

    async fn reconnect(&mut self) -> anyhow::Result<()> {
        if self
            .refresh()
            .await
            .is_err_and(|error| error.is::<Refused>())
        {
            (self.door, self.refresh_token) = self.door.log_in(&self.phone).await?;
        }
        self.line = Line::open(&self.door.socket(), self.door.token()).await?;
        self.glance().await
    }
}

/// The first page of somebody's conversations.
async fn conversations(line: &mut Line) -> anyhow::Result<Vec<Conversation>> {
    let request = Request::ListConversations(ListConversations::default());
    match line.ask(request).await? {
        Answer::ConversationPage(page) => Ok(page.conversations),
        other => bail!("conversations were expected, not {other:?}"),
    }
}

/// The last messages of a conversation.
async fn messages(line: &mut Line, conversation_id: String) -> anyhow::Result<Vec<Message>> {
    let request = ListMessages {
        conversation_id,
        limit: GLANCE,
        ..ListMessages::default()
    };
    match line.ask(Request::ListMessages(request)).await? {
        Answer::MessagePage(page) => Ok(page.messages),
        other => bail!("messages were expected, not {other:?}"),
    }
}
