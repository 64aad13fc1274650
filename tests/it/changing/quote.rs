//! A quote shows a message as it is, never as it was.

use proto::{ConversationPage, Cursor, MessagePage, MessageSearchPage, Resumed};

use super::*;
use crate::support::{
    Held, Rest,
    asking::{asked, request},
    people::words,
};

fn quoting(conversation: ConversationId, number: u64, text: &str) -> Request {
    Request::SendMessage(SendMessage {
        quote: Some(number),
        ..words(conversation, text)
    })
}

async fn hears_a_quote(line: &mut Line) -> proto::Quote {
    loop {
        if let Some(quote) = line.hears().await.quote {
            return quote;
        }
    }
}

/// Everything that somebody is given of a conversation over the socket, as JSON.
async fn all_that_is_given(
    line: &mut Line,
    conversation: ConversationId,
) -> Vec<(&'static str, String)> {
    let id = || conversation.to_string();
    let page: MessagePage = asked!(line, ListMessages { conversation_id: id() } => MessagePage);
    let cursor = Cursor {
        conversation_id: id(),
        ..Cursor::default()
    };
    let resumed: Resumed = asked!(line, Resume { cursors: vec![cursor] } => Resumed);
    let found: MessageSearchPage = asked!(line, SearchMessages { conversation_id: id(), words: "answer".into() } => MessageSearchPage);
    let list: ConversationPage = asked!(line, ListConversations {} => ConversationPage);
    vec![
        ("history", json!(page).to_string()),
        ("resume", json!(resumed).to_string()),
        ("search", json!(found).to_string()),
        ("list", json!(list).to_string()),
    ]
}

async fn all_over_rest(rest: &Rest, conversation: ConversationId) -> Vec<(&'static str, String)> {
    let path = format!("/conversations/{conversation}");
    let page = rest.get(&format!("{path}/messages")).await.ok();
    let found = rest.get(&format!("{path}/search?words=answer")).await.ok();
    vec![
        ("history over REST", page.to_string()),
        ("search over REST", found.to_string()),
    ]
}

/// CHAT-08, CHAT-09: what is recalled is gone from the quotes that were made before, what is edited is quoted as it
/// reads now: in history, resume, search, lists, on screens drawn anew, and in what is forwarded.
#[tokio::test]
async fn recalled_and_edited_words_live_on_in_no_quote() {
    let server = TestServer::start().await;
    let (ann, bob, here) = direct_conversation(&server).await;
    let rest = server.rest().by(&bob);
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    ann.say(here, "a secret").await;
    ann.say(here, "a mistake").await;
    bob.ask(quoting(here, 1, "answer to one")).await;
    bob.ask(quoting(here, 2, "answer to two")).await;
    for quoted in ["a secret", "a mistake"] {
        let quote = hears_a_quote(&mut ann).await;
        assert_eq!(quote.excerpt, quoted);
        assert_eq!(quote.sender.expect("who said it").name, "Ann");
    }
    done(&mut ann, recall(here, 1)).await;
    done(&mut ann, edit(here, 2, "as it should read")).await;

    let mut given = all_that_is_given(&mut bob, here).await;
    given.extend(all_over_rest(&rest, here).await);
    done(&mut bob, react(here, 3, "👍", false)).await;
    done(&mut bob, react(here, 4, "👍", false)).await;
    let mut redrawn = vec![];
    while redrawn.last().is_none_or(|last: &Message| last.number < 4) {
        redrawn.push(sees_change(&mut ann).await);
    }
    redrawn.retain(|message| message.number > 2);
    assert_eq!(redrawn.len(), 2);
    given.push(("screens drawn anew", json!(redrawn).to_string()));
    for (way, text) in given {
        assert!(
            !text.contains("secret") && !text.contains("mistake"),
            "{way}: {text}"
        );
        let answered = text.contains("answer to two");
        assert!(
            answered && text.contains("as it should read"),
            "{way}: {text}"
        );
    }
    let forward = proto::MessageName {
        conversation_id: here.to_string(),
        number: 3,
    };
    let forwarded = request!(SendMessage {
        conversation_id: here.to_string(),
        client_message_id: "f".into(),
        forward: Some(forward)
    });
    bob.ask(forwarded).await;
    let heard = ann.hears().await;
    assert_eq!((&heard.text[..], heard.quote), ("answer to one", None));
}

/// An answer that is written down after the recall quotes nothing, though it was sent before.
#[tokio::test]
async fn a_quote_that_comes_after_the_recall_is_blank() {
    let server = TestServer::start().await;
    let (ann, bob, here) = direct_conversation(&server).await;
    let (mut ann, mut bob) = (ann.connect(&server).await, bob.connect(&server).await);
    ann.say(here, "a secret").await;
    let held = Held::new(&server, here).await;
    ann.client.send(recall(here, 1)).await.expect("sent");
    held.until_waiting(1).await;
    bob.client
        .send(quoting(here, 1, "really?"))
        .await
        .expect("sent");
    held.until_waiting(2).await;
    held.release().await;
    assert!(sees_change(&mut bob).await.recalled);
    let quote = hears_a_quote(&mut ann).await;
    assert_eq!((quote.number, &quote.excerpt[..]), (1, ""));
}
