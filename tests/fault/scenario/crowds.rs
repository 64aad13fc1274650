//! A crowd is thrown out, or falls silent: it comes back by itself and has missed nothing.

use std::time::Duration;

use super::{Plan, story, working};
use crate::{
    crowd::Crowd,
    pace::{Bar, answers, p99},
    proxy::Proxy,
    speaker::Speaker,
    wait::until,
};

/// Few people stand for a crowd.
const CROWD: [&str; 1] = ["limits.sockets_per_user=1000"];

/// What those who talk may notice of a storm. The floor is the server's own promise for a busy moment: a third of the time
/// after which a pool that gives nothing (2 s) makes sends fail would not be seen by a multiple of some milliseconds.
const NOTICED: Bar = Bar {
    times: 3.0,
    floor: Duration::from_secs(2),
};

/// F23: 5,000 sockets are reset in one instant, and things are said before they are back; all are back within 60 s and have
/// heard them, and those who talk notice little.
#[tokio::test(flavor = "multi_thread")]
async fn f23_everybody_reconnects_at_once() {
    story(
        Plan {
            settings: &CROWD,
            ..Plan::of("f23", 1)
        },
        async |world, run| {
            let (node, cast) = (&world.nodes[0], &world.cast);
            let proxy = Proxy::before(node.address()).await;
            let mut crier =
                Speaker::new(&format!("ws://{}", node.address()), &cast.crier, run).await;
            crier.tell(&cast.crowd).await;
            let crowd = Crowd::gather(&format!("ws://{}", proxy.address), &cast.crowd, 5_000);
            let there = async || crowd.caught_up(1, &crier.said) == 5_000;
            assert!(
                until(Duration::from_mins(2), there).await,
                "the crowd comes"
            );
            let calm = run.history.now();
            working(run, 400, "before the storm").await;

            run.history.deed("reset 5,000 sockets");
            let storm = run.history.now();
            proxy.reset_everybody();
            crier.tell(&cast.crowd).await;
            let back = async || crowd.caught_up(2, &crier.said) == 5_000;
            assert!(
                until(Duration::from_mins(1), back).await,
                "only {} are back and caught up",
                crowd.caught_up(2, &crier.said)
            );
            let end = run.history.now();
            let (lines, talkers) = (run.history.lines(), cast.people.len());
            let calm = p99(answers(&lines, talkers, &(calm..storm)));
            let stormy = p99(answers(&lines, talkers, &(storm..end)));
            eprintln!(
                "f23: back in {:?}; calm {calm:?}, storm {stormy:?}",
                Duration::from_nanos(end - storm)
            );
            assert!(
                NOTICED.allows(calm, stormy),
                "p99 of an answer: {calm:?} before, {stormy:?} in the storm"
            );
        },
    )
    .await;
}

/// F36: 500 client links fall silent without a word; the server gives them up within 40 s. When the links are mended all
/// are back, and have heard what was said meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn f36_peers_are_half_open() {
    story(
        Plan {
            settings: &CROWD,
            ..Plan::of("f36", 1)
        },
        async |world, run| {
            let (node, cast) = (&world.nodes[0], &world.cast);
            let proxy = Proxy::before(node.address()).await;
            let mut crier =
                Speaker::new(&format!("ws://{}", node.address()), &cast.crier, run).await;
            crier.tell(&cast.crowd).await;
            let crowd = Crowd::gather(&format!("ws://{}", proxy.address), &cast.crowd, 500);
            let there = async || crowd.caught_up(1, &crier.said) == 500;
            assert!(
                until(Duration::from_mins(1), there).await,
                "the crowd comes"
            );

            run.history.deed("silence 500 links");
            let before = node.lines().await;
            proxy.silence(true);
            let given_up = async || node.lines().await <= before - 500;
            assert!(
                until(Duration::from_secs(40), given_up).await,
                "dead peers are not given up"
            );
            crier.tell(&cast.crowd).await;
            proxy.silence(false);
            let back = async || crowd.caught_up(2, &crier.said) == 500;
            assert!(
                until(Duration::from_mins(1), back).await,
                "only {} are back and caught up",
                crowd.caught_up(2, &crier.said)
            );
        },
    )
    .await;
}
