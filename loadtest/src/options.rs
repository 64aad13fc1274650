//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};
use loadtest::scenario::Dose;

/// Plays scenarios against a running Souk, measures, and checks that nothing was lost, doubled or misordered (else the
/// exit code is 1; 2 if it could not be played).
#[derive(Parser)]
#[command(version)]
pub(crate) struct Options {
    /// What to play.
    #[arg(value_enum)]
    pub(crate) scenario: Scenario,
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The server's database, for `limits`, `orders`, `claims` and `campaign`: the floors are measured in a database of its own beside it.
    #[arg(long)]
    pub(crate) database_url: Option<String>,
    /// Put the people straight into the server's database: quick, for many. Without it they come in over REST, which needs
    /// a server with `--profile development`.
    #[arg(long)]
    pub(crate) seed_database_url: Option<String>,
    /// How many sockets (chat 1000, group 500, idle 15000, storm 5000, resume 100), customers of the event (orders 1000, claims 500), or
    /// recipients who are on the line (campaign 2000).
    #[arg(long)]
    pub(crate) connections: Option<usize>,
    /// Seconds of measuring.
    #[arg(long, default_value_t = 15)]
    pub(crate) seconds: u64,
    /// Bytes of a message (chat 200, group 256).
    #[arg(long)]
    pub(crate) size: Option<usize>,
    /// Unanswered messages of one sender (chat 16), or messages on their way to everybody (group 32).
    #[arg(long)]
    pub(crate) window: Option<usize>,
    /// Messages a second in all, by the clock: chat instead of flat out, orders and campaign while it goes on (500).
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// orders: how many are placed.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) orders: u64,
    /// claims: gifts that are dropped in the group, one after the other; at most 100.
    #[arg(long, default_value_t = 20)]
    pub(crate) gifts: usize,
    /// campaign: how many hear it.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) recipients: usize,
    /// campaign: a shell command that kills the server and starts it again; it is run in the middle of a second campaign.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) restart: Option<String>,
    /// Messages said while people are away (storm 100, resume 10000).
    #[arg(long)]
    pub(crate) missed: Option<u64>,
    /// Print one JSON object for each scenario.
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep the figures in this folder and write a page there that compares all runs in it.
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
}

/// What can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// What this machine can do without Souk.
    Limits,
    /// Pairs who talk one to one.
    Chat,
    /// One message at a time on an idle server.
    Lone,
    /// One speaks to many.
    Group,
    /// Many who say nothing: memory.
    Idle,
    /// All lose the line at once and come back.
    Storm,
    /// Page through what was missed.
    Resume,
    /// A flash event: a crowd orders at once while others chat.
    Orders,
    /// Coupons in a group: everybody presses on gift after gift, and there are fewer than people.
    Claims,
    /// One message to many, each in their own conversation, while others chat; needs `--seed-database-url`.
    Campaign,
    /// All of them, `limits` first.
    All,
    /// Be the bare server that `limits` measures.
    #[value(hide = true)]
    Bare,
}

impl Options {
    /// The options, or the scenario's own measure.
    pub(crate) fn dose(&self, connections: usize, size: usize) -> Dose {
        Dose {
            connections: self.connections.unwrap_or(connections),
            length: Duration::from_secs(self.seconds),
            size: self.size.unwrap_or(size),
        }
    }
}
