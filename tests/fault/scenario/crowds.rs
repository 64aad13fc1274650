//! A crowd is thrown out, or falls silent: it comes back by itself and has missed nothing.

use std::time::Duration;

use super::{Plan, story, working};
use crate::{
    crowd::Crowd,
    pace::{Bar, answers, p99, span},
    proxy::Proxy,
    speaker::Speaker,
    wait::until,
};

/// Few people stand for a crowd.
const CROWD: [&str; 1] = ["limits.sockets_per_user=1000"];

/// Sockets in the storm.
const STORM: usize = 5_000;

/// What those who talk may notice of the storm. Below three seconds a busy machine says nothing.
const NOTICED: Bar = Bar {
    times: 3.0,
    floor: Duration::from_secs(3),
};

/// How long everybody may need to come back, against the time that they needed to come when nobody threw them out: this
/// process opens their sockets, and a busy machine has little time for it.
const RETURN: Bar = Bar {
    times: 4.0,
    floor: Duration::from_mins(1),
};

/// After this time a crowd will never be there.
const COMES: Duration = Duration::from_mins(10);

/// F23: 5,000 sockets are reset in one instant, and things are said before they are back; all come back, in 60 s or in no
/// more than four times the time that they needed to come, and have heard everything. Those who talk notice little.
#[tokio::test(flavor = "multi_thread")]
async fn f23_everybody_reconnects_at_once() {
    story(
        Plan {
            settings: &CROWD,
            halves: 2,
            ..Plan::of("f23", 1)
        },
        async |world, run| {
            let (node, cast) = (&world.nodes[0], &world.cast);
            let proxy = Proxy::before(node.address()).await;
            let mut crier = Speaker::new(&node.url(), &cast.crier, run).await;
            crier.tell(&cast.crowd).await;
            let arrival = run.history.now();
            let crowd = Crowd::gather(&proxy.url(), &cast.crowd, STORM);
            crowd.is_up(1, &crier.said, COMES).await;
            let calm = run.history.now();
            working(run, 200, "before the storm").await;

            run.history.deed("reset 5,000 sockets");
            let storm = run.history.now();
            proxy.reset_everybody();
            crier.tell(&cast.crowd).await;
            crowd.is_up(2, &crier.said, COMES).await;
            let end = run.history.now();

            let (came, back) = (span(arrival..calm), span(storm..end));
            let (lines, talkers) = (run.history.lines(), cast.people.len());
            let before = p99(answers(&lines, talkers, &(calm..storm)));
            let within = p99(answers(&lines, talkers, &(storm..end)));
            eprintln!(
                "f23: came in {came:?}, back in {back:?}; p99 {before:?}, in the storm {within:?}"
            );
            assert!(
                RETURN.allows(came, back),
                "back in {back:?}, came in {came:?}"
            );
            assert!(
                NOTICED.allows(before, within),
                "p99 of an answer: {before:?} before, {within:?} in the storm"
            );
        },
    )
    .await;
}

/// Links that fall silent.
const HALF_OPEN: usize = 500;

/// F36: 500 client links fall silent without a word; the server gives them up within 35 s. When the links are mended all
/// are back, and have heard what was said meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn f36_peers_are_half_open() {
    story(
        Plan {
            settings: &CROWD,
            halves: 2,
            ..Plan::of("f36", 1)
        },
        async |world, run| {
            let (node, cast) = (&world.nodes[0], &world.cast);
            let proxy = Proxy::before(node.address()).await;
            let mut crier = Speaker::new(&node.url(), &cast.crier, run).await;
            crier.tell(&cast.crowd).await;
            let crowd = Crowd::gather(&proxy.url(), &cast.crowd, HALF_OPEN);
            crowd.is_up(1, &crier.said, COMES).await;

            run.history.deed("silence 500 links");
            let before = node.lines().await;
            proxy.silence(true);
            let given_up = async || node.lines().await <= before - HALF_OPEN;
            assert!(
                until(Duration::from_secs(35), given_up).await,
                "dead peers are not given up"
            );
            crier.tell(&cast.crowd).await;
            proxy.silence(false);
            crowd.is_up(2, &crier.said, COMES).await;
        },
    )
    .await;
}
