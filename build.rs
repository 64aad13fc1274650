//! Puts the pages into the program: a table of the files in `web/dist`, with what was compressed when they were built
//! (`./dev web`). A program that is built without node has no pages, and says so.

use std::{
    env,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut table = "&[\n".to_owned();
    for file in files(&dist)? {
        if let Some(kind) = media_type(&file) {
            write_row(&mut table, &dist, &file, kind)?;
        }
    }
    table.push(']');
    fs::write(out_dir().join("pages.rs"), table)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is no setting: cargo says where it wants it"
)]
fn out_dir() -> PathBuf {
    env::var("OUT_DIR").expect("cargo sets it").into()
}

/// All files below a folder, always in the same order.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What is served; the compressed twins and the notes about the licences go with their file or stay behind.
fn media_type(file: &Path) -> Option<&'static str> {
    Some(match file.extension()?.to_str()? {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

fn write_row(table: &mut String, dist: &Path, file: &Path, kind: &str) -> io::Result<()> {
    let mut hash = DefaultHasher::new();
    fs::read(file)?.hash(&mut hash);
    let name = file.strip_prefix(dist).expect("it is in there").display();
    let _ = writeln!(
        table,
        "Page {{ path: {:?}, media_type: {kind:?}, tag: \"W/\\\"{:016x}\\\"\", plain: {}, gzip: {}, brotli: {} }},",
        format!("/{name}"),
        hash.finish(),
        included(file),
        twin(file, "gz"),
        twin(file, "br"),
    );
    Ok(())
}

fn included(file: &Path) -> String {
    format!("include_bytes!({:?})", file.display().to_string())
}

/// The same file, compressed; small ones have none.
fn twin(file: &Path, ending: &str) -> String {
    let twin = PathBuf::from(format!("{}.{ending}", file.display()));
    if twin.exists() {
        format!("Some({})", included(&twin))
    } else {
        "None".to_owned()
    }
}
