//! Souk: a chat-commerce messaging server. This page is its map.
//!
//! ```text
//! main ── run ──┬─ live ─┐
//!               ├─ http ─┼─ nouns (verbs) ── app ── store (Tx) ── bus, event, fact ── id actor money clock error ── proto
//!               └─ job ──┘
//! ```
//!
//! Arrows go right only. A folder is a noun of the business, a file in it is a verb; `mod.rs` holds what the noun is and
//! its rules, `queries.rs` all of its SQL, private to it. `docs/architecture.md` walks through real operations.
//!
//! * [`door`]: how connections come in, under deadlines and limits.
//! * [`live`]: people on the line: sockets, who is here, what they are shown.
//! * [`http`]: people not on the line: REST and what operators ask for.
//! * [`account`]: who somebody is: accounts, log-ins, sessions. [`code`]: proving a phone or an e-mail address.
//! * [`shop`]: the tenant. [`staff`]: people who sell. [`crm`]: people who buy. [`bot`]: programs that act for a shop.
//! * [`rights`]: held still while work changes them or relies on them. [`audit`]: the record of what was done with special ones.
//! * [`alert`]: what asks for staff: shown, kept until it is read. [`push`]: reaches those of them who are not on the line.
//! * [`conversation`]: who talks with whom, what was said in which order, what has been read.
//! * [`group`]: conversations of many: who is in them, who runs them, how people come in.
//! * [`enquiry`]: which products customers ask about.
//! * [`product`]: what a shop sells and what it costs. [`stock`]: how much there is of it, and to whom it is promised. [`money`]: amounts.
//! * [`order`]: from a draft or a basket to what was received. [`delivery`]: who brings it. [`payment`]: money that comes and goes, the ledger.
//! * [`coupon`]: what takes something off an order: given, claimed, kept in a wallet, used once.
//! * [`member`]: customers who pay less in a shop. [`promotion`]: what is cheaper, or comes on top, for a time.
//! * [`reward`]: coupons for what customers do and whom they bring, once for each event.
//! * [`campaign`]: the right words to the right customers, each in their own conversation, and to groups.
//! * [`lottery`]: draws in groups that everybody can check: published, entered, drawn once.
//! * [`red_packet`]: money for the members of a group, in shares that were committed to before anybody came.
//! * [`aftersale`]: money and goods back. [`shortage`]: what was sold and is not there, and who waits for it.
//! * [`parcel`]: where packages are, once they have left. [`tracker`]: the edge to whoever knows: what is said to Kuaidi100.
//! * [`beacon`]: the edge to a public source of chance: which rounds of a drand chain are believed.
//! * [`pay`]: the edge to WeChat Pay and Alipay: what is said to them, and what of theirs is believed.
//! * [`books`]: whether all that is counted adds up.
//! * [`media`]: pictures, voice and files that people send.
//! * [`webhook`]: tells a shop's own systems, signed, until they hear it.
//! * [`job`]: what nobody waits for: facts to their readers, what runs when.
//! * [`demo`]: something to look at on a first day. [`visitors`]: customers who come by themselves then, from outside.
//! * [`app`]: what a verb may use. [`store`]: the database and the unit of work. [`bus`]: one node telling the others.
//! * [`event`]: what a screen must see now. [`fact`]: what happened, remembered for ever.
//! * [`actor`]: who is asking. [`error`]: the two ways to fail. [`config`]: every setting. [`egress`]: calls to addresses that strangers chose. [`clock`], [`id`], [`lately`], [`mod@line`], [`pace`], [`places`], [`shutdown`], [`sign`], [`tls`], [`telemetry`], [`vault`], [`words`].

pub mod account;
pub mod actor;
pub mod aftersale;
pub mod alert;
pub mod app;
pub mod audit;
pub mod beacon;
pub mod books;
pub mod bot;
pub mod bus;
pub mod campaign;
pub mod clock;
pub mod code;
pub mod config;
pub mod conversation;
pub mod coupon;
pub mod crm;
pub mod delivery;
pub mod demo;
pub mod door;
pub mod egress;
pub mod enquiry;
pub mod error;
pub mod event;
pub mod fact;
pub mod figures;
pub mod group;
pub mod http;
pub mod id;
pub mod job;
pub mod lately;
pub mod line;
pub mod live;
pub mod lottery;
pub mod media;
pub mod member;
pub mod money;
pub mod order;
pub mod pace;
pub mod parcel;
pub mod pay;
pub mod payment;
pub mod places;
pub mod product;
pub mod promotion;
pub mod push;
pub mod red_packet;
pub mod reward;
pub mod rights;
pub mod shop;
pub mod shortage;
pub mod shutdown;
pub mod sign;
pub mod staff;
pub mod stock;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod together;
pub mod tracker;
pub mod vault;
pub mod visitors;
pub mod webhook;
pub mod words;

use std::{net::SocketAddr, num::NonZeroU32, path::Path, sync::Arc, time::Duration};

use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;

use crate::{
    app::App,
    bus::Bus,
    clock::Clock,
    config::Config,
    door::{accept::Door, limits::Limits, tls::from_pem},
    live::{Live, hub::Hub},
    shutdown::Shutdown,
    store::Store,
};

/// A server that runs until its [`Shutdown`] is told to stop.
pub struct Server {
    /// What verbs use; also for those who run a server inside their own program, such as tests.
    pub app: App,
    /// Who is on the line.
    pub hub: Arc<Hub>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Wires a server and starts it: when this returns, it answers.
pub async fn run(
    config: Config,
    database: PgConnectOptions,
    listener: TcpListener,
    clock: Clock,
    shutdown: &Shutdown,
) -> anyhow::Result<Server> {
    tls::install_provider();
    telemetry::metrics();
    let address = listener.local_addr()?;
    let limits = limits(&config);
    let certificate = match &config.tls.certificate[..] {
        "" => None,
        certificate => Some(from_pem(
            Path::new(certificate),
            Path::new(&config.tls.key),
        )?),
    };
    let beat = Duration::from_millis(config.bus.sweep_ms.max(50) * 10);
    let bus = Bus::start(&config.bus.redis_url, beat, shutdown)?;
    let store = Store::connect(database, &config.database, bus.clone()).await?;
    store.migrate().await?;
    store.check(clock.now()).await?;
    let (hub, errands) = Hub::new(bus.clone());
    bus.attach(hub.clone());
    let app = App::new(store, clock, config, shutdown)?;
    let by_itself = app.by_itself();
    webhook::endpoint::seal_anew(&by_itself).await?;
    account::embed_key::seal_anew(&by_itself).await?;
    order::recipient::seal_anew(&by_itself).await?;
    order::change::seal_anew(&by_itself).await?;
    parcel::secret::seal_anew(&by_itself).await?;
    let live = Live::new(app.clone(), hub.clone());
    let keeper = live::keeper::run(live.by_itself(), errands, shutdown.clone());
    shutdown.spawn_keeper(keeper);
    let vapid = push::key::open(&by_itself).await?;
    job::start(&by_itself, vapid, shutdown)?;
    let door = Door {
        listener,
        router: http::router::router(live.clone()),
        limits,
        tls: certificate,
    };
    shutdown.spawn(door.serve(shutdown.soft().clone(), shutdown.tasks().clone()));
    shutdown.spawn(live::drain(live, shutdown.soft().clone()));
    Ok(Server { app, hub, address })
}

/// The way in's part of the settings.
fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    let count = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX);
    Limits {
        header_deadline: Duration::from_millis(limits.header_ms),
        idle: Duration::from_secs(limits.idle_seconds),
        stall: Duration::from_secs(limits.stall_seconds),
        bytes_per_second: count(limits.bytes_per_second),
        connections: limits.connections,
        connections_per_address: count(limits.connections_per_address).get(),
        handshakes_per_second: count(limits.handshakes_per_address),
        handshake_burst: count(limits.handshakes_per_address.saturating_mul(5)),
        exempt: limits.exempt_networks.to_vec(),
        trusted_proxies: limits.trusted_proxies.to_vec(),
        ..Limits::default()
    }
}
