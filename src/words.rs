//! What words must look like, wherever somebody gives some: names and other single lines, and words of many lines.

use std::ops::RangeInclusive;

use crate::error::{Result, refused_argument};

/// Characters of a name at most: of people, shops, groups, bots.
const NAME: usize = 100;

/// A name that others see, without the blanks around it. Refuses with `invalid_argument` what is no [`line()`] of 1 to 100
/// characters.
pub fn name<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    line(field, text, NAME)
}

/// One line, without the blanks around it. Refuses with `invalid_argument` what is blank, longer than `most` characters, or
/// holds control characters.
pub fn line<'a>(field: &str, text: &'a str, most: usize) -> Result<&'a str> {
    let line = text.trim();
    if is_line(line, most) {
        return Ok(line);
    }
    let wrong = format!("has 1 to {most} characters, none of them a control character");
    Err(refused_argument(field, &wrong))
}

/// Is it one line that is not blank, of at most `most` characters?
pub fn is_line(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && fits(text, most) && !text.contains(char::is_control)
}

/// Refuses with `invalid_argument` words that are too short or too long, in characters, or hold a NUL, which the database
/// cannot keep. Line breaks are welcome; blanks alone are nothing.
pub fn text(field: &str, text: &str, length: RangeInclusive<usize>) -> Result<()> {
    let (least, most) = (*length.start(), *length.end());
    let wrong = if text.contains('\0') {
        "holds a NUL character".to_owned()
    } else if !fits(text, most) {
        format!("is longer than {most} characters")
    } else if least > 0 && text.trim().is_empty() {
        "is empty".to_owned()
    } else {
        return Ok(());
    };
    Err(refused_argument(field, &wrong))
}

/// A character has at most four bytes: what is longer than that need not be counted.
fn fits(text: &str, most: usize) -> bool {
    text.len() <= most * 4 && text.chars().count() <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_blanks_around_it() {
        assert_eq!(name("name", " 福利群\n").ok(), Some("福利群"));
        assert!(name("name", &"长".repeat(100)).is_ok());
        let long = "长".repeat(101);
        for text in [
            "",
            "  ",
            "\u{3000}",
            "a\0",
            "a\nb",
            "a\u{7f}b",
            "\u{85}a\u{9b}",
            &long,
        ] {
            assert!(name("name", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn words_are_counted_in_characters() {
        assert!(text("text", &"字".repeat(10), 1..=10).is_ok());
        assert!(text("text", &"字".repeat(11), 1..=10).is_err());
        assert!(text("text", " \n", 1..=10).is_err());
        assert!(text("text", "a\nb", 1..=10).is_ok());
        assert!(text("text", "", 0..=10).is_ok());
        assert!(text("text", "a\0b", 0..=10).is_err());
    }
}
