//! What words, signs and names must look like.

use std::ops::RangeInclusive;

use crate::error::{Result, refused_argument};

/// Refuses words that are too short or too long, in characters, or hold a NUL, which the database cannot keep.
pub(super) fn words(field: &str, words: &str, length: RangeInclusive<usize>) -> Result<()> {
    if words.contains('\0') {
        return Err(refused_argument(field, "holds a NUL character"));
    }
    // A character has at most four bytes: what is longer than that need not be counted.
    let (least, most) = (*length.start(), *length.end());
    if words.len() > most * 4 || words.chars().count() > most {
        return Err(refused_argument(
            field,
            &format!("is longer than {most} characters"),
        ));
    }
    if least > 0 && words.trim().is_empty() {
        return Err(refused_argument(field, "is empty"));
    }
    Ok(())
}

/// Refuses what is no sign: 1 to 32 bytes without blanks and control characters.
pub(super) fn emoji(sign: &str) -> Result<()> {
    let odd = |letter: char| letter.is_whitespace() || letter.is_control();
    if !(1..=32).contains(&sign.len()) || sign.contains(odd) {
        return Err(refused_argument(
            "emoji",
            "has 1 to 32 bytes, none of them blank",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_in_characters() {
        assert!(words("text", &"字".repeat(10), 1..=10).is_ok());
        assert!(words("text", &"字".repeat(11), 1..=10).is_err());
        assert!(words("text", " \n", 1..=10).is_err());
        assert!(words("text", "", 0..=10).is_ok());
        assert!(words("text", "a\0b", 0..=10).is_err());
    }

    #[test]
    fn a_sign_is_short_and_visible() {
        for sign in ["👍", "👩‍👩‍👧‍👦", "+1", "好"] {
            assert!(emoji(sign).is_ok(), "{sign}");
        }
        for sign in ["", " ", "a b", "\0", "\u{7}", &"x".repeat(33)] {
            assert!(emoji(sign).is_err(), "{sign:?}");
        }
    }
}
