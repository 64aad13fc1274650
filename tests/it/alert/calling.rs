//! Customers who are not on the line are called back to their conversations.

use proto::client_frame::Request;
use serde_json::json;
use souk::{config::PushProvider, id::ConversationId};

use super::{
    device::Device,
    pushing::{key, settled},
};
use crate::support::{
    Person, TestServer, TestShop, asking::asked, people::Line, shop::joins, team::until,
};

/// A shop, a customer whose browser may be called, and a conversation between them.
struct Stage {
    server: TestServer,
    shop: TestShop,
    ann: Person,
    device: Device,
    chat: ConversationId,
    eva: Line,
}

impl Stage {
    async fn set() -> Self {
        let server = TestServer::start().await;
        let shop = TestShop::open(&server).await;
        let ann = Person::customer(&server, "Ann").await;
        let chat = shop.consult(&server, &ann).await;
        let device = Device::of(&server, &ann).await;
        let eva = shop.hire(&server, "agent").await.connect(&server).await;
        Self {
            server,
            shop,
            ann,
            device,
            chat,
            eva,
        }
    }

    /// What the schedule does.
    async fn call(&self) {
        let call = souk::push::call::customers(&self.server.server.app);
        let called = self.server.in_turn("call_customers", call).await;
        called.expect("called");
    }

    /// Ann looks, reads and goes.
    async fn reads(&self, number: u64) {
        let mut line = self.ann.connect(&self.server).await;
        asked!(line, MarkRead { conversation_id: self.chat.to_string(), number: number } => Done);
        self.leaves(line).await;
    }

    async fn leaves(&self, line: Line) {
        line.client.close().await.expect("closed");
        until(|| self.server.server.hub.lines_of(self.ann.id).is_empty()).await;
    }

    /// What has become of all her calls.
    async fn states(&self, calls: usize) -> Vec<String> {
        settled(&self.server, calls)
            .await
            .remove(&self.ann.id)
            .unwrap_or_default()
    }
}

/// Web Push for customers: something said to them calls them once, with the shop's name and no word of it, until they have read it; their own words do not, nor
/// what they have read.
#[tokio::test]
async fn a_customer_is_called_once_until_they_have_read() {
    let mut stage = Stage::set().await;
    let key = key(&stage.server, &stage.ann).await;
    stage.eva.say(stage.chat, "Your cake is ready").await;
    stage.call().await;
    let push = stage.device.hears(&key).await;
    assert_eq!(push.alert["kind"], "new_message");
    assert_eq!(push.alert["text"], "Tea house");
    assert_eq!(push.alert["conversation_id"], json!(stage.chat));
    assert!(!push.alert.to_string().contains("cake"));
    let last = stage.eva.say(stage.chat, "Are you there?").await.number;
    stage.call().await;
    stage.reads(last).await;
    stage.call().await;
    let mut line = stage.ann.connect(&stage.server).await;
    line.say(stage.chat, "I come at five").await;
    stage.leaves(line).await;
    stage.call().await;
    assert_eq!(stage.states(1).await, ["sent"]);
    stage.eva.say(stage.chat, "Good").await;
    stage.call().await;
    stage.device.hears(&key).await;
    assert_eq!(stage.states(2).await, ["sent", "sent"]);
    let alerts = stage
        .shop
        .boss(&stage.server)
        .get(&stage.shop.path("/alerts"))
        .await
        .ok();
    let listed = alerts["alerts"].as_array().expect("alerts");
    assert!(
        listed.iter().all(|alert| alert["kind"] != "new_message"),
        "it is hers alone"
    );
}

/// Web Push for customers: whoever is on the line is not called, and is called to what is said when they have left; in a group by its name; after logging
/// out no more.
#[tokio::test]
async fn nobody_is_called_who_is_there_or_has_logged_out() {
    let mut stage = Stage::set().await;
    let key = key(&stage.server, &stage.ann).await;
    let mut line = stage.ann.connect(&stage.server).await;
    line.ask(Request::Ping(proto::Ping {})).await;
    stage.eva.say(stage.chat, "one").await;
    stage.call().await;
    assert_eq!(stage.states(1).await, ["spared"]);
    stage.leaves(line).await;
    stage.call().await;
    assert_eq!(stage.states(1).await, ["spared"], "nothing new");
    let last = stage.eva.say(stage.chat, "two").await.number;
    stage.call().await;
    stage.device.hears(&key).await;

    let group = stage.shop.group(&stage.server, &stage.ann).await;
    joins(&stage.server, group, &stage.shop.owner, 1).await;
    let mut owner = stage.shop.owner.connect(&stage.server).await;
    owner.say(group, "Cake for everybody").await;
    stage.call().await;
    let push = stage.device.hears(&key).await;
    assert_eq!(push.alert["conversation_id"], json!(group));
    assert_eq!(push.alert["text"], "Tea friends");
    stage.reads(last).await;
    let hers = stage.server.rest().by(&stage.ann);
    hers.delete("/sessions/current").await;
    stage.eva.say(stage.chat, "three").await;
    stage.call().await;
    settled(&stage.server, 3).await;
    assert!(stage.device.service.heard().is_empty());
}

/// 170 customers of a group with three browsers each.
const CROWD: &str = "
  with people as (
    insert into users (id, kind, name, phone, created_at)
    select gen_random_uuid(), 'customer', 'Friend ' || i, '+861390000' || lpad(i::text, 4, '0'), now() from generate_series(1, 170) i
    returning id
  ), opened as (
    insert into sessions (id, user_id, device_id, access_hash, access_expires_at, refresh_hash, refreshed_at, expires_at, created_at)
    select gen_random_uuid(), id, 'browser ' || n, sha256(convert_to('a' || id || n, 'UTF8')), now() + interval '1 hour',
      sha256(convert_to('r' || id || n, 'UTF8')), now(), now() + interval '30 days', now()
    from people, generate_series(1, 3) n
    returning id, user_id
  ), subscribed as (
    insert into push_subscriptions (session_id, user_id, endpoint, p256dh, auth, created_at)
    select id, user_id, 'https://push.example/' || id, decode(repeat('04', 65), 'hex'), decode(repeat('01', 16), 'hex'), now() - interval '1 minute'
    from opened
  )
  insert into memberships (conversation_id, user_id, joined_number, joined_at) select $1, id, 1, now() from people";

/// Web Push for customers: in a crowd every browser of everybody is called, once, though one statement calls 500 only.
#[tokio::test]
async fn in_a_crowd_every_browser_is_called() {
    let server = TestServer::with(|config| config.push.provider = PushProvider::Sink).await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    let group = shop.group(&server, &ann).await;
    joins(&server, group, &shop.owner, 1).await;
    let pool = server.server.app.store.pool();
    let crowd = sqlx::query(CROWD).bind(group.0).execute(pool).await;
    assert_eq!(crowd.expect("they come").rows_affected(), 170);
    let mut owner = shop.owner.connect(&server).await;
    owner.say(group, "Cake for everybody").await;
    for _ in 0..2 {
        let call = souk::push::call::customers(&server.server.app);
        let called = server.in_turn("call_customers", call).await;
        called.expect("called");
    }
    let calls = "select count(*), count(distinct session_id) from push_deliveries";
    let calls: (i64, i64) = sqlx::query_as(calls).fetch_one(pool).await.expect("calls");
    assert_eq!(calls, (510, 510));
}
