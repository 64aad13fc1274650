//! Nobody sees what is said outside their time (I-9).

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::future::join_all;
use proto::{Message, NoticeKind, client_frame::Request, reply::Answer};
use serde_json::json;
use souk::id::ConversationId;

use super::shop::{Shop, come, delete, intervals, link, notice, pushed_by_now, until_left};
use crate::support::{
    TestServer,
    people::{Line, words},
};

/// I-9: the removal is the last that is seen; coming back does not show what was said in between.
#[tokio::test]
async fn coming_back_opens_a_new_time() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let token = link(&server, &shop.owner, group).await;
    let (mut owner, mut line) = (
        shop.owner.connect(&server).await,
        ann.connect(&server).await,
    );
    owner.say(group, "2: seen").await;
    delete(
        &server,
        &shop.owner,
        &format!("/groups/{group}/members/{}", ann.id),
    )
    .await
    .expect("removed");
    owner.say(group, "4: secret").await;
    let (seen, last) = until_left(&mut line).await;
    assert_eq!(
        seen.iter().map(|one| one.number).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(
        (last, seen[1].notice.as_ref().map(proto::Notice::kind)),
        (3, Some(NoticeKind::MemberRemoved))
    );
    assert_eq!(pushed_by_now(&mut line).await, []);

    come(&server, &ann, &token).await.expect("back");
    owner.say(group, "6: seen").await;
    assert_eq!(notice(&mut line).await.1.number, 5);
    assert_eq!(line.hears().await.number, 6);
    assert_eq!(
        intervals(&server, group, &ann).await,
        [(1, Some(3)), (5, None)]
    );
    let mut later = ann.connect(&server).await;
    owner.say(group, "7: on every device").await;
    assert_eq!(later.hears().await.number, 7);
}

/// I-9: twenty people are removed at once in a storm of posts. Each sees a log without holes up to their own removal
/// and nothing after it; those who stay see all of it.
#[tokio::test]
async fn removals_in_a_storm() {
    let server = TestServer::with(|config| config.limits.sends_per_second = 0).await;
    let shop = Shop::open(&server).await;
    let people = shop.sells_to_many(&server, 23).await;
    let group = shop
        .gathers(&server, &people.iter().collect::<Vec<_>>())
        .await;
    let lines = people.iter().map(|person| person.connect(&server));
    let mut lines: Vec<Line> = join_all(lines).await;
    let mut posters = lines.split_off(20);

    let over = AtomicBool::new(false);
    let storm = posters
        .iter_mut()
        .map(|line| post_until(line, group, &over));
    let removals = async {
        let removals = people[..20].iter().map(|person| {
            let path = format!("/groups/{group}/members/{}", person.id);
            let (server, owner) = (&server, &shop.owner);
            async move { delete(server, owner, &path).await }
        });
        let removed = join_all(removals).await;
        over.store(true, Ordering::Relaxed);
        removed
    };
    let (posts, removed) = tokio::join!(join_all(storm), removals);
    assert!(removed.iter().all(Result::is_ok), "{removed:?}");

    let head = 1 + 20 + posts.iter().sum::<u64>();
    for (person, line) in people.iter().zip(&mut lines) {
        let (seen, last) = until_left(line).await;
        assert_dense(&seen, 2, last);
        let own = seen
            .last()
            .and_then(|message| message.notice.as_ref())
            .expect("a notice");
        assert_eq!(own.subjects[0].id, person.id.to_string());
        assert_eq!(pushed_by_now(line).await, [], "nothing after the removal");
        let interval = intervals(&server, group, person).await;
        assert_eq!(interval, [(1, Some(last.cast_signed()))]);
    }
    for line in &mut posters {
        let mut seen: Vec<Message> = vec![];
        while seen.last().is_none_or(|last| last.number < head) {
            seen.push(line.hears().await);
        }
        assert_dense(&seen, 2, head);
        let subjects: BTreeSet<&str> = seen
            .iter()
            .filter_map(|message| message.notice.as_ref())
            .map(|notice| &notice.subjects[0].id[..])
            .collect();
        assert_eq!(subjects.len(), 20);
    }
}

/// I-9: who was removed is refused by the log itself, whatever their socket believes.
#[tokio::test]
async fn the_removed_do_not_speak() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let mut line = ann.connect(&server).await;
    let path = format!("/groups/{group}/members/{}", ann.id);
    delete(&server, &shop.owner, &path).await.expect("removed");
    let spoken = line.refused(Request::SendMessage(words(group, "hi"))).await;
    assert_eq!(spoken, proto::Refusal::NotAMember);
    let listed = Request::ListMembers(proto::ListMembers {
        conversation_id: group.to_string(),
        ..Default::default()
    });
    assert_eq!(line.refused(listed).await, proto::Refusal::NotFound);
    let again =
        super::shop::post(&server, &ann, &format!("/groups/{group}/leave"), json!({})).await;
    assert_eq!(again, Err("not_found".into()));
}

/// Posts a few at a time, before, during and after; gives how many.
async fn post_until(line: &mut Line, group: ConversationId, over: &AtomicBool) -> u64 {
    let (mut posts, mut rounds_left) = (0, 5);
    while rounds_left > 0 {
        rounds_left -= u32::from(over.load(Ordering::Relaxed));
        let mut asked = vec![];
        for _ in 0..4 {
            let request = Request::SendMessage(words(group, "storm"));
            asked.push(line.client.send(request).await.expect("sent"));
        }
        for id in asked {
            let answer = line.client.answer(id).await.expect("an answer");
            assert!(matches!(answer, Answer::MessageAccepted(_)), "{answer:?}");
            posts += 1;
        }
    }
    posts
}

fn assert_dense(seen: &[Message], first: u64, last: u64) {
    let numbers: Vec<u64> = seen.iter().map(|message| message.number).collect();
    assert_eq!(numbers, (first..=last).collect::<Vec<_>>());
}
