//! What the bus loses or mixes up is found again in the log.

use proto::push::Event as Pushed;
use souk::{conversation::Address, event::Event, id::ConversationId};

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
    changed(1, 1, "one");
    changed(5, 1, "one!");
    let mut shown = vec![];
    while shown.last().is_none_or(|(revision, _)| *revision < 5) {
        if let Pushed::MessageChanged(changed) = phone.client.next_push().await.unwrap() {
            let message = changed.message.unwrap();
            shown.push((message.revision, message.text));
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
