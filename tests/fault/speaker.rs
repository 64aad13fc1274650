//! Somebody who says what a scenario wants said, on a line of their own, and notes it as every device does.

use loadtest::{Client, Format};
use proto::{SendMessage, client_frame::Request, reply::Answer};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{bookmarks::PATIENCE, client::Run, crowd::Said, history::What, people::Person};

/// The speaker's number among the devices.
const SPEAKER: usize = 20_000;

/// A speaker. They must be served whatever happens to others.
pub struct Speaker {
    url: String,
    person: Person,
    client: Client,
    run: Run,
    /// All that was acknowledged.
    pub said: Said,
}

impl Speaker {
    pub async fn new(url: &str, person: &Person, run: &Run) -> Self {
        Self {
            url: url.to_owned(),
            person: person.clone(),
            client: enter(url, person).await,
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
        let number = self.insist(message).await;
        let log = self.said.entry(conversation.clone()).or_default();
        log.push(client_id.clone());
        self.note(What::Ok {
            conversation,
            client_id,
            number,
        });
        self.client.pushes_so_far();
    }

    /// Its number. A speaker who was silent for long has been given up: they come back once and repeat it.
    async fn insist(&mut self, message: SendMessage) -> u64 {
        let request = Request::SendMessage(message);
        let mut answer = timeout(PATIENCE, self.client.request(request.clone())).await;
        if let Ok(Err(_)) = answer {
            self.client = enter(&self.url, &self.person).await;
            answer = timeout(PATIENCE, self.client.request(request)).await;
        }
        match answer {
            Ok(Ok(Answer::MessageAccepted(accepted))) => accepted.number,
            other => panic!("the speaker is not served: {other:?}"),
        }
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
        self.run.history.write(SPEAKER, 0, what);
    }
}

async fn enter(url: &str, person: &Person) -> Client {
    let (client, _) = Client::connect(url, Format::Binary, &person.token)
        .await
        .expect("a speaker is let in");
    client
}
