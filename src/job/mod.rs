//! Work that nobody waits for: facts are handed to their readers, webhooks are called, and what is due is done.
//!
//! [`worker`] takes facts, [`schedule`] says what runs when. Both are on every node; the database decides who does what.

pub mod forget;
mod queries;
pub mod schedule;
pub mod worker;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{app::App, shutdown::Shutdown, webhook::deliver::Courier};

/// Starts the workers, the courier and the schedule. All of them heed the soft stop, and finish what they hold.
pub fn start(app: &App, shutdown: &Shutdown) -> anyhow::Result<()> {
    let fanned_out = Arc::new(Notify::new());
    let courier = Courier::new(app, fanned_out.clone())?;
    for _ in 0..worker::WORKERS {
        shutdown.spawn(worker::run(app.clone(), fanned_out.clone()));
    }
    shutdown.spawn(courier.run());
    shutdown.spawn(schedule::run(app.clone()));
    Ok(())
}
