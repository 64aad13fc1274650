//! Fuzzing of the frame decoders (`src/live/decode.rs`), always on, with fixed seeds: recorded frames (`corpus/`) in both formats
//! meet one mishap after the other ([`mutate`]), and what must hold for every input is in [`judge`]. A frame that ever
//! broke something is put into `corpus/`. `fuzz/` gives the same judge to libFuzzer, for longer searches.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests read the environment and share what they like"
)]

mod judge;
mod meter;
mod mutate;

use std::{
    collections::BTreeSet,
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use proto::{Encode as _, REQUESTS, json::read_client_frame};
use rand::{SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use souk::live::{decode::decode, outbox::Format};

use crate::{
    judge::judge,
    meter::most_held,
    mutate::{LONGEST, mutate},
};

/// Wrong frames that a run tries; `SOUK_TEST_FUZZ_ROUNDS` sets another number.
const ROUNDS: u64 = 40_000;

/// Bytes that decoding may hold for each byte of the frame. The dearest request is a card with nothing but empty links: two
/// bytes each on the wire, 48 in memory, and the list is copied when it grows.
const EXPANSION: usize = 80;

/// What any frame may cost, however short: the sentence of a refusal.
const FLOOR: usize = 8 * 1024;

/// The recorded frames, in the format they were recorded in and in the other one.
fn corpus() -> Vec<Vec<u8>> {
    let mut frames = vec![];
    for file in fs::read_dir("tests/fuzz/corpus")
        .expect("the corpus")
        .flatten()
    {
        let recorded = fs::read(file.path()).expect("a recorded frame");
        let text = std::str::from_utf8(&recorded).ok();
        let frame = text.and_then(|text| read_client_frame(text).ok());
        frames.extend(frame.map(|frame| frame.encode_to_vec()));
        frames.push(recorded);
    }
    frames.sort();
    frames
}

/// Judges, and sees to it that decoding held little; what fails is said in a form that can be kept.
fn judge_within_bounds(data: &[u8]) {
    for format in [Format::Binary, Format::Json] {
        let held = most_held(|| drop(black_box(decode(data, format))));
        let most = data.len() * EXPANSION + FLOOR;
        assert!(
            held <= most,
            "{format:?} held {held} bytes for {}: {}",
            data.len(),
            data[..data.len().min(200)].escape_ascii()
        );
    }
    let judged = std::panic::catch_unwind(|| judge(data));
    assert!(judged.is_ok(), "this frame did it: {}", data.escape_ascii());
}

/// CHAT-01: the corpus knows every request of the contract, so that mishaps happen to all of them.
#[test]
fn the_corpus_has_every_request() {
    let recorded: BTreeSet<&str> = corpus()
        .iter()
        .filter_map(|frame| decode(frame, Format::Json).ok())
        .filter_map(|(id, request)| name_of(id, request))
        .collect();
    let known: BTreeSet<&str> = REQUESTS.iter().copied().collect();
    assert_eq!(recorded, known);
}

fn name_of(id: u64, request: proto::client_frame::Request) -> Option<&'static str> {
    let frame = proto::ClientFrame {
        id,
        request: Some(request),
    };
    let text = proto::json::write(&frame);
    REQUESTS
        .iter()
        .copied()
        .find(|name| text.contains(&format!(",\"{name}\":")))
}

/// CHAT-01, SEC-01: no frame, however wrong, breaks a decoder or makes it hold much more than its own size; what is read
/// reads the same in the other format; what is not read is refused by a code that docs/protocol.md has.
#[test]
fn no_frame_breaks_a_decoder() {
    let rounds = std::env::var("SOUK_TEST_FUZZ_ROUNDS");
    let rounds = rounds.map_or(ROUNDS, |text| text.parse().expect("a number"));
    let corpus = corpus();
    for frame in &corpus {
        judge_within_bounds(frame);
    }
    for seed in 0..rounds {
        let mut rng = StdRng::seed_from_u64(seed);
        let (frame, other) = (corpus.choose(&mut rng), corpus.choose(&mut rng));
        let data = mutate(&mut rng, frame.expect("one"), other.expect("one"));
        judge_within_bounds(&data);
    }
}

/// Frames of this length that want decoders to recurse, to allocate or to repeat themselves.
fn monsters(length: usize) -> Vec<Vec<u8>> {
    let filled = |before: &[u8], piece: &[u8], after: &[u8]| {
        let times = (length - before.len() - after.len()) / piece.len();
        [before, &piece.repeat(times), after].concat()
    };
    // A protobuf message of one field: its number and the length of what is inside.
    let field = |tag: &[u8], inside: Vec<u8>| {
        let mut framed = tag.to_vec();
        proto_length(inside.len(), &mut framed);
        framed.extend(inside);
        framed
    };
    let empties = |piece: &[u8]| piece.repeat((length - 32) / piece.len());
    vec![
        filled(b"", b"[", b""),
        filled(b"{\"id\":1,\"ping\":", b"{\"ping\":", b""),
        filled(b"{\"id\":1,\"send_message\":{\"text\":", b"[", b"}}"),
        filled(b"{\"id\":1,\"resume\":{\"cursors\":[", b"{},", b"{}]}}"),
        filled(
            b"{\"id\":1,\"watch_presence\":{\"user_ids\":[",
            b"\"\",",
            b"\"\"]}}",
        ),
        filled(
            b"{\"id\":1,\"send_message\":{\"text\":\"",
            b"\\u0041",
            b"\"}}",
        ),
        filled(
            b"{\"id\":1,\"send_message\":{",
            b"\"text\":\"\",",
            b"\"text\":\"\"}}",
        ),
        filled(b"{", b"\"id\":1,", b"\"id\":1}"),
        filled(b"{\"id\":1,\"ping\":{\"", b"x", b"\":1}}"),
        filled(b"{\"id\":1,\"", b"\\\"", b"\":{}}"),
        filled(b"{\"id\":", b"9", b",\"ping\":{}}"),
        filled(b"", b"\x0b", b""),
        filled(b"", b"\xff", b""),
        filled(b"", b"\x08\x01", b""),
        filled(b"", b"\x22\x00\x1a\x00", b""),
        field(b"\x1a", empties(b"\x0a\x00")),
        field(b"\xf2\x01", empties(b"\x0a\x00")),
        field(
            b"\x52",
            field(b"\x3a", field(b"\x12", empties(b"\x22\x00"))),
        ),
    ]
}

fn proto_length(mut length: usize, out: &mut Vec<u8>) {
    while length > 127 {
        out.push(u8::try_from(length & 127 | 128).expect("a byte"));
        length >>= 7;
    }
    out.push(u8::try_from(length).expect("a byte"));
}

/// CHAT-01: the worst that fits into one message is judged like the rest.
#[test]
fn monsters_are_judged_like_the_rest() {
    for monster in monsters(LONGEST) {
        judge_within_bounds(&monster);
    }
}

/// CHAT-01: sixteen times the frame may take sixteen times as long, not two hundred and fifty-six times.
#[test]
fn time_grows_with_the_frame_and_no_faster() {
    for (small, large) in monsters(8 * 1024).into_iter().zip(monsters(128 * 1024)) {
        for format in [Format::Binary, Format::Json] {
            let (short, long) = (quickest(&small, format), quickest(&large, format));
            assert!(
                long < short.max(Duration::from_micros(5)) * 100,
                "{short:?}, then {long:?}: {format:?} {}",
                large[..60].escape_ascii()
            );
        }
    }
}

/// The quickest of twenty runs: the one that nobody disturbed.
fn quickest(data: &[u8], format: Format) -> Duration {
    let runs = (0..20).map(|_| {
        let begun = Instant::now();
        drop(black_box(decode(data, format)));
        begun.elapsed()
    });
    runs.min().expect("twenty runs")
}
