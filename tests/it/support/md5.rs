//! MD5 as RFC 1321 has it, word for word: so that what the server checks was not made by what checks it.

/// The digest in hexadecimal.
pub fn md5(text: &[u8]) -> String {
    let mut padded = text.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((text.len() as u64 * 8).to_le_bytes());
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        state = round(state, block);
    }
    hex::encode(state.map(u32::to_le_bytes).concat())
}

const SHIFTS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

fn round(state: [u32; 4], block: &[u8]) -> [u32; 4] {
    let word = |place: usize| u32::from_le_bytes(block[place * 4..][..4].try_into().expect("four"));
    let [mut a, mut b, mut c, mut d] = state;
    for step in 0..64 {
        let (mixed, place) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "as the RFC makes its table"
        )]
        let sine = (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
        let sum = a
            .wrapping_add(mixed)
            .wrapping_add(sine)
            .wrapping_add(word(place % 16));
        let turned = sum.rotate_left(SHIFTS[step / 16][step % 4]);
        (a, d, c, b) = (d, c, b, b.wrapping_add(turned));
    }
    let sums = [a, b, c, d]
        .into_iter()
        .zip(state)
        .map(|(one, other)| one.wrapping_add(other));
    sums.collect::<Vec<_>>().try_into().expect("four")
}

/// The test suite of RFC 1321 (A.5).
#[test]
fn digests_are_those_of_the_rfc() {
    assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(md5(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    assert_eq!(
        md5("1234567890".repeat(8).as_bytes()),
        "57edf4a22be3c955ac49da2e2107b67a"
    );
}
