//! Changes are counted densely, whoever makes them at the same time.

use proptest::{prelude::*, test_runner::TestRunner};

use super::*;

/// What one of several people does, to a message of their own or to the one that all share.
#[derive(Clone, Copy, Debug)]
enum Act {
    Edit,
    Sign,
    Pin,
    SignShared,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Edit),
        Just(Act::Sign),
        Just(Act::Pin),
        Just(Act::SignShared)
    ]
}

/// I-4: several people edit, sign and pin at once: revisions are 1 to n without a hole, and everybody on the line is
/// shown each change of a message in order, the last one included.
#[test]
fn changes_at_the_same_time_are_dense_and_in_order() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::start());
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(6)
    };
    let acts = proptest::collection::vec(proptest::collection::vec(act(), 1..12), 2..5);
    TestRunner::new(config)
        .run(&acts, |acts| {
            runtime.block_on(story(&server, acts));
            Ok(())
        })
        .expect("dense and in order");
}

/// Each person plays their list on a socket of their own, everything under way at once.
async fn story(server: &TestServer, acts: Vec<Vec<Act>>) {
    let (ann, bob, conversation) = direct_conversation(server).await;
    let mut watcher = bob.connect(server).await;
    let mut ann_line = ann.connect(server).await;
    ann_line.say(conversation, "shared").await;
    // The first change is where a line's order begins.
    done(&mut ann_line, react(conversation, 1, "0", false)).await;
    let mut asked = 1;
    let mut players = vec![];
    for acts in acts {
        let mut line = ann.connect(server).await;
        let mut requests = vec![];
        for act in acts {
            let own = ann_line.say(conversation, "own").await.number;
            requests.push(match act {
                Act::Edit => edit(conversation, own, "edited"),
                Act::Sign => react(conversation, own, "👍", false),
                Act::Pin => pin(conversation, own, true),
                Act::SignShared => react(conversation, 1, "0", asked % 2 == 1),
            });
            asked += 1;
        }
        players.push(tokio::spawn(async move {
            let mut ids = vec![];
            for request in requests {
                ids.push(line.client.send(request).await.expect("sent"));
            }
            for id in ids {
                assert!(matches!(line.client.answer(id).await, Ok(Answer::Done(_))));
            }
        }));
    }
    for player in players {
        player.await.expect("played");
    }
    let last = dense(server, conversation).await;
    in_order(&mut watcher, last).await;
}

/// No two messages share a revision, and the conversation counts as far as its newest one.
async fn dense(server: &TestServer, conversation: ConversationId) -> u64 {
    let (last, newest, shared): (i64, i64, i64) = sqlx::query_as(
        "select c.revision, max(m.revision), count(*) filter (where m.revision > 0) - count(distinct m.revision) filter (where m.revision > 0)
         from conversations c join messages m on m.conversation_id = c.id where c.id = $1 group by c.id",
    )
    .bind(conversation)
    .fetch_one(server.server.app.store.pool())
    .await
    .expect("counted");
    assert_eq!((newest, shared), (last, 0));
    last.cast_unsigned()
}

/// What a line is shown of each message rises; together it is every revision, but those of an older picture whose place a
/// newer one of the same message took in the queue.
async fn in_order(watcher: &mut Line, last: u64) {
    let mut shown = std::collections::BTreeMap::<u64, Vec<u64>>::new();
    let mut seen = std::collections::BTreeSet::new();
    while !seen.contains(&last) || seen.len() < shown.values().map(Vec::len).sum() {
        let message = sees_change(watcher).await;
        let revisions = shown.entry(message.number).or_default();
        assert!(
            revisions
                .last()
                .is_none_or(|before| *before < message.revision)
        );
        revisions.push(message.revision);
        assert!(seen.insert(message.revision), "shown twice");
    }
    let missing = (1..=last).filter(|revision| !seen.contains(revision));
    let newest_shared = shown
        .get(&1)
        .and_then(|list| list.last().copied())
        .unwrap_or(0);
    for revision in missing {
        assert!(
            revision < newest_shared,
            "revision {revision} was never shown"
        );
    }
}
