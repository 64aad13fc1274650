//! A client's frame, from bytes of either wire format. Fuzzed, always (`tests/fuzz`) and at length (`fuzz/`): no input
//! breaks it, holds much more memory than its own size, or is answered by more than a sentence.

use prost::Message as _;
use proto::{
    ClientFrame,
    client_frame::Request,
    json::{Unreadable, read_client_frame},
};

use super::outbox::Format;
use crate::error::{Error, Reason, Refusal};

/// Characters of the reason that is said back: it may quote what the stranger sent.
const REASON: usize = 300;

/// The id and the request, or the id as far as it is known (else 0) and the refusal to answer with.
pub fn decode(data: &[u8], format: Format) -> Result<(u64, Request), (u64, Error)> {
    let frame = match format {
        Format::Binary => ClientFrame::decode(data).map_err(|error| {
            (
                0,
                refused(
                    Refusal::MalformedFrame,
                    format!("Not a protobuf frame: {error}."),
                ),
            )
        })?,
        Format::Json => decode_json(data)?,
    };
    match frame.request {
        Some(request) => Ok((frame.id, request)),
        None => Err((frame.id, Refusal::UnknownRequest.into())),
    }
}

fn decode_json(data: &[u8]) -> Result<ClientFrame, (u64, Error)> {
    let text = std::str::from_utf8(data).map_err(|_| (0, Refusal::MalformedFrame.into()))?;
    read_client_frame(text).map_err(|unreadable| match unreadable {
        Unreadable::Malformed(why) => (
            0,
            refused(Refusal::MalformedFrame, format!("Not a JSON frame: {why}.")),
        ),
        Unreadable::UnknownRequest(id, name) => (
            id,
            refused(
                Refusal::UnknownRequest,
                format!("There is no request `{name}`."),
            ),
        ),
        Unreadable::InvalidArgument(id, why) => {
            (id, refused(Refusal::InvalidArgument, format!("{why}.")))
        }
    })
}

fn refused(code: Refusal, mut sentence: String) -> Error {
    if let Some((end, _)) = sentence.char_indices().nth(REASON) {
        sentence.replace_range(end.., "…");
    }
    Error::Refused(Box::new(Reason {
        code,
        field: String::new(),
        sentence: Some(sentence),
        retry_after: None,
    }))
}
