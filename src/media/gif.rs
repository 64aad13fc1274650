//! Cuts a GIF down to its picture, without decoding it.

/// The blocks of a GIF that draw: screen, colours, frames, their timing and the loop count. Comments, text,
/// other programs' data and whatever follows the end are left out, for a GIF that is also a script hides it
/// there. `None` if it is not a whole GIF.
pub(super) fn bare(gif: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Cut { gif, at: 0 };
    let head = rest.take(13)?;
    if !matches!(&head[..6], b"GIF87a" | b"GIF89a") {
        return None;
    }
    rest.take(colours(head[10]))?;
    let mut bare = gif[..rest.at].to_vec();
    loop {
        let start = rest.at;
        let drawn = match rest.take(1)? {
            [0x3b] => break,
            [0x2c] => rest.frame()?,
            [0x21] => rest.extension()?,
            _ => return None,
        };
        if drawn {
            bare.extend_from_slice(&gif[start..rest.at]);
        }
    }
    bare.push(0x3b);
    Some(bare)
}

/// The bytes of a colour table that a flags byte announces.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 * (2 << (flags & 7))
    }
}

struct Cut<'a> {
    gif: &'a [u8],
    at: usize,
}

impl<'a> Cut<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.gif.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    /// Position and size, colours, the code size, then the compressed pixels.
    fn frame(&mut self) -> Option<bool> {
        let flags = self.take(9)?[8];
        self.take(colours(flags) + 1)?;
        self.sub_blocks()?;
        Some(true)
    }

    /// Says whether the extension is one that draws: timing, or an application's loop count.
    fn extension(&mut self) -> Option<bool> {
        let label = self.take(1)?[0];
        let start = self.at;
        self.sub_blocks()?;
        let body = &self.gif[start..self.at];
        let is_loop = body.len() == 17 && body.starts_with(b"\x0bNETSCAPE2.0\x03\x01");
        Some(label == 0xf9 && body.len() == 6 || label == 0xff && is_loop)
    }

    fn sub_blocks(&mut self) -> Option<()> {
        loop {
            match self.take(1)?[0] {
                0 => return Some(()),
                length => self.take(usize::from(length))?,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
    const LOOP: &[u8] = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    const TIMING: &[u8] = b"\x21\xf9\x04\0\x0a\0\0\0";
    const FRAME: &[u8] = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";

    #[test]
    fn what_draws_is_kept_and_the_rest_is_left_out() {
        let comment: &[u8] = b"\x21\xfe\x05hello\0";
        let text: &[u8] = b"\x21\x01\x0c\0\0\0\0\0\0\0\0\0\0\0\0\x02hi\0";
        let foreign: &[u8] = b"\x21\xff\x0bXMP DataXMP\x03<x>\0";
        let upload = [
            HEAD,
            LOOP,
            comment,
            TIMING,
            foreign,
            FRAME,
            text,
            FRAME,
            b";*/alert(1)",
        ]
        .concat();
        assert_eq!(
            bare(&upload).unwrap(),
            [HEAD, LOOP, TIMING, FRAME, FRAME, b";"].concat()
        );
    }

    #[test]
    fn what_is_cut_off_or_no_gif_is_refused() {
        let whole = [HEAD, LOOP, TIMING, FRAME, b";"].concat();
        assert_eq!(bare(&whole).unwrap(), whole);
        for length in 0..whole.len() {
            assert_eq!(bare(&whole[..length]), None, "cut at {length}");
        }
        assert_eq!(bare(&[HEAD, b"\x99;"].concat()), None);
        assert_eq!(bare(&whole[1..]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_a_bare_gif_is_already_bare(noise: Vec<u8>) {
            if let Some(once) = bare(&[HEAD, &noise, FRAME, b";"].concat()) {
                prop_assert_eq!(bare(&once), Some(once));
            }
        }
    }
}
