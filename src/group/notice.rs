//! What the log says about a group, in the group itself.

use proto::{Conversation, ConversationChanged, Message, Notice, NoticeKind, User, push};

use super::hold::Group;
use crate::{
    actor::Actor,
    app::App,
    bus::Audience,
    conversation::{Draft, log},
    error::Result,
    event::Event,
    id::ConversationId,
    store::Tx,
};

/// A notice that `actor` did something to nobody in particular.
pub(super) fn by(actor: &Actor, kind: NoticeKind) -> Notice {
    Notice {
        kind: kind.into(),
        actor: Some(actor.as_seen()),
        ..Notice::default()
    }
}

/// A notice that `actor` did something to somebody.
pub(super) fn about(actor: &Actor, kind: NoticeKind, subjects: Vec<User>) -> Notice {
    Notice {
        subjects,
        ..by(actor, kind)
    }
}

/// Appends a notice, with words if it has any. Gives its number.
pub(super) async fn say(
    app: &App,
    tx: &mut Tx,
    group: ConversationId,
    notice: Notice,
    words: &str,
) -> Result<u64> {
    let draft = draft(group, notice, words);
    Ok(log::append(tx, &app.clock, draft).await?.number)
}

/// A notice as the log takes it.
pub(super) fn draft(group: ConversationId, notice: Notice, words: &str) -> Draft {
    let message = Message {
        conversation_id: group.to_string(),
        text: words.to_owned(),
        notice: Some(notice),
        ..Message::default()
    };
    Draft::of_server(group, message)
}

/// Tells everybody's screens that the group is not what it was. Says only which group: this event has no place in the
/// log's order, and somebody removed a moment ago must not read the new name in it.
pub(super) fn changed(tx: &mut Tx, group: &Group) {
    let conversation = Conversation {
        id: group.id.to_string(),
        kind: proto::ConversationKind::Group.into(),
        shop_id: group.shop.to_string(),
        ..Conversation::default()
    };
    tx.show(Event::passing(
        vec![Audience::Group(group.id)],
        push::Event::ConversationChanged(ConversationChanged {
            conversation: Some(conversation),
        }),
    ));
}
