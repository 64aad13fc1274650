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
    fn new(audiences: Vec<Audience>, event: push::Event) -> Self {
        Self {
            audiences,
            frame: Frame::push(event),
            step: None,
            joined: vec![],
            left: vec![],
            redraws: None,
            alert: None,
        }
    }

    /// Something that is shown and forgotten: typing, presence.
    pub fn passing(audiences: Vec<Audience>, event: push::Event) -> Arc<Self> {
        Arc::new(Self::new(audiences, event))
    }

    /// An alert, for those of the audience who want its kind.
    pub fn alert(audience: Audience, alert: Alert) -> Arc<Self> {
        let kind = Some(alert.kind());
        Arc::new(Self {
            alert: kind,
            ..Self::new(vec![audience], push::Event::Alert(alert))
        })
    }

    /// A new message. Who joins and who leaves is what its notice says.
    pub fn posted(
        conversation: ConversationId,
        audiences: Vec<Audience>,
        message: Message,
    ) -> Arc<Self> {
        let counter = Counter::Number(message.number);
        let (joined, left) = comings_and_goings(&message);
        let message = Some(message);
        let event = push::Event::MessagePosted(MessagePosted { message });
        Arc::new(Self {
            step: Some(Step {
                conversation,
                counter,
            }),
            joined,
            left,
            ..Self::new(audiences, event)
        })
    }

    /// A message as it is now, after a change in place.
    pub fn changed(
        conversation: ConversationId,
        audiences: Vec<Audience>,
        message: Message,
    ) -> Arc<Self> {
        let counter = Counter::Revision(message.revision);
        let redraws = Some((conversation, message.number));
        let message = Some(message);
        let event = push::Event::MessageChanged(MessageChanged { message });
        Arc::new(Self {
            step: Some(Step {
                conversation,
                counter,
            }),
            redraws,
            ..Self::new(audiences, event)
        })
    }
}

/// Who takes part from this message on, and who does not after it. Membership travels in the log: the notice of a removal
/// is the last message its subject sees, on every node.
pub fn comings_and_goings(message: &Message) -> (Vec<UserId>, Vec<UserId>) {
    let Some(notice) = &message.notice else {
        return Default::default();
    };
    let subjects = || {
        let ids = notice.subjects.iter().map(|user| user.id.parse());
        ids.filter_map(Result::ok).collect()
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
