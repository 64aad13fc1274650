//! What an uploaded file is, by its content.
//!
//! Three things must agree: the content, the extension of the declared name, and the list of what we
//! take. HTML, SVG and programs are not on the list, under no name.

use super::name::extension;

/// So many first bytes are enough to tell; hand in this much of a longer file.
pub const HEAD_LEN: usize = 16 * 1024;

/// The kinds of file that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// JPEG picture.
    Jpeg,
    /// PNG picture.
    Png,
    /// WebP picture.
    Webp,
    /// GIF picture, perhaps moving.
    Gif,
    /// PDF document.
    Pdf,
    /// MP4 video.
    Mp4,
    /// `QuickTime` video, as phones record it.
    Mov,
    /// `WebM` video or voice.
    Webm,
    /// MP3 sound.
    Mp3,
    /// AAC sound in MP4.
    M4a,
    /// Ogg sound, Opus or other.
    Ogg,
    /// WAV sound.
    Wav,
    /// Word document.
    Docx,
    /// Excel workbook.
    Xlsx,
    /// `PowerPoint` slides.
    Pptx,
    /// ZIP archive; never opened by us.
    Zip,
    /// Plain text.
    Txt,
    /// Comma-separated values.
    Csv,
}

/// Why an upload is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SniffFault {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// The content is of no kind on the list.
    #[error("files of this type are not accepted")]
    NotAccepted,
    /// The content is on the list but the name says something else.
    #[error("the file's name does not match its content")]
    NameDisagrees,
}

impl Kind {
    /// The media type to serve it with, always together with `nosniff`.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Pdf => "application/pdf",
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
            Self::Webm => "video/webm",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Ogg => "audio/ogg",
            Self::Wav => "audio/wav",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Zip => "application/zip",
            Self::Txt => "text/plain",
            Self::Csv => "text/csv",
        }
    }

    /// The extensions its name may have, in lower case; the first is the one we would give.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Webp => &["webp"],
            Self::Gif => &["gif"],
            Self::Pdf => &["pdf"],
            Self::Mp4 => &["mp4", "m4v"],
            Self::Mov => &["mov"],
            Self::Webm => &["webm"],
            Self::Mp3 => &["mp3"],
            Self::M4a => &["m4a"],
            Self::Ogg => &["ogg", "opus", "oga"],
            Self::Wav => &["wav"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Pptx => &["pptx"],
            Self::Zip => &["zip"],
            Self::Txt => &["txt", "log", "md"],
            Self::Csv => &["csv"],
        }
    }

    /// Is it a picture that gets a thumbnail?
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Gif)
    }

    /// The kind of a file that begins with `head` and was called `name`.
    ///
    /// Refuses an empty file, content that is not on the list, and a name whose extension does not fit
    /// the content. Office documents look like any ZIP when their parts are in an unusual order; they
    /// are taken as what they look like, so such a file must be called `.zip`.
    pub fn sniff(head: &[u8], name: &str) -> Result<Self, SniffFault> {
        if head.is_empty() {
            return Err(SniffFault::Empty);
        }
        let head = &head[..head.len().min(HEAD_LEN)];
        let extension = extension(name)
            .map(str::to_ascii_lowercase)
            .unwrap_or_default();
        let kind = match by_magic(head)? {
            Some(kind) => kind,
            None if looks_like_text(head) && !looks_like_markup(head) => {
                by_text_extension(&extension)?
            }
            None => return Err(SniffFault::NotAccepted),
        };
        let agrees = kind.extensions().contains(&extension.as_str());
        if agrees {
            Ok(kind)
        } else {
            Err(SniffFault::NameDisagrees)
        }
    }
}

/// `Ok(None)` if no magic number is known; it may be text. A known one that is not on the list is refused.
fn by_magic(head: &[u8]) -> Result<Option<Kind>, SniffFault> {
    // The shortest ZIP has 22 bytes; a stump of one would only confuse the matchers.
    if head.starts_with(b"PK") && head.len() < 64 {
        return Err(SniffFault::NotAccepted);
    }
    let Some(found) = infer::get(head) else {
        return Ok(None);
    };
    let kind = match found.mime_type() {
        "image/jpeg" => Kind::Jpeg,
        "image/png" => Kind::Png,
        "image/webp" => Kind::Webp,
        "image/gif" => Kind::Gif,
        "application/pdf" => Kind::Pdf,
        "video/mp4" | "video/x-m4v" => Kind::Mp4,
        "video/quicktime" if &head[4..8] == b"ftyp" => Kind::Mov,
        "video/webm" => Kind::Webm,
        "audio/mpeg" => Kind::Mp3,
        "audio/m4a" => Kind::M4a,
        "audio/ogg" | "audio/opus" => Kind::Ogg,
        "audio/x-wav" => Kind::Wav,
        "application/zip" => Kind::Zip,
        mime if mime == Kind::Docx.mime() => Kind::Docx,
        mime if mime == Kind::Xlsx.mime() => Kind::Xlsx,
        mime if mime == Kind::Pptx.mime() => Kind::Pptx,
        _ => return Err(SniffFault::NotAccepted),
    };
    Ok(Some(kind))
}

fn by_text_extension(extension: &str) -> Result<Kind, SniffFault> {
    [Kind::Txt, Kind::Csv]
        .into_iter()
        .find(|kind| kind.extensions().contains(&extension))
        .ok_or(SniffFault::NameDisagrees)
}

/// UTF-8 (the end may be cut) or GB18030, which spreadsheets still write, without control characters.
fn looks_like_text(head: &[u8]) -> bool {
    let calm = head
        .iter()
        .all(|b| *b >= 0x20 && *b != 0x7f || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c));
    let utf8 = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    calm && (utf8 || looks_like_gb18030(head))
}

fn looks_like_gb18030(head: &[u8]) -> bool {
    let mut rest = head;
    loop {
        rest = match rest {
            [] | [0x81..=0xfe] | [0x81..=0xfe, 0x30..=0x39, ..] if rest.len() < 4 => return true,
            [0x00..=0x7f, rest @ ..]
            | [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, rest @ ..]
            | [
                0x81..=0xfe,
                0x30..=0x39,
                0x81..=0xfe,
                0x30..=0x39,
                rest @ ..,
            ] => rest,
            _ => return false,
        }
    }
}

/// A browser that ignored our `nosniff` would have to find one of these near the beginning to run anything.
fn looks_like_markup(head: &[u8]) -> bool {
    const TAGS: [&[u8]; 12] = [
        b"<!doctype",
        b"<html",
        b"<head",
        b"<body",
        b"<script",
        b"<svg",
        b"<?xml",
        b"<iframe",
        b"<object",
        b"<embed",
        b"<style",
        b"<img",
    ];
    let head = head[..head.len().min(4096)].to_ascii_lowercase();
    TAGS.iter()
        .any(|tag| head.windows(tag.len()).any(|window| window == *tag))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The beginning of a real file of each kind.
    fn sample(kind: Kind) -> Vec<u8> {
        let mut head: Vec<u8> = match kind {
            Kind::Jpeg => b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(),
            Kind::Png => b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            Kind::Webp => b"RIFF\x24\0\0\0WEBPVP8 ".to_vec(),
            Kind::Gif => b"GIF89a\x01\0\x01\0".to_vec(),
            Kind::Pdf => b"%PDF-1.7\n".to_vec(),
            Kind::Mp4 => b"\0\0\0\x20ftypisom\0\0\x02\0".to_vec(),
            Kind::Mov => b"\0\0\0\x14ftypqt  \0\0\0\0".to_vec(),
            Kind::Webm => b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm".to_vec(),
            Kind::Mp3 => b"ID3\x04\0\0\0\0".to_vec(),
            Kind::M4a => b"\0\0\0\x20ftypM4A \0\0\0\0".to_vec(),
            Kind::Ogg => b"OggS\0\x02\0\0\0\0\0\0\0\0AAAA\0\0\0\0BBBB\x01\x13OpusHead".to_vec(),
            Kind::Wav => b"RIFF\x24\0\0\0WAVEfmt ".to_vec(),
            Kind::Docx => zip(&[
                "[Content_Types].xml",
                "_rels/.rels",
                "word/document.xml",
                "word/styles.xml",
            ]),
            Kind::Xlsx => zip(&[
                "[Content_Types].xml",
                "_rels/.rels",
                "xl/workbook.xml",
                "xl/styles.xml",
            ]),
            Kind::Pptx => zip(&[
                "[Content_Types].xml",
                "_rels/.rels",
                "ppt/presentation.xml",
                "ppt/x.xml",
            ]),
            Kind::Zip => zip(&["a.txt", "b.txt"]),
            Kind::Txt => return "你好, hello\r\n".into(),
            Kind::Csv => return b"name,price\r\n\xc9\xcc\xc6\xb7,1\r\n".to_vec(),
        };
        head.resize(head.len().max(512), 0);
        head
    }

    /// Local file headers of stored, empty-ish entries: what a sniffer sees of an archive.
    fn zip(names: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in names {
            bytes.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0\x20\0\0\0");
            bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            bytes.extend([0, 0]);
            bytes.extend(name.as_bytes());
            bytes.extend([b'x'; 32]);
        }
        bytes
    }

    const ALL: [Kind; 18] = [
        Kind::Jpeg,
        Kind::Png,
        Kind::Webp,
        Kind::Gif,
        Kind::Pdf,
        Kind::Mp4,
        Kind::Mov,
        Kind::Webm,
        Kind::Mp3,
        Kind::M4a,
        Kind::Ogg,
        Kind::Wav,
        Kind::Docx,
        Kind::Xlsx,
        Kind::Pptx,
        Kind::Zip,
        Kind::Txt,
        Kind::Csv,
    ];

    #[test]
    fn each_kind_is_known_by_its_content_under_each_of_its_names() {
        for kind in ALL {
            for extension in kind.extensions() {
                let name = format!("a.b.{}", extension.to_uppercase());
                assert_eq!(Kind::sniff(&sample(kind), &name), Ok(kind), "{name}");
            }
        }
    }

    #[test]
    fn no_content_passes_under_the_name_of_another_kind() {
        for kind in ALL {
            for other in ALL.into_iter().filter(|other| *other != kind) {
                let name = format!("a.{}", other.extensions()[0]);
                let text = [Kind::Txt, Kind::Csv];
                if text.contains(&kind) && text.contains(&other) {
                    continue; // one text is as good as another
                }
                assert_eq!(
                    Kind::sniff(&sample(kind), &name),
                    Err(SniffFault::NameDisagrees),
                    "{kind:?} as {name}"
                );
            }
            for name in [
                "a",
                "",
                ".",
                "png",
                ".png",
                "a.png ",
                "a.html",
                "a.png.exe",
                "a.p\u{0}ng",
            ] {
                assert_eq!(
                    Kind::sniff(&sample(kind), name),
                    Err(SniffFault::NameDisagrees),
                    "{kind:?} as {name:?}"
                );
            }
        }
    }

    #[test]
    fn html_svg_and_programs_are_refused_under_every_name() {
        let contents: [&[u8]; 14] = [
            b"<!DOCTYPE html><html></html>",
            b"  \n<HTML><script>alert(1)</script>",
            b"\xef\xbb\xbf<!doctype html>",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<?xml version='1.0'?><svg/>",
            b"hello <script>alert(1)</script>",
            b"a,b\n<img src=x onerror=alert(1)>,1",
            b"#!/bin/sh\nrm -rf /\n\0",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"\0asm\x01\0\0\0",
            b"\xca\xfe\xba\xbe\0\0\0\x34",
            b"Rar!\x1a\x07\x01\0",
            b"\xff\xfe<\0h\0t\0m\0l\0>\0",
        ];
        for content in contents {
            for kind in ALL {
                let name = format!("a.{}", kind.extensions()[0]);
                assert!(
                    Kind::sniff(content, &name).is_err(),
                    "{content:?} as {name}"
                );
            }
        }
    }

    #[test]
    fn an_empty_file_and_a_stump_are_refused() {
        assert_eq!(Kind::sniff(b"", "a.txt"), Err(SniffFault::Empty));
        assert_eq!(
            Kind::sniff(b"PK\x03\x04", "a.zip"),
            Err(SniffFault::NotAccepted)
        );
        assert_eq!(
            Kind::sniff(b"\x81\xff\xff\xff", "a.txt"),
            Err(SniffFault::NotAccepted)
        );
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_head_is_still_text() {
        let mut text = "x".repeat(HEAD_LEN - 1);
        text.push('你');
        assert_eq!(Kind::sniff(text.as_bytes(), "a.txt"), Ok(Kind::Txt));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_sniffer_panic(which in 0..ALL.len(), keep in 0usize..600, noise: Vec<u8>, name: String) {
            let mut head = sample(ALL[which]);
            head.truncate(keep);
            head.extend(noise);
            let _ = Kind::sniff(&head, &name);
        }
    }
}
