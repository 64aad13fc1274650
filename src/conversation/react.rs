//! Set or remove a sign on a message.

use proto::{Message, React};

use super::{
    change,
    queries::{
        self,
        change::{Columns, Signs},
    },
    seat::conversation_id,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
};

/// Different signs on one message at most.
pub const SIGNS: i64 = 20;
/// Signs of one person on one message at most.
pub const SIGNS_OF_ONE: i64 = 5;

/// Sets or removes one sign of the actor's own. What is so already changes nothing.
///
/// Refuses with `rate_limited`, with `invalid_argument` a sign that is no 1 to 32 bytes of visible characters or is one too
/// many, with `already_recalled` what was taken back, and whoever may not speak here now.
pub async fn react(app: &App, actor: &Actor, request: React) -> Result<Message> {
    require_sign(&request.emoji)?;
    let conversation = conversation_id(&request.conversation_id)?;
    let (mut tx, held) = change::hold(app, actor, conversation, request.number).await?;
    held.standing.require_voice()?;
    held.require_said()?;
    let ((conversation, number), now) = (held.name(), app.clock.now());
    let emoji = &request.emoji[..];
    let signs = queries::change::signs(&mut tx, conversation, number, actor.user, emoji).await?;
    if signs.mine != request.remove {
        return change::shown(&mut tx, held.name()).await;
    }
    if request.remove {
        queries::change::take_sign(&mut tx, conversation, number, actor.user, emoji).await?;
    } else {
        signs.require_room()?;
        queries::change::set_sign(&mut tx, conversation, number, actor.user, emoji, now).await?;
    }
    let message = held.apply(&mut tx, actor, &Columns::default(), now).await?;
    tx.commit().await?;
    Ok(message)
}

/// Refuses what is no sign: 1 to 32 bytes without blanks and control characters.
fn require_sign(emoji: &str) -> Result<()> {
    let odd = |letter: char| letter.is_whitespace() || letter.is_control();
    if !(1..=32).contains(&emoji.len()) || emoji.contains(odd) {
        return Err(refused_argument(
            "emoji",
            "has 1 to 32 bytes, none of them blank",
        ));
    }
    Ok(())
}

impl Signs {
    fn require_room(&self) -> Result<()> {
        if self.own >= SIGNS_OF_ONE {
            return Err(refused_argument("emoji", "would be your sixth sign here"));
        }
        if self.different >= SIGNS && !self.known {
            return Err(refused_argument(
                "emoji",
                "would be the 21st sign on this message",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_short_and_visible() {
        for sign in ["👍", "👩‍👩‍👧‍👦", "+1", "好"] {
            assert!(require_sign(sign).is_ok(), "{sign}");
        }
        for sign in ["", " ", "a b", "\0", "\u{7}", &"x".repeat(33)] {
            assert!(require_sign(sign).is_err(), "{sign:?}");
        }
    }

    #[test]
    fn a_full_message_still_takes_a_sign_it_has() {
        let full = Signs {
            different: SIGNS,
            ..Signs::default()
        };
        assert!(full.require_room().is_err());
        let known = Signs {
            known: true,
            ..full
        };
        assert!(known.require_room().is_ok());
        let greedy = Signs {
            own: SIGNS_OF_ONE,
            ..known
        };
        assert!(greedy.require_room().is_err());
    }
}
