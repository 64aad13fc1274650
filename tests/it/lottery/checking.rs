//! Checking a draw afterwards.

use std::{fs, process::Command};

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::Club;

/// LOT-04: `souk verify-draw` says yes to the file that was downloaded, with the commitment of the card and one's receipt, and no, and where, to one
/// that was changed.
#[tokio::test]
async fn the_command_decides_a_draw_again() {
    let club = Club::open().await;
    let ann = club.member("Ann").await;
    let draw = club.publishes(json!({ "target": null })).await;
    let receipt = club.enters(&ann, &draw, "feedc0defeedc0de").await.ok();
    club.later(25).await;
    let whole = club.file(&ann, &draw).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (file, kept) = (
        folder.path().join("draw.json"),
        folder.path().join("receipt.json"),
    );
    fs::write(&file, &whole).expect("written");
    fs::write(&kept, receipt.to_string()).expect("written");
    let says = |commitment: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
        command
            .arg("verify-draw")
            .arg(&file)
            .args(["--commitment", commitment]);
        let said = command
            .arg("--receipt")
            .arg(&kept)
            .output()
            .expect("it runs");
        let text = [said.stdout, said.stderr].concat();
        (
            said.status.success(),
            String::from_utf8(text).expect("text"),
        )
    };
    let commitment = receipt["commitment"].as_str().expect("hex");
    let (whole_is, said) = says(commitment);
    assert!(whole_is && said.contains("winner 1"), "{said}");
    let (other, said) = says(&"0".repeat(64));
    assert!(!other && said.contains("commitment"), "{said}");
    let text = String::from_utf8(whole).expect("text");
    fs::write(
        &file,
        text.replacen("feedc0defeedc0de", "feedc0defeedc0df", 1),
    )
    .expect("written");
    let (changed, said) = says(commitment);
    assert!(!changed && said.contains("tickets[0]"), "{said}");
}

/// LOT-04, I-15: the audit decides every draw again, and names the one whose winners, tickets or counters were changed behind the server's back.
#[tokio::test]
async fn the_audit_knows_draws() {
    let club = Club::open().await;
    for name in ["Ann", "Bob", "Cleo"] {
        club.member(name).await;
    }
    let prizes = json!([
        { "name": "头奖", "value": 9_000, "quantity": 1 }, { "name": "茶", "value": 100, "quantity": 1 },
    ]);
    let changes = json!({ "target": null, "prizes": prizes });
    let draw = club.publishes(changes).await;
    club.later(25).await;
    assert_eq!(club.differences().await, [""; 0]);
    let pool = club.server.server.app.store.pool();
    let wrongs = [
        (
            "draw_places set score = 'x' where place = 1",
            "its winners are not those",
        ),
        (
            "draw_places set place = place + 10",
            "its winners are not those",
        ),
        (
            "draw_places set prize = 0 where place = 2",
            "its prizes are not given",
        ),
        ("draw_tickets set link = 'x' where number = 2", "tickets[1]"),
        ("draws set seed = repeat('0', 64)", "its commitment is not"),
        ("draws set tickets = 9", "9 tickets, by its rows"),
    ];
    for (change, found) in wrongs {
        let mut one = pool.begin().await.expect("a try");
        let statement = AssertSqlSafe(format!("update {change}"));
        sqlx::query(statement)
            .execute(&mut *one)
            .await
            .expect("changed");
        let said = souk::lottery::books::differences(&mut one)
            .await
            .expect("read");
        assert!(
            said.iter()
                .any(|said| said.contains(&draw) && said.contains(found)),
            "{change}: {said:?}"
        );
        one.rollback().await.expect("as it was");
    }
}
