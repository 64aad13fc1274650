//! The name that an uploaded file may be shown under.

use std::fmt;

use super::sniff::Kind;

/// The longest display name in bytes, extension included.
pub const MAX_NAME: usize = 255;

/// A file's name as people may see it: one line, no path, at most [`MAX_NAME`] bytes. Never used as a path.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Cleans a declared name; never fails. What is left of an unusable name is `file`.
    ///
    /// Dropped: everything up to the last `/` or `\`, control characters (so no CR or LF), characters
    /// that turn the writing direction or are invisible, characters that Windows forbids, and dots and
    /// spaces at the ends. A long name loses the end of its stem, not its extension.
    pub fn clean(declared: &str) -> Self {
        let last = declared.rsplit(['/', '\\']).next().unwrap_or_default();
        let visible: String = last
            .chars()
            .filter(|c| !is_unwelcome(*c))
            .take(MAX_NAME * 2)
            .collect();
        let name = visible.trim_matches(|c: char| c == '.' || c.is_whitespace());
        if name.is_empty() {
            Self("file".into())
        } else {
            Self(shortened(name))
        }
    }

    /// The same name with the usual extension of `kind`, for a picture that was stored as another kind.
    #[must_use]
    pub fn renamed_for(&self, kind: Kind) -> Self {
        let fits = extension(&self.0)
            .is_some_and(|e| kind.extensions().contains(&e.to_ascii_lowercase().as_str()));
        if fits {
            return self.clone();
        }
        let stem = extension(&self.0).map_or(&*self.0, |e| &self.0[..self.0.len() - e.len() - 1]);
        Self(shortened(&format!("{stem}.{}", kind.extensions()[0])))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({:?})", self.0)
    }
}

fn is_unwelcome(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let tail = extension(name).map_or(0, |e| e.len() + 1);
    let (stem, tail) = name.split_at(name.len() - tail);
    let room = stem.floor_char_boundary(MAX_NAME - tail.len());
    format!("{}{tail}", &stem[..room])
}

/// What stands behind the last dot, if it may be an extension: 1 to 10 ASCII letters and digits.
pub(super) fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let fits = !stem.is_empty()
        && (1..=10).contains(&extension.len())
        && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(extension)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_cleaned() {
        let table = [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\Ann\photo.jpg", "photo.jpg"),
            ("a/b\\..", "file"),
            ("", "file"),
            ("...", "file"),
            (".htaccess", "htaccess"),
            ("a\r\nContent-Type: text\\html", "html"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
            ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
            ("\u{200f}\u{2066}a\u{2069}\u{feff}.txt", "a.txt"),
            ("a\u{0}b.txt", "ab.txt"),
            ("  发票 2026.pdf  ", "发票 2026.pdf"),
            ("a\"><img src=x>.png", "aimg src=x.png"),
            ("\u{1b}[31mred.txt", "[31mred.txt"),
        ];
        for (declared, clean) in table {
            assert_eq!(FileName::clean(declared).as_str(), clean, "{declared:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension_and_whole_characters() {
        let name = FileName::clean(&format!("{}.docx", "长".repeat(200)));
        assert!(name.as_str().len() <= MAX_NAME && name.as_str().len() > MAX_NAME - 3);
        assert!(name.as_str().ends_with("长.docx"));
        assert_eq!(
            FileName::clean(&"x".repeat(1 << 20)).as_str().len(),
            MAX_NAME
        );
    }

    #[test]
    fn a_picture_stored_as_another_kind_is_renamed() {
        assert_eq!(
            FileName::clean("a.webp").renamed_for(Kind::Jpeg).as_str(),
            "a.jpg"
        );
        assert_eq!(
            FileName::clean("a.JPEG").renamed_for(Kind::Jpeg).as_str(),
            "a.JPEG"
        );
        assert_eq!(
            FileName::clean("a").renamed_for(Kind::Png).as_str(),
            "a.png"
        );
        let long = FileName::clean(&"x".repeat(300)).renamed_for(Kind::Png);
        assert_eq!(long.as_str(), format!("{}.png", "x".repeat(MAX_NAME - 4)));
    }

    proptest! {
        #[test]
        fn a_clean_name_is_one_short_line_and_cleaning_it_again_changes_nothing(declared: String) {
            let name = FileName::clean(&declared);
            let text = name.as_str();
            prop_assert!(!text.is_empty() && text.len() <= MAX_NAME);
            prop_assert!(!text.contains(['/', '\\', '\r', '\n', '\0', '"']));
            prop_assert_eq!(FileName::clean(text), name);
        }
    }
}
