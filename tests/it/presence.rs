//! Who is on the line, as far as one may know.

use proto::{WatchPresence, client_frame::Request, push::Event, reply::Answer};
use souk::id::UserId;

use crate::support::{
    Person, Redis, TestServer, eventually,
    people::{Line, direct_conversation},
};

/// Watches these people; gives who is on the line now.
async fn watch(line: &mut Line, users: &[UserId]) -> Vec<bool> {
    let request = WatchPresence {
        user_ids: users.iter().map(ToString::to_string).collect(),
    };
    match line.ask(Request::WatchPresence(request)).await {
        Answer::PresenceList(list) => {
            let ids = list
                .people
                .iter()
                .map(|person| person.user_id.parse().unwrap());
            assert_eq!(ids.collect::<Vec<UserId>>(), users);
            list.people.iter().map(|person| person.online).collect()
        }
        other => panic!("expected `presence_list`, got {other:?}"),
    }
}

/// The next that this person is told about others.
async fn is_told(line: &mut Line) -> (UserId, bool) {
    loop {
        if let Event::PresenceChanged(changed) = line.client.next_push().await.expect("a push") {
            let presence = changed.presence.expect("a presence");
            return (presence.user_id.parse().unwrap(), presence.online);
        }
    }
}

/// People who talk see each other come and go; strangers are never on the line.
#[tokio::test]
async fn people_who_talk_see_each_other_and_strangers_nothing() {
    let server = TestServer::start().await;
    let (ann, bob, _) = direct_conversation(&server).await;
    let eve = Person::customer(&server, "Eve").await;
    let _eve = eve.connect(&server).await;
    let mut ann = ann.connect(&server).await;
    assert_eq!(watch(&mut ann, &[bob.id, eve.id]).await, [false, false]);
    let phone = bob.connect(&server).await;
    assert_eq!(is_told(&mut ann).await, (bob.id, true));
    let desk = bob.connect(&server).await;
    let _eve_again = eve.connect(&server).await;
    phone.client.close().await.unwrap();
    desk.client.close().await.unwrap();
    assert_eq!(is_told(&mut ann).await, (bob.id, false));

    assert_eq!(watch(&mut ann, &[]).await, [false; 0]);
    let _bob = bob.connect(&server).await;
    assert_eq!(watch(&mut ann, &[bob.id]).await, [true]);
    assert!(ann.client.pushes_so_far().is_empty());
}

/// More people than may be watched, and what is no id, are refused.
#[tokio::test]
async fn a_list_that_is_too_long_is_refused() {
    let server = TestServer::start().await;
    let mut ann = Person::customer(&server, "Ann")
        .await
        .connect(&server)
        .await;
    for user_ids in [vec![UserId::new().to_string(); 201], vec!["x".to_owned()]] {
        let request = Request::WatchPresence(WatchPresence { user_ids });
        assert_eq!(ann.refused(request).await, proto::Refusal::InvalidArgument);
    }
}

async fn two_nodes(redis: &Redis) -> (TestServer, TestServer) {
    let change = |config: &mut souk::config::Config| {
        config.bus.redis_url = redis.url();
        config.bus.sweep_ms = 50;
    };
    let one = TestServer::with(change).await;
    let other = TestServer::on(one.database.clone(), change).await;
    for server in [&one, &other] {
        eventually(async || server.server.app.store.bus().healthy()).await;
    }
    (one, other)
}

/// Coming and going on another node is seen, and a Redis that forgets everything is told again.
#[tokio::test]
async fn presence_reaches_across_nodes_and_outlives_redis() {
    let mut redis = Redis::start().await;
    let (one, other) = two_nodes(&redis).await;
    let (ann, bob, _) = direct_conversation(&one).await;
    let mut ann = ann.connect(&one).await;
    assert_eq!(watch(&mut ann, &[bob.id]).await, [false]);
    let there = bob.connect(&other).await;
    assert_eq!(is_told(&mut ann).await, (bob.id, true));
    let here = bob.connect(&one).await;
    there.client.close().await.unwrap();
    here.client.close().await.unwrap();
    assert_eq!(is_told(&mut ann).await, (bob.id, false));
    let _there = bob.connect(&other).await;
    assert_eq!(is_told(&mut ann).await, (bob.id, true));

    redis.kill();
    assert_eq!(is_told(&mut ann).await, (bob.id, false));
    redis.restart().await;
    assert_eq!(is_told(&mut ann).await, (bob.id, true));
    other.stop().await;
    assert_eq!(is_told(&mut ann).await, (bob.id, false));
}

/// F36: a node that dies takes its people off the line when its key expires, though their sets still name it.
#[tokio::test]
async fn a_dead_node_leaves_no_ghosts() {
    let redis = Redis::start().await;
    let (one, _other) = two_nodes(&redis).await;
    let (ann, bob, _) = direct_conversation(&one).await;
    let mut add = redis::cmd("SADD");
    add.arg(format!("souk:online:{}", bob.id)).arg("ghost");
    redis.ask::<i64>(&add).await.unwrap();
    let mut ann = ann.connect(&one).await;
    assert_eq!(watch(&mut ann, &[bob.id]).await, [false]);
    let mut alive = redis::cmd("SET");
    alive.arg("souk:node:ghost").arg(1).arg("PX").arg(2_000);
    redis.ask::<()>(&alive).await.unwrap();
    assert_eq!(is_told(&mut ann).await, (bob.id, true));
    assert_eq!(is_told(&mut ann).await, (bob.id, false));
}
