//! Set or remove a reaction to a message.

use proto::{Message, React};

use super::{
    change,
    queries::{
        self,
        change::{Columns, Reactions},
    },
    seat::conversation_id,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
};

/// Different reactions to one message at most.
pub const REACTIONS: i64 = 20;
/// Reactions of one person on one message at most.
pub const REACTIONS_OF_ONE: i64 = 5;

/// Sets or removes one reaction of the actor's own. What is so already changes nothing.
///
/// Refuses with `rate_limited`, with `invalid_argument` a reaction that is no 1 to 32 bytes of visible characters or is one too
/// many, with `already_recalled` what was taken back, and whoever may not speak here now.
pub async fn react(app: &App, actor: &Actor, request: React) -> Result<Message> {
    require_reaction(&request.emoji)?;
    let conversation = conversation_id(&request.conversation_id)?;
    let (mut tx, held) = change::hold(app, actor, conversation, request.number).await?;
    held.standing.require_voice()?;
    held.require_said()?;
    let ((conversation, number), now) = (held.name(), app.clock.now());
    let emoji = &request.emoji[..];
    let reactions =
        queries::change::reactions(&mut tx, conversation, number, actor.user, emoji).await?;
    if reactions.mine != request.remove {
        return change::shown(&mut tx, held.name()).await;
    }
    if request.remove {
        queries::change::take_reaction(&mut tx, conversation, number, actor.user, emoji).await?;
    } else {
        reactions.require_room()?;
        queries::change::set_reaction(&mut tx, conversation, number, actor.user, emoji, now)
            .await?;
    }
    let message = held.apply(&mut tx, actor, &Columns::default(), now).await?;
    tx.commit().await?;
    Ok(message)
}

/// Refuses what is no reaction: 1 to 32 bytes without blanks and control characters.
fn require_reaction(emoji: &str) -> Result<()> {
    let odd = |letter: char| letter.is_whitespace() || letter.is_control();
    if !(1..=32).contains(&emoji.len()) || emoji.contains(odd) {
        return Err(refused_argument(
            "emoji",
            "has 1 to 32 bytes, none of them blank",
        ));
    }
    Ok(())
}

impl Reactions {
    fn require_room(&self) -> Result<()> {
        if self.own >= REACTIONS_OF_ONE {
            return Err(refused_argument(
                "emoji",
                "would be your sixth reaction here",
            ));
        }
        if self.different >= REACTIONS && !self.known {
            return Err(refused_argument(
                "emoji",
                "would be the 21st reaction to this message",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_short_and_visible() {
        for reaction in ["👍", "👩‍👩‍👧‍👦", "+1", "好"] {
            assert!(require_reaction(reaction).is_ok(), "{reaction}");
        }
        for reaction in ["", " ", "a b", "\0", "\u{7}", &"x".repeat(33)] {
            assert!(require_reaction(reaction).is_err(), "{reaction:?}");
        }
    }

    #[test]
    fn a_full_message_still_takes_a_reaction_it_has() {
        let full = Reactions {
            different: REACTIONS,
            ..Reactions::default()
        };
        assert!(full.require_room().is_err());
        let known = Reactions {
            known: true,
            ..full
        };
        assert!(known.require_room().is_ok());
        let greedy = Reactions {
            own: REACTIONS_OF_ONE,
            ..known
        };
        assert!(greedy.require_room().is_err());
    }
}
