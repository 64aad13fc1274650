//! Wrong frames made from right ones: bits flipped, cut, spliced, nested, with lengths and numbers beyond all bounds.

use rand::{Rng as _, RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

/// The longest message of a socket (`limits.frame_bytes`): nothing longer reaches a decoder.
pub const LONGEST: usize = 65_536;

/// What upsets decoders: bad UTF-8, lengths and numbers out of range, keys twice, nesting, protobuf groups.
const UPSETTING: &[&[u8]] = &[
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80",
    b"\x0a\x00",
    b"\x0b",
    b"\x0c",
    b"\x07",
    b"\x1a\xff\xff\x03",
    b"18446744073709551616",
    b"-1",
    b"1e999",
    b"0.1",
    b"NaN",
    b"null",
    b"true",
    b"\"\"",
    b"\\ud800",
    b"\\u0000",
    b"[",
    b"{\"a\":",
    b"{\"link\":",
    b"{},",
    b"]",
    b"}",
    b",\"id\":1",
    b",\"ping\":{}",
    b",\"text\":\"twice\"",
    b"/*",
    b"\xef\xbb\xbf",
];

/// One mishap happens to the frame, or up to four: one is often survived, and then the request is a strange one.
pub fn mutate(rng: &mut StdRng, frame: &[u8], other: &[u8]) -> Vec<u8> {
    let mut data = frame.to_vec();
    let most = if rng.random() { 1 } else { 4 };
    for _ in 0..rng.random_range(1..=most) {
        mishap(rng, &mut data, other);
        data.truncate(LONGEST);
    }
    data
}

fn mishap(rng: &mut StdRng, data: &mut Vec<u8>, other: &[u8]) {
    let at = rng.random_range(0..=data.len());
    let end = rng.random_range(at..=data.len());
    match rng.random_range(0..8) {
        0 => flip(rng, data),
        1 => data.truncate(at),
        2 => drop(data.drain(at..end)),
        3 => {
            let from = rng.random_range(0..=other.len());
            data.truncate(at);
            data.extend(&other[from..]);
        }
        4 => {
            let piece = data[at..end].to_vec();
            insert(data, at, &piece.repeat(rng.random_range(1..=8)));
        }
        5 => {
            let piece = upsetting(rng);
            data.splice(at..end.min(at + piece.len()), piece.iter().copied());
        }
        6 => insert(data, at, upsetting(rng)),
        _ => {
            let (piece, most) = (upsetting(rng), LONGEST >> rng.random_range(0..12));
            insert(data, at, &piece.repeat(most / piece.len()));
        }
    }
}

fn flip(rng: &mut StdRng, data: &mut [u8]) {
    if !data.is_empty() {
        let at = rng.random_range(0..data.len());
        data[at] ^= 1 << (rng.next_u32() % 8);
    }
}

fn insert(data: &mut Vec<u8>, at: usize, piece: &[u8]) {
    data.splice(at..at, piece.iter().copied());
}

fn upsetting(rng: &mut StdRng) -> &'static [u8] {
    UPSETTING.choose(rng).copied().unwrap_or_default()
}
