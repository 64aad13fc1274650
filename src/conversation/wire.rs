//! Between a message as the contract has it and a message as the database keeps it.
//!
//! Words and card have columns of their own; everything else that was sent is one protobuf blob, absent for plain words.

use prost::Message as _;
use proto::{Card, Message, SendMessage};
use sha2::{Digest, Sha256};

use super::quote;

/// The columns of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored<'a> {
    pub client_message_id: Option<&'a str>,
    pub fingerprint: i64,
    pub text: &'a str,
    pub extra: Option<Vec<u8>>,
    pub card: Option<Vec<u8>>,
}

/// Takes a message apart. Its fingerprint is that of the request, if there was one.
pub(super) fn store(message: &Message, asked: Option<i64>) -> Stored<'_> {
    let extra = extra(message).encode_to_vec();
    let card = message.card.as_ref().map(Card::encode_to_vec);
    Stored {
        client_message_id: Some(&message.client_message_id[..]).filter(|id| !id.is_empty()),
        fingerprint: asked.unwrap_or_else(|| {
            fingerprint(&[
                message.text.as_bytes(),
                &extra,
                card.as_deref().unwrap_or_default(),
            ])
        }),
        text: &message.text,
        extra: Some(extra).filter(|extra| !extra.is_empty()),
        card,
    }
}

/// What was sent besides words and card.
fn extra(message: &Message) -> Message {
    Message {
        picture: message.picture.clone(),
        file: message.file.clone(),
        voice: message.voice.clone(),
        notice: message.notice.clone(),
        quote: message.quote.as_ref().map(quote::kept),
        mentions: message.mentions.clone(),
        mention_everybody: message.mention_everybody,
        forwarded: message.forwarded.clone(),
        ..Message::default()
    }
}

/// The fingerprint of a request, whatever the server fills in: a quoted message may be recalled between a send and its
/// retry, and the retry is still the same.
pub(super) fn fingerprint_of(request: &SendMessage) -> i64 {
    let said = SendMessage {
        conversation_id: String::new(),
        client_message_id: String::new(),
        ..request.clone()
    };
    fingerprint(&[&said.encode_to_vec()])
}

/// Tells a retry from another message under the same client message id: the first 8 bytes of a SHA-256.
fn fingerprint(parts: &[&[u8]]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let hash: [u8; 32] = hash.finalize().into();
    let first = hash.first_chunk().copied().unwrap_or_default();
    i64::from_le_bytes(first)
}

/// Puts what was sent back together; the rest of the columns is the caller's.
pub(super) fn restore(text: String, extra: Option<&[u8]>, card: Option<&[u8]>) -> Message {
    let mut message = extra
        .map(|extra| Message::decode(extra).unwrap_or_default())
        .unwrap_or_default();
    message.text = text;
    message.card = card.map(|card| Card::decode(card).unwrap_or_default());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_have_nothing_extra() {
        let plain = Message {
            text: "你好".into(),
            number: 7,
            ..Message::default()
        };
        let stored = store(&plain, None);
        assert_eq!(
            (stored.extra, stored.card, stored.client_message_id),
            (None, None, None)
        );
    }

    #[test]
    fn what_was_sent_comes_back() {
        let quote = Some(proto::Quote {
            number: 3,
            ..Default::default()
        });
        let card = Some(Card {
            summary: "a coupon".into(),
            ..Card::default()
        });
        let message = Message {
            text: "x".into(),
            quote,
            card,
            mention_everybody: true,
            ..Message::default()
        };
        let stored = store(&message, None);
        assert_eq!(
            restore(
                stored.text.to_owned(),
                stored.extra.as_deref(),
                stored.card.as_deref()
            ),
            message
        );
    }

    #[test]
    fn another_body_has_another_fingerprint() {
        let asked = |text: &str, client_message_id: &str| SendMessage {
            text: text.into(),
            client_message_id: client_message_id.into(),
            ..SendMessage::default()
        };
        let of = |text: &str| fingerprint_of(&asked(text, "1"));
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert_eq!(
            of("a"),
            fingerprint_of(&asked("a", "2")),
            "the id is not part of what was said"
        );
    }
}
