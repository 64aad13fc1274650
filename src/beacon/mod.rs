//! The edge to a public source of chance: the rounds of a drand chain, as relays tell them, and which of them are believed.
//!
//! It knows chains, rounds and signatures, and nothing of draws or the database. [`chain`] is all that somebody needs who has a round in
//! their hands, without any network; [`ask`](Beacon::ask) gets one.

pub mod chain;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

pub use self::chain::{Chain, Value};
use crate::{
    config::Config,
    egress::{
        address::{Guard, Target},
        call::{Egress, EgressFault},
    },
};

/// Relays at most.
const RELAYS: usize = 8;
/// Of an answer; real ones have a few hundred bytes.
const BODY_BYTES: usize = 4 * 1024;

/// Where rounds are asked for. Cheap to clone.
#[derive(Clone)]
pub struct Beacon {
    chain: Arc<Chain>,
    guard: Guard,
    egress: Egress,
    relays: Arc<[String]>,
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no relay to ask.
    #[error("no relay is set")]
    NoRelay,
    /// It cannot be called.
    #[error(transparent)]
    Call(#[from] EgressFault),
    /// It has no such round (yet), or does not want to say.
    #[error("it says {0}")]
    Says(u16),
    /// What it says is no round, or another one.
    #[error("it tells something else")]
    Unreadable,
    /// It is not what the chain has signed.
    #[error("{0}")]
    Forged(#[from] chain::Forged),
}

/// What relays say. What else they say means nothing here.
#[derive(Deserialize)]
struct Told {
    round: u64,
    randomness: String,
    signature: String,
}

impl Beacon {
    /// As the settings say. Refuses, by the setting's name, a chain that is none and relays that cannot be called.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let set = &config.beacon;
        let chain = Chain::of(set).context("in `[beacon]`")?;
        let guard = Guard::of(config);
        ensure!(
            set.relays.len() <= RELAYS,
            "`beacon.relays` are {RELAYS} at most"
        );
        for relay in &set.relays {
            let admitted = guard.admit(&address(relay, &chain.hash, 1));
            admitted.with_context(|| format!("`beacon.relays`: `{relay}`"))?;
        }
        Ok(Self {
            chain: Arc::new(chain),
            guard,
            egress: Egress::new(guard, Duration::from_millis(set.call_ms))?,
            relays: set.relays.clone().into(),
        })
    }

    /// The chain that is mixed into what is published now; `None`: none.
    pub fn chain(&self) -> Option<&Chain> {
        (!self.relays.is_empty()).then_some(&*self.chain)
    }

    /// The value of a round, of whichever chain, from the first relay that has it, beginning with another one at each turn. What it tells is
    /// believed if the chain has signed it. Gives why the last one that was asked has none.
    pub async fn ask(&self, chain: &Chain, round: u64, turn: usize) -> Result<Value, Fault> {
        let mut outcome = Err(Fault::NoRelay);
        for nth in 0..self.relays.len() {
            let relay = &self.relays[(turn + nth) % self.relays.len()];
            outcome = self.ask_one(relay, chain, round).await;
            let word = outcome.as_ref().err().map_or("believed", Fault::word);
            metrics::counter!("souk_beacon_calls", "outcome" => word).increment(1);
            match &outcome {
                Ok(_) => break,
                Err(fault) => tracing::warn!(relay, round, %fault, "a relay has not told a round"),
            }
        }
        outcome
    }

    async fn ask_one(&self, relay: &str, chain: &Chain, round: u64) -> Result<Value, Fault> {
        let target: Target = self
            .guard
            .admit(&address(relay, &chain.hash, round))
            .map_err(EgressFault::Refused)?;
        let (status, body) = self.egress.get(&target, BODY_BYTES).await?;
        if status != 200 {
            return Err(Fault::Says(status));
        }
        let told: Told = serde_json::from_slice(&body).map_err(|_| Fault::Unreadable)?;
        if told.round != round {
            return Err(Fault::Unreadable);
        }
        let value = Value {
            signature: told.signature,
            randomness: told.randomness,
        };
        chain.verify(round, &value)?;
        Ok(value)
    }
}

impl Fault {
    /// For figures.
    fn word(&self) -> &'static str {
        match self {
            Self::NoRelay => "no_relay",
            Self::Call(_) => "unreachable",
            Self::Says(_) => "not_there",
            Self::Unreadable => "unreadable",
            Self::Forged(_) => "forged",
        }
    }
}

/// Where a relay has a round.
fn address(relay: &str, chain: &str, round: u64) -> String {
    let relay = relay.trim_end_matches('/');
    format!("{relay}/{chain}/public/{round}")
}
