//! How a call to a provider, and a notice from one, can go wrong.

use crate::{
    error::{Error, Refusal, refused_because},
    line::LineFault,
};

/// Why a call was not answered with what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The provider says no, and signed it: nothing has happened.
    #[error("refused: {code}")]
    Refused {
        /// The provider's own code, e.g. `NOT_ENOUGH` or `ACQ.TRADE_HAS_CLOSE`.
        code: String,
    },
    /// It cannot be asked now, or is asked too often: nothing has happened. Try again later, with the same numbers.
    #[error("cannot be asked now")]
    NotNow,
    /// It may have happened. Ask for the standing by the same number; repeating the call with the same numbers is safe, too.
    #[error("outcome unknown: {0}")]
    Unknown(Doubt),
    /// This cannot be paid this way, whoever tries: nothing was asked.
    #[error("cannot be paid this way: {0}")]
    Unfit(&'static str),
}

/// Why nobody knows what happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// No whole answer within `payment.call_ms`.
    #[error("no answer in time")]
    Late,
    /// The connection broke, or what came was not HTTP.
    #[error("the answer broke off")]
    Broken,
    /// More than 64 KiB.
    #[error("the answer is too long")]
    TooLong,
    /// Anybody could have said this.
    #[error("the answer with status {status} is not believed: {why}")]
    Forged {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        why: Forged,
    },
    /// The provider signed that it failed itself.
    #[error("the provider failed: {0}")]
    Failed(String),
    /// Signed, but unreadable, or about something else.
    #[error("the answer is not to the question")]
    Strange,
}

/// Why a notice, or an answer, is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// A part of the signature is missing.
    #[error("it is not signed")]
    Unsigned,
    /// One of the provider's own tests whether we check signatures.
    #[error("it is a probe")]
    Probe,
    /// Signed more than five minutes ago, or in the future.
    #[error("it is stale")]
    Stale,
    /// The key that it names is not among the settings.
    #[error("its key is not known")]
    UnknownKey,
    /// The signature is of another text or by another key.
    #[error("its signature is wrong")]
    WrongSignature,
    /// What is sealed in it does not open with our key.
    #[error("it does not open")]
    Sealed,
    /// Signed, but not what the provider's documents describe.
    #[error("it cannot be read")]
    Unreadable,
    /// For another merchant or app.
    #[error("it is for somebody else")]
    NotOurs,
    /// More than 64 KiB.
    #[error("it is too long")]
    TooLong,
}

impl From<Doubt> for Fault {
    fn from(doubt: Doubt) -> Self {
        Self::Unknown(doubt)
    }
}

/// Without a connection nothing was said; after that, who knows.
impl From<LineFault> for Fault {
    fn from(fault: LineFault) -> Self {
        match fault {
            LineFault::NotThere => Self::NotNow,
            LineFault::Late => Doubt::Late.into(),
            LineFault::Broken => Doubt::Broken.into(),
            LineFault::TooLong => Doubt::TooLong.into(),
        }
    }
}

impl Fault {
    /// For logs and figures.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::NotNow => "not_now",
            Self::Unknown(_) => "unknown",
            Self::Unfit(_) => "unfit",
        }
    }
}

/// As whoever waits hears it: `unavailable`, `outcome_unknown`, or what cannot be paid so.
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused { code } => refused_because(
                Refusal::Unavailable,
                &"",
                format!("The payment provider refused this: {code}."),
            ),
            Fault::NotNow => Refusal::Unavailable.into(),
            Fault::Unknown(_) => Refusal::OutcomeUnknown.into(),
            Fault::Unfit(why) => refused_because(
                Refusal::InvalidArgument,
                &"method",
                format!("This cannot be paid this way: {why}."),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAY-01: whoever waits hears whether something may have happened.
    #[test]
    fn what_may_have_happened_is_said_to_be_unknown() {
        let refusal = |fault: Fault| Error::from(fault).refusal();
        let unknown = refusal(Doubt::Late.into());
        assert_eq!(unknown, Some(Refusal::OutcomeUnknown));
        let code = "NOT_ENOUGH".to_owned();
        assert_eq!(refusal(Fault::Refused { code }), Some(Refusal::Unavailable));
        assert_eq!(refusal(Fault::NotNow), Some(Refusal::Unavailable));
        assert_eq!(refusal(Fault::Unfit("so")), Some(Refusal::InvalidArgument));
    }
}
