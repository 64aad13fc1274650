//! People with open sockets.

use jiff_sqlx::ToSqlx as _;
use loadtest::{Client, Format};
use proto::{
    Authenticated, Message, MessageAccepted, Refusal, SendMessage, client_frame::Request,
    push::Event, reply::Answer,
};
use sha2::{Digest as _, Sha256};
use souk::{
    account::token::{Token, TokenKind},
    id::{ConversationId, SessionId, UserId},
};
use uuid::Uuid;

use super::TestServer;

/// Somebody with an account and an access token.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: UserId,
    pub token: String,
}

impl Person {
    /// A customer, put straight into the database.
    pub async fn customer(server: &TestServer, name: &str) -> Self {
        Self::of_kind(server, "customer", name).await
    }

    /// A merchant account, put straight into the database.
    pub async fn merchant(server: &TestServer, name: &str) -> Self {
        Self::of_kind(server, "merchant", name).await
    }

    async fn of_kind(server: &TestServer, kind: &str, name: &str) -> Self {
        let (id, pool) = (UserId::new(), server.server.app.store.pool());
        sqlx::query("insert into users (id, kind, name, created_at) values ($1, $2, $3, $4)")
            .bind(id)
            .bind(kind)
            .bind(name)
            .bind(server.clock.now().to_sqlx())
            .execute(pool)
            .await
            .expect("a user");
        Self::log_in(server, id).await
    }

    /// Somebody who has an account: a session put straight into the database.
    pub async fn log_in(server: &TestServer, id: UserId) -> Self {
        let token = Token::generate(TokenKind::Access, &mut rand::rng()).reveal();
        let person = Self { id, token };
        let (now, pool) = (server.clock.now(), server.server.app.store.pool());
        let later = now + jiff::SignedDuration::from_hours(24);
        sqlx::query(
            "insert into sessions (id, user_id, device_id, access_hash, access_expires_at, refresh_hash, refreshed_at, expires_at, created_at, era)
             select $1, id, 'test', $3, $4, $5, $6, $4, $6, session_era from users where id = $2",
        )
        .bind(SessionId::new())
        .bind(person.id)
        .bind(&Sha256::digest(person.token.as_bytes())[..])
        .bind(later.to_sqlx())
        .bind(&Sha256::digest(Uuid::new_v4().as_bytes())[..])
        .bind(now.to_sqlx())
        .execute(pool)
        .await
        .expect("a session");
        person
    }

    /// Goes on the line.
    pub async fn connect(&self, server: &TestServer) -> Line {
        self.connect_as(server, Format::Binary).await
    }

    /// Goes on the line in a wire format.
    pub async fn connect_as(&self, server: &TestServer, format: Format) -> Line {
        let (client, welcome) = Client::connect(&server.socket_url(), format, &self.token)
            .await
            .expect("authenticates");
        Line { client, welcome }
    }
}

/// A person on the line.
pub struct Line {
    pub client: Client,
    pub welcome: Authenticated,
}

impl Line {
    /// Asks; a refusal is an answer.
    pub async fn ask(&mut self, request: Request) -> Answer {
        self.client.request(request).await.expect("an answer")
    }

    /// Asks for what is refused.
    pub async fn refused(&mut self, request: Request) -> Refusal {
        match self.ask(request).await {
            Answer::Refused(refused) => refused.code(),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    /// Says something; it must be accepted.
    pub async fn say(&mut self, conversation: ConversationId, text: &str) -> MessageAccepted {
        match self
            .ask(Request::SendMessage(words(conversation, text)))
            .await
        {
            Answer::MessageAccepted(accepted) => accepted,
            other => panic!("expected `message_accepted`, got {other:?}"),
        }
    }

    /// The next message that this person is shown.
    pub async fn hears(&mut self) -> Message {
        loop {
            if let Event::MessagePosted(posted) = self.client.next_push().await.expect("a push") {
                return posted.message.expect("a message");
            }
        }
    }
}

/// Plain words with a new client message id.
pub fn words(conversation: ConversationId, text: &str) -> SendMessage {
    SendMessage {
        conversation_id: conversation.to_string(),
        client_message_id: Uuid::new_v4().to_string(),
        text: text.to_owned(),
        ..SendMessage::default()
    }
}

/// Two customers, Ann and Bob, and their conversation.
pub async fn direct_conversation(server: &TestServer) -> (Person, Person, ConversationId) {
    let ann = Person::customer(server, "Ann").await;
    let bob = Person::customer(server, "Bob").await;
    let conversation = ConversationId::new();
    let pool = server.server.app.store.pool();
    let now = server.clock.now().to_sqlx();
    sqlx::query("insert into conversations (id, kind, person_a, person_b, active_at, created_at) values ($1, 'direct', $2, $3, $4, $4)")
        .bind(conversation)
        .bind(ann.id.min(bob.id))
        .bind(ann.id.max(bob.id))
        .bind(now)
        .execute(pool)
        .await
        .expect("a conversation");
    sqlx::query("insert into memberships (conversation_id, user_id, joined_number, joined_at) values ($1, $2, 1, $4), ($1, $3, 1, $4)")
        .bind(conversation)
        .bind(ann.id)
        .bind(bob.id)
        .bind(now)
        .execute(pool)
        .await
        .expect("members");
    (ann, bob, conversation)
}
