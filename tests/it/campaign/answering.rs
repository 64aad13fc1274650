//! What a shop's own bot answers by itself.

use jiff::civil::time;
use serde_json::json;

use super::plain;
use crate::{order::Market, support::eventually};

/// Word for word, as the specification has it.
const CLOSED: &str = "当前客服已下班,上班后会第一时间回复您~";

/// SVC-01, SVC-02: from nine to ten the shop is open by the clock on its wall; who writes at 22:30 reads that somebody will answer, once however often they
/// write; at 10:00 nothing comes. An agent's own words are not answered.
#[tokio::test]
async fn who_writes_at_night_is_answered_once() {
    let market = Market::with(1).await;
    let path = market.shop.path("/service-hours");
    let open = async || market.customer().get(&path).await.ok()["open"].clone();
    assert_eq!(open().await, true);
    let hours = json!({ "opens": "09:00:00", "closes": "22:00:00" });
    let set = market.boss().put(&path, hours).await.ok();
    assert_eq!(set["reply"], CLOSED);
    for (hour, minute, is) in [(9, 0, true), (21, 59, true), (22, 0, false)] {
        market.waits_until(time(hour, minute, 0, 0)).await;
        assert_eq!(open().await, is, "{hour}:{minute}");
    }
    market.waits_until(time(22, 30, 0, 0)).await;
    let conversation = market.shop.consult(&market.server, &market.ann).await;
    let mut line = market.ann.connect(&market.server).await;
    line.say(conversation, "在吗").await;
    eventually(async || market.told(&market.ann).await == plain(CLOSED)).await;
    line.say(conversation, "有人吗").await;
    let mut owner = market.shop.owner.connect(&market.server).await;
    owner.say(conversation, "马上来").await;
    market.waits_until(time(10, 0, 0, 0)).await;
    let mut line = market.ann.connect(&market.server).await;
    line.say(conversation, "早上好").await;
    eventually(async || facts_left(&market).await == 0).await;
    assert_eq!(market.told(&market.ann).await, plain(CLOSED));
}

/// SVC-02: to a word the bot answers each time, to the longest that fits; a word that was removed is not answered, and its name is taken only once.
#[tokio::test]
async fn words_are_answered() {
    let market = Market::with(1).await;
    let path = market.shop.path("/answers");
    let add = async |word: &str, reply: &str| {
        let form = json!({ "word": word, "reply": reply });
        market.boss().post(&path, form).await
    };
    add("运费", "满59包邮").await.ok();
    let long = add("运费险", "七天内有效").await.ok();
    assert_eq!(add("运费", "x").await.refused(), "name_taken");
    let conversation = market.shop.consult(&market.server, &market.ann).await;
    let mut line = market.ann.connect(&market.server).await;
    for words in ["运费多少", "有运费险吗", "谢谢"] {
        line.say(conversation, words).await;
    }
    let both = [plain("满59包邮"), plain("七天内有效")].concat();
    eventually(async || {
        let mut told = market.told(&market.ann).await;
        told.sort();
        let mut both = both.clone();
        both.sort();
        told == both
    })
    .await;
    let id = long["id"].as_str().expect("an id");
    market.boss().delete(&format!("{path}/{id}")).await.ok();
    line.say(conversation, "运费险?").await;
    eventually(async || market.told(&market.ann).await.len() == 3).await;
    assert_eq!(market.told(&market.ann).await[2], plain("满59包邮")[0]);
}

async fn facts_left(market: &Market) -> i64 {
    sqlx::query_scalar("select count(*) from facts where done_at is null")
        .fetch_one(market.server.server.app.store.pool())
        .await
        .expect("a count")
}
