//! The only waits of the suite. Whatever is expected is waited for; what is slept through is the length of a fault, and the
//! pauses that docs/protocol.md asks of a client.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How often to look whether it is so.
const LOOK: Duration = Duration::from_millis(100);

/// Waits until `so`; false if it is not within `patience`.
pub async fn until(patience: Duration, mut so: impl AsyncFnMut() -> bool) -> bool {
    let began = Instant::now();
    while !so().await {
        if began.elapsed() > patience {
            return false;
        }
        sleep(LOOK).await;
    }
    true
}

/// The fault lasts this long: time that passes is the very thing that is done to the server.
pub async fn lasts(fault: Duration) {
    sleep(fault).await;
}

/// Does `deed` again and again, `every` so often, for the fault's whole length.
pub async fn keeps_on(fault: Duration, every: Duration, mut deed: impl AsyncFnMut()) {
    let end = Instant::now() + fault;
    while Instant::now() < end {
        deed().await;
        sleep(every).await;
    }
}

/// Full jitter, docs/protocol.md part 6: a random time up to 0.2 s, 0.4 s, … 5 s, by failed tries in a row.
pub async fn back_off(tries: u32) {
    let most = Duration::from_millis(200 << tries.min(5)).min(Duration::from_secs(5));
    sleep(most.mul_f64(rand::random::<f64>())).await;
}

/// A client waits before it asks again, as it was told, in milliseconds.
pub async fn as_told(retry_after_ms: u64) {
    sleep(Duration::from_millis(retry_after_ms.clamp(50, 1_000))).await;
}

/// Somebody who talks thinks between two sentences: about so long.
pub async fn thinks(pace: Duration) {
    sleep(pace.mul_f64(0.5 + rand::random::<f64>())).await;
}
