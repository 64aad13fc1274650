//! Who left and came back: two times of taking part, and nothing of what was said between them (I-9).

use proto::{
    Cursor, EditMessage, Message, RecallMessage, client_frame::Request, push::Event, reply::Answer,
};
use souk::id::ConversationId;

use super::shop::{Shop, come, delete, link};
use crate::support::{Person, TestServer, asking::asked, people::Line};

fn edit(group: ConversationId, number: u64) -> Request {
    Request::EditMessage(EditMessage {
        conversation_id: group.to_string(),
        number,
        text: format!("{number}: edited"),
    })
}

fn recall(group: ConversationId, number: u64) -> Request {
    Request::RecallMessage(RecallMessage {
        conversation_id: group.to_string(),
        number,
    })
}

/// A shop's group that Ann was in from 1 to 3, and is in again from 5 on. What was said is 2, 4, and then 6.
struct Story {
    server: TestServer,
    shop: Shop,
    ann: Person,
    group: ConversationId,
    token: String,
    owner: Line,
}

impl Story {
    async fn begin() -> Self {
        let server = TestServer::start().await;
        let shop = Shop::open(&server).await;
        let ann = shop.sells_to(&server, "Ann").await;
        let group = shop.gathers(&server, &[&ann]).await;
        let token = link(&server, &shop.owner, group).await;
        let mut owner = shop.owner.connect(&server).await;
        owner.say(group, "2: in her first time").await;
        Self {
            server,
            shop,
            ann,
            group,
            token,
            owner,
        }
    }

    /// Removed with 3; 4 is said without her.
    async fn leaves(&mut self) {
        let path = format!("/groups/{}/members/{}", self.group, self.ann.id);
        delete(&self.server, &self.shop.owner, &path)
            .await
            .expect("removed");
        self.owner.say(self.group, "4: while she was away").await;
    }

    /// Back with 5.
    async fn comes_back(&self) {
        come(&self.server, &self.ann, &self.token)
            .await
            .expect("back");
    }

    /// The messages of each time change, and one of the time between.
    async fn changes(&mut self) {
        self.owner.say(self.group, "6: in her second time").await;
        for request in [
            edit(self.group, 4),
            edit(self.group, 2),
            edit(self.group, 6),
            recall(self.group, 4),
            recall(self.group, 2),
        ] {
            let answer = self.owner.ask(request).await;
            assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
        }
    }
}

/// What is shown up to the recall of message 2, the last change.
async fn shown(line: &mut Line) -> Vec<(u64, u64)> {
    let mut changes: Vec<(u64, u64)> = vec![];
    while changes.last() != Some(&(5, 2)) {
        match line.client.next_push().await.expect("a push") {
            Event::MessageChanged(shown) => {
                let message = shown.message.expect("a message");
                changes.push((message.revision, message.number));
            }
            Event::MessagePosted(posted) => {
                assert_ne!(
                    posted.message.expect("a message").number,
                    4,
                    "said while away"
                );
            }
            _ => {}
        }
    }
    changes
}

/// What a resume from `number` on gives: new messages, and changes with their revisions.
async fn caught_up(
    line: &mut Line,
    group: ConversationId,
    number: u64,
) -> (Vec<u64>, Vec<(u64, u64)>) {
    let cursor = Cursor {
        conversation_id: group.to_string(),
        number,
        revision: 0,
    };
    let mut resumed = asked!(line, Resume { cursors: vec![cursor] } => Resumed);
    let one = resumed.conversations.remove(0);
    let number = |message: &Message| message.number;
    let change = |message: &Message| (message.revision, message.number);
    (
        one.messages.iter().map(number).collect(),
        one.changed.iter().map(change).collect(),
    )
}

/// I-9, GRP-02: on a line that was there all the time, on one that came between, and on one that comes after:
/// changes of the messages of both times are shown, those of the time between are not. Resume gives the same.
#[tokio::test]
async fn both_times_are_shown_as_they_are_now_and_nothing_between() {
    let mut story = Story::begin().await;
    let group = story.group;
    let mut staying = story.ann.connect(&story.server).await;
    story.leaves().await;
    let mut between = story.ann.connect(&story.server).await;
    story.comes_back().await;
    let mut after = story.ann.connect(&story.server).await;
    story.changes().await;
    for (which, line) in [
        ("staying", &mut staying),
        ("between", &mut between),
        ("after", &mut after),
    ] {
        assert_eq!(shown(line).await, [(2, 2), (3, 6), (5, 2)], "{which}");
    }
    let (new, changed) = caught_up(&mut after, group, 3).await;
    assert_eq!((new, changed), (vec![5, 6], vec![(5, 2)]));
    let (new, changed) = caught_up(&mut after, group, 6).await;
    assert_eq!((new, changed), (vec![], vec![(3, 6), (5, 2)]));
}
