//! A flash event (GRP-07): it is announced in large groups, and all who are in them order at once, while others go on chatting.
//!
//! First the chat alone, then with the event. Nothing may be lost, doubled or misnumbered: neither what the chat says nor the cards,
//! the alerts and the numbers of the orders; and the stock is exactly what was sold.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use tokio::{task::JoinSet, time::Instant};

use super::{
    Stage, chat,
    chat::{Flow, Pairs},
    tally,
};
use crate::{
    check::{Faults, Promised},
    crowd::Crowd,
    figures::{Figures, Times},
    front_door::FrontDoor,
    market::{Market, Placed},
    onlooker::{Onlooker, Watch},
    people::{Circle, Person, Source},
    talk::Run,
};

/// Customers who share a group.
const GROUP: usize = 500;
/// What they are told.
const WORDS: &str = "限时抢购:连衣裙 159 元,先到先得";
/// Somebody who is not answered for so long is given up.
const LONGEST: Duration = Duration::from_mins(10);

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Who order.
    pub customers: usize,
    /// What they order together.
    pub orders: u64,
    /// Who chat meanwhile.
    pub talkers: usize,
    /// What those say in a second, in all.
    pub rate: f64,
    /// Bytes of what they say.
    pub size: usize,
    /// How long they chat alone.
    pub calm: Duration,
}

/// Plays it.
pub async fn run(stage: &Stage, url: &str, event: Event) -> anyhow::Result<Figures> {
    let door = match &stage.source {
        Source::FrontDoor(door) => door.clone(),
        _ => Arc::new(FrontDoor::of(url)?),
    };
    stage.bar.set_message("opening a shop");
    let hall = Hall::fill(stage, Market::open(door, event.orders).await?, event).await?;
    let pairs = Pairs::gather(stage, event.talkers).await?;
    let flow = Flow::Rate(event.rate);

    stage.bar.set_message("chat alone");
    let calm = Arc::new(Run::new(event.size, event.calm));
    let talkers = pairs.talk(&calm, flow);
    stage.watch(&calm).await;
    let (pairs, before) = talkers.end().await?;
    let mut alone = Figures::of("chat", event.talkers);
    tally(&mut alone, &calm, event.calm.as_secs_f64(), &before);
    chat::check(&mut alone, &before);

    stage.bar.set_message("the event");
    let program = stage.program();
    let spent = program.map(crate::usage::Program::spent);
    let rush = Arc::new(Run::new(event.size, LONGEST));
    let talkers = pairs.talk(&rush, flow);
    let sold = hall.rush(event).await?;
    rush.stop();
    let (_, notes) = talkers.end().await?;
    let mut figures = Figures::of("orders", event.customers + event.talkers + 1);
    tally(&mut figures, &rush, sold.took.as_secs_f64(), &notes);
    chat::check(&mut figures, &notes);
    figures.cpu = program
        .map(crate::usage::Program::spent)
        .zip(spent)
        .map(|(now, then)| now.since(then, event.orders));
    figures.blame(Faults {
        lost: alone.lost,
        doubled: alone.doubled,
        misordered: alone.misordered,
    });
    sold.judge(&mut figures, event, hall).await?;
    compare(&mut figures, &alone);
    Ok(figures)
}

/// How much the chat felt of it.
fn compare(figures: &mut Figures, alone: &Figures) {
    let (Some(calm), Some(rush)) = (alone.ack_ms, figures.ack_ms) else {
        return;
    };
    figures.note("chat_alone_p50_ms", calm.p50);
    figures.note("chat_alone_p99_ms", calm.p99);
    figures.note("chat_p99_ms", rush.p99);
    figures.note("chat_p99_times", rush.p99 / calm.p99);
    if let (Some(calm), Some(rush)) = (alone.deliver_ms, figures.deliver_ms) {
        figures.note("chat_deliver_p99_times", rush.p99 / calm.p99);
    }
}

/// The shop, who stands before it, and who looks on.
struct Hall {
    market: Arc<Market>,
    customers: Vec<Person>,
    groups: Vec<Circle>,
    watches: Vec<Watch>,
    /// The shop's owner, who is alerted.
    owner: Watch,
}

impl Hall {
    /// Everybody knows the shop, is in a group, and is on the line.
    async fn fill(stage: &Stage, market: Market, event: Event) -> anyhow::Result<Self> {
        let customers = stage.source.people(event.customers).await?;
        let market = Arc::new(market);
        let mut conversations = vec![];
        stage.bar.set_message("customers come in");
        for some in customers.chunks(16) {
            let consulting = some.iter().map(|customer| market.consult(customer));
            conversations.extend(futures_util::future::try_join_all(consulting).await?);
        }
        let mut groups = vec![];
        for some in customers.chunks(GROUP) {
            groups.push(market.group(some).await?);
        }
        let sockets = stage.connect(&customers).await?;
        let watches = sockets.into_iter().zip(conversations).enumerate();
        let watches = watches.map(|(place, (socket, conversation))| {
            let group = groups[place / GROUP].conversation.to_string();
            Onlooker::new(socket, conversation, group).watch()
        });
        let watches = watches.collect();
        let owner = Person {
            user: uuid::Uuid::nil(),
            token: market.owner.clone(),
        };
        let socket = stage.connect(&[owner]).await?.pop().context("the owner")?;
        Ok(Self {
            market,
            customers,
            groups,
            watches,
            owner: Onlooker::new(socket, String::new(), String::new()).watch(),
        })
    }

    /// The event: announced, and everybody orders, one thing after the other.
    async fn rush(&self, event: Event) -> anyhow::Result<Sold> {
        let start = Instant::now();
        for group in &self.groups {
            self.market.announce(group, WORDS).await?;
        }
        let customers = self.customers.len() as u64;
        let (each, more) = (event.orders / customers, event.orders % customers);
        let (crowd, mut ordering) = (Crowd::new()?, JoinSet::new());
        for (place, customer) in self.customers.iter().cloned().enumerate() {
            let (market, orders) = (self.market.clone(), each + u64::from((place as u64) < more));
            let order = async move {
                let (mut placed, mut times) = (vec![], Times::default());
                for _ in 0..orders {
                    let asked = Instant::now();
                    placed.push(market.order(&customer).await?);
                    times.record(asked.elapsed());
                }
                anyhow::Ok((place, placed, times))
            };
            ordering.spawn_on(order, crowd.handle());
        }
        let (mut placed, mut times) = (BTreeMap::new(), Times::default());
        while let Some(ordered) = ordering.join_next().await {
            let (place, orders, took) = ordered??;
            placed.insert(place, orders);
            times.merge(&took);
        }
        Ok(Sold {
            placed,
            times,
            took: start.elapsed(),
        })
    }
}

/// What was sold to whom, by what they were answered.
struct Sold {
    placed: BTreeMap<usize, Vec<Placed>>,
    times: Times,
    took: Duration,
}

impl Sold {
    /// Holds every answer against what was shown, numbered, alerted and taken from the stock.
    async fn judge(&self, figures: &mut Figures, event: Event, hall: Hall) -> anyhow::Result<()> {
        let level = hall.market.level().await?;
        let promised = self.promised();
        for (watch, promised) in hall.watches.iter().zip(&promised) {
            watch.until(promised.highest(), 0);
        }
        hall.owner.until(0, event.orders);
        for (watch, promised) in hall.watches.into_iter().zip(promised) {
            let shown = watch.shown().await?;
            figures.blame(promised.faults());
            figures.blame(shown.cards.faults(&promised));
            figures.blame(once(shown.announcements));
        }
        let mut alerts = hall.owner.shown().await?.alerts;
        for order in self.placed.values().flatten() {
            figures.blame(once(alerts.remove(&order.id).unwrap_or_default()));
        }
        figures.blame(self.numbers(event.orders)?);
        let sold = i64::try_from(event.orders)?;
        let astray = level[0].abs_diff(sold) + level[1].abs_diff(sold) + level[2].unsigned_abs();
        figures.blame(Faults {
            lost: astray,
            ..Faults::default()
        });
        self.note(figures, event);
        Ok(())
    }

    /// The places of each customer's cards.
    fn promised(&self) -> Vec<Promised> {
        let cards = self.placed.values().map(|orders| {
            let mut promised = Promised::default();
            for order in orders {
                promised.accept(order.card, b"");
            }
            promised
        });
        cards.collect()
    }

    /// Numbers end in the day's running one: each once, and none left out.
    fn numbers(&self, orders: u64) -> anyhow::Result<Faults> {
        let mut seen = BTreeSet::new();
        let mut faults = Faults::default();
        for order in self.placed.values().flatten() {
            let running = order.number.get(10..).context("a short number")?;
            let new = seen.insert((order.number.clone(), running.parse::<u64>()?));
            faults.doubled += u64::from(!new);
        }
        let days = seen.iter().map(|(number, _)| &number[..10]);
        let days: BTreeSet<&str> = days.collect();
        ensure!(days.len() == 1, "midnight came between: play it again");
        let highest = seen.iter().map(|(_, running)| *running).max();
        faults.lost += highest.unwrap_or_default().abs_diff(orders);
        faults.lost += orders.abs_diff(seen.len() as u64);
        Ok(faults)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of orders")]
    fn note(&self, figures: &mut Figures, event: Event) {
        let busy: u64 = self.placed.values().flatten().map(|order| order.busy).sum();
        figures.note("orders", event.orders as f64);
        figures.note(
            "orders_per_s",
            event.orders as f64 / self.took.as_secs_f64(),
        );
        figures.note("busy", busy as f64);
        if let Some(times) = self.times.percentiles() {
            figures.note("order_p50_ms", times.p50);
            figures.note("order_p99_ms", times.p99);
        }
    }
}

/// What should have been shown once, and was so often.
fn once(shown: u64) -> Faults {
    Faults {
        lost: u64::from(shown == 0),
        doubled: shown.saturating_sub(1),
        misordered: 0,
    }
}
