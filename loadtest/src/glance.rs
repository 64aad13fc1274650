//! Looks into a server's frame without decoding all of it: a load test must cost less than what it measures.

/// What a load test wants to know of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Glance<'a> {
    /// The reply to request `id`: committed under this number.
    Accepted {
        /// Of the request.
        id: u64,
        /// In its conversation.
        number: u64,
    },
    /// The reply to request `id`: no, with the refusal's code.
    Refused {
        /// Of the request.
        id: u64,
        /// `error.proto`'s number.
        code: u64,
    },
    /// Somebody said something.
    Posted {
        /// In its conversation.
        number: u64,
        /// As its sender chose it.
        client_message_id: &'a [u8],
        /// The words.
        text: &'a [u8],
    },
    /// Anything else.
    Other,
}

/// Fields of the messages that are looked into, by the tags of `proto/*.proto`.
mod tag {
    pub(super) const FRAME_REPLY: u64 = 1;
    pub(super) const FRAME_PUSH: u64 = 2;
    pub(super) const REPLY_ID: u64 = 1;
    pub(super) const REPLY_REFUSED: u64 = 2;
    pub(super) const REPLY_ACCEPTED: u64 = 13;
    pub(super) const REFUSED_CODE: u64 = 1;
    pub(super) const ACCEPTED_NUMBER: u64 = 2;
    pub(super) const PUSH_POSTED: u64 = 1;
    pub(super) const POSTED_MESSAGE: u64 = 1;
    pub(super) const MESSAGE_NUMBER: u64 = 2;
    pub(super) const MESSAGE_CLIENT_ID: u64 = 3;
    pub(super) const MESSAGE_TEXT: u64 = 6;
}

/// Looks at an encoded `ServerFrame`. What cannot be read is [`Glance::Other`].
pub fn glance(frame: &[u8]) -> Glance<'_> {
    match Fields(frame).next() {
        Some((tag::FRAME_REPLY, Value::Bytes(reply))) => reply_glance(reply),
        Some((tag::FRAME_PUSH, Value::Bytes(push))) => push_glance(push).unwrap_or(Glance::Other),
        _ => Glance::Other,
    }
}

fn reply_glance(reply: &[u8]) -> Glance<'_> {
    let mut id = 0;
    for field in Fields(reply) {
        match field {
            (tag::REPLY_ID, Value::Number(value)) => id = value,
            (tag::REPLY_REFUSED, Value::Bytes(refused)) => {
                let code = number_in(refused, tag::REFUSED_CODE);
                return Glance::Refused { id, code };
            }
            (tag::REPLY_ACCEPTED, Value::Bytes(accepted)) => {
                let number = number_in(accepted, tag::ACCEPTED_NUMBER);
                return Glance::Accepted { id, number };
            }
            _ => {}
        }
    }
    Glance::Other
}

fn push_glance(push: &[u8]) -> Option<Glance<'_>> {
    let posted = bytes_in(push, tag::PUSH_POSTED)?;
    let message = bytes_in(posted, tag::POSTED_MESSAGE)?;
    let (mut number, mut client_message_id, mut text) = (0, &[][..], &[][..]);
    for field in Fields(message) {
        match field {
            (tag::MESSAGE_NUMBER, Value::Number(value)) => number = value,
            (tag::MESSAGE_CLIENT_ID, Value::Bytes(value)) => client_message_id = value,
            (tag::MESSAGE_TEXT, Value::Bytes(value)) => {
                text = value;
                break;
            }
            _ => {}
        }
    }
    Some(Glance::Posted {
        number,
        client_message_id,
        text,
    })
}

fn number_in(message: &[u8], tag: u64) -> u64 {
    let found = Fields(message).find_map(|field| match field {
        (at, Value::Number(number)) if at == tag => Some(number),
        _ => None,
    });
    found.unwrap_or(0)
}

fn bytes_in(message: &[u8], tag: u64) -> Option<&[u8]> {
    Fields(message).find_map(|field| match field {
        (at, Value::Bytes(bytes)) if at == tag => Some(bytes),
        _ => None,
    })
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of an encoded message, in order; ends at what cannot be read.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for (place, byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.0 = &self.0[place + 1..];
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use proto::{
        Message, MessageAccepted, MessagePosted, Push, Refusal, Refused, Reply, ServerFrame, push,
        reply::Answer, server_frame::Kind,
    };

    use super::*;

    fn replied(id: u64, answer: Answer) -> Vec<u8> {
        let answer = Some(answer);
        let kind = Some(Kind::Reply(Reply { id, answer }));
        ServerFrame { kind }.encode_to_vec()
    }

    fn pushed(event: push::Event) -> Vec<u8> {
        let event = Some(event);
        let kind = Some(Kind::Push(Push { event }));
        ServerFrame { kind }.encode_to_vec()
    }

    /// The tags here and those of the contract are the same ones.
    #[test]
    fn a_glance_sees_what_the_contract_encodes() {
        let accepted = replied(
            300,
            Answer::MessageAccepted(MessageAccepted {
                conversation_id: "c".into(),
                number: 70_000,
                sent_at: 1,
            }),
        );
        let seen = glance(&accepted);
        assert_eq!(
            seen,
            Glance::Accepted {
                id: 300,
                number: 70_000
            }
        );

        let code = Refusal::Muted as i32;
        let refused = replied(
            7,
            Answer::Refused(Refused {
                code,
                sentence: "no".into(),
                ..Refused::default()
            }),
        );
        let code = u64::from(code.cast_unsigned());
        assert_eq!(glance(&refused), Glance::Refused { id: 7, code });

        let message = Message {
            conversation_id: "c".into(),
            number: 9,
            client_message_id: "m".into(),
            sender: Some(proto::Sender::default()),
            sent_at: 5,
            text: "words".into(),
            version: 1,
            ..Message::default()
        };
        let posted = pushed(push::Event::MessagePosted(MessagePosted {
            message: Some(message),
        }));
        let seen = Glance::Posted {
            number: 9,
            client_message_id: b"m",
            text: b"words",
        };
        assert_eq!(glance(&posted), seen);
        let beat = pushed(push::Event::Heartbeat(proto::Heartbeat::default()));
        assert_eq!(glance(&beat), Glance::Other);
    }

    #[test]
    fn cut_frames_are_not_misread() {
        let whole = replied(
            300,
            Answer::MessageAccepted(MessageAccepted {
                number: 7,
                ..MessageAccepted::default()
            }),
        );
        for length in 0..whole.len() {
            assert_eq!(glance(&whole[..length]), Glance::Other, "{length}");
        }
    }
}
