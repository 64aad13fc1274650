//! The house stands as its map says: which module imports which is written in docs/architecture.md, and nowhere broken.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const MAP: &str = "docs/architecture.md";

/// Circles that have their reasons: docs/decisions/006-who-knows-whom.md.
const CIRCLES: [[&str; 2]; 6] = [
    ["app", "account"],
    ["app", "code"],
    ["app", "conversation"],
    ["app", "coupon"],
    ["app", "media"],
    ["bus", "event"],
];

/// What each module imports.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// No import that the map does not have, and no arrow on the map that nobody needs.
#[test]
fn every_module_imports_what_the_map_says() {
    let map = map();
    let found = found();
    for (module, imports) in &found {
        for (import, place) in imports {
            let allowed = map
                .get(module)
                .is_some_and(|imports| imports.contains(import));
            assert!(allowed, "{place}: the map has no arrow {module} → {import}");
        }
    }
    let found = found
        .into_iter()
        .map(|(module, imports)| (module, imports.into_keys().collect()));
    assert_eq!(
        map,
        found.collect::<Arrows>(),
        "the map has arrows that nobody needs"
    );
}

/// A verb is given `&App`, the actor and plain values: it knows no socket, no route and no job. The database and the bus know
/// no business.
#[test]
fn nothing_below_knows_what_is_above() {
    let above = |module: &str| ["live", "http", "job", "demo", "visitors"].contains(&module);
    let business = |module: &str| {
        Path::new("src").join(module).is_dir()
            && !["bus", "config", "door", "pace", "store", "vault"].contains(&module)
    };
    for (module, imports) in map() {
        for import in imports {
            assert!(!above(&import) || above(&module), "{module} → {import}");
            let below = ["bus", "store", "door"].contains(&&module[..]);
            assert!(!below || !business(&import), "{module} → {import}");
        }
    }
}

/// Arrows go one way: apart from the circles that have their reasons, whoever is imported imports nobody back.
#[test]
fn arrows_go_one_way() {
    let mut left = map();
    for [one, other] in CIRCLES {
        let back = left.get_mut(one).expect("a module").remove(other);
        assert!(back, "{one} → {other} is a circle no more");
    }
    while let Some(module) = left.iter().find(|(_, imports)| imports.is_empty()) {
        let module = module.0.clone();
        left.remove(&module);
        for imports in left.values_mut() {
            imports.remove(&module);
        }
    }
    assert!(left.is_empty(), "in circles, or above one: {left:#?}");
}

/// The table of the map.
/// CON-01: what the OpenAPI document calls by one name is one thing: clients are typed by it, and the document keeps only the last
/// of two that are called alike.
#[test]
fn nothing_in_the_api_has_the_name_of_something_else() {
    let spoken = fs::read_to_string("proto/conversation.proto").expect("it is there");
    let mut named: BTreeMap<String, String> = spoken
        .lines()
        .filter_map(|line| Some((line.strip_prefix("message ")?, "proto/conversation.proto")))
        .map(|(line, place)| (first_word(line), place.to_owned()))
        .collect();
    for file in rust_files(Path::new("src")) {
        let text = fs::read_to_string(&file).expect("it is there");
        for name in schemas_of(&text) {
            let place = file.display().to_string();
            let other = named.insert(name.clone(), place);
            assert_eq!(
                other, None,
                "{name} is in {file:?}, too: #[schema(as = …)] gives another name"
            );
        }
    }
    assert!(named.len() > 200, "{} names", named.len());
}

/// What the types of a file are called that derive `ToSchema`.
fn schemas_of(text: &str) -> Vec<String> {
    let (mut names, mut derived, mut called) = (vec![], false, None);
    for line in text.lines().map(str::trim) {
        derived |= line.contains("ToSchema") && !line.starts_with("use ");
        let other = line.split_once("schema(as = ").map(|(_, name)| name);
        called = other.map(first_word).or(called);
        let item = line
            .split_once("struct ")
            .or_else(|| line.split_once("enum "));
        match item {
            Some((before, name)) if before.is_empty() || before.starts_with("pub") => {
                let name = called.take().unwrap_or_else(|| first_word(name));
                names.extend(derived.then_some(name));
                derived = false;
            }
            _ => {}
        }
    }
    names
}

fn first_word(text: &str) -> String {
    let is_word = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    text.chars().take_while(is_word).collect()
}

fn map() -> Arrows {
    let page = fs::read_to_string(MAP).expect("the map");
    let (_, table) = page.split_once("<!-- arrows -->\n").expect("a table");
    let (table, _) = table.split_once("<!-- end -->").expect("its end");
    let rows = table.lines().skip(2).map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let imports = cells[2].split_whitespace().map(str::to_owned).collect();
        (cells[1].trim_matches('`').to_owned(), imports)
    });
    rows.collect()
}

/// What each module imports, each with a place where it does. The roots, which import everybody, are left out.
fn found() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let files = rust_files(Path::new("src"));
    let modules: BTreeSet<String> = files.iter().map(|file| module_of(file)).collect();
    for file in files {
        let module = module_of(&file);
        if ["main", "lib"].contains(&&module[..]) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("text");
        let imports = found.entry(module.clone()).or_default();
        for (line, import) in imports_of(&text, depth(&file)) {
            if import != module && modules.contains(&import) {
                let place = format!("{}:{line}", file.display());
                imports.entry(import).or_insert(place);
            }
        }
    }
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let files = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => rust_files(&path),
        path if path.extension().is_some_and(|extension| extension == "rs") => vec![path],
        _ => vec![],
    });
    files.collect()
}

/// `conversation` of `src/conversation/post.rs`, `app` of `src/app.rs`.
fn module_of(file: &Path) -> String {
    let first = file
        .iter()
        .nth(1)
        .and_then(|name| name.to_str())
        .expect("a name");
    first.trim_end_matches(".rs").to_owned()
}

/// How many `super::` lead from a file to the root.
fn depth(file: &Path) -> usize {
    file.iter().count() - 1 - usize::from(file.ends_with("mod.rs"))
}

/// The modules of the crate's root that a file names, in whatever `use` or path, each with its line.
fn imports_of(text: &str, depth: usize) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let word = |place: usize| tokens.get(place).map_or("", |(_, word)| word.as_str());
    let mut imports = vec![];
    for place in 0..tokens.len() {
        let supers = (0..tokens.len())
            .take_while(|step| word(place + 2 * step) == "super")
            .count();
        let after = match word(place) {
            "crate" => place + 1,
            "super" if supers == depth => place + 2 * supers - 1,
            _ => continue,
        };
        if word(after) == "::" && word(after + 1) == "{" {
            imports.extend(first_words(&tokens[after + 1..]));
        } else if word(after) == "::" {
            imports.extend(tokens.get(after + 1).cloned());
        }
    }
    imports
}

/// The first word of each branch of a `{…}` that the tokens begin with.
fn first_words(tokens: &[(usize, String)]) -> Vec<(usize, String)> {
    let (mut open, mut words) = (0, vec![]);
    for (place, (_, word)) in tokens.iter().enumerate() {
        match word.as_str() {
            "{" => open += 1,
            "}" => open -= 1,
            _ if open == 1 && ["{", ","].contains(&tokens[place - 1].1.as_str()) => {
                words.push(tokens[place].clone());
            }
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    words
}

/// Words and signs of a file with their lines, without comments and texts.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = vec![];
    for (line, text) in (1..).zip(text.lines()) {
        let code = text.split("//").next().unwrap_or_default();
        let mut rest = code.trim_start();
        while let Some(first) = rest.chars().next() {
            let letters = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let length = match letters.unwrap_or(rest.len()) {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                letters => letters,
            };
            tokens.push((line, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "use crate::{\n    live::{self, hub::Hub},\n    error::{Result, http},\n    id,\n};\n\
                // use crate::job;\npub(crate) fn f() { crate::http::g(); super::super::bus::h(); super::own(); }\n";
    let found = imports_of(text, 2);
    let names: Vec<(usize, &str)> = found
        .iter()
        .map(|(line, name)| (*line, &name[..]))
        .collect();
    assert_eq!(
        names,
        [
            (2, "live"),
            (3, "error"),
            (4, "id"),
            (7, "http"),
            (7, "bus")
        ]
    );
    assert_eq!(
        imports_of("use super::bus::Bus;", 1),
        [(1, "bus".to_owned())]
    );
}
