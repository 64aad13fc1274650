//! Words are found again, whatever their case and width, and only by those who may see them.

use proto::{
    MessageSearchPage, RecallMessage, SearchMessages, client_frame::Request, reply::Answer,
};
use serde_json::json;
use souk::{conversation::search::STRIDE_BYTES, id::ConversationId};

use crate::support::{
    Person, TestServer,
    people::{Line, direct_conversation},
    scene,
};

fn numbers(page: &MessageSearchPage) -> Vec<u64> {
    page.messages.iter().map(|message| message.number).collect()
}

async fn search(
    line: &mut Line,
    conversation: ConversationId,
    words: &str,
    before: u64,
    limit: u32,
) -> MessageSearchPage {
    let request = SearchMessages {
        conversation_id: conversation.to_string(),
        words: words.into(),
        before,
        limit,
    };
    match line.ask(Request::SearchMessages(request)).await {
        Answer::MessageSearchPage(page) => page,
        other => panic!("expected `message_search_page`, got {other:?}"),
    }
}

/// CHAT-01: Chinese by any part of a sentence, Latin in any case and width, newest first, page by page.
#[tokio::test]
async fn words_are_found_page_by_page() {
    let server = TestServer::start().await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let mut line = ann.connect(&server).await;
    for text in [
        "请问什么时候能收货",
        "iPhone 15 有货吗",
        "ＩＰＨＯＮＥ　也行",
        "没有货",
        "其他",
    ] {
        line.say(conversation, text).await;
    }
    let all = search(&mut line, conversation, "货", 0, 0).await;
    assert_eq!((numbers(&all), all.searched_to), (vec![4, 2, 1], 0));
    let first = search(&mut line, conversation, "货", 0, 2).await;
    assert_eq!((numbers(&first), first.searched_to), (vec![4, 2], 2));
    let second = search(&mut line, conversation, "货", first.searched_to, 2).await;
    assert_eq!((numbers(&second), second.searched_to), (vec![1], 0));
    assert_eq!(
        numbers(&search(&mut line, conversation, "iphone", 0, 0).await),
        [3, 2]
    );
    assert_eq!(
        numbers(&search(&mut line, conversation, "货 15", 0, 0).await),
        [2]
    );
    assert!(
        search(&mut line, conversation, "iphone 16", 0, 0)
            .await
            .messages
            .is_empty()
    );
    let rest = server.rest().by(&ann);
    let found = rest
        .get(&format!(
            "/conversations/{conversation}/search?words=%E6%94%B6%E8%B4%A7"
        ))
        .await
        .ok();
    assert_eq!(found["messages"][0]["number"], json!(1));
    for wrong in [
        "",
        "?words=",
        "?words=%00",
        "?words=x&limit=51",
        "?words=x&unknown=1",
    ] {
        let said = rest
            .get(&format!("/conversations/{conversation}/search{wrong}"))
            .await;
        assert_eq!(said.refused(), "invalid_argument", "{wrong}");
    }
}

/// I-9: nobody finds what was recalled or said outside their time; a stranger finds no conversation.
#[tokio::test]
async fn what_may_not_be_seen_is_not_found() {
    let server = TestServer::start().await;
    let shop = scene::shop(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    let bob = Person::customer(&server, "Bob").await;
    let group = scene::group(&server, shop, &[&ann]).await;
    let mut ann_line = ann.connect(&server).await;
    ann_line.say(group, "tea one").await;
    scene::join(&server, group, &bob, 1).await;
    ann_line.say(group, "tea two").await;
    ann_line.say(group, "tea three").await;
    let mut bob_line = bob.connect(&server).await;
    let seen = search(&mut bob_line, group, "tea", 0, 0).await;
    assert_eq!((numbers(&seen), seen.searched_to), (vec![3, 2], 0));
    let request = RecallMessage {
        conversation_id: group.to_string(),
        number: 2,
    };
    ann_line.ask(Request::RecallMessage(request)).await;
    scene::leave(&server, group, &bob).await;
    ann_line.say(group, "tea four").await;
    assert_eq!(
        numbers(&search(&mut bob_line, group, "tea", 0, 0).await),
        [3]
    );
    let eve = Person::customer(&server, "Eve").await;
    let path = format!("/conversations/{group}/search?words=tea");
    assert_eq!(
        server.rest().by(&eve).get(&path).await.refused(),
        "not_found"
    );
}

/// A long conversation is looked through in strides; each answer says how far it has looked.
#[tokio::test]
async fn a_long_conversation_is_looked_through_in_strides() {
    let server = TestServer::start().await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let mut line = ann.connect(&server).await;
    line.say(conversation, "a needle").await;
    sqlx::query(
        "with said as (
           insert into messages (conversation_id, number, sender_id, fingerprint, sent_at, text)
           select $1, n, $2, 0, now(), 'hay' from generate_series(2, 45000) n)
         update conversations set number = 45000 where id = $1",
    )
    .bind(conversation)
    .bind(ann.id)
    .execute(server.server.app.store.pool())
    .await
    .expect("hay");
    let mut looked = vec![];
    let mut before = 0;
    let found = loop {
        let page = search(&mut line, conversation, "needle", before, 0).await;
        looked.push(page.searched_to);
        before = page.searched_to;
        if before == 0 {
            break numbers(&page);
        }
    };
    assert_eq!((found, looked), (vec![1], vec![25_001, 5_001, 0]));
}

/// Long messages are looked through in strides of so many bytes: one request reads no more, however long they are.
#[tokio::test]
async fn long_messages_are_looked_through_in_shorter_strides() {
    const BYTES: usize = 24_000;
    let server = TestServer::start().await;
    let (ann, _, conversation) = direct_conversation(&server).await;
    let mut line = ann.connect(&server).await;
    line.say(conversation, "a needle").await;
    sqlx::query(
        "with said as (
           insert into messages (conversation_id, number, sender_id, fingerprint, sent_at, text)
           select $1, n, $2, 0, now(), repeat('草', 8000) from generate_series(2, 600) n)
         update conversations set number = 600 where id = $1",
    )
    .bind(conversation)
    .bind(ann.id)
    .execute(server.server.app.store.pool())
    .await
    .expect("hay");
    let read = STRIDE_BYTES.div_ceil(BYTES) as u64;
    let first = search(&mut line, conversation, "needle", 0, 0).await;
    assert_eq!((numbers(&first), first.searched_to), (vec![], 601 - read));
    let second = search(&mut line, conversation, "needle", first.searched_to, 0).await;
    assert_eq!((numbers(&second), second.searched_to), (vec![1], 0));
}
