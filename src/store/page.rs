//! Keyset paging: a page ends with a cursor that names its last row, so that rows that come and go in between neither
//! double nor hide others.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Result, refused_argument};

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

/// Reads a cursor back; `None` for an empty one. Refuses what this server did not write.
pub fn after<K: DeserializeOwned>(cursor: &str) -> Result<Option<K>> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    key.map(Some)
        .ok_or_else(|| refused_argument("cursor", "is not one of ours"))
}
