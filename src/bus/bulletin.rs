//! What is told to other nodes, as bytes and back.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message as _;
use proto::{
    AlertKind,
    node::{self, Bulletin, Shown, bulletin::Body, signal::About},
};

use super::{Audience, Recheck};
use crate::{
    error::Result,
    event::{Counter, Event, Frame, Step},
    id::{NodeId, UserId},
};

/// Something that other nodes must hear.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// Show this.
    Shown(Arc<Event>),
    /// Look again at this user's lines.
    Recheck(UserId, Recheck),
    /// This user is on the line at the node that says it.
    Came(UserId),
    /// This user is not on the line any more at the node that says it.
    Went(UserId),
}

impl News {
    /// The topics that carry it, once each.
    pub(super) fn audiences(&self) -> Vec<Audience> {
        match self {
            Self::Shown(event) => event.audiences.clone(),
            Self::Recheck(user, _) => vec![Audience::User(*user)],
            Self::Came(user) | Self::Went(user) => vec![Audience::Watchers(*user)],
        }
    }

    /// Encoded, as node `origin` says it.
    pub(super) fn encode(&self, origin: NodeId) -> Vec<u8> {
        let bulletin = Bulletin {
            origin: origin.to_string(),
            audiences: self.audiences().iter().map(ToString::to_string).collect(),
            body: Some(self.body()),
        };
        bulletin.encode_to_vec()
    }

    fn body(&self) -> Body {
        let about = match self {
            Self::Shown(event) => return Body::Shown(shown(event)),
            Self::Recheck(user, what) => About::Recheck(node::Recheck {
                user_id: user.to_string(),
                what: what.word().to_owned(),
            }),
            Self::Came(user) => About::Came(user.to_string()),
            Self::Went(user) => About::Went(user.to_string()),
        };
        Body::Signal(node::Signal { about: Some(about) })
    }
}

/// Another node's news with its audiences; nothing if this node says it itself, or in words of a later version.
pub(super) fn decode(bytes: Bytes, own: NodeId) -> Result<Option<(Vec<Audience>, News)>> {
    let bulletin = Bulletin::decode(bytes).map_err(anyhow::Error::from)?;
    if bulletin.origin == own.to_string() {
        return Ok(None);
    }
    let audiences = bulletin
        .audiences
        .iter()
        .filter_map(|topic| topic.parse().ok())
        .collect::<Vec<Audience>>();
    let news = match bulletin.body {
        Some(Body::Shown(shown)) => News::Shown(Arc::new(event(audiences.clone(), shown)?)),
        Some(Body::Signal(signal)) => match signal.about {
            Some(About::Recheck(recheck)) => {
                let what = Recheck::from_word(&recheck.what);
                News::Recheck(recheck.user_id.parse()?, what)
            }
            Some(About::Came(user)) => News::Came(user.parse()?),
            Some(About::Went(user)) => News::Went(user.parse()?),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    Ok(Some((audiences, news)))
}

fn shown(event: &Event) -> Shown {
    let (number, revision) = match event.step.map(|step| step.counter) {
        Some(Counter::Number(number)) => (number, 0),
        Some(Counter::Revision(revision)) => (0, revision),
        None => (0, 0),
    };
    let users = |users: &[UserId]| users.iter().map(ToString::to_string).collect();
    Shown {
        frame: event.frame.binary().clone(),
        conversation_id: event
            .step
            .map(|step| step.conversation.to_string())
            .unwrap_or_default(),
        number,
        revision,
        joined: users(&event.joined),
        left: users(&event.left),
        redraws: event.redraws.map_or(0, |(_, number)| number),
        alert: event.alert.map_or(0, Into::into),
    }
}

fn event(audiences: Vec<Audience>, shown: Shown) -> Result<Event> {
    let counter = match (shown.number, shown.revision) {
        (0, 0) => None,
        (0, revision) => Some(Counter::Revision(revision)),
        (number, _) => Some(Counter::Number(number)),
    };
    let step = match counter {
        Some(counter) => Some(Step {
            conversation: shown.conversation_id.parse()?,
            counter,
        }),
        None => None,
    };
    let users = |users: Vec<String>| -> Result<Vec<UserId>> {
        users.iter().map(|user| user.parse()).collect()
    };
    Ok(Event {
        audiences,
        frame: Frame::encoded(shown.frame),
        step,
        joined: users(shown.joined)?,
        left: users(shown.left)?,
        redraws: step
            .filter(|_| shown.redraws > 0)
            .map(|step| (step.conversation, shown.redraws)),
        alert: AlertKind::try_from(shown.alert)
            .ok()
            .filter(|kind| *kind != AlertKind::Unspecified),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConversationId;

    fn told(news: &News) -> Option<(Vec<Audience>, News)> {
        decode(news.encode(NodeId::new()).into(), NodeId::new()).unwrap()
    }

    #[test]
    fn an_event_arrives_as_it_was() {
        let (group, user) = (ConversationId::new(), UserId::new());
        let audiences = vec![Audience::Group(group), Audience::User(user)];
        let message = proto::Message {
            number: 3,
            revision: 9,
            ..Default::default()
        };
        let event = Event::changed(group, audiences.clone(), message);
        let (heard, news) = told(&News::Shown(event.clone())).unwrap();
        let News::Shown(copy) = news else {
            panic!("{news:?}")
        };
        assert_eq!((heard, &copy.audiences), (audiences.clone(), &audiences));
        assert_eq!(copy.frame.binary(), event.frame.binary());
        assert_eq!((copy.step, copy.redraws), (event.step, Some((group, 3))));
        assert_eq!(copy.alert, None);
    }

    #[test]
    fn an_alert_keeps_its_kind() {
        let alert = proto::Alert {
            kind: AlertKind::NewOrder.into(),
            ..Default::default()
        };
        let event = Event::alert(Audience::User(UserId::new()), alert);
        let (_, news) = told(&News::Shown(event)).unwrap();
        assert!(
            matches!(news, News::Shown(copy) if copy.alert == Some(AlertKind::NewOrder) && copy.step.is_none())
        );
    }

    #[test]
    fn a_node_does_not_hear_itself() {
        let node = NodeId::new();
        let news = News::Recheck(UserId::new(), Recheck::Person);
        assert!(decode(news.encode(node).into(), node).unwrap().is_none());
        let (_, heard) = told(&news).unwrap();
        assert!(matches!(heard, News::Recheck(_, Recheck::Person)));
        assert!(decode(Bytes::from_static(b"\xff"), node).is_err());
    }
}
