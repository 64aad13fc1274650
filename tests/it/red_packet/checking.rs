//! Checking one afterwards.

use std::{fs, process::Command};

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::Treat;

/// Red packets: `souk verify-packet` says yes to the file that was downloaded, with the commitment of the card and one's share, and no, and where, to one that was
/// changed.
#[tokio::test]
async fn the_command_splits_it_again() {
    let treat = Treat::with(1_000).await;
    let ann = treat.club.member("Ann").await;
    let id = treat.sends(json!({})).await;
    let share = treat.takes(&ann, &id).await.ok();
    treat.later(24).await;
    let whole = treat.file(&ann, &id).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (file, kept) = (
        folder.path().join("packet.json"),
        folder.path().join("share.json"),
    );
    fs::write(&file, &whole).expect("written");
    fs::write(&kept, share.to_string()).expect("written");
    let says = |commitment: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
        command.arg("verify-packet").arg(&file);
        command.args(["--commitment", commitment]);
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
    let commitment = share["commitment"].as_str().expect("hex");
    let (is_whole, said) = says(commitment);
    assert!(is_whole && said.contains("share 1"), "{said}");
    let (other, said) = says(&"0".repeat(64));
    assert!(!other && said.contains("commitment"), "{said}");
    let person = share["person"].as_str().expect("a name");
    let text = String::from_utf8(whole).expect("text");
    fs::write(&file, text.replacen(person, &"0".repeat(32), 1)).expect("written");
    let (changed, said) = says(commitment);
    assert!(!changed && said.contains("takes[0]"), "{said}");
}

/// Red packets: the audit splits every one again, and names the one whose shares, takes, counters, ledger or balances were changed behind the server's back; the
/// database itself lets nobody change what was sent.
#[tokio::test]
async fn the_audit_knows_red_packets() {
    let treat = Treat::with(200_000).await;
    let (ann, bob) = (
        treat.club.member("Ann").await,
        treat.club.member("Bob").await,
    );
    let id = treat.sends(json!({ "total": 100_000 })).await;
    for who in [&ann, &bob] {
        treat.takes(who, &id).await.ok();
    }
    treat.later(24).await;
    let open = treat.sends(json!({ "total": 100_000 })).await;
    treat.takes(&ann, &open).await.ok();
    assert_eq!(treat.club.differences().await, [""; 0]);
    let off = "alter table red_packet_shares disable trigger user; alter table ledger disable trigger user;";
    for (change, of, found) in [
        (
            "update red_packets set taken_amount = 0 where state = 'open'",
            &open,
            "0 taken in 1",
        ),
        (
            "update red_packets set drawn = 0, taken = 2 where state = 'open'",
            &open,
            "taken in 2",
        ),
        (
            "update red_packet_shares set amount = amount + 1 where place = 10",
            &id,
            "by its rows 100001",
        ),
        (
            "update red_packet_shares s set amount = amount + case place when 9 then 1 else -1 end where place in (9, 10)",
            &id,
            "its shares are not those",
        ),
        (
            "update red_packet_takes set link = 'x' where place = 1",
            &id,
            "takes[0]",
        ),
        (
            "update red_packets set seed = repeat('0', 64) where state = 'returned'",
            &id,
            "its commitment is not",
        ),
        (
            "update ledger set amount = amount + 1 where cause = 'red_packet_returned'",
            &id,
            "returned",
        ),
        (
            "update customer_balances set amount = amount + 1",
            &ann.id.to_string(),
            "it owes",
        ),
        (
            "delete from ledger where cause = 'red_packet_taken'",
            &open,
            "0 taken, 0 returned",
        ),
    ] {
        let mut one = treat
            .club
            .server
            .server
            .app
            .store
            .pool()
            .begin()
            .await
            .expect("a try");
        let statement = AssertSqlSafe(format!("{off} {change}"));
        sqlx::raw_sql(statement)
            .execute(&mut *one)
            .await
            .expect(change);
        let mut said = souk::red_packet::books::differences(&mut one)
            .await
            .expect("read");
        said.extend(
            souk::payment::books::differences(&mut one)
                .await
                .expect("read"),
        );
        let named = said
            .iter()
            .any(|said| said.contains(&of[..]) && said.contains(found));
        assert!(named, "{change}: {said:?}");
        one.rollback().await.expect("as it was");
    }
    let pool = treat.club.server.server.app.store.pool();
    for change in [
        "update red_packets set total = 2000",
        "update red_packet_shares set amount = 1",
    ] {
        sqlx::query(change).execute(pool).await.expect_err(change);
    }
}
