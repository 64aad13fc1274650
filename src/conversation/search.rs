//! Find words in one conversation.
//!
//! The log itself is looked through, backwards and in strides of a bounded size: exact, always up to date, nothing kept
//! beside it, and the same for Chinese as for Latin (docs/decisions/004-search-by-stride.md). An answer says how far the
//! search has looked; whoever wants older finds asks again from there.

use proto::{MessageSearchPage, SearchMessages};
use sqlx::PgConnection;

use super::{
    Seat, load, queries,
    seat::{conversation_id, seat},
};
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
    store::page,
    words,
};

/// Messages that one request looks at, at most.
pub const STRIDE: u64 = 20_000;
/// Bytes of words that one request looks at, at most: a log of very long messages is looked through in more strides.
pub const STRIDE_BYTES: usize = 8 * 1024 * 1024;
/// Messages that one statement gives: at 32,000 bytes each they stay within twice the bound.
const LOT: i64 = 500;
/// Different words that may be asked for at once.
const WORDS: usize = 8;

/// Finds messages that hold all the words (separated by blanks), newest first. Upper and lower case, full and half width
/// are the same; what was recalled, and what the actor may not see, is not found.
///
/// Refuses with `not_found` and `invalid_argument`.
pub async fn search(
    app: &App,
    actor: &Actor,
    request: SearchMessages,
) -> Result<MessageSearchPage> {
    words::text("words", &request.words, 1..=100)?;
    let wanted = Wanted::new(&request.words)?;
    let limit = usize::try_from(page::limit(request.limit, 20, 50)?).unwrap_or(20);
    let conversation = conversation_id(&request.conversation_id)?;
    let mut sql = app.store.pool().acquire().await?;
    let seat = seat(&mut sql, actor, conversation).await?;
    let (found, searched_to) = look(&mut sql, &seat, &wanted, request.before, limit).await?;
    let messages = load::messages(&mut sql, conversation, &found).await?;
    // Somebody may have recalled one between the two looks.
    let messages = messages
        .into_iter()
        .filter(|message| !message.recalled)
        .collect();
    Ok(MessageSearchPage {
        messages,
        searched_to,
    })
}

/// Looks backwards from `before` (0: from the newest) until `limit` are found or enough is read. Gives the numbers found
/// and the lowest number looked at; 0 when nothing older is left.
async fn look(
    sql: &mut PgConnection,
    seat: &Seat,
    wanted: &Wanted,
    before: u64,
    limit: usize,
) -> Result<(Vec<i64>, u64)> {
    let newest = match before {
        0 => seat.newest(),
        before => seat.newest().min(before - 1),
    };
    let oldest = newest.saturating_sub(STRIDE) + 1;
    let (mut found, mut bytes, mut newest) = (vec![], 0, newest);
    // In lots: a statement that is left before its end would send all the rest nevertheless.
    while newest >= oldest && newest > 0 {
        let lot = queries::search::said(&mut *sql, seat.conversation, oldest, newest, LOT).await?;
        for (number, words) in &lot {
            bytes += words.len();
            if seat.sees(*number) && wanted.in_words(words) {
                found.push(number.cast_signed());
            }
            if found.len() == limit || bytes >= STRIDE_BYTES {
                return Ok((found, searched_to(*number, seat)));
            }
        }
        match lot.last() {
            Some((number, _)) => newest = number - 1,
            None => break,
        }
    }
    Ok((found, searched_to(oldest, seat)))
}

/// Nothing is older than the first message that may be seen.
fn searched_to(number: u64, seat: &Seat) -> u64 {
    let first = seat.ranges().first().map_or(1, |(first, _)| *first);
    if number <= first { 0 } else { number }
}

/// The words that are looked for, folded.
struct Wanted(Vec<String>);

impl Wanted {
    fn new(words: &str) -> Result<Self> {
        let words: Vec<String> = fold(words).split_whitespace().map(str::to_owned).collect();
        match words.len() {
            0 => Err(refused_argument("words", "is empty")),
            1..=WORDS => Ok(Self(words)),
            _ => Err(refused_argument("words", "are at most 8")),
        }
    }

    fn in_words(&self, words: &str) -> bool {
        let words = fold(words);
        self.0.iter().all(|word| words.contains(word))
    }
}

/// Full-width letters, digits and signs become half-width ones, capitals become small ones.
fn fold(words: &str) -> String {
    let mut folded = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            'A'..='Z' => folded.push(letter.to_ascii_lowercase()),
            _ if letter.is_ascii() => folded.push(letter),
            // Chinese has neither case nor width.
            '\u{4E00}'..='\u{9FFF}' => folded.push(letter),
            '\u{3000}' => folded.push(' '),
            '\u{FF01}'..='\u{FF5E}' => {
                let narrow = char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter);
                folded.push(narrow.to_ascii_lowercase());
            }
            _ => folded.extend(letter.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &str, words: &str) -> bool {
        Wanted::new(wanted).unwrap().in_words(words)
    }

    #[test]
    fn case_and_width_do_not_matter() {
        for words in ["iPhone 15", "ＩＰＨＯＮＥ　１５", "an IPHONE 15!"] {
            assert!(found("iphone 15", words), "{words}");
            assert!(found("１５ Iphone", words), "{words}");
        }
        assert!(found("ÉTÉ", "un été"));
    }

    #[test]
    fn a_part_of_a_chinese_sentence_is_enough() {
        assert!(found("收货", "请问什么时候能收货？"));
        assert!(found("货", "收货"));
        assert!(
            !found("收货 退款", "请问什么时候能收货？"),
            "all words are needed"
        );
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(Wanted::new("\u{3000} ").is_err());
        assert!(Wanted::new("a b c d e f g h i").is_err());
    }
}
