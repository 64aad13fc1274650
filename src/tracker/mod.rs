//! The edge to whoever knows where parcels are: what is said to Kuaidi100, and what of theirs is believed.
//!
//! It knows numbers, carriers and signatures, and nothing of orders or the database: `parcel` keeps what was heard and decides what
//! it means. `docs/tracking.md` is for those who set it up.

mod kuaidi100;
mod news;

use std::sync::Arc;

use anyhow::Context as _;

use self::kuaidi100::Kuaidi100;
pub use self::news::{Event, Following, News, State};
use crate::config::Config;

/// Bytes of a notice that are read; whoever sends more is no tracker.
pub const NOTICE_BYTES: usize = 256 * 1024;

/// Whoever follows parcels. Cheap to clone.
#[derive(Clone)]
pub enum Tracker {
    /// 快递100, by subscription.
    Kuaidi100(Arc<Kuaidi100>),
    /// Nobody is asked, and nobody believed: for development, tests, and shops without an account there.
    Sink,
}

/// What shall be followed, and how the tracker tells.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The carrier's code, e.g. `shunfeng`.
    pub carrier: String,
    /// The carrier's number.
    pub number: String,
    /// Of sender or recipient: some carriers tell nobody else. Empty: not known.
    pub phone: String,
    /// Where news are posted to; a part of it is unguessable.
    pub callback_url: String,
    /// What news are signed with.
    pub salt: String,
}

/// What became of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It tells from now on, or did before.
    Yes,
    /// There is nobody to tell.
    ByNobody,
}

/// Why nothing is followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Later it may work: no connection, no answer, a failure of theirs. Asking again is safe.
    #[error("cannot be asked now: {0}")]
    NotNow(String),
    /// Whoever runs this server has to look: the key is wrong, or its contract is over.
    #[error("the account does not allow it: {0}")]
    Account(String),
    /// It never will: the number or the carrier is none of theirs.
    #[error("cannot be followed: {0}")]
    Unfit(String),
}

/// Why a notice is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// There is no signature.
    #[error("it is not signed")]
    Unsigned,
    /// It is of another text or with another salt.
    #[error("its signature is wrong")]
    WrongSignature,
    /// Signed, but not what the tracker's documents describe.
    #[error("it cannot be read")]
    Unreadable,
    /// More than 256 KiB.
    #[error("it is too long")]
    TooLong,
}

impl Tracker {
    /// As the settings say. Refuses, by the setting's name, an address that is none.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        if config.kuaidi100.key.is_empty() {
            return Ok(Self::Sink);
        }
        let kuaidi100 = Kuaidi100::open(&config.kuaidi100).context("in `[kuaidi100]`")?;
        Ok(Self::Kuaidi100(Arc::new(kuaidi100)))
    }

    /// Asks to be told of a parcel. Repeated with the same address and salt it does no harm.
    pub async fn follow(&self, subscription: &Subscription) -> Result<Followed, Fault> {
        let said = match self {
            Self::Kuaidi100(kuaidi100) => kuaidi100.follow(subscription).await,
            Self::Sink => return Ok(Followed::ByNobody),
        };
        let outcome = said.as_ref().err().map_or("done", Fault::word);
        metrics::counter!("souk_tracker_calls", "outcome" => outcome).increment(1);
        if let Err(fault) = &said {
            tracing::warn!(%fault, "a parcel is not followed");
        }
        said.map(|()| Followed::Yes)
    }

    /// Reads what was posted to a parcel's address, of which every byte may be a stranger's: only what is signed with its salt is
    /// believed.
    pub fn news(&self, salt: &str, body: &[u8]) -> Result<News, Forged> {
        let said = match self {
            _ if body.len() > NOTICE_BYTES => Err(Forged::TooLong),
            Self::Kuaidi100(_) => kuaidi100::read(salt, body),
            Self::Sink => Err(Forged::Unsigned),
        };
        if let Err(why) = &said {
            tracing::warn!(%why, "news of a parcel are not believed");
        }
        let outcome = if said.is_ok() { "believed" } else { "forged" };
        metrics::counter!("souk_tracker_notices", "outcome" => outcome).increment(1);
        said
    }
}

impl Fault {
    /// For figures.
    fn word(&self) -> &'static str {
        match self {
            Self::NotNow(_) => "not_now",
            Self::Account(_) => "account",
            Self::Unfit(_) => "unfit",
        }
    }
}
