//! Customers who come by themselves, so that a shop that is tried out has something to do: they ask, answer, order, pay, claim and
//! complain. They come from outside, over REST and the socket as docs/protocol.md has them, and know nothing else of the server.

mod customer;
mod deeds;
mod door;
mod line;
mod mind;

use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::demo;
use customer::Customer;
use door::Door;

/// How quick they are, in milliseconds.
#[derive(Clone, Debug)]
pub struct Pace {
    /// From one deed of somebody's own to their next.
    pub between: RangeInclusive<u64>,
    /// From what they hear to what they answer.
    pub answers: RangeInclusive<u64>,
}

/// How quick they are, in a word.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Mood {
    /// Everybody does something once in 20 to 60 seconds.
    Calm,
    /// Everybody does something once in 4 to 12 seconds.
    Busy,
}

impl Mood {
    fn pace(self) -> Pace {
        let (between, answers) = match self {
            Self::Calm => (20_000..=60_000, 3_000..=9_000),
            Self::Busy => (4_000..=12_000, 1_000..=4_000),
        };
        Pace { between, answers }
    }
}

/// Who comes, where to, and for how long.
#[derive(Args, Clone, Debug)]
pub struct Visit {
    /// A server in the development profile that was started with `--demo`.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// How many come.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=i64::from(demo::COME_BY_CODE)))]
    pub customers: u16,
    /// How quick they are.
    #[arg(long, value_enum, default_value_t = Mood::Calm)]
    pub pace: Mood,
    /// For so long; else until they are told to stop.
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// Until so many things are done; else until they are told to stop.
    #[arg(long, value_name = "N")]
    pub deeds: Option<u64>,
    /// What their choices follow from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Visit {
    /// Lets them come, and says every deed, until `stop` fires or what was asked for is done; gives the number of deeds.
    ///
    /// Fails where there is no server, where it is not in the development profile, and where the demo's people are unknown.
    pub async fn begin(&self, stop: CancellationToken, say: impl Fn(&str)) -> anyhow::Result<u64> {
        self.at_pace(self.pace.pace(), stop, say).await
    }

    /// The same, as quick as one likes.
    pub async fn at_pace(
        &self,
        pace: Pace,
        stop: CancellationToken,
        say: impl Fn(&str),
    ) -> anyhow::Result<u64> {
        let tally = Tally {
            done: AtomicU64::new(0),
            most: self.deeds.unwrap_or(u64::MAX),
            pace,
            stop,
            say: &say,
        };
        tokio::select! {
            lived = self.live(&tally) => lived?,
            () = self.time_is_up() => tally.stop.cancel(),
            () = tally.stop.cancelled() => {}
        }
        Ok(tally.done.load(Ordering::Relaxed))
    }

    async fn live(&self, tally: &Tally<'_>) -> anyhow::Result<()> {
        let door = Door::of(&self.url)?;
        door.require_development().await?;
        let mut customers = vec![];
        for (at, (name, phone)) in (0..).zip(demo::come_by_code().take(self.customers.into())) {
            let came =
                Customer::come(tally, &door, &name, &phone, self.seed.wrapping_add(at)).await;
            customers.push(came.with_context(|| format!("{name} cannot come in"))?);
        }
        if customers.is_empty() {
            bail!("nobody comes");
        }
        join_all(customers.into_iter().map(Customer::live)).await;
        Ok(())
    }

    async fn time_is_up(&self) {
        match self.seconds {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    }
}

/// What all of them share: what was done, how quick they are, and when it is enough.
struct Tally<'a> {
    done: AtomicU64,
    most: u64,
    pace: Pace,
    stop: CancellationToken,
    say: &'a dyn Fn(&str),
}

impl Tally<'_> {
    /// One deed more. Whoever has done what was asked for ends it for all.
    fn did(&self, who: &str, what: &str) {
        (self.say)(&format!("{who} {what}"));
        if self.done.fetch_add(1, Ordering::Relaxed) + 1 >= self.most {
            self.stop.cancel();
        }
    }

    /// What is worth a line, and is no deed.
    fn note(&self, who: &str, what: &str) {
        (self.say)(&format!("{who} {what}"));
    }
}

fn after(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}
