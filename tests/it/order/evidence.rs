//! Evidence for disputes.

use std::process::Command;

use serde_json::{Value, json};

use super::{Market, id};

/// Runs `souk verify-evidence` on a file; gives whether it was content, and what it said.
fn verify(file: &Value) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evidence.json");
    std::fs::write(&path, file.to_string()).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_souk"))
        .arg("verify-evidence")
        .arg(&path)
        .output()
        .expect("it runs");
    let said =
        String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

/// CHAT-08, ORD-25: the evidence has what was agreed, done, paid and said, edits and recalls included; it checks by itself, and a change of
/// any of it is found.
#[tokio::test]
async fn the_evidence_checks_itself() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let said = format!(
        "/conversations/{}/messages",
        order["conversation_id"].as_str().unwrap()
    );
    let words = json!({ "client_message_id": "1", "text": "今天能发货吗" });
    let message = market.customer().post(&said, words).await.ok();
    let one = format!("{said}/{}", message["number"]);
    market
        .customer()
        .patch(&one, json!({ "text": "明天能发货吗" }))
        .await
        .ok();
    let file = market
        .boss()
        .get(
            &market
                .shop
                .path(&format!("/orders/{}/evidence", id(&order))),
        )
        .await
        .ok();
    let evidence = &file["evidence"];
    assert_eq!(evidence["history"].as_array().unwrap().len(), 3);
    assert_eq!(evidence["money"]["payments"][0]["amount"], 15_900);
    let texts: Vec<_> = evidence["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|said| said["content"]["text"].as_str())
        .collect();
    assert!(
        texts.contains(&"今天能发货吗") && texts.contains(&"明天能发货吗"),
        "{texts:?}"
    );
    let key = market.customer().get("/evidence-key").await.ok();
    assert_eq!(key["public_key"], file["public_key"]);
    let (whole, said) = verify(&file);
    assert!(
        whole && said.contains(order["number"].as_str().unwrap()),
        "{said}"
    );

    let altered = |change: &dyn Fn(&mut Value)| {
        let mut file = file.clone();
        change(&mut file);
        verify(&file).0
    };
    assert!(!altered(
        &|file| file["evidence"]["order"]["total"] = json!(1)
    ));
    assert!(!altered(
        &|file| file["evidence"]["messages"][0]["content"]["text"] = json!("x")
    ));
    assert!(!altered(&|file| file["signature"] = json!("00".repeat(64))));
    let mine = market
        .customer()
        .get(&format!("/orders/{}/evidence", id(&order)))
        .await
        .ok();
    assert!(verify(&mine).0);
}

/// CHAT-08, ORD-04: what was agreed to the nanosecond hashes alike when it comes back from the database.
#[tokio::test]
async fn an_agreed_time_survives_the_database() {
    let market = Market::with(20).await;
    let opened = json!({ "shop_id": market.shop.id });
    let opened = market.customer().post("/conversations", opened).await.ok();
    let at = market.server.clock.now() + jiff::SignedDuration::new(86_400, 123_456_789);
    let agreement = json!({
        "basket": { "lines": [{ "variant_id": market.thing, "units": 1 }] }, "delivery_method": "express", "terms": "pay_later",
        "expected_at": at.to_string(),
    });
    let form = json!({ "conversation_id": opened["id"], "agreement": agreement });
    let order = market
        .boss()
        .post(&market.shop.path("/orders"), form)
        .await
        .ok();
    let path = market
        .shop
        .path(&format!("/orders/{}/evidence", id(&order)));
    let (whole, said) = verify(&market.boss().get(&path).await.ok());
    assert!(whole, "{said}");
}
