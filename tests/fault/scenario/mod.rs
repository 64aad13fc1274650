//! The scenarios. Each is a story of the same shape: a cast at work, a nemesis, healing, and the checker's verdict.

mod bus;
mod chance;
mod crowds;
mod database;
mod money;
mod network;
mod nodes;
mod slow;

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use futures_util::future::join_all;
use sqlx::PgPool;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    checker::{Evidence, check},
    client::{Device, Run},
    history::{Moment, View, What},
    people::Cast,
    proxy::Proxy,
    wait::until,
    world::{Node, World},
};

/// Two scenarios at a time, for most of their time is waiting; one that needs the whole machine is alone.
static MACHINE: Semaphore = Semaphore::const_new(2);

/// How long a scenario may take to converge after healing.
const CONVERGE: Duration = Duration::from_mins(1);

/// How long after healing sends may still fail.
const CALM: Duration = Duration::from_secs(15);

/// Pause between two sends of one device. All together say 40 things a second, each of which 20 hear.
const PACE: Duration = Duration::from_millis(500);

/// The usual cast.
const CUSTOMERS: usize = 16;
const STAFF: usize = 4;

/// What a story is played on.
#[derive(Clone, Copy)]
struct Plan {
    name: &'static str,
    nodes: usize,
    customers: usize,
    staff: usize,
    /// Settings of all nodes, as `section.key=value`.
    settings: &'static [&'static str],
    /// Files that each node may open.
    descriptors: Option<u32>,
    /// Everybody goes through a proxy before each node.
    proxies: bool,
    /// Halves of the machine that it takes.
    halves: u32,
}

impl Plan {
    /// The usual cast on so many nodes.
    const fn of(name: &'static str, nodes: usize) -> Self {
        Self {
            name,
            nodes,
            customers: CUSTOMERS,
            staff: STAFF,
            settings: &[],
            descriptors: None,
            proxies: false,
            halves: 1,
        }
    }
}

/// A story: `nemesis` does its deeds while everybody talks; afterwards everything must be right.
async fn story<N>(plan: Plan, nemesis: N)
where
    N: AsyncFnOnce(&mut World, &Run),
{
    let alone = async |world: &mut World, run: &Run, ()| nemesis(world, run).await;
    staged(plan, async |_: &mut World| (), alone).await;
}

/// A story whose stage is set before the nodes start.
async fn staged<P, S, N>(plan: Plan, set: S, nemesis: N)
where
    S: AsyncFnOnce(&mut World) -> P,
    N: AsyncFnOnce(&mut World, &Run, P),
{
    let turn = MACHINE.acquire_many(plan.halves).await;
    let _turn = turn.expect("nobody closes the machine");
    let mut world = World::new(plan.nodes, plan.customers, plan.staff).await;
    for node in &mut world.nodes {
        node.settings
            .extend(plan.settings.iter().map(ToString::to_string));
        node.descriptors = plan.descriptors;
    }
    let props = set(&mut world).await;
    world.start().await;
    let cast = world.cast.clone();
    let doors = doors(&mut world, plan.proxies).await;
    let run = Run::new(doors, PACE);
    let devices: Vec<_> = cast
        .people
        .iter()
        .enumerate()
        .map(|(id, person)| tokio::spawn(Device::new(id, person.clone(), run.clone()).live()))
        .collect();

    working(&run, 50, "warm-up").await;
    nemesis(&mut world, &run, props).await;
    run.history.deed("healed");
    let healed = run.history.now();
    everybody_works(&run, devices.len(), healed).await;
    working(&run, 50, "after healing").await;
    run.enough.store(true, Ordering::Relaxed);
    silence(&run, devices.len()).await;
    run.finish.store(true, Ordering::Relaxed);
    let views = timeout(CONVERGE, join_all(devices))
        .await
        .expect("every device catches up");
    let views: BTreeMap<usize, View> = views
        .into_iter()
        .map(|view| view.expect("no panic"))
        .enumerate()
        .collect();
    let views = with_fresh_devices(views, &cast, &run).await;

    let pool = world.pool().await;
    let evidence = Evidence {
        lines: run.history.lines(),
        seats: twice(cast.seats()),
        views,
        stored: stored(&pool).await,
        panics: world.panics(),
    };
    let mut wrong = check(&evidence);
    wrong.extend(resources(&pool).await);
    wrong.extend(liveness(&evidence, healed));
    pool.close().await;
    world.stop().await;
    let said = evidence.stored.values().map(BTreeMap::len).sum::<usize>();
    let took = Duration::from_nanos(run.history.now());
    eprintln!(
        "{}: {said} messages, {:.0} s",
        plan.name,
        took.as_secs_f64()
    );
    assert!(
        wrong.is_empty(),
        "{} wrong after {said} messages, e.g. {:#?}; history in {}",
        wrong.len(),
        &wrong[..wrong.len().min(5)],
        run.history.keep(plan.name)
    );
}

/// Where clients knock: at the nodes, or at the proxies before them.
async fn doors(world: &mut World, proxies: bool) -> Vec<String> {
    let nodes: Vec<_> = world.nodes.iter().map(Node::address).collect();
    if !proxies {
        return nodes;
    }
    for node in nodes {
        world.proxies.push(Proxy::before(node).await);
    }
    let addresses = world.proxies.iter().map(|proxy| proxy.address.to_string());
    addresses.collect()
}

/// Waits until this many more sends are acknowledged: work goes on, at whatever pace.
async fn working(run: &Run, sends: usize, when: &str) {
    let goal = run.history.acknowledged() + sends;
    let on = until(CONVERGE, async || run.history.acknowledged() >= goal).await;
    assert!(
        on,
        "nobody gets on, {when}; history in {}",
        run.history.keep("stuck")
    );
}

/// Waits until each device has had a send acknowledged since `healed`: nobody is left behind.
async fn everybody_works(run: &Run, devices: usize, healed: Moment) {
    let at_work = async || run.history.speakers_since(healed, devices) == devices;
    assert!(
        until(CALM, at_work).await,
        "I-23 somebody does not get on after healing; history in {}",
        run.history.keep("left-behind")
    );
}

/// Waits until everybody has an answer to everything they said: what comes later could not be in anybody's last look.
async fn silence(run: &Run, devices: usize) {
    let silent = async || run.quiet.load(Ordering::Relaxed) >= devices;
    assert!(
        until(CONVERGE, silent).await,
        "somebody never gets an answer; history in {}",
        run.history.keep("open")
    );
}

/// A new device of each person reads everything: it must have what the old one has.
async fn with_fresh_devices(
    mut views: BTreeMap<usize, View>,
    cast: &Cast,
    run: &Run,
) -> BTreeMap<usize, View> {
    let first = cast.people.len();
    let fresh = cast
        .people
        .iter()
        .enumerate()
        .map(|(place, person)| Device::new(first + place, person.clone(), run.clone()).live());
    let fresh = timeout(CONVERGE, join_all(fresh))
        .await
        .expect("every fresh device reads everything");
    views.extend(
        fresh
            .into_iter()
            .enumerate()
            .map(|(place, view)| (first + place, view)),
    );
    views
}

/// The seats of old and fresh devices.
fn twice<S: Clone>(seats: BTreeMap<usize, S>) -> BTreeMap<usize, S> {
    let first = seats.len();
    let fresh = seats
        .clone()
        .into_iter()
        .map(|(device, seats)| (first + device, seats));
    seats.into_iter().chain(fresh).collect()
}

/// What PostgreSQL holds.
async fn stored(pool: &PgPool) -> View {
    let rows: Vec<(sqlx::types::Uuid, i64, Option<String>)> =
        sqlx::query_as("select conversation_id, number, client_message_id from messages")
            .fetch_all(pool)
            .await
            .expect("rows");
    let mut view = View::new();
    for (conversation, number, id) in rows {
        view.entry(conversation.to_string())
            .or_default()
            .insert(number.cast_unsigned(), id.unwrap_or_default());
    }
    view
}

/// I-22: no session is left idle in a transaction, no fact is left undone or quarantined.
async fn resources(pool: &PgPool) -> Vec<String> {
    let idle: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and state like 'idle in transaction%' and state_change < now() - interval '5 seconds'",
    )
    .fetch_one(pool)
    .await
    .expect("a count");
    let quarantined: i64 =
        sqlx::query_scalar("select count(*) from facts where quarantined_because is not null")
            .fetch_one(pool)
            .await
            .expect("a count");
    let idle = (idle > 0).then(|| format!("I-22 {idle} sessions are idle in a transaction"));
    let stuck = (quarantined > 0).then(|| format!("I-22 {quarantined} facts are quarantined"));
    idle.into_iter().chain(stuck).collect()
}

/// I-23: 15 seconds after healing no send is refused or unanswered any more.
fn liveness(evidence: &Evidence, healed: Moment) -> Vec<String> {
    let calm = healed + u64::try_from(CALM.as_nanos()).unwrap_or(u64::MAX);
    let late = evidence.lines.iter().filter(|line| line.at > calm);
    let failed = late.filter(|line| matches!(line.what, What::Fail { .. } | What::Unknown { .. }));
    failed
        .map(|line| format!("I-23 long after healing: {:?}", line.what))
        .collect()
}
