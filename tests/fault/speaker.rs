//! Somebody who says what a scenario wants said, on a line of their own, and notes it as every device does.

use loadtest::{Client, Format};
use proto::{SendMessage, client_frame::Request, reply::Answer};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{bookmarks::PATIENCE, client::Run, crowd::Said, history::What, people::Person};

/// Speakers are devices from this number on.
const FIRST: usize = 20_000;

/// A speaker. They must be served whatever happens to others.
pub struct Speaker {
    client: Client,
    run: Run,
    /// All that was acknowledged.
    pub said: Said,
}

impl Speaker {
    pub async fn new(url: &str, person: &Person, run: &Run) -> Self {
        let (client, _) = Client::connect(url, Format::Binary, &person.token)
            .await
            .expect("a speaker is let in");
        Self {
            client,
            run: run.clone(),
            said: Said::new(),
        }
    }

    /// Says it, and waits until that is acknowledged.
    pub async fn say(&mut self, conversation: &str, text: String) {
        let message = SendMessage {
            conversation_id: conversation.to_owned(),
            client_message_id: Uuid::new_v4().to_string(),
            text,
            ..SendMessage::default()
        };
        let (conversation, client_id) = (
            message.conversation_id.clone(),
            message.client_message_id.clone(),
        );
        self.note(What::Invoke {
            conversation: conversation.clone(),
            client_id: client_id.clone(),
            body: String::new(),
        });
        let answer = timeout(PATIENCE, self.client.request(Request::SendMessage(message))).await;
        let Ok(Ok(Answer::MessageAccepted(accepted))) = answer else {
            panic!("the speaker is not served: {answer:?}");
        };
        let log = self.said.entry(conversation.clone()).or_default();
        log.push(client_id.clone());
        self.note(What::Ok {
            conversation,
            client_id,
            number: accepted.number,
        });
        self.client.pushes_so_far();
    }

    /// Says one thing in each of these conversations.
    pub async fn tell(&mut self, people: &[Person]) {
        for person in people {
            for conversation in &person.conversations {
                self.say(conversation, "Fresh bread".into()).await;
            }
        }
    }

    fn note(&self, what: What) {
        self.run.history.write(FIRST, 0, what);
    }
}
