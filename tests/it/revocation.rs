//! Who may no longer be on the line is not, on any node, with Redis and without.

use jiff::SignedDuration;
use loadtest::{Client, Format};
use proto::{AlertKind, Authenticate, Goodbye, Permission, client_frame::Request, push::Event};
use serde_json::json;
use souk::{bus::Audience, id::UserId, store::Recheck};

use crate::support::{
    Person, Redis, Shop, TestServer, TestShop, eventually,
    held::waiting,
    shop::{joins, run},
    team::new_phone,
};

/// The close code of a session that is over.
const REVOKED: u16 = 4102;

/// Every node looks again at a user's lines, as after any change.
async fn recheck(server: &TestServer, user: UserId, what: Recheck) {
    let store = &server.server.app.store;
    let mut tx = store.begin_people().await.expect("a unit of work");
    tx.recheck(&[user], what, "test").await.expect("noted");
    tx.commit().await.expect("commits");
}

/// All sessions of a user end.
async fn revoke(server: &TestServer, user: UserId) {
    run!(
        server,
        "update sessions set revoked_at = now() where user_id = $1",
        user
    );
    recheck(server, user, Recheck::Sessions).await;
}

async fn reaches_the_other_node(redis_url: &str, sweep_ms: u64) {
    let change = |config: &mut souk::config::Config| {
        redis_url.clone_into(&mut config.bus.redis_url);
        config.bus.sweep_ms = sweep_ms;
    };
    let one = TestServer::with(change).await;
    let other = TestServer::on(one.database.clone(), change).await;
    eventually(async || other.server.app.store.bus().healthy()).await;
    eventually(async || one.server.app.store.bus().healthy()).await;
    let (ann, bob) = (
        Person::customer(&one, "Ann").await,
        Person::customer(&one, "Bob").await,
    );
    let (mut here, mut there) = (ann.connect(&one).await, ann.connect(&other).await);
    let _bystander = bob.connect(&other).await;
    revoke(&one, ann.id).await;
    for line in [&mut here, &mut there] {
        assert_eq!(line.client.closed().await.expect("a close").code, REVOKED);
    }
    eventually(async || other.server.hub.len() == 1).await;
    assert_eq!(other.server.hub.lines()[0].actor().user, bob.id);
}

/// ACC-06: a log-out ends every socket of the session's user, on every node, by a push.
#[tokio::test]
async fn a_revocation_is_pushed_to_the_other_node() {
    let redis = Redis::start().await;
    reaches_the_other_node(&redis.url(), 600_000).await;
}

/// F13: the same with no Redis, by the sweep.
#[tokio::test]
async fn a_revocation_is_found_without_redis() {
    reaches_the_other_node("", 100).await;
}

/// A session that nobody refreshed ends the socket, too.
#[tokio::test]
async fn a_session_that_expires_ends_its_sockets() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 100).await;
    let ann = Person::customer(&server, "Ann").await;
    let mut line = ann.connect(&server).await;
    server.clock.advance(SignedDuration::from_hours(23));
    line.ask(proto::client_frame::Request::Ping(proto::Ping {}))
        .await;
    server.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(line.client.closed().await.expect("a close").code, REVOKED);
}

/// STAFF-06: whoever is taken off the staff stays on the line, and hears nothing more of the shop.
#[tokio::test]
async fn whoever_leaves_the_staff_hears_nothing_more() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 100).await;
    let shop = Shop::new(&server, "Tea").await;
    let (kim, lee) = (
        shop.agent(&server, "Kim").await,
        shop.agent(&server, "Lee").await,
    );
    let ann = Person::customer(&server, "Ann").await;
    let conversation = souk::id::ConversationId::new();
    run!(
        &server,
        "insert into conversations (id, kind, shop_id, person_a, active_at, created_at) values ($1, 'shop', $2, $3, now(), now())",
        conversation,
        shop.id,
        ann.id
    );
    joins(&server, conversation, &ann, 1).await;
    let (mut kim_line, mut lee_line) = (kim.connect(&server).await, lee.connect(&server).await);
    let mut ann = ann.connect(&server).await;
    ann.say(conversation, "1").await;
    assert_eq!(kim_line.hears().await.number, 1);

    run!(
        &server,
        "update staff set disabled_at = now() where user_id = $1",
        kim.id
    );
    run!(
        &server,
        "insert into rechecks (user_id, what, reason) values ($1, 'rights', 'disabled')",
        kim.id
    );
    let line = server.server.hub.lines_of(kim.id).remove(0);
    eventually(async || line.actor().posts.is_empty() && line.audiences().len() == 1).await;
    ann.say(conversation, "2").await;
    assert_eq!(lee_line.hears().await.number, 1);
    assert_eq!(lee_line.hears().await.number, 2);
    kim_line
        .ask(proto::client_frame::Request::Ping(proto::Ping {}))
        .await;
    assert!(kim_line.client.pushes_so_far().is_empty());
}

/// Says who one is, and is not let in: the close code, and what is said before it.
async fn not_let_in(server: &TestServer, person: &Person) -> (u16, Goodbye) {
    let url = server.socket_url();
    let mut client = Client::open(&url, Format::Binary).await.expect("opens");
    let request = Authenticate {
        token: person.token.clone(),
        ..Authenticate::default()
    };
    client.send(Request::Authenticate(request)).await.unwrap();
    let close = client.closed().await.expect("a close");
    match client.pushes_so_far().pop() {
        Some(Event::Goodbye(goodbye)) => (close.code, goodbye),
        other => panic!("expected a good-bye, got {other:?}"),
    }
}

/// Whoever is not let in hears whether to come back: not with a session that is over, and by chance a little later where
/// it is the server that cannot, so that a crowd does not come back at once.
#[tokio::test]
async fn who_is_not_let_in_hears_whether_to_come_back() {
    let server = TestServer::start().await;
    let ann = Person::customer(&server, "Ann").await;
    let bob = Person::customer(&server, "Bob").await;
    revoke(&server, ann.id).await;
    let (code, goodbye) = not_let_in(&server, &ann).await;
    assert_eq!((code, goodbye.retry_after_ms), (REVOKED, 0));

    server.server.app.store.pool().close().await;
    let mut waits = vec![];
    for _ in 0..8 {
        let (code, goodbye) = not_let_in(&server, &bob).await;
        assert_eq!((code, goodbye.close_code), (4004, 4004));
        assert!((100..=2_000).contains(&goodbye.retry_after_ms));
        waits.push(goodbye.retry_after_ms);
    }
    waits.dedup();
    assert!(waits.len() > 1, "all are told to come back after {waits:?}");
}

/// ACC-06, SEC-02: whoever has their own lines renewed, however slowly that goes, delays nobody's end; and it has a pace.
#[tokio::test]
async fn nobody_delays_the_end_of_anothers_session() {
    let server = TestServer::with(|config| config.limits.sends_per_second = 1).await;
    let eve = Person::customer(&server, "Eve").await;
    let bob = Person::customer(&server, "Bob").await;
    let (_eves, mut bobs) = (eve.connect(&server).await, bob.connect(&server).await);
    let pool = server.server.app.store.pool().clone();
    let mut work = pool.begin().await.expect("a transaction");
    sqlx::query("lock table memberships in access exclusive mode")
        .execute(&mut *work)
        .await
        .expect("nobody's groups are read");
    recheck(&server, eve.id, Recheck::Rights).await;
    waiting(&pool, 1).await;
    revoke(&server, bob.id).await;
    assert_eq!(bobs.client.closed().await.expect("a close").code, REVOKED);
    work.rollback().await.expect("free again");

    let (rest, none) = (server.rest().by(&eve), json!({ "wanted": [] }));
    let mut said = vec![];
    for _ in 0..12 {
        said.push(rest.put("/me/alerts", none.clone()).await.status);
    }
    assert!(said.contains(&200) && said.contains(&429), "{said:?}");
}

/// STAFF-06, ALRT-04: for another name, or another choice of alerts, nobody's groups are read; and whoever loses a post is
/// out of its audiences and groups all the same, and goes on in the other.
#[tokio::test]
async fn a_new_name_reads_no_groups_and_a_lost_post_loses_them() {
    // Without the sweep, which would look again at what was given before.
    let server = TestServer::with(|config| config.bus.sweep_ms = 600_000).await;
    let (one, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let phone = new_phone();
    one.hire_by(&server, &phone, "agent").await;
    let kim = other.hire_by(&server, &phone, "agent").await;
    let group = one.group(&server, &kim).await;
    let _socket = kim.connect(&server).await;
    let line = server.server.hub.lines_of(kim.id).remove(0);
    let of = |shop: &TestShop| Audience::Staff(shop.id, Permission::Chat);
    let lost = [of(&one), Audience::Group(group)];
    let kept = [of(&other), Audience::User(kim.id)];
    let belongs = |audiences: &[Audience]| {
        let own = line.audiences();
        audiences.iter().filter(|one| own.contains(one)).count()
    };
    assert_eq!((belongs(&lost), belongs(&kept)), (2, 2));

    let pool = server.server.app.store.pool().clone();
    let mut work = pool.begin().await.expect("a transaction");
    sqlx::query("lock table memberships in access exclusive mode")
        .execute(&mut *work)
        .await
        .expect("nobody's groups are read");
    let rest = server.rest().by(&kim);
    rest.patch("/me", json!({ "name": "Kimi" })).await.ok();
    rest.put("/me/alerts", json!({ "wanted": [] })).await.ok();
    eventually(async || &*line.actor().name == "Kimi" && !line.wants(AlertKind::NewOrder)).await;
    work.rollback().await.expect("free again");
    assert_eq!((belongs(&lost), belongs(&kept)), (2, 2));

    one.change(&server, kim.id, json!({ "disabled": true }))
        .await;
    eventually(async || belongs(&lost) == 0 && line.actor().posts.len() == 1).await;
    assert_eq!(belongs(&kept), 2);
}
