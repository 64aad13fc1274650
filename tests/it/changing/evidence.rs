//! What was said is evidence: no request and no statement alters it.

use super::*;

/// CHAT-08: every version stays, staff who moderate read them, and that they looked is recorded. Others may not look.
#[tokio::test]
async fn former_versions_are_kept_for_a_dispute() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let mut ann = scene.customer.connect(&server).await;
    ann.say(scene.conversation, "I paid 10").await;
    done(&mut ann, edit(scene.conversation, 1, "I paid 20")).await;
    done(&mut ann, recall(scene.conversation, 1)).await;
    let path = format!("/conversations/{}/messages/1/versions", scene.conversation);
    let rest = server.rest();
    for person in [&scene.customer, &scene.agent] {
        assert_eq!(rest.by(person).get(&path).await.refused(), "forbidden");
    }
    let record = rest.by(&scene.operator).get(&path).await.ok();
    let said = |place: usize| record["former"][place]["content"]["text"].as_str();
    assert_eq!(
        [said(0), said(1), said(2)],
        [Some("I paid 20"), Some("I paid 10"), None]
    );
    let by = |place: usize| record["former"][place]["replaced_by"].clone();
    assert_eq!(
        [by(0), by(1)],
        [json!(scene.customer.id), json!(scene.customer.id)]
    );
    assert_eq!(record["current"]["recalled"], true);
    assert_eq!(record["current"]["text"], "");
    let looked: i64 = sqlx::query_scalar(
        "select count(*) from audit_entries where action = 'message.versions_read'",
    )
    .fetch_one(server.server.app.store.pool())
    .await
    .expect("a count");
    assert_eq!(looked, 1);
}

/// CHAT-08: try to change an old message and be refused, by request and by statement.
#[tokio::test]
async fn an_old_message_cannot_be_altered() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let mut ann = scene.customer.connect(&server).await;
    ann.say(scene.conversation, "ship it red").await;
    done(&mut ann, edit(scene.conversation, 1, "ship it blue")).await;
    server.clock.advance(SignedDuration::from_hours(1));
    let late = [
        ann.refused(edit(scene.conversation, 1, "ship it green"))
            .await,
        ann.refused(recall(scene.conversation, 1)).await,
    ];
    assert_eq!(late, [Refusal::EditTooLate, Refusal::RecallTooLate]);
    for statement in [
        "delete from messages",
        "truncate messages cascade",
        "update messages set text = 'x'",
        "update messages set text = 'x', revision = revision + 1",
        "update messages set sender_id = gen_random_uuid(), revision = revision + 1",
        "update messages set sent_at = now(), revision = revision + 1",
        "update messages set number = number + 1, revision = revision + 1",
        "update messages set fingerprint = 0, revision = revision + 1",
        "update messages set as_shop = true, revision = revision + 1",
        "update message_versions set text = 'x'",
        "delete from message_versions",
        "truncate message_versions",
        "delete from audit_entries",
    ] {
        let done = sqlx::query(statement)
            .execute(server.server.app.store.pool())
            .await;
        let code = done
            .expect_err(statement)
            .into_database_error()
            .and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("23001"), "{statement}");
    }
    let (text, versions): (String, i64) =
        sqlx::query_as("select text, (select count(*) from message_versions) from messages")
            .fetch_one(server.server.app.store.pool())
            .await
            .expect("the message");
    assert_eq!((&text[..], versions), ("ship it blue", 1));
}

/// CHAT-08: the record of a message is read in pages, the newest version first, to its end.
#[tokio::test]
async fn a_long_record_is_read_in_pages() {
    let server = TestServer::start().await;
    let scene = Scene::new(&server).await;
    let mut ann = scene.customer.connect(&server).await;
    ann.say(scene.conversation, "0").await;
    for words in 1..=5 {
        done(&mut ann, edit(scene.conversation, 1, &words.to_string())).await;
    }
    let path = format!("/conversations/{}/messages/1/versions", scene.conversation);
    let rest = server.rest().by(&scene.operator);
    let (mut said, mut cursor) = (vec![], String::new());
    for _ in 0..3 {
        let page = rest
            .get(&format!("{path}?limit=2&cursor={cursor}"))
            .await
            .ok();
        let former = page["former"].as_array().expect("versions").iter();
        said.push(
            former
                .map(|one| one["content"]["text"].clone())
                .collect::<Vec<_>>(),
        );
        page["next_cursor"]
            .as_str()
            .expect("a cursor")
            .clone_into(&mut cursor);
    }
    assert_eq!(json!(said), json!([["4", "3"], ["2", "1"], ["0"]]));
    assert_eq!(cursor, "");
    for wrong in ["limit=101", "cursor=mine", "page=2"] {
        let refused = rest.get(&format!("{path}?{wrong}")).await;
        assert_eq!(refused.refused(), "invalid_argument", "{wrong}");
    }
}

/// CHAT-08: a message is edited so often and no more: its versions stay for ever. Its moderators are not excepted.
#[tokio::test]
async fn a_message_is_not_edited_without_end() {
    let server = TestServer::with(|config| config.conversation.edits_per_message = 2).await;
    let scene = Scene::new(&server).await;
    let mut ann = scene.customer.connect(&server).await;
    let mut operator = scene.operator.connect(&server).await;
    ann.say(scene.conversation, "one").await;
    done(&mut ann, edit(scene.conversation, 1, "two")).await;
    done(&mut ann, edit(scene.conversation, 1, "three")).await;
    done(&mut ann, edit(scene.conversation, 1, "three")).await;
    for line in [&mut ann, &mut operator] {
        let refused = line.refused(edit(scene.conversation, 1, "four")).await;
        assert_eq!(refused, Refusal::EditedTooOften);
    }
    done(&mut ann, recall(scene.conversation, 1)).await;
}
