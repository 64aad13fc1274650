//! Why a socket is closed, and what its client should do about it.
//!
//! 4000–4099: come back after a back-off. 4100–4199: do not come back by yourself. 4200–4299: come back elsewhere.

use std::time::Duration;

use proto::Goodbye;

use crate::error::{Error, Refusal};

/// Nobody who may come back is told to do so at once: 0 says not to come back.
const SOONEST: Duration = Duration::from_millis(100);
/// Over so long those are spread who come back to this server.
const SPREAD: Duration = Duration::from_millis(1_900);

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
    /// 4004: there was no place for one more just now, or we failed.
    TurnedAway,
    /// 4100: not a frame of this protocol, or another one before `authenticate`.
    Protocol,
    /// 4101: the token or ticket is not good.
    WrongToken,
    /// 4102: the session was revoked, now or before it came: log-out, password change, staff disabled, ban.
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
    pub const ALL: [Self; 11] = [
        Self::Silent,
        Self::Slow,
        Self::Stalled,
        Self::NotAuthenticated,
        Self::TurnedAway,
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
            Self::TurnedAway => 4004,
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
            Self::TurnedAway => "not let in just now",
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
            Self::TurnedAway => "turned_away",
            Self::Protocol => "protocol",
            Self::WrongToken => "wrong_token",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
            Self::Flooding => "flooding",
            Self::Moving(_) => "moving",
            Self::Fault(_) => "fault",
        }
    }

    /// Why whoever said who they are is not let in.
    pub fn refused(error: &Error) -> Self {
        match error.refusal() {
            None | Some(Refusal::Overloaded | Refusal::Unavailable) => Self::TurnedAway,
            Some(Refusal::SessionRevoked) => Self::Revoked,
            Some(_) => Self::WrongToken,
        }
    }

    /// What is said before closing. `chance`, from 0 to 1, spreads those who come back: many may be closed at once.
    pub fn goodbye(&self, chance: f64) -> Goodbye {
        let wait = match self {
            Self::Moving(wait) => SOONEST.max(*wait),
            _ if (4000..4100).contains(&self.code()) => SOONEST + SPREAD.mul_f64(chance),
            _ => Duration::ZERO,
        };
        Goodbye {
            close_code: self.code().into(),
            sentence: self.sentence().to_owned(),
            retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_come_back_is_spread_and_nobody_else_is_told_to() {
        for close in Close::ALL {
            let waits = [0.0, 0.5, 1.0].map(|chance| close.goodbye(chance).retry_after_ms);
            let expected = match close.code() {
                4000..4100 => [100, 1_050, 2_000],
                4200..4300 => [100; 3],
                _ => [0; 3],
            };
            assert_eq!(waits, expected, "{close:?}");
        }
        let moving = Close::Moving(Duration::from_secs(7));
        assert_eq!(moving.goodbye(0.3).retry_after_ms, 7_000);
    }

    #[test]
    fn who_is_not_let_in_hears_whether_to_come_back() {
        let codes = [
            (Refusal::Overloaded, 4004),
            (Refusal::Unavailable, 4004),
            (Refusal::SessionRevoked, 4102),
            (Refusal::TokenExpired, 4101),
            (Refusal::TicketSpent, 4101),
            (Refusal::NotAuthenticated, 4101),
            (Refusal::InvalidArgument, 4101),
        ];
        for (refusal, code) in codes {
            assert_eq!(Close::refused(&refusal.into()).code(), code, "{refusal:?}");
        }
        let broken = Error::Broken(anyhow::anyhow!("no database"));
        assert_eq!(Close::refused(&broken).code(), 4004);
    }
}
