//! What a screen must see now.
//!
//! An event may be lost without harm: messages are numbered and changes are counted within their conversation, so a
//! node or a client that sees a gap asks the log. Its frame is encoded once and shared by every socket of a wire format.

use std::sync::{Arc, OnceLock};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use prost::Message as _;
use proto::{
    Alert, AlertKind, Message, MessageChanged, MessagePosted, NoticeKind, Push, ServerFrame, json,
    push, server_frame::Kind,
};

use crate::{
    bus::Audience,
    id::{ConversationId, UserId},
};

/// Something to show, and to whom.
#[derive(Debug)]
pub struct Event {
    /// Everybody who may see it.
    pub audiences: Vec<Audience>,
    /// The bytes.
    pub frame: Frame,
    /// Where it stands in a conversation; nothing for what is never stored.
    pub step: Option<Step>,
    /// Users who take part from this message on.
    pub joined: Vec<UserId>,
    /// Users who do not take part after this message.
    pub left: Vec<UserId>,
    /// It shows a whole message anew: in a queue, only the newest one of this message matters.
    pub redraws: Option<(ConversationId, u64)>,
    /// Only for those who have not switched this alert off.
    pub alert: Option<AlertKind>,
}

/// A place in a conversation's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The next message, or the next change in place.
    pub counter: Counter,
}

/// The two dense counters of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// A message's number.
    Number(u64),
    /// A change's revision.
    Revision(u64),
}

impl Counter {
    /// The one before.
    #[must_use]
    pub fn before(self) -> Self {
        match self {
            Self::Number(number) => Self::Number(number.saturating_sub(1)),
            Self::Revision(revision) => Self::Revision(revision.saturating_sub(1)),
        }
    }
}

impl Event {
    /// Something that is shown and forgotten: typing, presence, an alert.
    pub fn passing(audiences: Vec<Audience>, event: push::Event) -> Arc<Self> {
        let frame = Frame::push(event);
        Arc::new(Self {
            audiences,
            frame,
            step: None,
            joined: vec![],
            left: vec![],
            redraws: None,
            alert: None,
        })
    }

    /// An alert, for those of the audience who want its kind.
    pub fn alert(audience: Audience, alert: Alert) -> Arc<Self> {
        let kind = alert.kind();
        let frame = Frame::push(push::Event::Alert(alert));
        let audiences = vec![audience];
        Arc::new(Self {
            audiences,
            frame,
            step: None,
            joined: vec![],
            left: vec![],
            redraws: None,
            alert: Some(kind),
        })
    }

    /// A new message. Who joins and who leaves is what its notice says.
    pub fn posted(
        conversation: ConversationId,
        audiences: Vec<Audience>,
        message: Message,
    ) -> Arc<Self> {
        let step = Step {
            conversation,
            counter: Counter::Number(message.number),
        };
        let (joined, left) = comings_and_goings(&message);
        let frame = Frame::push(push::Event::MessagePosted(MessagePosted {
            message: Some(message),
        }));
        Arc::new(Self {
            audiences,
            frame,
            step: Some(step),
            joined,
            left,
            redraws: None,
            alert: None,
        })
    }

    /// A message as it is now, after a change in place.
    pub fn changed(
        conversation: ConversationId,
        audiences: Vec<Audience>,
        message: Message,
    ) -> Arc<Self> {
        let step = Step {
            conversation,
            counter: Counter::Revision(message.revision),
        };
        let redraws = Some((conversation, message.number));
        let frame = Frame::push(push::Event::MessageChanged(MessageChanged {
            message: Some(message),
        }));
        Arc::new(Self {
            audiences,
            frame,
            step: Some(step),
            joined: vec![],
            left: vec![],
            redraws,
            alert: None,
        })
    }
}

/// Membership travels in the log: the notice of a removal is the last message its subject sees, on every node.
fn comings_and_goings(message: &Message) -> (Vec<UserId>, Vec<UserId>) {
    let Some(notice) = &message.notice else {
        return Default::default();
    };
    let subjects = || {
        notice
            .subjects
            .iter()
            .filter_map(|user| user.id.parse().ok())
            .collect()
    };
    match notice.kind() {
        NoticeKind::MembersJoined | NoticeKind::GroupCreated => (subjects(), vec![]),
        NoticeKind::MemberLeft | NoticeKind::MemberRemoved => (vec![], subjects()),
        _ => Default::default(),
    }
}

/// A server frame, encoded once per wire format.
#[derive(Debug)]
pub struct Frame {
    binary: Bytes,
    json: OnceLock<Utf8Bytes>,
}

impl Frame {
    /// Encodes a frame.
    pub fn new(frame: &ServerFrame) -> Self {
        Self::encoded(frame.encode_to_vec().into())
    }

    /// Encodes a push.
    pub fn push(event: push::Event) -> Self {
        Self::new(&ServerFrame {
            kind: Some(Kind::Push(Push { event: Some(event) })),
        })
    }

    /// A frame that another node has encoded.
    pub fn encoded(binary: Bytes) -> Self {
        Self {
            binary,
            json: OnceLock::new(),
        }
    }

    /// The protobuf form.
    pub fn binary(&self) -> &Bytes {
        &self.binary
    }

    /// The JSON form, written when the first JSON socket asks for it.
    pub fn json(&self) -> &Utf8Bytes {
        self.json.get_or_init(|| {
            let frame = ServerFrame::decode(self.binary.clone()).unwrap_or_default();
            json::write(&frame).into()
        })
    }
}
