//! Files that prove something (of draws, of red packets): each is written in one way only, so that no byte of it is without meaning.

use anyhow::{Result, anyhow, bail};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

/// The one way to write it: names in the order of the type, two spaces a level, a newline at the end.
pub(crate) fn write(file: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(file)? + "\n")
}

/// Reads a file. Fails at a line that is broken in itself, or near a piece that does not belong there.
pub(crate) fn read<F: DeserializeOwned>(file: &[u8]) -> Result<F> {
    let read = serde_json::from_slice(file);
    read.map_err(|error| match broken_line(file) {
        Some(line) => anyhow!("line {line} cannot be read"),
        None => anyhow!("it cannot be read, at this place or shortly before: {error}"),
    })
}

/// Fails at the first byte that is not as the server writes it.
pub(crate) fn require_written(right: &str, file: &[u8]) -> Result<()> {
    if right.as_bytes() == file {
        return Ok(());
    }
    let same = std::iter::zip(right.bytes(), file).take_while(|(right, said)| right == *said);
    let same = same.count();
    let line = file[..same].split(|byte| *byte == b'\n').count();
    bail!("line {line}, byte {same}: it is not written as the server writes it");
}

/// The first line that is broken in itself: every line of a file is a bracket, or a value with or without its name.
fn broken_line(file: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(file);
    let whole = |line: &str| {
        let line = line.trim().trim_end_matches(',');
        let named = line
            .split_once(": ")
            .filter(|(name, _)| name.starts_with('"'));
        let value = named.map_or(line, |(_, value)| value);
        matches!(value, "{" | "}" | "[" | "]") || serde_json::from_str::<IgnoredAny>(value).is_ok()
    };
    text.lines().position(|line| !whole(line)).map(|at| at + 1)
}
