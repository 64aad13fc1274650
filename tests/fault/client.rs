//! A device that follows the rules of docs/protocol.md: back-off with jitter, resume with cursors, drop what it has,
//! ask for what is missing, and repeat a send with the same client message id until somebody answers.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use loadtest::{Client, Format, client::Closed};
use parking_lot::Mutex;
use proto::{Message, Refusal, SendMessage, client_frame::Request, push::Event, reply::Answer};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    bookmarks::{Bookmarks, PATIENCE},
    history::{History, View, What},
    people::Person,
    wait::{as_told, back_off, thinks},
};

/// What all devices of a run share.
#[derive(Clone)]
pub struct Run {
    pub history: History,
    /// `host:port` of the doors that clients may knock on, as a load balancer would give them.
    pub doors: Arc<Mutex<Vec<String>>>,
    /// Devices go on sending until this.
    pub enough: Arc<AtomicBool>,
    /// Devices end when they have everything, after this.
    pub finish: Arc<AtomicBool>,
    /// Devices that have an answer to everything they said, after `enough`.
    pub quiet: Arc<AtomicUsize>,
    next_door: Arc<AtomicUsize>,
    /// Pause between two sends of one device.
    pub pace: Duration,
}

impl Run {
    pub fn new(doors: Vec<String>, pace: Duration) -> Self {
        Self {
            history: History::new(),
            doors: Arc::new(Mutex::new(doors)),
            enough: Arc::default(),
            finish: Arc::default(),
            quiet: Arc::default(),
            next_door: Arc::default(),
            pace,
        }
    }

    fn door(&self) -> String {
        let doors = self.doors.lock();
        doors[self.next_door.fetch_add(1, Ordering::Relaxed) % doors.len()].clone()
    }
}

/// One device of one person.
pub struct Device {
    id: usize,
    person: Person,
    run: Run,
    /// The tests' own connection counter, for the history.
    connection: u64,
    bookmarks: Bookmarks,
    view: View,
    /// Sends that have no final answer yet: they are repeated first.
    open: VecDeque<SendMessage>,
    said: usize,
    silent: bool,
}

impl Device {
    pub fn new(id: usize, person: Person, run: Run) -> Self {
        Self {
            id,
            bookmarks: Bookmarks::new(&person.conversations),
            person,
            run,
            connection: 0,
            view: View::new(),
            open: VecDeque::new(),
            said: 0,
            silent: false,
        }
    }

    /// Lives until the run is finished; gives what it has in the end.
    pub async fn live(mut self) -> View {
        let mut tries = 0;
        loop {
            match self.session().await {
                Ok(()) => return self.view,
                Err(error) => {
                    let code = error
                        .downcast_ref::<Closed>()
                        .map_or(0, |closed| closed.code);
                    self.run
                        .history
                        .write(self.id, self.connection, What::Closed { code });
                }
            }
            // Whoever was let in begins again with the shortest back-off.
            tries = if self.connection > 0 { 0 } else { tries + 1 };
            back_off(tries).await;
        }
    }

    /// One connection: catch up, then speak and listen. Ends well only when the run is finished.
    async fn session(&mut self) -> anyhow::Result<()> {
        self.connection = 0;
        let url = format!("ws://{}", self.run.door());
        let format = if self.id.is_multiple_of(2) {
            Format::Binary
        } else {
            Format::Json
        };
        let (mut client, _) =
            timeout(PATIENCE, Client::connect(&url, format, &self.person.token)).await??;
        self.connection = self.run.history.connection() + 1;
        self.resume(&mut client).await?;
        // Kept while it listens: whoever hears much gets to speak all the same.
        let mut thought = Box::pin(thinks(self.run.pace));
        loop {
            self.fall_silent();
            if self.run.finish.load(Ordering::Relaxed) && self.open.is_empty() {
                self.resume(&mut client).await?;
                return Ok(());
            }
            let speaking = !self.run.enough.load(Ordering::Relaxed) || !self.open.is_empty();
            tokio::select! {
                () = &mut thought => {
                    if speaking { self.speak(&mut client).await? }
                    thought = Box::pin(thinks(self.run.pace));
                }
                event = client.next_push() => self.hear(event?, &mut client).await?,
            }
        }
    }

    /// Says once that it has nothing more to say.
    fn fall_silent(&mut self) {
        if self.run.enough.load(Ordering::Relaxed) && self.open.is_empty() && !self.silent {
            self.silent = true;
            self.run.quiet.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn speak(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let request = match self.open.front() {
            Some(open) => open.clone(),
            None => self.compose(),
        };
        if self.open.is_empty() {
            self.open.push_back(request.clone());
        }
        let (conversation, client_id) = (
            request.conversation_id.clone(),
            request.client_message_id.clone(),
        );
        let body = request.text.clone();
        self.note(What::Invoke {
            conversation: conversation.clone(),
            client_id: client_id.clone(),
            body,
        });
        let answer = timeout(PATIENCE, client.request(Request::SendMessage(request))).await;
        let Ok(Ok(answer)) = answer else {
            self.note(What::Unknown {
                conversation,
                client_id,
            });
            anyhow::bail!("no answer to a send");
        };
        match answer {
            Answer::MessageAccepted(accepted) => {
                self.note(What::Ok {
                    conversation,
                    client_id,
                    number: accepted.number,
                });
                self.open.pop_front();
            }
            Answer::Refused(refused) if refused.code() == Refusal::OutcomeUnknown => {
                self.note(What::Unknown {
                    conversation,
                    client_id,
                });
            }
            Answer::Refused(refused) => {
                let code = refused.code().as_str_name().to_owned();
                self.note(What::Fail {
                    conversation,
                    client_id,
                    code,
                });
                as_told(refused.retry_after_ms).await;
            }
            other => anyhow::bail!("a send was answered by {other:?}"),
        }
        Ok(())
    }

    fn compose(&mut self) -> SendMessage {
        self.said += 1;
        let place = rand::random_range(0..self.person.conversations.len());
        let client_message_id = Uuid::new_v4().to_string();
        SendMessage {
            conversation_id: self.person.conversations[place].clone(),
            text: format!("{} says {} as {client_message_id}", self.id, self.said),
            client_message_id,
            ..SendMessage::default()
        }
    }

    async fn hear(&mut self, event: Event, client: &mut Client) -> anyhow::Result<()> {
        match event {
            Event::MessagePosted(posted) => {
                let message = posted.message.unwrap_or_default();
                let (conversation, number) = (message.conversation_id.clone(), message.number);
                let client_id = message.client_message_id.clone();
                self.note(What::Pushed {
                    conversation: conversation.clone(),
                    number,
                    client_id,
                });
                let have = self.bookmarks.number(&conversation);
                if number == have + 1 {
                    self.take(message);
                } else if number > have {
                    self.resume(client).await?;
                }
            }
            Event::Heartbeat(beat) => {
                let ahead =
                    |head: &proto::Head| self.bookmarks.number(&head.conversation_id) < head.number;
                if beat.heads.iter().any(ahead) {
                    self.resume(client).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn resume(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let (history, device, connection) = (&self.run.history, self.id, self.connection);
        let view = &mut self.view;
        let show = |message: Message| {
            let (conversation, client_id) = (
                message.conversation_id.clone(),
                message.client_message_id.clone(),
            );
            let number = message.number;
            let what = What::Resumed {
                conversation,
                number,
                client_id,
            };
            history.write(device, connection, what);
            keep(view, message);
        };
        self.bookmarks.catch_up(client, show).await
    }

    fn take(&mut self, message: Message) {
        self.bookmarks.take(&message);
        keep(&mut self.view, message);
    }

    fn note(&self, what: What) {
        self.run.history.write(self.id, self.connection, what);
    }
}

fn keep(view: &mut View, message: Message) {
    view.entry(message.conversation_id)
        .or_default()
        .insert(message.number, message.client_message_id);
}
