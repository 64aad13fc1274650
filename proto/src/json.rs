//! The JSON form of the contract: for people, scripts and REST.
//!
//! Field names are those of the `.proto` files, numbers are numbers, enum values are `lower_snake_case` words without
//! their type's name, absent messages are left out. Unknown fields, unknown words and repeated fields are refused.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::Error as _,
};
use serde_json::value::RawValue;

use crate::{
    ClientFrame, Push, REQUESTS, Reply, ServerFrame, client_frame::Request, reply::Answer,
};

/// An enum whose values are words in JSON.
pub trait Word: TryFrom<i32> + Copy + Into<i32> {
    /// The word, e.g. `not_found`.
    fn word(self) -> String;
    /// The value of a word; `None` for a word that is not in the contract.
    fn from_word(word: &str) -> Option<Self>;
}

macro_rules! word_of {
    ($kind:ident, $prefix:literal) => {
        impl crate::json::Word for $kind {
            fn word(self) -> String {
                self.as_str_name()
                    .trim_start_matches($prefix)
                    .to_ascii_lowercase()
            }
            fn from_word(word: &str) -> Option<Self> {
                Self::from_str_name(&format!("{}{}", $prefix, word.to_ascii_uppercase()))
                    .filter(|value| value.word() == word)
            }
        }
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(&crate::json::Word::word(*self))
            }
        }
        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                crate::json::read_word(from)
            }
        }
    };
}
pub(crate) use word_of;

pub(crate) fn read_word<'de, W: Word, D: Deserializer<'de>>(from: D) -> Result<W, D::Error> {
    let word = Cow::<str>::deserialize(from)?;
    W::from_word(&word).ok_or_else(|| D::Error::custom(format!("unknown word `{}`", short(&word))))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape that serde calls"
)]
pub(crate) fn word_out<W: Word, S: Serializer>(value: &i32, out: S) -> Result<S::Ok, S::Error> {
    let value = W::try_from(*value).map_err(|_| S::Error::custom("unknown enum value"))?;
    out.serialize_str(&value.word())
}

pub(crate) fn word_in<'de, W: Word, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    read_word::<W, D>(from).map(Into::into)
}

pub(crate) fn words_out<W: Word, S: Serializer>(values: &[i32], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(
        values
            .iter()
            .filter_map(|value| W::try_from(*value).ok())
            .map(Word::word),
    )
}

pub(crate) fn words_in<'de, W: Word, D: Deserializer<'de>>(from: D) -> Result<Vec<i32>, D::Error> {
    let words = Vec::<Cow<str>>::deserialize(from)?;
    words
        .iter()
        .map(|word| W::from_word(word).map(Into::into))
        .collect::<Option<_>>()
        .ok_or_else(|| D::Error::custom("unknown word in list"))
}

/// A frame with an id: the one set variant stands beside it.
macro_rules! with_id {
    ($frame:ident, $field:ident: $oneof:ty) => {
        impl Serialize for $frame {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                #[derive(Serialize)]
                struct Flat<'a> {
                    id: u64,
                    #[serde(flatten)]
                    $field: &'a Option<$oneof>,
                }
                Flat {
                    id: self.id,
                    $field: &self.$field,
                }
                .serialize(out)
            }
        }
    };
}
with_id!(ClientFrame, request: Request);
with_id!(Reply, answer: Answer);

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Flat {
            id: u64,
            #[serde(flatten)]
            answer: Answer,
        }
        Flat::deserialize(from).map(|Flat { id, answer }| Self {
            id,
            answer: Some(answer),
        })
    }
}

/// A frame that is nothing but its one set variant.
macro_rules! bare {
    ($frame:ident, $field:ident) => {
        impl Serialize for $frame {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                self.$field.serialize(out)
            }
        }
        impl<'de> Deserialize<'de> for $frame {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Deserialize::deserialize(from).map(|$field| Self {
                    $field: Some($field),
                })
            }
        }
    };
}
bare!(ServerFrame, kind);
bare!(Push, event);

/// Why a text frame could not be read.
#[derive(Debug)]
pub enum Unreadable {
    /// Not a JSON object, a repeated key, no `id`, or not exactly one request beside it.
    Malformed(String),
    /// The request's name is not in the contract; the id is known.
    UnknownRequest(u64, String),
    /// The request is known, its arguments are not as the contract says.
    InvalidArgument(u64, String),
}

/// Reads `{"id": 7, "send_message": {…}}`.
pub fn read_client_frame(text: &str) -> Result<ClientFrame, Unreadable> {
    let Pairs(pairs) =
        serde_json::from_str(text).map_err(|error| Unreadable::Malformed(error.to_string()))?;
    let (mut id, mut request) = (None, None);
    for (key, value) in pairs {
        let slot = if key == "id" { &mut id } else { &mut request };
        if slot.replace((key, value)).is_some() {
            return Err(Unreadable::Malformed(
                "a frame has one id and one request".to_owned(),
            ));
        }
    }
    let id = id
        .and_then(|(_, value)| serde_json::from_str::<u64>(value.get()).ok())
        .ok_or_else(|| Unreadable::Malformed("`id` is a whole number".to_owned()))?;
    let (name, value) =
        request.ok_or_else(|| Unreadable::Malformed("a frame has one request".to_owned()))?;
    if !REQUESTS.contains(&name.as_ref()) {
        return Err(Unreadable::UnknownRequest(id, short(&name).to_owned()));
    }
    let request = serde_json::from_str::<Request>(&format!("{{\"{name}\":{value}}}"))
        .map_err(|error| Unreadable::InvalidArgument(id, error.to_string()))?;
    Ok(ClientFrame {
        id,
        request: Some(request),
    })
}

/// Writes any message of the contract as JSON text.
pub fn write(message: &impl Serialize) -> String {
    serde_json::to_string(message)
        .unwrap_or_else(|error| unreachable!("the contract has no map keys: {error}"))
}

/// The start of a stranger's text, short enough to say back.
fn short(text: &str) -> &str {
    text.char_indices()
        .nth(40)
        .map_or(text, |(end, _)| &text[..end])
}

/// The keys of an object in order, so that a repeated one is seen.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Pairs<'de>;
            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("a frame: an object with `id` and one request")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                    if pairs.len() > 2 {
                        return Err(A::Error::custom("a frame has one id and one request"));
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Refusal, Refused, SendMessage, server_frame::Kind};

    #[test]
    fn a_request_reads_as_people_write_it() {
        let frame = read_client_frame(
            r#"{"id": 7, "send_message": {"conversation_id": "c", "text": "hi"}}"#,
        )
        .unwrap();
        let sent = SendMessage {
            conversation_id: "c".into(),
            text: "hi".into(),
            ..SendMessage::default()
        };
        assert_eq!(
            frame,
            ClientFrame {
                id: 7,
                request: Some(Request::SendMessage(sent))
            }
        );
    }

    #[test]
    fn a_refusal_writes_its_code_as_a_word() {
        let refused = Refused {
            code: Refusal::NotFound.into(),
            ..Refused::default()
        };
        let frame = ServerFrame {
            kind: Some(Kind::Reply(Reply {
                id: 7,
                answer: Some(Answer::Refused(refused)),
            })),
        };
        let text = write(&frame);
        assert_eq!(
            text,
            r#"{"reply":{"id":7,"refused":{"code":"not_found","sentence":"","field":"","retry_after_ms":0}}}"#
        );
        assert_eq!(serde_json::from_str::<ServerFrame>(&text).unwrap(), frame);
    }

    #[test]
    fn what_the_contract_does_not_know_is_refused() {
        let malformed = [
            "",
            "[]",
            "{}",
            r#"{"id":1}"#,
            r#"{"id":1,"id":2,"ping":{}}"#,
            r#"{"id":-1,"ping":{}}"#,
        ];
        for text in malformed {
            assert!(
                matches!(read_client_frame(text), Err(Unreadable::Malformed(_))),
                "{text}"
            );
        }
        assert!(matches!(
            read_client_frame(r#"{"id":1,"fly":{}}"#),
            Err(Unreadable::UnknownRequest(1, _))
        ));
        for text in [
            r#"{"id":1,"ping":{"x":1}}"#,
            r#"{"id":1,"type":{"conversation_id":5}}"#,
        ] {
            assert!(
                matches!(
                    read_client_frame(text),
                    Err(Unreadable::InvalidArgument(1, _))
                ),
                "{text}"
            );
        }
    }
}
