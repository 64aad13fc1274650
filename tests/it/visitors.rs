//! Customers who come by themselves.

use std::sync::Mutex;

use serde_json::{Value, json};
use souk::{
    books,
    config::Profile,
    demo,
    visitors::{Mood, Pace, Visit},
};
use tokio_util::sync::CancellationToken;

use crate::support::{Rest, TestServer, eventually};

/// What all of them together have done at the end.
const DEEDS: [&str; 7] = [
    "asks about",
    "answers:",
    "orders",
    "confirms the order",
    "pays for",
    "claims a coupon from a card",
    "says in the group",
];
/// What they do where the shop offers something and sends what was paid.
const AFTERWARDS: [&str; 3] = [
    "claims a coupon in the shop: Five off",
    "has received an order",
    "wants money back:",
];

fn visit(server: &TestServer) -> Visit {
    Visit {
        url: server.url(""),
        customers: 3,
        pace: Mood::Busy,
        seconds: None,
        deeds: Some(500),
        seed: 7,
    }
}

/// The owner of the clothes shop, and the shop's path.
async fn owner(server: &TestServer) -> (Rest, String) {
    let form = json!({
        "account": "merchant", "phone": "+8613800000003", "password": "Souk-demo-1", "device_id": "demo",
    });
    let session = server.rest().post("/sessions", form).await.ok();
    let owner = server.rest().with_token(text(&session["access_token"]));
    let path = format!("/shops/{}", text(&session["posts"][0]["shop_id"]));
    (owner, path)
}

fn text(of: &Value) -> &str {
    of.as_str().unwrap_or_default()
}

/// Drafts an order for a customer in their conversation with the shop; gives the conversation.
async fn draft(owner: &Rest, shop: &str, customer: &str) -> String {
    let goods = owner.get(&format!("{shop}/products")).await.ok();
    let variants = goods["products"].as_array().into_iter().flatten();
    let mut variants = variants.flat_map(|one| one["variants"].as_array().into_iter().flatten());
    let there = variants.find(|variant| variant["available"].as_i64() > Some(3));
    let basket = json!({ "lines": [{ "variant_id": there.expect("some")["id"], "units": 1 }] });
    let path = format!(
        "/conversations?shop_id={}&limit=100",
        &shop["/shops/".len()..]
    );
    let chats = owner.get(&path).await.ok();
    let mut chats = chats["conversations"].as_array().into_iter().flatten();
    let chat = chats.find(|chat| chat["partner"]["name"] == customer);
    let chat = text(&chat.expect("a conversation")["id"]).to_owned();
    let agreement = json!({ "basket": basket, "delivery_method": "express", "terms": "pay_first" });
    let draft = json!({ "conversation_id": chat, "agreement": agreement });
    owner.post(&format!("{shop}/orders"), draft).await.ok();
    chat
}

/// So many yuan off, for whoever asks for it; gives the template.
async fn offer(owner: &Rest, shop: &str, title: &str, value: u32) -> Value {
    let terms = json!({
        "title": title, "face": { "kind": "full_reduction", "value": value, "threshold": 5_000 },
        "scope": { "of": "shop" }, "stacks_with_promotions": true,
    });
    let template = json!({
        "terms": terms, "validity": { "days": 7 }, "eligibility": { "who": "anyone" }, "aim": "new_customers",
    });
    let templates = format!("{shop}/coupon-templates");
    let template = owner.post(&templates, template).await.ok();
    let publish = format!("{templates}/{}/publish", text(&template["id"]));
    let on_trial = json!({ "on_trial": false });
    owner.post(&publish, on_trial).await.ok();
    template
}

/// Ten yuan off, for a group's members who are quick; gives the template's path.
async fn give(owner: &Rest, shop: &str) -> String {
    let template = offer(owner, shop, "Ten off", 1_000).await;
    let groups = owner.get(&format!("{shop}/groups")).await.ok();
    let mut groups = groups["groups"].as_array().into_iter().flatten();
    let welfare = groups.find(|group| text(&group["name"]).contains("Welfare"));
    let gift = json!({
        "template_id": template["id"], "conversation_id": welfare.expect("the group")["id"], "pieces": 5,
    });
    owner.post(&format!("{shop}/coupon-gifts"), gift).await.ok();
    format!("{shop}/coupon-templates/{}", text(&template["id"]))
}

/// The shop accepts what was paid, and sends it.
async fn serve(owner: &Rest, shop: &str) {
    let page = owner.get(&format!("{shop}/orders?limit=100")).await.ok();
    for order in page["orders"].as_array().into_iter().flatten() {
        let path = format!("{shop}/orders/{}", text(&order["id"]));
        let order = owner.get(&path).await.ok();
        match text(&order["state"]) {
            "pending_acceptance" => {
                let seen = json!({ "revision": order["revision"], "hash": order["hash"] });
                owner.post(&format!("{path}/accept"), seen).await;
            }
            "accepted" => {
                let parcel = json!({ "carrier": "shunfeng", "tracking_number": "7312345678901" });
                owner.post(&format!("{path}/ship"), parcel).await;
            }
            _ => {}
        }
    }
}

/// `souk demo`: customers ask, answer who writes to them, order, confirm what was drafted for them, pay, claim and chat; and at the end
/// the books balance.
#[tokio::test]
async fn customers_come_by_themselves() {
    let server = TestServer::start().await;
    demo::begin(&server.server.app).await.expect("a demo");
    let (owner, shop) = owner(&server).await;
    let (chat, template) = (
        draft(&owner, &shop, "Customer 4").await,
        give(&owner, &shop).await,
    );
    let orders = async || {
        let page = owner.get(&format!("{shop}/orders?limit=100")).await.ok();
        page["orders"].as_array().map_or(0, Vec::len)
    };
    let before = orders().await;

    let (lines, enough) = (Mutex::new(vec![]), CancellationToken::new());
    let say = |line: &str| {
        let mut lines = lines.lock().expect("nobody panics");
        lines.push(line.to_owned());
        let is_done = |deed: &&str| lines.iter().any(|line: &String| line.contains(*deed));
        if lines.len() >= 40 && DEEDS.iter().all(is_done) {
            enough.cancel();
        }
    };
    let pace = Pace {
        between: 20..=60,
        answers: 5..=20,
    };
    let visit = visit(&server);
    let visits = visit.at_pace(pace, enough.clone(), say);
    let asks = async {
        eventually(async || !lines.lock().expect("nobody panics").is_empty()).await;
        let words = json!({ "client_message_id": "hello-1", "text": "您好，请问需要什么尺码？" });
        let path = format!("/conversations/{chat}/messages");
        owner.post(&path, words).await.ok();
    };
    let (done, ()) = tokio::join!(visits, asks);

    let lines = lines.into_inner().expect("nobody panics");
    assert!(done.expect("they came") >= 30, "{lines:#?}");
    for deed in DEEDS {
        assert!(
            lines.iter().any(|line| line.contains(deed)),
            "{deed}: {lines:#?}"
        );
    }
    let log = owner
        .get(&format!("/conversations/{chat}/messages"))
        .await
        .ok();
    let said = log["messages"].as_array().into_iter().flatten();
    let of_customers = said.filter(|message| message["sender"]["kind"] == "customer");
    assert!(of_customers.count() > 1, "{log}");
    assert!(orders().await > before);
    let claimed = owner.get(&template).await.ok();
    assert!(claimed["in_wallets"].as_i64() > Some(0), "{claimed}");
    let differences = books::differences(&server.server.app.store).await;
    assert_eq!(differences.expect("the books are read"), [] as [String; 0]);
}

/// `souk demo`: customers claim what the shop offers to everybody, say that their parcels came, and want money back; and the books balance.
#[tokio::test]
async fn customers_look_after_what_they_bought() {
    let server = TestServer::start().await;
    demo::begin(&server.server.app).await.expect("a demo");
    let (owner, shop) = owner(&server).await;
    let template = offer(&owner, &shop, "Five off", 500).await;
    let (lines, enough) = (Mutex::new(vec![]), CancellationToken::new());
    let say = |line: &str| lines.lock().expect("nobody panics").push(line.to_owned());
    let is_done = || {
        let lines = lines.lock().expect("nobody panics");
        let done = |deed: &&str| lines.iter().any(|line: &String| line.contains(*deed));
        AFTERWARDS.iter().all(done)
    };
    let pace = Pace {
        between: 20..=60,
        answers: 5..=20,
    };
    let visit = Visit {
        deeds: Some(1_500),
        ..visit(&server)
    };
    let visits = visit.at_pace(pace, enough.clone(), say);
    let shop_works = async {
        while !enough.is_cancelled() {
            serve(&owner, &shop).await;
            if is_done() {
                enough.cancel();
            }
        }
    };
    let (came, ()) = tokio::join!(visits, shop_works);
    came.expect("they came");
    assert!(is_done(), "{:#?}", lines.into_inner());
    let path = format!("{shop}/coupon-templates/{}", text(&template["id"]));
    let claimed = owner.get(&path).await.ok();
    assert!(claimed["in_wallets"].as_i64() > Some(0), "{claimed}");
    let cases = owner.get(&format!("{shop}/cases")).await.ok();
    assert_ne!(cases["cases"], json!([]));
    let differences = books::differences(&server.server.app.store).await;
    assert_eq!(differences.expect("the books are read"), [] as [String; 0]);
}

/// To a server that is not tried out nobody comes, and the reason is said.
#[tokio::test]
async fn simulated_customers_stay_away_from_a_shop_in_earnest() {
    let server = TestServer::with(|config| config.server.profile = Profile::Production).await;
    let came = visit(&server).begin(CancellationToken::new(), |_| ()).await;
    let why = came.expect_err("nobody comes").to_string();
    assert!(why.contains("not in the development profile"), "{why}");
}

/// Where the demo's people are unknown, the reason is said too.
#[tokio::test]
async fn who_is_unknown_does_not_come() {
    let server = TestServer::start().await;
    let came = visit(&server).begin(CancellationToken::new(), |_| ()).await;
    let why = format!("{:#}", came.expect_err("nobody comes"));
    assert!(why.contains("--demo"), "{why}");
}
