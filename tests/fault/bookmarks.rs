//! How far a client has come in each conversation, and how it catches up on whatever its line will carry.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use loadtest::Client;
use proto::{CatchUp, Cursor, Message, Resume, Resumed, client_frame::Request, reply::Answer};
use tokio::time::timeout;

use crate::wait::as_told;

/// After this time a request's outcome is unknown.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Messages of a page on a good line.
const FULL_PAGE: usize = 500;

/// A client's cursors.
pub struct Bookmarks {
    cursors: BTreeMap<String, Cursor>,
    /// Conversations to catch up on, those that have waited longest first: a line that breaks goes on where it stopped.
    due: VecDeque<String>,
    /// Messages, and conversations, that are asked for at once. A line that breaks meanwhile gets a quarter of it.
    page: usize,
}

impl Bookmarks {
    /// Nothing of these conversations has been read yet.
    pub fn new(conversations: &[String]) -> Self {
        let nothing_of = |one: &String| {
            let cursor = Cursor {
                conversation_id: one.clone(),
                ..Cursor::default()
            };
            (one.clone(), cursor)
        };
        Self {
            cursors: conversations.iter().map(nothing_of).collect(),
            due: VecDeque::new(),
            page: FULL_PAGE,
        }
    }

    /// The newest message that this client has.
    pub fn number(&self, conversation: &str) -> u64 {
        self.cursors
            .get(conversation)
            .map_or(0, |cursor| cursor.number)
    }

    /// Moves on to a message that comes next.
    pub fn take(&mut self, message: &Message) {
        let cursor = self
            .cursors
            .entry(message.conversation_id.clone())
            .or_default();
        cursor.conversation_id.clone_from(&message.conversation_id);
        cursor.number = cursor.number.max(message.number);
    }

    /// Reads everything that is missing; `show` gets each message, in order.
    pub async fn catch_up(
        &mut self,
        client: &mut Client,
        mut show: impl FnMut(Message),
    ) -> anyhow::Result<()> {
        for conversation in self.cursors.keys() {
            if !self.due.contains(conversation) {
                self.due.push_back(conversation.clone());
            }
        }
        while !self.due.is_empty() {
            let page = self.page;
            self.page = (page / 4).max(1);
            if let Some(resumed) = self.ask(client, page).await? {
                self.page = (page * 2).min(FULL_PAGE);
                self.turn_page(resumed, &mut show);
            }
        }
        Ok(())
    }

    /// One page; none if the server asks to wait, which has been done then.
    async fn ask(&self, client: &mut Client, page: usize) -> anyhow::Result<Option<Resumed>> {
        let asked = self.due.iter().take(page);
        let request = Request::Resume(Resume {
            cursors: asked.map(|one| self.cursors[one].clone()).collect(),
            limit: u32::try_from(page)?,
        });
        match timeout(PATIENCE, client.request(request)).await?? {
            Answer::Resumed(resumed) => Ok(Some(resumed)),
            Answer::Refused(refused) if refused.retry_after_ms > 0 => {
                as_told(refused.retry_after_ms).await;
                Ok(None)
            }
            other => anyhow::bail!("resume was answered by {other:?}"),
        }
    }

    fn turn_page(&mut self, resumed: Resumed, show: &mut impl FnMut(Message)) {
        for CatchUp {
            conversation_id,
            messages,
            cursor,
            more,
            ..
        } in resumed.conversations
        {
            messages.into_iter().for_each(&mut *show);
            if let Some(cursor) = cursor {
                self.cursors.insert(conversation_id.clone(), cursor);
            }
            if !more {
                self.due.retain(|one| *one != conversation_id);
            }
        }
    }
}
