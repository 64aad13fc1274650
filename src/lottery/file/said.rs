//! What somebody who has checked a draw wants to read.

use std::fmt;

use jiff::Timestamp;
use proto::DrawGrade;

use super::{Cancelled, DrawFile, Terms};
use crate::beacon::Chain;

impl fmt::Display for DrawFile {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let stands = match (&self.cancelled, &self.final_seed[..]) {
            (Some(_), _) => "called off after its list was closed",
            (None, "") => "its list is closed, and it waits for its round of the beacon",
            (None, _) => "decided as committed to",
        };
        writeln!(out, "draw {}: {stands}", self.draw_id)?;
        writeln!(
            out,
            "commitment {} (the card must have shown it)",
            self.commitment
        )?;
        self.say_beacon(out)?;
        let grade = match self.grade {
            DrawGrade::Beacon => "a public source of chance had a hand in it",
            DrawGrade::Participants => "participants had a hand in it",
            DrawGrade::OperatorOnly | DrawGrade::Unspecified => {
                "nobody but the server had a hand in it"
            }
        };
        write!(out, "{} tickets; {grade}", self.tickets.len())?;
        for (name, places) in [("winner", &self.winners), ("substitute", &self.substitutes)] {
            for place in places {
                write!(
                    out,
                    "\n{name} {}: {} by ticket {}",
                    place.place, place.person, place.ticket
                )?;
            }
        }
        Ok(())
    }
}

impl DrawFile {
    fn say_beacon(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let chain = Terms::of(&self.rules).ok().and_then(|terms| terms.beacon);
        let Some((chain, round)) = chain.zip(self.close.round) else {
            return Ok(());
        };
        if chain == Chain::quicknet() {
            writeln!(out, "beacon: drand quicknet, round {round}")?;
        } else {
            writeln!(
                out,
                "beacon: chain {}, round {round}; this program does not know that chain: ask whoever runs it whether its public key is {}",
                chain.hash, chain.public_key
            )?;
        }
        let (closed, begins) = (self.close.at.unwrap_or_default(), chain.begins(round));
        writeln!(
            out,
            "closed {} with hash {} (the card must have shown it before the round began, {})",
            Moment(closed),
            self.close.hash,
            Moment(begins)
        )?;
        match &self.cancelled {
            Some(cancelled) => cancelled.say(out, begins),
            None => Ok(()),
        }
    }
}

impl Cancelled {
    fn say(&self, out: &mut fmt::Formatter, begins: i64) -> fmt::Result {
        let when = if self.at < begins {
            "before its round began: nobody could know who would win"
        } else {
            "after its round had begun: whoever called it off could know who would win"
        };
        writeln!(
            out,
            "called off {}, {when}: {}",
            Moment(self.at),
            self.because
        )
    }
}

/// Milliseconds since 1970, for people.
struct Moment(i64);

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(out, "{at}"),
            Err(_) => write!(out, "{} ms", self.0),
        }
    }
}
