//! Two nodes on one database: Redis makes it quick, Postgres makes it sure.

use proto::{Cursor, Type, client_frame::Request, push::Event, reply::Answer};
use souk::{conversation::Address, id::ConversationId};

use crate::support::{
    Cluster, Person, Redis, Shop, TestServer,
    asking::asked,
    eventually,
    people::{Line, direct_conversation},
    shop::{bulletin, joins, leaves, run, says_unseen},
};

/// The sweep never comes: what arrives was pushed.
const NEVER: u64 = 600_000;

/// Two nodes that hear each other.
pub async fn two_nodes(redis: &Redis, sweep_ms: u64) -> (TestServer, TestServer) {
    let change = |config: &mut souk::config::Config| {
        config.bus.redis_url = redis.url();
        config.bus.sweep_ms = sweep_ms;
    };
    let one = TestServer::with(change).await;
    let other = TestServer::on(one.database.clone(), change).await;
    healthy(&one, true).await;
    healthy(&other, true).await;
    (one, other)
}

async fn healthy(server: &TestServer, healthy: bool) {
    eventually(async || server.server.app.store.bus().healthy() == healthy).await;
}

/// Shows that one is typing: never stored, so only a push can bring it.
async fn types(line: &mut Line, conversation: ConversationId) {
    let request = Type {
        conversation_id: conversation.to_string(),
    };
    assert!(matches!(
        line.ask(Request::Type(request)).await,
        Answer::Done(_)
    ));
}

async fn sees_typing(line: &mut Line) {
    while !matches!(
        line.client.next_push().await.expect("a push"),
        Event::Typing(_)
    ) {}
}

/// The head that a heartbeat reveals.
async fn is_told_head(line: &mut Line, conversation: ConversationId) -> u64 {
    loop {
        if let Event::Heartbeat(beat) = line.client.next_push().await.expect("a push") {
            let id = conversation.to_string();
            if let Some(head) = beat.heads.iter().find(|head| head.conversation_id == id) {
                return head.number;
            }
        }
    }
}

/// CHAT-13: what is said on one node is heard on the other, at once, both ways, whole and in order.
#[tokio::test]
async fn what_is_said_on_one_node_is_heard_on_the_other() {
    let redis = Redis::start().await;
    let (one, other) = two_nodes(&redis, NEVER).await;
    let (ann, bob, conversation) = direct_conversation(&one).await;
    let (mut ann, mut bob) = (ann.connect(&one).await, bob.connect(&other).await);
    for number in (1..=40).step_by(2) {
        ann.say(conversation, "ping").await;
        assert_eq!(bob.hears().await.number, number);
        bob.say(conversation, "pong").await;
        assert_eq!(ann.hears().await.number, number);
        assert_eq!(ann.hears().await.number, number + 1);
        assert_eq!(bob.hears().await.number, number + 1);
    }
    types(&mut ann, conversation).await;
    sees_typing(&mut bob).await;
    one.stop().await;
    other.stop().await;
}

/// CHAT-13, I-3: the order of a conversation begins on a node where somebody has caught up. Bulletins from the other node
/// that were held back meanwhile put nothing out of order, and what is missing beyond is fetched before it goes on.
#[tokio::test]
async fn an_order_begins_where_somebody_caught_up() {
    let redis = Redis::start().await;
    let (one, other) = two_nodes(&redis, NEVER).await;
    let shop = Shop::new(&one, "Tea").await;
    let ann = Person::customer(&one, "Ann").await;
    let bob = Person::customer(&one, "Bob").await;
    let group = shop.group(&one, &[&ann, &bob]).await;
    let address = Address::Group {
        group,
        shop: shop.id,
    };
    says_unseen(&one, group, &ann, "1").await;
    says_unseen(&one, group, &ann, "2").await;

    let mut bob = bob.connect(&other).await;
    let start = Cursor {
        conversation_id: group.to_string(),
        ..Cursor::default()
    };
    let resumed = asked!(bob, Resume { cursors: vec![start] } => Resumed);
    assert_eq!(resumed.conversations[0].messages.len(), 2);
    says_unseen(&one, group, &ann, "3").await;
    says_unseen(&one, group, &ann, "4").await;
    // The first two were on their way all the time; the third comes after the fourth.
    for number in [2, 1, 4, 3] {
        bulletin(&one, address, group, number);
    }
    ann.connect(&one).await.say(group, "5").await;
    let mut heard = vec![];
    while heard.last() != Some(&5) {
        heard.push(bob.hears().await.number);
    }
    heard.retain(|number| *number > 2);
    assert_eq!(
        heard,
        [3, 4, 5],
        "what is above the cursor, once and in order"
    );
}

/// CHAT-13: two agents of a shop on two nodes hear the same customer.
#[tokio::test]
async fn agents_on_two_nodes_hear_the_same_customer() {
    let redis = Redis::start().await;
    let (one, other) = two_nodes(&redis, NEVER).await;
    let shop = Shop::new(&one, "Tea").await;
    let (kim, lee) = (shop.agent(&one, "Kim").await, shop.agent(&one, "Lee").await);
    let (mut kim, mut lee) = (kim.connect(&one).await, lee.connect(&other).await);
    let ann = Person::customer(&one, "Ann").await;
    let conversation = with_shop(&one, &shop, &ann).await;
    let mut ann = ann.connect(&one).await;
    ann.say(conversation, "is there tea?").await;
    for agent in [&mut kim, &mut lee] {
        assert_eq!(agent.hears().await.text, "is there tea?");
    }
    lee.say(conversation, "yes").await;
    assert_eq!(ann.hears().await.number, 1);
    assert_eq!(ann.hears().await.text, "yes");
}

async fn with_shop(server: &TestServer, shop: &Shop, customer: &Person) -> ConversationId {
    let conversation = ConversationId::new();
    run!(
        server,
        "insert into conversations (id, kind, shop_id, person_a, active_at, created_at) values ($1, 'shop', $2, $3, now(), now())",
        conversation,
        shop.id,
        customer.id
    );
    joins(server, conversation, customer, 1).await;
    conversation
}

/// F13: while Redis is dead, Postgres brings it; when it is back, empty, pushing works again.
#[tokio::test]
async fn without_redis_it_takes_longer_and_nothing_is_lost() {
    let mut redis = Redis::start().await;
    let (one, other) = two_nodes(&redis, 100).await;
    let (ann, bob, conversation) = direct_conversation(&one).await;
    let (mut ann, mut bob) = (ann.connect(&one).await, bob.connect(&other).await);
    ann.say(conversation, "1").await;
    assert_eq!(bob.hears().await.number, 1);

    redis.kill();
    for number in 2..=5 {
        ann.say(conversation, "into the silence").await;
        assert_eq!(bob.hears().await.number, number);
    }
    healthy(&one, false).await;
    healthy(&other, false).await;

    redis.restart().await;
    healthy(&one, true).await;
    healthy(&other, true).await;
    types(&mut ann, conversation).await;
    sees_typing(&mut bob).await;
    ann.say(conversation, "6").await;
    assert_eq!(bob.hears().await.number, 6);
}

/// F14: every subscription is made anew after its connection was killed.
#[tokio::test]
async fn killed_subscriptions_come_back() {
    let redis = Redis::start().await;
    let (one, other) = two_nodes(&redis, NEVER).await;
    let (ann, bob, conversation) = direct_conversation(&one).await;
    let (mut ann, mut bob) = (ann.connect(&one).await, bob.connect(&other).await);
    let mut kill = redis::cmd("CLIENT");
    kill.arg("KILL").arg("TYPE").arg("pubsub");
    let killed: i64 = redis.ask(&kill).await.expect("Redis answers");
    assert_eq!(killed, 2);
    let topic = format!("souk:user:{}", bob.welcome.user.as_ref().unwrap().id);
    eventually(async || hearers(&redis, &topic).await == 1).await;
    healthy(&one, true).await;
    types(&mut ann, conversation).await;
    sees_typing(&mut bob).await;
}

async fn hearers(redis: &Redis, topic: &str) -> i64 {
    let mut count = redis::cmd("PUBSUB");
    count.arg("SHARDNUMSUB").arg(topic);
    let (_, hearers): (String, i64) = redis.ask(&count).await.expect("Redis answers");
    hearers
}

/// The same on a cluster, where the library alone would lose five of six channels in silence.
#[tokio::test]
async fn a_cluster_carries_the_bus_and_gets_every_subscription_back() {
    let cluster = Cluster::start().await;
    let change = |config: &mut souk::config::Config| {
        config.bus.redis_url = cluster.url();
        config.bus.sweep_ms = NEVER;
    };
    let one = TestServer::with(change).await;
    let other = TestServer::on(one.database.clone(), change).await;
    healthy(&one, true).await;
    healthy(&other, true).await;
    let mut pairs = vec![];
    for _ in 0..6 {
        let (ann, bob, conversation) = direct_conversation(&one).await;
        pairs.push((
            ann.connect(&one).await,
            bob.connect(&other).await,
            conversation,
        ));
    }
    for _ in 0..2 {
        for (ann, bob, conversation) in &mut pairs {
            let number = ann.say(*conversation, "across slots").await.number;
            assert_eq!(bob.hears().await.number, number);
        }
        let mut kill = redis::cmd("CLIENT");
        kill.arg("KILL").arg("TYPE").arg("pubsub");
        cluster.ask_each::<i64>(&kill).await;
        for (_, bob, _) in &pairs {
            let topic = format!("souk:user:{}", bob.welcome.user.as_ref().unwrap().id);
            let mut count = redis::cmd("PUBSUB");
            count.arg("SHARDNUMSUB").arg(topic);
            eventually(async || {
                let hearers = cluster.ask_each::<(String, i64)>(&count).await;
                hearers.iter().map(|(_, hearers)| hearers).sum::<i64>() == 1
            })
            .await;
        }
        healthy(&one, true).await;
    }
}

/// A node lets go of a topic when nobody there needs it any more.
#[tokio::test]
async fn whoever_leaves_takes_the_subscription_along() {
    let redis = Redis::start().await;
    let (one, _other) = two_nodes(&redis, NEVER).await;
    let ann = Person::customer(&one, "Ann").await;
    let topic = format!("souk:user:{}", ann.id);
    let (first, second) = (ann.connect(&one).await, ann.connect(&one).await);
    assert_eq!(hearers(&redis, &topic).await, 1);
    first.client.close().await.unwrap();
    second.client.close().await.unwrap();
    eventually(async || hearers(&redis, &topic).await == 0).await;
    let _back = ann.connect(&one).await;
    assert_eq!(hearers(&redis, &topic).await, 1);
}

/// I-2: messages of which no bulletin ever came are found: the next ones of a conversation that was shown are shown, the
/// tail of one that was not is revealed by its head.
#[tokio::test]
async fn what_no_bulletin_tells_is_found() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 100).await;
    let (ann, bob, busy) = direct_conversation(&server).await;
    let (_, idle_ann, idle) = direct_conversation(&server).await;
    let mut hearing = bob.connect(&server).await;
    let mut waiting = idle_ann.connect(&server).await;
    ann.connect(&server).await.say(busy, "1").await;
    assert_eq!(hearing.hears().await.number, 1);
    for _ in 2..=4 {
        says_unseen(&server, busy, &ann, "unseen").await;
    }
    says_unseen(&server, idle, &idle_ann, "unseen").await;
    for number in 2..=4 {
        assert_eq!(hearing.hears().await.number, number);
    }
    assert_eq!(is_told_head(&mut waiting, idle).await, 1);
}

/// A group that somebody joined or left while no notice reached their node.
#[tokio::test]
async fn a_membership_that_nobody_told_of_is_found() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 100).await;
    let shop = Shop::new(&server, "Tea").await;
    let (ann, bob) = (
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    );
    let group = shop.group(&server, &[&ann]).await;
    let (mut ann, mut late) = (ann.connect(&server).await, bob.connect(&server).await);
    ann.say(group, "before").await;
    joins(&server, group, &bob, 2).await;
    assert_eq!(is_told_head(&mut late, group).await, 1);
    ann.say(group, "welcome").await;
    assert_eq!(late.hears().await.number, 2);

    leaves(&server, group, &bob, 2).await;
    run!(
        &server,
        "update memberships set changed_at = clock_timestamp() where left_number = 2"
    );
    let left = loop {
        if let Event::ConversationLeft(left) = late.client.next_push().await.expect("a push") {
            break left;
        }
    };
    assert_eq!((left.conversation_id, left.number), (group.to_string(), 2));
    ann.say(group, "not for Bob").await;
    assert!(late.client.pushes_so_far().is_empty());
    joins(&server, group, &bob, 4).await;
    assert_eq!(is_told_head(&mut late, group).await, 3);
    ann.say(group, "again").await;
    assert_eq!(late.hears().await.number, 4);
}
