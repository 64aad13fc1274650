//! Some do not read.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use loadtest::{Client, Format, client::Closed};
use proto::{SendMessage, client_frame::Request};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Plan, story};
use crate::history::What;

/// Small queues, so that a slow reader is noticed early; a page of `resume` (256 kB) fits.
const SMALL: [&str; 3] = [
    "limits.queue_bytes=524288",
    "limits.sockets_per_user=100",
    "limits.sends_per_second=0",
];

/// Long messages, 21 kB each, that fill what the kernel holds for a socket nobody reads (some 4 MB) and the queue.
const MANY: usize = 300;

/// F22: 50 sockets of a group do not read; once 6 MB wait for each of them, they are closed within 15 s, the others are served, and
/// reading again they catch up (the checker sees to that: they resume as fresh devices do).
#[tokio::test(flavor = "multi_thread")]
async fn f22_some_do_not_read() {
    story(
        Plan {
            settings: &SMALL,
            ..Plan::of("f22", 1)
        },
        async |world, run| {
            let url = format!("ws://{}", world.nodes[0].address());
            let people = &world.cast.people;
            let open = |place: usize| {
                Client::connect(&url, Format::Binary, &people[place % people.len()].token)
            };
            let sleepy: Vec<_> = stream::iter((0..50).map(open))
                .buffer_unordered(10)
                .collect()
                .await;
            run.history.deed("50 sockets stop reading");
            let (mut speaker, _) = open(0).await.expect("a speaker");
            for _ in 0..MANY {
                let message = long_message(&people[0].conversations[0]);
                let (conversation, client_id) = (
                    message.conversation_id.clone(),
                    message.client_message_id.clone(),
                );
                let invoked = What::Invoke {
                    conversation: conversation.clone(),
                    client_id: client_id.clone(),
                    body: String::new(),
                };
                run.history.write(20_000, 0, invoked);
                let answer = speaker
                    .request(Request::SendMessage(message))
                    .await
                    .expect("the speaker is served");
                if let proto::reply::Answer::MessageAccepted(accepted) = answer {
                    run.history.write(
                        20_000,
                        0,
                        What::Ok {
                            conversation,
                            client_id,
                            number: accepted.number,
                        },
                    );
                }
                speaker.pushes_so_far();
            }
            for client in sleepy {
                let (mut client, _) = client.expect("a socket");
                let Closed { code, .. } = timeout(Duration::from_secs(15), client.closed())
                    .await
                    .expect("in time")
                    .expect("closed");
                // 4001: too much waited. 4002 or nothing: it read so little that even the farewell did not fit.
                assert!([4001, 4002, 0].contains(&code), "closed with {code}");
            }
        },
    )
    .await;
}

fn long_message(conversation: &str) -> SendMessage {
    SendMessage {
        conversation_id: conversation.to_owned(),
        client_message_id: Uuid::new_v4().to_string(),
        text: "长".repeat(7_000),
        ..SendMessage::default()
    }
}
