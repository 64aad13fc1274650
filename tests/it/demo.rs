//! What the demo prints can be used as it stands.

use serde_json::{Value, json};
use souk::demo;

use crate::support::{TestServer, TestShop, eventually};

/// The value of `export NAME=…` in what the demo printed.
fn exported<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("export {name}=");
    let line = page.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{name} in {page}"))
}

/// The README's first message, with the printed token and conversation; and the second start adds nobody.
#[tokio::test]
async fn the_demo_can_be_talked_to_at_once() {
    let server = TestServer::start().await;
    let page = demo::begin(&server.server.app).await.expect("a demo");
    let customer = server.rest().with_token(exported(&page, "TOKEN"));
    let chat = exported(&page, "CHAT").to_owned();
    let path = format!("/conversations/{chat}/messages");
    let words = json!({ "client_message_id": "hello-1", "text": "Is the dress there in M?" });
    assert_eq!(customer.post(&path, words).await.ok()["number"], 4);
    let again = demo::begin(&server.server.app)
        .await
        .expect("the same demo");
    assert_eq!(exported(&again, "CHAT"), chat);
    assert_ne!(exported(&again, "TOKEN"), exported(&page, "TOKEN"));
    let mine = customer.get("/conversations").await.ok();
    assert_eq!(mine["conversations"].as_array().map(Vec::len), Some(2));
}

/// Everybody who is printed can log in with the printed password on the demo's device.
#[tokio::test]
async fn everybody_in_the_demo_can_log_in() {
    let server = TestServer::start().await;
    let page = demo::begin(&server.server.app).await.expect("a demo");
    let people = page.lines().filter(|line| line.starts_with("  "));
    let people = people.filter_map(|line| line.split_once("+86"));
    let mut posts = 0;
    for (name, rest) in people {
        let mut words = rest.split_whitespace();
        let (phone, account) = (
            words.next().expect("a phone"),
            words.next().expect("a kind"),
        );
        let form = json!({
            "account": account, "phone": phone, "password": "Souk-demo-1", "device_id": "demo",
        });
        let session = server.rest().post("/sessions", form).await.ok();
        assert_eq!(session["user"]["name"], name.trim());
        posts += session["posts"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(posts, 8, "each role, twice");
}

/// LOT-01: the welfare group has 79 people; with the next one the draw is held, and whoever is in it can check it.
#[tokio::test]
async fn the_next_member_of_the_welfare_group_starts_the_draw() {
    let server = TestServer::start().await;
    let page = demo::begin(&server.server.app).await.expect("a demo");
    let customer = server.rest().with_token(exported(&page, "TOKEN"));
    let invites = customer.get("/invites").await.ok();
    let invitation = json!({ "invite_id": invites["invites"][0]["id"] });
    let group = customer.post("/invites/accept", invitation).await.ok();
    assert_eq!(group["members"], 80);
    let path = format!(
        "/conversations/{}/messages",
        group["id"].as_str().unwrap_or_default()
    );
    let drawn = async || {
        let log = customer.get(&path).await.ok();
        let cards = log["messages"].as_array().into_iter().flatten();
        let mut cards = cards.filter_map(|message| message["card"]["draw"].as_object().cloned());
        cards.find(|card| !card["winners"].as_array().is_none_or(Vec::is_empty))
    };
    let mut card = drawn().await;
    eventually(async || {
        card = drawn().await;
        card.is_some()
    })
    .await;
    let card = card.expect("a card");
    assert_eq!(card["winners"].as_array().map(Vec::len), Some(6));
    let draw = card["draw_id"].as_str().unwrap_or_default();
    let file = customer.get(&format!("/draws/{draw}/file")).await.ok();
    assert_eq!(file["tickets"].as_array().map(Vec::len), Some(79));
}

/// A database with shops is left alone.
#[tokio::test]
async fn shops_of_others_are_left_alone() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let page = demo::begin(&server.server.app).await.expect("addresses");
    assert!(page.contains("/api/openapi.json") && !page.contains("export"));
    let mine: Value = shop.boss(&server).get(&shop.path("/groups")).await.ok();
    assert_eq!(mine["groups"], json!([]));
}
