//! The protocol page is true: its tables are made from the code, `docs_played.rs` plays its examples against a server.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use proto::{Refusal, json::Word as _};
use serde_json::Value;
use souk::{error::meaning, live::close::Close};

const PAGE: &str = "docs/protocol.md";

/// The tables of the page are what the code says; `UPDATE_DOCS=1` writes them.
#[test]
fn the_tables_are_made_from_the_code() {
    let tables = [
        ("requests", requests()),
        ("pushes", pushes()),
        ("refusals", refusals()),
        ("close codes", close_codes()),
    ];
    assert_tables(PAGE, &tables);
}

/// DEV-02: programs can be made from the OpenAPI document: all that it refers to is in it, and no two operations share a name.
#[test]
fn the_openapi_document_holds_together() {
    let document = serde_json::to_value(souk::http::router::document()).expect("a document");
    let (mut references, mut names) = (Vec::new(), Vec::new());
    gather(&document, "$ref", &mut references);
    gather(&document["paths"], "operationId", &mut names);
    assert!(references.len() > 100 && names.len() > 100);
    for reference in references {
        let place = reference.trim_start_matches('#');
        assert!(document.pointer(place).is_some(), "{reference} is nowhere");
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two operations share a name");
}

/// All words that stand under this name, however deep.
fn gather<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(name).and_then(Value::as_str));
            fields.values().for_each(|field| gather(field, name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, name, found)),
        _ => {}
    }
}

/// The page about orders has the graph that the server goes by.
#[test]
fn the_graph_of_orders_is_the_servers() {
    let words = |words: Vec<String>, none: &str| match &words[..] {
        [] => none.to_owned(),
        words => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let mut table = "| from | deed | to | by |\n| --- | --- | --- | --- |\n".to_owned();
    for row in souk::order::graph::MOVES {
        let from = words(row.from.iter().map(|state| state.word()).collect(), "(new)");
        let to = words(row.to.iter().map(|state| state.word()).collect(), "stays");
        let who: Vec<&str> = row.who.iter().map(|party| party.word()).collect();
        let only = match row.only {
            [] => String::new(),
            only => format!(
                " ({} only)",
                only.iter()
                    .map(|method| method.word())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let _ = writeln!(
            table,
            "| {from} | `{}`{only} | {to} | {} |",
            row.deed.word(),
            who.join(", ")
        );
    }
    assert_tables("docs/orders.md", &[("order graph", table)]);
}

/// The page has these tables in their places; `UPDATE_DOCS=1` writes them there.
pub fn assert_tables(page: &str, tables: &[(&str, String)]) {
    let text = fs::read_to_string(page).expect("the page");
    let mut made = text.clone();
    for (name, table) in tables {
        made = replaced(&made, name, table);
    }
    if std::env::var("UPDATE_DOCS").is_ok() {
        fs::write(page, &made).expect("the page is written");
    } else {
        assert_eq!(text, made, "{page}: run UPDATE_DOCS=1 ./dev test docs");
    }
}

fn replaced(page: &str, name: &str, table: &str) -> String {
    let start = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&start).expect("the table has its place");
    let (_, after) = rest
        .split_once("<!-- end -->")
        .expect("the table has an end");
    format!("{before}{start}{table}<!-- end -->{after}")
}

/// One line a request: its name, its answer, what it does.
fn requests() -> String {
    let meanings = first_sentences();
    let frame = fs::read_to_string("proto/frame.proto").expect("the schema");
    let mut table = "| request | answer | what it does |\n| --- | --- | --- |\n".to_owned();
    for (line, answer) in frame.lines().filter_map(|line| line.split_once(" // → ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (kind, name) = (words[0], words[1]);
        let _ = writeln!(table, "| `{name}` | `{answer}` | {} |", meanings[kind]);
    }
    table
}

/// One line a push: its name, what it says.
fn pushes() -> String {
    let meanings = first_sentences();
    let frame = fs::read_to_string("proto/frame.proto").expect("the schema");
    let (_, push) = frame.split_once("\nmessage Push {").expect("pushes");
    let (push, _) = push.split_once("\n}\n").expect("their end");
    let mut table = "| push | what it says |\n| --- | --- |\n".to_owned();
    for (kind, name) in push.lines().filter_map(field) {
        let _ = writeln!(table, "| `{name}` | {} |", meanings[kind]);
    }
    table
}

/// Type and name of a field.
fn field(line: &str) -> Option<(&str, &str)> {
    let (words, _) = line.split_once(" = ")?;
    words.trim().split_once(' ')
}

/// The comment above each message of the schema, up to its first full stop.
fn first_sentences() -> BTreeMap<String, String> {
    let mut meanings = BTreeMap::new();
    for file in fs::read_dir("proto").expect("the schema").flatten() {
        if file
            .path()
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            let mut comment = String::new();
            for line in fs::read_to_string(file.path()).expect("text").lines() {
                if let Some(words) = line.strip_prefix("// ") {
                    comment = format!("{comment} {words}");
                } else if let Some(name) = line.strip_prefix("message ") {
                    let name = name.split([' ', '{']).next().unwrap_or_default();
                    let sentence = comment
                        .trim()
                        .split_inclusive(['.', ':', '?'])
                        .next()
                        .unwrap_or_default();
                    meanings.insert(name.to_owned(), sentence.trim_end_matches(':').to_owned());
                    comment.clear();
                } else {
                    comment.clear();
                }
            }
        }
    }
    meanings
}

fn refusals() -> String {
    let mut table = "| code | HTTP | what it says |\n| --- | --- | --- |\n".to_owned();
    for code in (1..200).filter_map(|number| Refusal::try_from(number).ok()) {
        let (status, sentence) = meaning(code);
        let _ = writeln!(
            table,
            "| `{}` | {} | {sentence} |",
            code.word(),
            status.as_u16()
        );
    }
    table
}

fn close_codes() -> String {
    let mut table = "| code | reason |\n| --- | --- |\n".to_owned();
    for close in Close::ALL {
        let _ = writeln!(table, "| {} | {} |", close.code(), close.sentence());
    }
    table
}
