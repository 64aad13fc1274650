//! What the bus loses or mixes up is found again in the log.

use jiff_sqlx::ToSqlx as _;
use proto::push::Event as Pushed;
use souk::{conversation::Address, event::Event, id::ConversationId};
use uuid::Uuid;

use crate::support::{
    Person, Shop, TestServer,
    people::Line,
    shop::{bulletin, edits_unseen, run, says_unseen},
};

async fn three_people(server: &TestServer) -> (Person, Line, Line, ConversationId, Address) {
    let shop = Shop::new(server, "Tea").await;
    let (ann, bob) = (
        Person::customer(server, "Ann").await,
        Person::customer(server, "Bob").await,
    );
    let group = shop.group(server, &[&ann, &bob]).await;
    let address = Address::Group {
        group,
        shop: shop.id,
    };
    let (phone, desk) = (bob.connect(server).await, bob.connect(server).await);
    (ann, phone, desk, group, address)
}

async fn hears(line: &mut Line, upto: u64) -> Vec<u64> {
    let mut heard = vec![];
    while heard.last() != Some(&upto) {
        heard.push(line.hears().await.number);
    }
    heard
}

/// I-2, I-3: bulletins that come late, twice or never: everybody is shown all of it, once and in order.
#[tokio::test]
async fn lost_and_mixed_bulletins_are_found_in_the_log() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 600_000).await;
    let (ann, mut phone, mut desk, group, address) = three_people(&server).await;
    for number in 1..=300 {
        says_unseen(&server, group, &ann, &number.to_string()).await;
    }
    for number in [1, 2, 5, 4, 5, 2, 9, 300, 299] {
        bulletin(&server, address, group, number);
    }
    for line in [&mut phone, &mut desk] {
        assert_eq!(hears(line, 300).await, (1..=300).collect::<Vec<_>>());
    }
    let mut ann = ann.connect(&server).await;
    assert_eq!(ann.say(group, "live").await.number, 301);
    assert_eq!(phone.hears().await.number, 301);
}

/// Lost changes are found as well, each message as it is now, by rising revision.
#[tokio::test]
async fn lost_changes_are_found_in_the_log() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 600_000).await;
    let (ann, mut phone, _desk, group, address) = three_people(&server).await;
    for number in 1..=3 {
        says_unseen(&server, group, &ann, &number.to_string()).await;
    }
    for (number, words) in [
        (1, "one"),
        (2, "two"),
        (3, "three"),
        (2, "two!"),
        (1, "one!"),
    ] {
        edits_unseen(&server, group, number, words).await;
    }
    let changed = |revision, number, text: &str| {
        let message = proto::Message {
            number,
            revision,
            text: text.into(),
            ..proto::Message::default()
        };
        server
            .server
            .app
            .store
            .bus()
            .publish(&Event::changed(group, address.audiences(), message));
    };
    let mut shown = vec![];
    for (upto, text) in [(1, "one"), (5, "one!")] {
        // One after the other: of two pictures of a message that wait in a queue only the newer one is shown.
        changed(upto, 1, text);
        while shown.last().is_none_or(|(revision, _)| *revision < upto) {
            if let Pushed::MessageChanged(changed) = phone.client.next_push().await.unwrap() {
                let message = changed.message.unwrap();
                shown.push((message.revision, message.text));
            }
        }
    }
    let expected = [(1, "one"), (3, "three"), (4, "two!"), (5, "one!")];
    assert_eq!(
        shown,
        expected.map(|(revision, text)| (revision, text.to_owned()))
    );
}

/// I-3: whoever is very far behind is told the head and asks at their own pace.
#[tokio::test]
async fn a_great_gap_is_told_as_a_head() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 600_000).await;
    let (ann, mut phone, _desk, group, address) = three_people(&server).await;
    says_unseen(&server, group, &ann, "1").await;
    bulletin(&server, address, group, 1);
    assert_eq!(phone.hears().await.number, 1);
    run!(
        server,
        "update conversations set number = 5000 where id = $1",
        group
    );
    bulletin(&server, address, group, 5000);
    let told = phone.client.next_push().await.unwrap();
    let Pushed::Heartbeat(beat) = told else {
        panic!("expected a heartbeat, got {told:?}")
    };
    assert_eq!(beat.heads[0].number, 5000);
    bulletin(&server, address, group, 5001);
    assert_eq!(phone.hears().await.number, 5001);
}

/// I-9, I-3: the bus loses somebody's removal and what was said just before it: they are shown all of it before they are told that they are
/// out.
#[tokio::test]
async fn a_lost_removal_comes_after_what_was_said_before() {
    let server = TestServer::with(|config| config.bus.sweep_ms = 50).await;
    let shop = Shop::new(&server, "Tea").await;
    let ann = Person::customer(&server, "Ann").await;
    let bob = Person::customer(&server, "Bob").await;
    let group = shop.group(&server, &[&ann, &bob]).await;
    let (mut anns, mut bobs) = (ann.connect(&server).await, bob.connect(&server).await);
    anns.say(group, "1").await;
    assert_eq!(bobs.hears().await.number, 1);
    removes_unseen(&server, group, &ann, &bob).await;
    let mut shown = vec![];
    let left = loop {
        match bobs.client.next_push().await.expect("a push") {
            Pushed::MessagePosted(posted) => shown.extend(posted.message.map(|one| one.number)),
            Pushed::ConversationLeft(left) => break left.number,
            _ => {}
        }
    };
    assert_eq!((left, shown), (2, vec![2]));
}

/// In one transaction `ann` says message 2, and it is the last one for `bob`; no screen is told.
async fn removes_unseen(server: &TestServer, group: ConversationId, ann: &Person, bob: &Person) {
    run!(
        server,
        "with said as materialized (
           select append_messages(array[$1], array[$2], array[$3], array[0], array['2'], array[null::bytea], array[null::bytea], $4)
         )
         update memberships set left_number = 2, changed_at = clock_timestamp()
         where conversation_id = $1 and user_id = $5 and exists (select from said)",
        group,
        ann.id,
        Uuid::new_v4().to_string(),
        server.clock.now().to_sqlx(),
        bob.id
    );
}
