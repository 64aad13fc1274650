//! `souk audit`.

use std::process::Command;

use sqlx::ConnectOptions as _;

use super::{differences, order, thing, units, variant};
use crate::support::{TestServer, TestShop};

/// INV-01: the audit is silent while the books balance, and names what somebody has changed behind the server's back: exit code 1.
#[tokio::test]
async fn the_audit_names_what_differs() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let cup = variant(&thing(&server, &shop, 100, 9).await, 0);
    let holder = order(&server, &shop, &[units(cup, 2)]).await.unwrap();
    assert_eq!(audit(&server), (0, "the books balance\n".to_owned()));

    let pool = server.server.app.store.pool();
    for statement in [
        "update stock set on_hand = 8 where variant_id = $1",
        "update stock_holds set taken = 1 where variant_id = $1",
    ] {
        sqlx::query(statement)
            .bind(cup)
            .execute(pool)
            .await
            .unwrap();
    }
    let expected = [
        format!("stock of variant {cup}: 8 on hand and 2 held, by its journal 9 and 2"),
        format!(
            "stock of variant {cup} for holder {holder}: held, taken, returned are [2, 1, 0], by the journal [2, 0, 0]"
        ),
    ];
    assert_eq!(differences(&server).await, expected);
    assert_eq!(audit(&server), (1, expected.join("\n") + "\n"));
    let rewritten = sqlx::query("update stock_movements set units = 8")
        .execute(pool)
        .await;
    assert!(
        rewritten
            .unwrap_err()
            .to_string()
            .contains("rows are only added")
    );
}

/// Runs the program on the server's database.
fn audit(server: &TestServer) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_souk"))
        .args(["audit", "--profile", "development"])
        .env("DATABASE_URL", server.database.to_url_lossy().as_str())
        .output()
        .expect("it runs");
    let code = output.status.code().expect("it ended by itself");
    (code, String::from_utf8(output.stdout).expect("text"))
}
