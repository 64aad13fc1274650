//! docs/webhooks.md is true: its table of events is made from what is really sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use serde_json::{Value, json};
use souk::{
    id::HolderId,
    stock::{hold::hold, release::release_all},
    webhook::{EVENTS, TEST},
};

use super::{
    receiver::{Manner, Receiver},
    stage::Stage,
};
use crate::{
    coupon::ten_off,
    docs::assert_tables,
    goods::{thing, units, variant},
    lottery::tea_party,
    order::seen,
    support::{Person, Rest, TestServer, TestShop},
};

/// The `data` of all calls of each type.
type Heard = BTreeMap<String, Vec<Value>>;

/// Everything that is told happens, with and without what may be missing.
#[tokio::test]
async fn the_table_of_events_is_made_from_what_is_sent() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let mut receiver = Receiver::new(Manner::Says(200)).await;
    let (endpoint, _) = stage.endpoint(&receiver.url(), &EVENTS).await;
    let gone = Receiver::new(Manner::Says(410)).await;
    stage.endpoint(&gone.url(), &["conversation_opened"]).await;
    everything_happens(&server, &stage).await;
    let test = stage.path(&format!("/{endpoint}/test"));
    stage.rest.post(&test, json!({})).await.ok();
    let mut heard = Heard::new();
    while !complete(&heard) {
        let call = receiver.hears().await.json();
        let kind = call["type"].as_str().expect("a type").to_owned();
        heard.entry(kind).or_default().push(call["data"].clone());
    }
    assert_tables("docs/webhooks.md", &[("events", table(&heard))]);
}

async fn everything_happens(server: &TestServer, stage: &Stage) {
    let (ann, bob) = (
        Person::customer(server, "Ann").await,
        Person::customer(server, "Bob").await,
    );
    let [anns, bobs] = [server.rest().by(&ann), server.rest().by(&bob)];
    let from_nowhere = json!({ "shop_id": stage.shop });
    let nearby = json!({ "shop_id": stage.shop, "source": "nearby" });
    let opened = anns.post("/conversations", from_nowhere).await.ok();
    bobs.post("/conversations", nearby).await.ok();
    let follow = format!("/shops/{}/follow", stage.shop);
    anns.put(&follow, json!({})).await.ok();
    let messages = format!(
        "/conversations/{}/messages",
        opened["id"].as_str().expect("an id")
    );
    let said = json!({ "client_message_id": "1", "text": "helo" });
    let number = anns.post(&messages, said).await.ok()["number"].clone();
    let mended = json!({ "text": "hello" });
    anns.patch(&format!("{messages}/{number}"), mended)
        .await
        .ok();
    let group = json!({ "name": "Tea", "user_ids": [ann.id] });
    let groups = format!("/shops/{}/groups", stage.shop);
    let group = stage.rest.post(&groups, group).await.ok();
    let group = format!("/groups/{}", group["id"].as_str().expect("an id"));
    let link = stage
        .rest
        .post(&format!("{group}/invites"), json!({}))
        .await
        .ok();
    bobs.post("/invites/accept", json!({ "token": link["token"] }))
        .await
        .ok();
    stage
        .rest
        .delete(&format!("{group}/members/{}", ann.id))
        .await
        .ok();
    goods_move(server, stage).await;
    money_goes_back(server, stage, &anns).await;
    coupons_are_used(server, stage, &anns, &opened["id"]).await;
    let draws = format!("/shops/{}/draws", stage.shop);
    let draw = tea_party(server, group.trim_start_matches("/groups/"));
    stage.rest.post(&draws, draw).await.ok();
    a_red_packet_is_sent(server, stage, group.trim_start_matches("/groups/")).await;
}

/// From what the shop has earned.
async fn a_red_packet_is_sent(server: &TestServer, stage: &Stage, group: &str) {
    sqlx::query("insert into ledger (shop_id, debit, credit, amount, cause, at) values ($1, 'provider', 'balance', 100, 'paid', now())")
        .bind(stage.shop)
        .execute(server.server.app.store.pool())
        .await
        .expect("money");
    let form = json!({ "conversation_id": group, "kind": "equal", "total": 100, "shares": 2 });
    let sent = format!("/shops/{}/red-packets", stage.shop);
    stage.rest.post(&sent, form).await.ok();
}

/// Of two cups one is promised, and then it is not.
async fn goods_move(server: &TestServer, stage: &Stage) {
    let cup = json!({
        "title": "Cup", "category": ["things"], "description": "for tea", "list_price": 2, "price": 1,
        "variants": [{ "stock": 2, "alert_below": 2 }],
    });
    let products = format!("/shops/{}/products", stage.shop);
    let cup = stage.rest.post(&products, cup).await.ok();
    let wanted = [units(variant(&cup, 0), 1)];
    let (app, holder) = (&server.server.app, HolderId::new());
    let mut tx = app.store.begin(stage.shop).await.expect("a unit of work");
    let now = app.clock.now();
    hold(&mut tx, holder, &wanted, None, now)
        .await
        .expect("held");
    release_all(&mut tx, holder, None, now)
        .await
        .expect("released");
    tx.commit().await.expect("done");
}

/// Somebody orders, and does not want it any more.
async fn money_goes_back(server: &TestServer, stage: &Stage, anns: &Rest) {
    let shop = TestShop {
        id: stage.shop,
        owner: stage.owner.clone(),
    };
    let cup = thing(server, &shop, 100, 1).await;
    let form = json!({
        "basket": { "lines": [{ "variant_id": variant(&cup, 0), "units": 1 }] }, "delivery_method": "pickup",
    });
    let placed = anns.post(&shop.path("/checkout"), form).await.ok();
    let order = format!("/orders/{}", placed["id"].as_str().expect("an id"));
    let pay = format!("{order}/pay-in-sandbox");
    anns.post(&pay, json!({})).await.ok();
    let accept = shop.path(&format!("{order}/accept"));
    stage.rest.post(&accept, seen(&placed)).await.ok();
    let wish = json!({ "lines": [{ "line": 1, "units": 1 }], "reason": "too late" });
    anns.post(&format!("{order}/cases"), wish).await.ok();
}

/// Somebody is given a coupon, claims another one, and uses it.
async fn coupons_are_used(server: &TestServer, stage: &Stage, anns: &Rest, conversation: &Value) {
    let shop = TestShop {
        id: stage.shop,
        owner: stage.owner.clone(),
    };
    let cup = thing(server, &shop, 9_000, 1).await;
    let mut form = ten_off();
    form["per_person"] = json!(2);
    let templates = shop.path("/coupon-templates");
    let template = stage.rest.post(&templates, form).await.ok()["id"].clone();
    let template_path = format!("{templates}/{}", template.as_str().expect("an id"));
    let publish = format!("{template_path}/publish");
    stage.rest.post(&publish, json!({})).await.ok();
    let gift = json!({ "template_id": template, "conversation_id": conversation });
    stage
        .rest
        .post(&shop.path("/coupon-gifts"), gift)
        .await
        .ok();
    let claim = format!("{template_path}/claim");
    let coupon = anns.post(&claim, json!({})).await.ok();
    let form = json!({
        "basket": { "lines": [{ "variant_id": variant(&cup, 0), "units": 1 }] }, "delivery_method": "pickup",
        "coupon_id": coupon["id"],
    });
    let order = anns.post(&shop.path("/checkout"), form).await.ok();
    fetched(&shop, &stage.rest, anns, &order).await;
}

/// Somebody pays, fetches what they ordered, and has it.
async fn fetched(shop: &TestShop, boss: &Rest, anns: &Rest, order: &Value) {
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    let pay = format!("{path}/pay-in-sandbox");
    anns.post(&pay, json!({})).await.ok();
    let accept = shop.path(&format!("{path}/accept"));
    boss.post(&accept, seen(order)).await.ok();
    let ready = shop.path(&format!("{path}/get-ready"));
    boss.post(&ready, json!({})).await.ok();
    let receive = format!("{path}/receive");
    anns.post(&receive, json!({})).await.ok();
}

/// Everything was heard, and what has two ways to happen twice.
fn complete(heard: &Heard) -> bool {
    let times = |kind: &str| heard.get(kind).map_or(0, Vec::len);
    let twice = ["conversation_opened", "members_joined", "coupon_claimed"];
    let wanted = EVENTS.iter().chain([&TEST]);
    wanted
        .copied()
        .all(|kind| times(kind) > usize::from(twice.contains(&kind)))
}

/// One line an event: its name, what it means, the fields of its data.
fn table(heard: &Heard) -> String {
    let meanings = meanings();
    let mut table = "| event | what happened | `data` |\n| --- | --- | --- |\n".to_owned();
    for kind in EVENTS.iter().chain([&TEST]) {
        let meaning = meanings
            .get(*kind)
            .map_or("Staff try an endpoint by `…/test`.", |text| text);
        let _ = writeln!(
            table,
            "| `{kind}` | {meaning} | {} |",
            fields(&heard[*kind])
        );
    }
    table
}

/// The fields of all that was sent, and which of them were null.
fn fields(sent: &[Value]) -> String {
    let all: BTreeSet<&String> = sent
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|data| data.keys())
        .collect();
    let field = |name: &&String| {
        let nothing = sent.iter().any(|data| data[name.as_str()].is_null());
        format!("`{name}`{}", if nothing { " (may be null)" } else { "" })
    };
    if all.is_empty() {
        return "empty".to_owned();
    }
    all.iter().map(field).collect::<Vec<_>>().join(", ")
}

/// The comments of the facts, by the facts' names.
fn meanings() -> BTreeMap<String, String> {
    let facts = fs::read_to_string("src/fact.rs").expect("the facts");
    let lines: Vec<&str> = facts.lines().collect();
    let meant = lines.windows(2).filter_map(|pair| {
        let meaning = pair[0].strip_prefix("    /// ")?;
        let name = pair[1].strip_prefix("    ")?.strip_suffix(" {")?;
        let sentence = meaning.split_inclusive('.').next()?;
        Some((snake(name), sentence.to_owned()))
    });
    meant.collect()
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
