//! Draws that a beacon decides: closed, then drawn by a round that nobody knew when they were closed.

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx as _;
use proto::{DrawCard, DrawGrade, DrawState};
use serde_json::{Value, json};
use souk::{
    app::App,
    beacon,
    lottery::{decide, file, time_out},
};
use sqlx::AssertSqlSafe;

use super::Club;
use crate::{
    order::next_card,
    support::{
        Relay, TestServer, eventually,
        held::Held,
        people::Line,
        relay::{Mood, PERIOD, sign, with_beacon},
    },
};

/// A club whose draws are decided by what these relays tell.
pub async fn club_with(relays: &[&Relay]) -> Club {
    Club::on(TestServer::with(|config| with_beacon(config, relays)).await).await
}

impl Club {
    /// A draw by the clock, whose list was closed a moment ago.
    pub async fn has_closed(&self, changes: Value) -> String {
        let changes = crate::coupon::but(json!({ "target": null }), changes);
        let draw = self.publishes(changes).await;
        self.later(25).await;
        assert_eq!(self.seen(&draw).await["state"], "closed");
        draw
    }

    /// So many seconds later.
    pub fn moves(&self, seconds: i64) {
        self.server
            .clock
            .advance(SignedDuration::from_secs(seconds));
    }

    /// Relays are asked for what is due.
    pub async fn asks(&self) {
        let app = &self.server.server.app;
        decide::due(app).await.expect("the schedule works");
    }

    async fn is_drawn(&self, draw: &str) {
        eventually(async || {
            self.asks().await;
            self.seen(draw).await["state"] == "drawn"
        })
        .await;
    }
}

async fn card_in(line: &mut Line, state: DrawState) -> DrawCard {
    loop {
        let card = next_card(line).await.card.expect("a card").draw;
        let card = *card.expect("of a draw");
        if card.state() == state {
            return card;
        }
    }
}

fn round_of(shown: &Value) -> u64 {
    shown["round"].as_u64().expect("a round")
}

/// LOT-04, LOT-02: with a beacon the card says so from the beginning. At its end the list is closed: nobody comes in or goes any more, and card and
/// file say its hash, the seed, and the round that decides, which begins later and which nobody is asked for before. Then it is drawn by that round's
/// value, once, among those who were in the list; the file proves it, and says the same close and seed as before.
#[tokio::test]
async fn a_draw_is_closed_first_and_drawn_by_a_later_round() {
    let relay = Relay::start().await;
    let club = club_with(&[&relay]).await;
    let (ann, bob) = (club.member("Ann").await, club.member("Bob").await);
    let late = club.stranger("Late").await;
    let mut line = ann.connect(&club.server).await;
    let prizes = json!([{ "name": "新茶一份", "value": 3_000, "quantity": 2 }]);
    let draw = club
        .publishes(json!({ "target": null, "prizes": prizes }))
        .await;
    let open = card_in(&mut line, DrawState::Open).await;
    assert_eq!(open.grade(), DrawGrade::Beacon);
    let awaited = open.beacon.expect("a beacon");
    assert_eq!((awaited.round, awaited.close), (0, String::new()));
    let receipt = club.enters(&ann, &draw, "0123456789abcdef").await.ok();

    club.later(25).await;
    let closed = card_in(&mut line, DrawState::Closed).await;
    let awaited = closed.beacon.clone().expect("a beacon");
    let now = souk::clock::millis(club.server.clock.now());
    assert!(relay.asked().is_empty(), "before the round has begun");
    assert!(awaited.round_at > now && awaited.randomness.is_empty());
    assert_eq!((closed.seed.len(), awaited.close.len()), (64, 64));
    assert_eq!(club.enters(&bob, &draw, "").await.refused(), "draw_state");
    let waits = file::verify(&club.file(&ann, &draw).await).expect("it verifies");
    assert_eq!((waits.close.hash, waits.seed), (awaited.close, closed.seed));
    let period = PERIOD * 1_000;
    let begins = waits.close.at.expect("a time") + period;
    assert!(
        (begins..begins + period).contains(&awaited.round_at),
        "one period later"
    );

    club.brings(&club.shop.owner, &late).await;
    let leave = format!("/groups/{}/leave", club.group);
    let rest = club.server.rest();
    rest.by(&bob).post(&leave, json!({})).await.ok();
    club.moves(2 * PERIOD);
    club.is_drawn(&draw).await;
    let asked = relay.asked();
    assert!(asked.iter().all(|round| *round == awaited.round) && !asked.is_empty());
    let drawn = card_in(&mut line, DrawState::Drawn).await;
    let value = beacon::Value::of(&sign(awaited.round));
    assert_eq!(drawn.beacon.expect("a beacon").randomness, value.randomness);
    let winners: Vec<&str> = drawn.winners.iter().map(|one| &one.name[..]).collect();
    assert_eq!(winners.len(), 2, "{winners:?}");
    assert!(winners.contains(&"Bob") && !winners.contains(&"Late"));
    let decided = file::verify(&club.file(&ann, &draw).await).expect("it verifies");
    assert_eq!(
        (decided.close.hash, decided.close.round, decided.beacon),
        (
            closed.beacon.unwrap().close,
            Some(awaited.round),
            Some(value)
        )
    );
    decided_holds(&club, &draw, &ann, &receipt).await;
    let notices = club.notices(club.group).await;
    assert!(notices[0].contains(&format!("第 {} 轮", awaited.round)));
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert_eq!(club.differences().await, [""; 0]);
}

async fn decided_holds(club: &Club, draw: &str, ann: &crate::support::Person, receipt: &Value) {
    let decided = file::verify(&club.file(ann, draw).await).expect("it verifies");
    decided
        .verify_receipt(receipt.to_string().as_bytes())
        .expect("Ann is in it");
    assert_eq!(decided.grade, DrawGrade::Beacon);
    club.asks().await;
    for (deed, times) in [("close", 1), ("draw", 1)] {
        let many = sqlx::query_scalar::<_, i64>(
            "select count(*) from facts where kind = 'draw_moved' and payload ->> 'deed' = $1",
        )
        .bind(deed)
        .fetch_one(club.server.server.app.store.pool())
        .await;
        assert_eq!(many.expect("a number"), times, "{deed}");
    }
    let told = "select count(*) from messages where text like '恭喜您在「周末茶会」%'";
    eventually(async || club.count(told).await == 2).await;
}

/// LOT-02, LOT-04: a draw with a target is closed when it is reached; one whose target is not reached lapses as ever, and has no round.
#[tokio::test]
async fn a_target_closes_the_list() {
    let relay = Relay::start().await;
    let club = club_with(&[&relay]).await;
    let ann = club.member("Ann").await;
    let (near, far) = (
        club.publishes(json!({ "target": 3 })).await,
        club.publishes(json!({})).await,
    );
    club.member("Bob").await;
    eventually(async || club.seen(&near).await["state"] != "open").await;
    club.moves(2 * PERIOD);
    club.is_drawn(&near).await;
    file::verify(&club.file(&ann, &near).await).expect("it verifies");
    club.later(25).await;
    let lapsed = club.seen(&far).await;
    assert_eq!(
        (lapsed["state"].clone(), lapsed["round"].clone()),
        (json!("cancelled"), Value::Null)
    );
    let path = format!("/draws/{far}/file");
    let asked = club.server.rest().by(&ann).get(&path).await;
    assert_eq!(asked.refused(), "draw_state");
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04: a closed draw can be called off. Before its round has begun nobody could know who would win. Afterwards whoever does it could: the group
/// reads so, the card and the file say so, and the file has what it takes to find out who that would have been. The round changes nothing then.
#[tokio::test]
async fn calling_off_a_closed_draw_is_seen() {
    let relay = Relay::start().await;
    relay.is(Mood::NotThere);
    let club = club_with(&[&relay]).await;
    let ann = club.member("Ann").await;
    let mut line = ann.connect(&club.server).await;
    for late in [false, true] {
        let draw = club.has_closed(json!({})).await;
        let closed = card_in(&mut line, DrawState::Closed).await;
        club.moves(if late { 2 * PERIOD } else { 0 });
        let because = json!({ "reason": "奖品缺货" });
        let off = club.does(&draw, "cancel", because).await.ok();
        let card = card_in(&mut line, DrawState::Cancelled).await;
        let beacon = card.beacon.expect("a beacon");
        assert_eq!(beacon.cancelled_late, late);
        assert_eq!(
            (beacon.close, card.seed),
            (closed.beacon.expect("a beacon").close, closed.seed)
        );
        let notices = club.notices(club.group).await;
        let last = notices.last().expect("a notice");
        assert_eq!(last.contains("结果已可推算"), late, "{last}");
        let kept = file::verify(&club.file(&ann, &draw).await).expect("it verifies");
        assert!(kept.winners.is_empty() && kept.cancelled.is_some());
        assert_eq!(kept.to_string().contains("whoever called it off"), late);
        relay.is(Mood::Honest);
        club.moves(100);
        club.asks().await;
        assert_eq!(club.seen(&draw).await["state"], "cancelled");
        assert_eq!(off["closed_at"], club.seen(&draw).await["closed_at"]);
        relay.is(Mood::NotThere);
    }
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04: what counts is when a draw is called off, not when that was asked for: whoever had to wait until the round had begun could know it.
#[tokio::test]
async fn a_cancellation_that_had_to_wait_is_late() {
    let relay = Relay::start().await;
    relay.is(Mood::NotThere);
    let club = club_with(&[&relay]).await;
    let ann = club.member("Ann").await;
    let mut line = ann.connect(&club.server).await;
    let draw = club.has_closed(json!({})).await;
    let held = Held::new(&club.server, club.group).await;
    let (off, ()) = tokio::join!(
        club.does(&draw, "cancel", json!({ "reason": "奖品缺货" })),
        async {
            held.until_waiting(1).await;
            club.moves(2 * PERIOD);
            held.release().await;
        }
    );
    off.ok();
    let card = card_in(&mut line, DrawState::Cancelled).await;
    assert!(card.beacon.expect("a beacon").cancelled_late);
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04, F31, I-15: the node that closed a list dies before its round has come: others draw by the round that was said, and by no other. Three that come
/// upon it at once, of which one dies as well, draw once.
#[tokio::test(flavor = "multi_thread")]
async fn another_node_draws_what_a_dead_one_closed() {
    let relay = Relay::start().await;
    let club = club_with(&[&relay]).await;
    let ann = club.member("Ann").await;
    relay.is(Mood::NotThere);
    let draw = club.has_closed(json!({})).await;
    let round = round_of(&club.seen(&draw).await);
    let Club {
        server,
        shop,
        group,
    } = club;
    let (database, clock) = (server.database.clone(), server.clock.clone());
    drop(server);
    let ahead = clock.now() + SignedDuration::from_secs(2 * PERIOD);
    let mut nodes = vec![];
    for _ in 0..3 {
        let node = TestServer::on(database.clone(), |config| with_beacon(config, &[&relay])).await;
        node.clock.advance(ahead.duration_since(node.clock.now()));
        nodes.push(node);
    }
    let (third, dying) = (nodes.pop().expect("three"), nodes.pop().expect("two"));
    let club = Club {
        server: nodes.pop().expect("one"),
        shop,
        group,
    };
    let pool = club.server.server.app.store.pool();
    let leased = "update scheduled_jobs set leased_until = due_at + interval '1 year' where name = 'closed_draws'";
    sqlx::query(leased).execute(pool).await.expect("a lease");
    let lock = club.held().await;
    relay.is(Mood::Honest);
    sqlx::query("update draws set ask_at = closed_at")
        .execute(pool)
        .await
        .expect("it is asked for now");
    let due = |app: App| async move { decide::due(&app).await };
    club.one_of_three_dies(lock, (dying, &third), due).await;
    assert_eq!(club.seen(&draw).await["state"], "drawn");
    let drawn =
        "select count(*) from facts where kind = 'draw_moved' and payload ->> 'deed' = 'draw'";
    assert_eq!(club.count(drawn).await, 1);
    assert_eq!(club.notices(club.group).await.len(), 2);
    let decided = file::verify(&club.file(&ann, &draw).await).expect("it verifies");
    assert_eq!(decided.close.round, Some(round));
    assert_eq!(decided.beacon, Some(beacon::Value::of(&sign(round))));
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04: the schedule draws by itself, also where a node that has died was at it: what it held is taken over.
#[tokio::test]
async fn the_schedule_takes_over_and_draws() {
    let relay = Relay::start().await;
    let club = club_with(&[&relay]).await;
    club.member("Ann").await;
    let draw = club.has_closed(json!({})).await;
    let until = club.server.clock.now() + SignedDuration::from_secs(30);
    let leased =
        "update scheduled_jobs set leased_until = $1, term = term + 1 where name = 'closed_draws'";
    sqlx::query(leased)
        .bind(until.to_sqlx())
        .execute(club.server.server.app.store.pool())
        .await
        .expect("a lease of somebody who is dead");
    club.moves(2 * PERIOD);
    eventually(async || club.seen(&draw).await["state"] == "drawn").await;
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04, I-15: once a list is closed the database lets nobody change it, its seed or its round; and the audit names the draw of which something was
/// changed behind its back, while it waits and when it is drawn.
#[tokio::test]
async fn what_was_closed_stays_and_the_audit_looks() {
    let relay = Relay::start().await;
    relay.is(Mood::NotThere);
    let club = club_with(&[&relay]).await;
    for name in ["Ann", "Bob"] {
        club.member(name).await;
    }
    let draw = club.has_closed(json!({})).await;
    for change in [
        "round = round + 1",
        "seed = repeat('0', 64)",
        "close_hash = 'x'",
        "closed_at = now()",
        "tickets = 9",
    ] {
        assert!(
            changed(&club, &format!("draws set {change}"), false)
                .await
                .is_err()
        );
    }
    let wrongs = [
        (
            "draws set round = round + 1, round_at = round_at",
            "not the one that was closed",
        ),
        ("draws set close_hash = 'x'", "not the one that was closed"),
        (
            "draws set closed_at = closed_at - interval '1 day'",
            "not the one that was closed",
        ),
        ("draws set seed = repeat('0', 64)", "its commitment is not"),
        (
            "draw_people set left_out = 'left'",
            "not the one that was closed",
        ),
    ];
    for (change, found) in wrongs {
        let said = changed(&club, change, true).await.expect("changed");
        assert!(named(&said, &draw, found), "{change}: {said:?}");
    }
    assert_eq!(club.differences().await, [""; 0]);
    relay.is(Mood::Honest);
    club.moves(2 * PERIOD);
    club.is_drawn(&draw).await;
    let other = format!("draws set signature = '{}'", sign(1));
    let said = changed(&club, &other, false).await.expect("changed");
    assert!(named(&said, &draw, "beacon.signature"), "{said:?}");
    time_out::due(&club.server.server.app).await.expect("well");
    assert_eq!(club.differences().await, [""; 0]);
}

fn named(said: &[String], draw: &str, found: &str) -> bool {
    said.iter()
        .any(|said| said.contains(draw) && said.contains(found))
}

/// What the audit says of a change that is taken back.
async fn changed(club: &Club, change: &str, freely: bool) -> sqlx::Result<Vec<String>> {
    let mut one = club.server.server.app.store.pool().begin().await?;
    if freely {
        let off = "alter table draws disable trigger draws_stay_as_closed";
        sqlx::query(off).execute(&mut *one).await?;
    }
    let statement = AssertSqlSafe(format!("update {change}"));
    sqlx::query(statement).execute(&mut *one).await?;
    let said = souk::lottery::books::differences(&mut one).await;
    one.rollback().await?;
    Ok(said.expect("read"))
}
