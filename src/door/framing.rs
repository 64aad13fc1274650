//! Where one request's head ends and the next one's begins, read off the wire beside hyper.
//!
//! hyper answers a request that carries both `Content-Length` and `Transfer-Encoding` by the latter and hides
//! the former, so nobody behind it can refuse the pair, which is how requests are smuggled past a proxy that
//! reads it the other way. This watcher sees the bytes before hyper does. It knows just enough of HTTP/1.1
//! to find the heads, and calls a head *crooked* when two readers might disagree about its end:
//! both headers at once, lengths that differ or are no number, or lines that do not end in CR LF.
//!
//! It also tells the clock of a connection (`wire`) whether a head is half read or the client is idle.

/// Room for the lines that matter, `Content-Length: 12345` with some spaces; of longer ones the rest is not kept.
const LINE: usize = 64;

/// Follows one connection from its first byte.
#[derive(Debug)]
pub(super) struct Framing {
    state: State,
    line: Line,
    head: Head,
    heads: u64,
    crooked: Option<u64>,
}

#[derive(Debug, PartialEq)]
enum State {
    /// Nothing of the next head has come.
    Between,
    /// In the first line of a head.
    RequestLine,
    /// In the lines after it.
    Headers,
    /// In a body of which this many bytes are to come.
    Body(u64),
    /// The rest of the connection is one message: a chunked or crooked one, after which we close.
    Last,
}

/// The line that is being read.
#[derive(Debug)]
struct Line {
    start: [u8; LINE],
    len: usize,
    last: u8,
}

/// What the head that is being read says about its body.
#[derive(Debug, Default)]
struct Head {
    content_length: Option<u64>,
    chunked: bool,
    crooked: bool,
}

impl Framing {
    pub(super) fn new() -> Self {
        Self {
            state: State::Between,
            line: Line::new(),
            head: Head::default(),
            heads: 0,
            crooked: None,
        }
    }

    /// Heads read to their end.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// The number of the crooked head, counted from 1. There is one at most, since it is the last.
    pub(super) fn crooked(&self) -> Option<u64> {
        self.crooked
    }

    /// Whether a head has begun and not ended.
    pub(super) fn within_head(&self) -> bool {
        matches!(self.state, State::RequestLine | State::Headers)
    }

    /// Takes the next bytes of the connection.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Last => return,
                State::Body(left) => skip(left, bytes.len()),
                State::Between | State::RequestLine | State::Headers => self.read_line(bytes),
            };
            if self.state == State::Body(0) {
                self.state = State::Between;
            }
            bytes = &bytes[taken..];
        }
    }

    fn read_line(&mut self, bytes: &[u8]) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        self.line.add(&bytes[..end.unwrap_or(bytes.len())]);
        if end.is_some() {
            self.end_line();
        } else if self.state == State::Between && !self.line.blank() {
            self.state = State::RequestLine;
        }
        end.map_or(bytes.len(), |end| end + 1)
    }

    fn end_line(&mut self) {
        let blank = self.line.blank();
        self.head.crooked |= self.line.last != b'\r';
        match self.state {
            // Empty lines before a request are allowed, and say nothing.
            State::Between if blank && !self.head.crooked => {}
            State::Headers if blank => self.end_head(),
            State::Headers => self.head.note(&self.line),
            _ => self.state = State::Headers,
        }
        self.line = Line::new();
    }

    fn end_head(&mut self) {
        let head = std::mem::take(&mut self.head);
        self.heads += 1;
        if head.crooked || (head.chunked && head.content_length.is_some()) {
            self.crooked = Some(self.heads);
            self.state = State::Last;
        } else if head.chunked {
            self.state = State::Last;
        } else {
            self.state = State::Body(head.content_length.unwrap_or(0));
        }
    }
}

/// Takes up to `here` bytes off what is `left` and says how many.
fn skip(left: &mut u64, here: usize) -> usize {
    let taken = usize::try_from(*left).map_or(here, |left| left.min(here));
    *left -= taken as u64;
    taken
}

impl Line {
    fn new() -> Self {
        Self {
            start: [0; LINE],
            len: 0,
            last: 0,
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last() {
            self.last = *last;
        }
        for (place, byte) in self.start.iter_mut().skip(self.len).zip(bytes) {
            *place = *byte;
        }
        self.len += bytes.len();
    }

    /// Nothing in it but perhaps the CR before its end.
    fn blank(&self) -> bool {
        self.len == 0 || (self.len == 1 && self.last == b'\r')
    }

    /// Name and value of a header line, as far as kept; whether all of it was kept.
    fn header(&self) -> Option<(&[u8], &[u8], bool)> {
        let kept = &self.start[..self.len.min(LINE)];
        let colon = kept.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&kept[..colon], &kept[colon + 1..]);
        Some((name.trim_ascii(), value.trim_ascii_end(), self.len <= LINE))
    }
}

impl Head {
    fn note(&mut self, line: &Line) {
        let Some((name, value, whole)) = line.header() else {
            return;
        };
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value).filter(|_| whole);
            self.crooked |=
                length.is_none() || self.content_length.is_some_and(|l| Some(l) != length);
            self.content_length = length.or(Some(0));
        }
    }
}

/// Digits only: neither sign nor list.
fn number(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| plain)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn watch(wire: &str) -> Framing {
        let mut framing = Framing::new();
        framing.feed(wire.as_bytes());
        framing
    }

    #[test]
    fn plain_requests_follow_one_another() {
        let framing = watch(
            "\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n\
             POST / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length:5\r\n\r\nab\r\n\
             cGET / HTTP/1.1\r\n\r\n",
        );
        assert_eq!((framing.heads(), framing.crooked()), (3, None));
        assert!(!framing.within_head());
    }

    #[test]
    fn a_body_that_looks_like_a_crooked_head_is_a_body() {
        let body = "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let head = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
        assert_eq!(watch(&(head + body)).crooked(), None);
    }

    #[test]
    fn crooked_heads_are_seen() {
        let long = " ".repeat(100);
        let table = [
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "transfer-encoding: chunked\r\nx: y\r\nCONTENT-LENGTH: 1",
            "Transfer-Encoding: chunked\r\nContent-Length:",
            "Content-Length: 1\r\nContent-Length: 2",
            "Content-Length: 1, 1",
            "Content-Length: +1",
            "Content-Length: 99999999999999999999999",
            &format!("Content-Length:{long}1"),
            "Host: x\nContent-Length: 1",
        ];
        for lines in table {
            let wire = format!("GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\n{lines}\r\n\r\n");
            assert_eq!(watch(&wire).crooked(), Some(2), "{lines}");
        }
        assert_eq!(watch("GET / HTTP/1.1\nhost: x\n\n").crooked(), Some(1));
    }

    #[test]
    fn a_chunked_message_is_the_last_one_and_straight() {
        let framing = watch(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        );
        assert_eq!((framing.heads(), framing.crooked()), (1, None));
    }

    #[test]
    fn a_head_has_begun_with_its_first_byte_but_not_with_empty_lines() {
        assert!(!watch("\r\n\r").within_head());
        assert!(watch("G").within_head());
        assert!(watch("GET / HTTP/1.1\r\nhost").within_head());
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_makes_no_difference(
            wire in "((GET / HTTP/1\\.1|Content-Length: [0-9]{1,2}|Transfer-Encoding: x|a: b|[ -~]{0,80})?\r?\n){0,20}",
            cut in 1_usize..9,
        ) {
            let mut cut_up = Framing::new();
            for piece in wire.as_bytes().chunks(cut) {
                cut_up.feed(piece);
            }
            let whole = watch(&wire);
            prop_assert_eq!(cut_up.state, whole.state);
            prop_assert_eq!((cut_up.heads, cut_up.crooked), (whole.heads, whole.crooked));
        }
    }
}
