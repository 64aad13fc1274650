//! Keyset paging: a page ends with a cursor that names its last row, so that rows that come and go in between neither
//! double nor hide others.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::error::{Result, refused_argument};

/// 0001-01-01, in seconds since 1970: PostgreSQL's calendar begins later than ours.
const YEAR_ONE: i64 = -62_135_596_800;

/// How many rows: `asked`, or `usual` for 0, never above `most`. Refuses what is above.
pub fn limit(asked: u32, usual: u32, most: u32) -> Result<i64> {
    match asked {
        0 => Ok(usual.into()),
        asked if asked <= most => Ok(asked.into()),
        _ => Err(refused_argument("limit", &format!("is at most {most}"))),
    }
}

/// A cursor as text. It holds no secret: what it leads to is authorized anew.
fn cursor(key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// Cuts what a query found to a page: it was asked for one row more than `limit`, to see whether there is more. Gives the
/// cursor after the page's last row, empty on the last page.
pub fn next<T, K: Serialize>(found: &mut Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> String {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    match found.last() {
        Some(last) if more => cursor(&key(last)),
        _ => String::new(),
    }
}

/// Reads a cursor back; `None` for an empty one. Refuses what this server did not write, by its shape or because the
/// database could not read it.
pub fn after<K: DeserializeOwned>(cursor: &str) -> Result<Option<K>> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    key.filter(is_ours)
        .and_then(|key| serde_json::from_value(key).ok())
        .map(Some)
        .ok_or_else(|| refused_argument("cursor", "is not one of ours"))
}

/// Could this server have written it? No text of ours has a NUL in it, and no time of ours is before the year 1.
fn is_ours(key: &Value) -> bool {
    match key {
        Value::String(text) => {
            let at: std::result::Result<Timestamp, _> = text.parse();
            !text.contains('\0') && !at.is_ok_and(|at| at.as_second() < YEAR_ONE)
        }
        Value::Array(parts) => parts.iter().all(is_ours),
        Value::Object(parts) => parts.values().all(is_ours),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_unless_the_database_could_not_read_it() {
        let now: Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
        let key = (now, "茶".to_owned());
        assert_eq!(after(&cursor(&key)).unwrap(), Some(key.clone()));
        for forged in [
            (Timestamp::MIN, "茶"),
            (now, "a\0b"),
            ("0000-12-31T00:00:00Z".parse().unwrap(), ""),
        ] {
            assert!(after::<(Timestamp, String)>(&cursor(&forged)).is_err());
        }
        assert!(after::<u64>(&cursor(&key)).is_err() && after::<u64>("?").is_err());
        assert_eq!(after::<u64>("").unwrap(), None);
    }

    #[test]
    fn a_page_ends_with_a_cursor_where_there_is_more() {
        let mut found = vec![1, 2, 3];
        let cursor = next(&mut found, 2, |row| *row);
        assert_eq!(
            (found, after::<i32>(&cursor).unwrap()),
            (vec![1, 2], Some(2))
        );
        for rows in [vec![], vec![1], vec![1, 2]] {
            assert_eq!(next(&mut rows.clone(), 2, |row| *row), "", "{rows:?}");
        }
        assert!(after::<i32>("mine").is_err());
    }
}
