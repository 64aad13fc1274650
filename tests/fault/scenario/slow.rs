//! Some do not read.

use std::time::Duration;

use super::{Plan, story};
use crate::{
    crowd::Crowd,
    pace::{Bar, deliveries, p99},
    people::Person,
    speaker::Speaker,
    wait::until,
};

/// Small queues, so that a slow reader is noticed early; a page of `resume` (256 kB) fits.
const SMALL: [&str; 3] = [
    "limits.queue_bytes=524288",
    "limits.sockets_per_user=100",
    "limits.sends_per_second=0",
];

/// Long messages, 21 kB each, that fill what the kernel holds for a socket nobody reads (some 4 MB) and the queue.
const MANY: usize = 300;

/// Members who do not read.
const SLEEPY: usize = 50;

/// What the others may notice of it.
const NOTICED: Bar = Bar {
    times: 1.2,
    floor: Duration::from_millis(500),
};

/// F22: 50 sockets of a group do not read; once 6 MB wait for each of them they are closed within 15 s. The others are served
/// as well as when all 50 read; reading again, the 50 come back and catch up.
#[tokio::test(flavor = "multi_thread")]
async fn f22_some_do_not_read() {
    story(
        Plan {
            settings: &SMALL,
            halves: 2,
            ..Plan::of("f22", 1)
        },
        async |world, run| {
            let (node, cast) = (&world.nodes[0], &world.cast);
            let url = node.url();
            let group = cast.people[0].conversations[0].clone();
            let mut speaker = Speaker::new(&url, &cast.people[0], run).await;
            let crowd = Crowd::gather(&url, &only(&cast.people, &group), SLEEPY);
            speaker.say(&group, "Who is there?".into()).await;
            crowd.is_up(1, &speaker.said, Duration::from_mins(1)).await;
            let (before, calm) = (node.lines().await, run.history.now());
            say_much(&mut speaker, &group).await;

            run.history.deed("50 sockets stop reading");
            crowd.read(false);
            let fault = run.history.now();
            say_much(&mut speaker, &group).await;
            let closed = async || node.lines().await <= before - SLEEPY;
            assert!(
                until(Duration::from_secs(15), closed).await,
                "slow readers are not closed"
            );
            let end = run.history.now();
            crowd.read(true);
            crowd.is_up(2, &speaker.said, Duration::from_mins(1)).await;
            let (lines, talkers) = (run.history.lines(), cast.people.len());
            let calm = p99(deliveries(&lines, talkers, &(calm..fault)));
            let slow = p99(deliveries(&lines, talkers, &(fault..end)));
            eprintln!("f22: p99 {calm:?} when all read, {slow:?} when 50 do not");
            assert!(
                NOTICED.allows(calm, slow),
                "p99 of a delivery: {calm:?} when all read, {slow:?} when 50 do not"
            );
        },
    )
    .await;
}

/// These people, of whom this conversation alone is of interest.
fn only(people: &[Person], conversation: &str) -> Vec<Person> {
    let narrow = |person: &Person| Person {
        conversations: vec![conversation.to_owned()],
        ..person.clone()
    };
    people.iter().map(narrow).collect()
}

async fn say_much(speaker: &mut Speaker, group: &str) {
    for _ in 0..MANY {
        speaker.say(group, "长".repeat(7_000)).await;
    }
}
