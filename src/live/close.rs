//! Why a socket is closed, and what its client should do about it.
//!
//! 4000–4099: come back after a back-off. 4100–4199: do not come back by yourself. 4200–4299: come back elsewhere.

use std::time::Duration;

use proto::Goodbye;

/// The reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// 4000: no sign of life.
    Silent,
    /// 4001: too much waited; resume with your cursors.
    Slow,
    /// 4002: a write took too long.
    Stalled,
    /// 4003: nobody said who they are in time.
    NotAuthenticated,
    /// 4100: not a frame of this protocol, or another one before `authenticate`.
    Protocol,
    /// 4101: the token or ticket is not good.
    WrongToken,
    /// 4102: the session was revoked: log-out, password change, staff disabled, ban.
    Revoked,
    /// 4103: this user has opened too many sockets since.
    Replaced,
    /// 4104: far too many requests.
    Flooding,
    /// 4200: the server is stopping; wait this long, then go to another one.
    Moving(Duration),
    /// 1002, 1007, 1009: against the rules of the WebSocket itself ([`super::transport::fault`]).
    Fault(u16),
}

impl Close {
    /// Every reason of our own, for the table in docs/protocol.md.
    pub const ALL: [Self; 10] = [
        Self::Silent,
        Self::Slow,
        Self::Stalled,
        Self::NotAuthenticated,
        Self::Protocol,
        Self::WrongToken,
        Self::Revoked,
        Self::Replaced,
        Self::Flooding,
        Self::Moving(Duration::ZERO),
    ];

    /// The WebSocket close code.
    pub fn code(&self) -> u16 {
        match self {
            Self::Silent => 4000,
            Self::Slow => 4001,
            Self::Stalled => 4002,
            Self::NotAuthenticated => 4003,
            Self::Protocol => 4100,
            Self::WrongToken => 4101,
            Self::Revoked => 4102,
            Self::Replaced => 4103,
            Self::Flooding => 4104,
            Self::Moving(_) => 4200,
            Self::Fault(code) => *code,
        }
    }

    /// The close reason, for people.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Silent => "no sign of life",
            Self::Slow => "slow, resume",
            Self::Stalled => "writing stalled, resume",
            Self::NotAuthenticated => "authenticate in time",
            Self::Protocol => "not a frame of this protocol",
            Self::WrongToken => "the token or ticket is not good",
            Self::Revoked => "the session is over",
            Self::Replaced => "too many sockets of this user",
            Self::Flooding => "too many requests",
            Self::Moving(_) => "moving, come back elsewhere",
            Self::Fault(1009) => "message too large",
            Self::Fault(1007) => "not UTF-8",
            Self::Fault(_) => "against the WebSocket protocol",
        }
    }

    /// For the metric `souk_closes`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Slow => "slow",
            Self::Stalled => "stalled",
            Self::NotAuthenticated => "not_authenticated",
            Self::Protocol => "protocol",
            Self::WrongToken => "wrong_token",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
            Self::Flooding => "flooding",
            Self::Moving(_) => "moving",
            Self::Fault(_) => "fault",
        }
    }

    /// What is said before closing.
    pub fn goodbye(&self) -> Goodbye {
        let wait = match self {
            Self::Moving(wait) => *wait,
            Self::Silent | Self::Slow | Self::Stalled | Self::NotAuthenticated => {
                Duration::from_secs(1)
            }
            _ => Duration::ZERO,
        };
        Goodbye {
            close_code: self.code().into(),
            sentence: self.sentence().to_owned(),
            retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or_default(),
        }
    }
}
