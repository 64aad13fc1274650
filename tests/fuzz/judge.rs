//! What must be true of the decoders, whatever the bytes are. Called by the test beside it and by `fuzz/`.

use proto::{ClientFrame, Encode as _, Refusal, Refused, client_frame::Request};
use souk::{
    error::Error,
    live::{decode::decode, outbox::Format},
};

/// Characters of what is said back about a frame that could not be read.
const SENTENCE: usize = 400;

/// Offers the bytes to both decoders and panics where one does not keep its word.
pub fn judge(data: &[u8]) {
    for format in [Format::Binary, Format::Json] {
        match decode(data, format) {
            Ok((id, request)) => comes_back(id, request),
            Err((_, error)) => is_documented(&error),
        }
    }
}

/// A request is the same after a journey in either format.
fn comes_back(id: u64, request: Request) {
    let frame = ClientFrame {
        id,
        request: Some(request),
    };
    let binary = frame.encode_to_vec();
    let text = serde_json::to_string(&frame).expect("every request has a JSON form");
    for (bytes, format) in [
        (&binary[..], Format::Binary),
        (text.as_bytes(), Format::Json),
    ] {
        let (id, request) = decode(bytes, format).expect("our own frame is read");
        let again = ClientFrame {
            id,
            request: Some(request),
        };
        assert_eq!(again, frame, "{format:?}");
    }
}

/// What cannot be read is refused by a code of docs/protocol.md, in words that are short and can be said in both
/// formats. (Before `authenticate` the socket is closed with 4100 instead.)
fn is_documented(error: &Error) {
    let code = error.refusal().expect("a stranger's bytes break nothing");
    let known = [
        Refusal::MalformedFrame,
        Refusal::UnknownRequest,
        Refusal::InvalidArgument,
    ];
    assert!(known.contains(&code), "{code:?}");
    let refused = error.to_refused();
    let length = refused.sentence.chars().count();
    assert!(length <= SENTENCE, "a sentence of {length} characters");
    let text = proto::json::write(&refused);
    assert_eq!(
        serde_json::from_str::<Refused>(&text).expect("a refusal is read"),
        refused
    );
}
