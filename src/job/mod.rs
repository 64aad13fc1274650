//! Work that nobody waits for: facts are handed to their readers, webhooks are called, browsers are reached, and what is due is done.
//!
//! [`worker`] takes facts, [`schedule`] says what runs when. Both are on every node; the database decides who does what.

pub mod forget;
mod queries;
pub mod schedule;
pub mod worker;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    app::App,
    push::{self, vapid::Vapid},
    shutdown::Shutdown,
    webhook,
};

/// Starts the workers, the couriers and the schedule. All of them heed the soft stop, and finish what they hold.
pub fn start(app: &App, vapid: Vapid, shutdown: &Shutdown) -> anyhow::Result<()> {
    let fanned_out = Arc::new(Notify::new());
    let webhooks = webhook::deliver::Courier::new(app, fanned_out.clone())?;
    let pushes = push::deliver::Courier::new(app, vapid)?;
    for _ in 0..worker::WORKERS {
        shutdown.spawn_in_office(worker::run(app.clone(), fanned_out.clone()));
    }
    shutdown.spawn_in_office(webhooks.run());
    shutdown.spawn_in_office(pushes.run());
    shutdown.spawn_in_office(schedule::run(app.clone()));
    Ok(())
}
