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
pub fn cursor(key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
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
}
