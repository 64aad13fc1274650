//! Random stories of a shop's orders against the real database: whatever is tried in whatever order, after every step the books
//! balance, and what was refused has left no trace. A story that fails prints its seed and what was tried.
//!
//! `SOUK_STORIES=200` tells more of them than the few of every day.

mod books;
mod deeds;
mod tries;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use jiff_sqlx::ToSqlx as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use souk::id::VariantId;

use self::tries::{Try, ends, is_over, lawful, may_come_back};
use super::Market;
use crate::{
    goods::{make, pictures, variant},
    support::{TestServer, eventually, rest::Said},
};

/// Stories of every day, and the steps of each.
const STORIES: u64 = 5;
const STEPS: u32 = 75;
/// Orders that a story is about at most: few, so that each goes far.
const ORDERS: usize = 4;
/// Prices that split badly, and few of each.
const GOODS: [(i64, i64); 3] = [(3_333, 24), (10_001, 15), (7, 20)];
/// Coupons in the customer's wallet; what they take off splits badly, too.
const COUPONS: usize = 8;

/// A shop, its goods, and what has become of its orders so far.
struct Story {
    market: Market,
    chance: StdRng,
    goods: Vec<VariantId>,
    orders: Vec<Value>,
    cases: Vec<Value>,
    /// Numbers of parcels and payments.
    last: u32,
    /// The customer has just asked for a change.
    asked: bool,
    /// Coupons of the customer, whatever has become of them.
    coupons: Vec<Value>,
    seed: u64,
    /// What was done once.
    done: BTreeSet<Try>,
    /// States of orders in which everything was tried that the graph does not have.
    swept: BTreeSet<String>,
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let server = TestServer::with(|config| config.limits.sends_per_second = 0).await;
        let market = Market::on(server, 1).await;
        let freight = json!({ "fee": 800, "free_from": 20_000 });
        let path = market.shop.path("/freight");
        market.boss().put(&path, freight).await.ok();
        let pictures = json!(pictures(&market.server, &market.shop, 3).await);
        let mut goods = vec![];
        for (price, stock) in GOODS {
            goods.push(dear(&market, &pictures, price, stock).await);
        }
        let coupons = coupons(&market).await;
        // It is opened beside the first order, whatever becomes of that.
        let opened = json!({ "shop_id": market.shop.id });
        market.customer().post("/conversations", opened).await.ok();
        // The story does by itself what is on the schedule, so that nothing else moves between two looks.
        let never = "update scheduled_jobs set due_at = 'infinity'";
        let pool = market.server.server.app.store.pool();
        eventually(async || {
            sqlx::query(never)
                .execute(pool)
                .await
                .unwrap()
                .rows_affected()
                > 0
        })
        .await;
        Self {
            market,
            chance: StdRng::seed_from_u64(seed),
            goods,
            orders: vec![],
            cases: vec![],
            last: 0,
            asked: false,
            coupons,
            seed,
            done: BTreeSet::new(),
            swept: BTreeSet::new(),
        }
    }

    /// Somebody tries something; most tries are lawful, so that the story gets on.
    async fn step(&mut self) -> (Try, Option<&'static str>, Said) {
        let (order, case) = (self.some_order().await, self.some_case().await);
        let what = self.choose(&order, &case);
        let code = (!what.allowed(&order, &case)).then(|| what.code());
        let said = self.attempt(what, &order, &case).await;
        self.asked = what == Try::AskChange && said.status < 300;
        if said.status < 300 {
            self.done.insert(what);
        }
        self.keep(what, &said);
        (what, code, said)
    }

    /// Tries everything that the graph does not have where an order stands, once for each state that it is met in. `false`: it was done before.
    async fn sweep(&mut self) -> bool {
        let order = self.some_order().await;
        let state = order["state"].as_str().unwrap_or_default().to_owned();
        if state.is_empty() || !self.swept.insert(state) {
            return false;
        }
        for what in Try::ALL {
            if what.of_case().is_none() && !what.allowed(&order, &Value::Null) {
                let said = self.attempt(what, &order, &Value::Null).await;
                let at = format!(
                    "seed {}, {what:?} of {}: {said:?}",
                    self.seed, order["state"]
                );
                assert_eq!(said.status, 409, "{at}");
                assert_eq!(said.refused(), what.code(), "{at}");
            }
        }
        true
    }

    fn choose(&mut self, order: &Value, case: &Value) -> Try {
        if order.is_null() || (self.orders.len() < ORDERS && self.chance.random_ratio(1, 9)) {
            return self.one_of(&[Try::Place, Try::Draft]);
        }
        let mut lawful = lawful(order, case);
        if may_come_back(order, case) && self.chance.random_bool(0.4) {
            return Try::ApplySent;
        }
        let own = lawful.iter().copied().filter(|what| self.is_own(*what));
        let own: Vec<Try> = own.collect();
        if !own.is_empty() && self.chance.random_bool(0.8) {
            return self.one_of(&own);
        }
        if self.chance.random_ratio(7, 8) {
            lawful.retain(|what| !ends(*what));
        }
        let some = |of: &dyn Fn(&Try) -> bool| lawful.iter().copied().filter(of).collect();
        let new: Vec<Try> = some(&|what| !self.done.contains(what));
        let of_case: Vec<Try> = some(&|what| what.of_case().is_some());
        if !new.is_empty() && self.chance.random_bool(0.5) {
            return self.one_of(&new);
        }
        if !of_case.is_empty() && self.chance.random_bool(0.6) {
            return self.one_of(&of_case);
        }
        if self.asked && self.chance.random_bool(0.6) {
            return Try::AnswerChange;
        }
        match self.chance.random_range(0..20) {
            0..3 => self.one_of(&Try::ALL),
            3..5 => self.one_of(&[
                Try::MoneyGoes,
                Try::HoursPass,
                Try::Restock,
                Try::HearOfMoney,
            ]),
            _ if lawful.is_empty() => self.one_of(&[Try::Place, Try::Draft]),
            _ => self.one_of(&lawful),
        }
    }

    /// Each story sees to some kinds, that none is left out by chance.
    fn is_own(&self, what: Try) -> bool {
        what as u64 % STORIES == self.seed % STORIES && !self.done.contains(&what)
    }

    /// One of the orders as it is now; of one that is over, nothing more is told as a rule.
    async fn some_order(&mut self) -> Value {
        if self.orders.is_empty() {
            return Value::Null;
        }
        let place = self.somewhere(self.orders.len());
        let order = self.market.seen(&self.orders[place]).await;
        if is_over(&order) && self.chance.random_ratio(2, 3) {
            self.orders.remove(place);
        }
        order
    }

    /// The same of the cases.
    async fn some_case(&mut self) -> Value {
        if self.cases.is_empty() {
            return Value::Null;
        }
        let place = self.somewhere(self.cases.len());
        let case = self.market.case(&self.cases[place]).await;
        if is_over(&case) && self.chance.random_ratio(2, 3) {
            self.cases.remove(place);
        }
        case
    }

    /// The newest as a rule: one thing leads to another.
    fn somewhere(&mut self, all: usize) -> usize {
        if self.chance.random_bool(0.6) {
            return all - 1;
        }
        self.chance.random_range(0..all)
    }

    fn one_of(&mut self, some: &[Try]) -> Try {
        some[self.chance.random_range(0..some.len())]
    }

    /// What was begun can be gone on with.
    fn keep(&mut self, what: Try, said: &Said) {
        if said.status != 201 {
            return;
        }
        match what {
            Try::Place | Try::Draft => self.orders.push(said.body.clone()),
            Try::Apply | Try::ApplySent | Try::Give | Try::GiveSent => {
                self.cases.push(said.body.clone());
            }
            _ => {}
        }
    }

    /// Waits until every reader has had every fact, and the schedule has done whatever is due by now: else it would do so in the middle of a later step.
    async fn settles(&self) {
        let waiting = "select (select count(*) from facts where done_at is null)
            + (select count(*) from scheduled_jobs where leased_until is not null or due_at <= $1)";
        let server = &self.market.server;
        let (pool, now) = (server.server.app.store.pool(), server.clock.now());
        let count = async || -> i64 {
            let counted = sqlx::query_scalar(waiting).bind(now.to_sqlx());
            counted.fetch_one(pool).await.unwrap()
        };
        eventually(async || count().await == 0).await;
    }
}

/// A thing whose second piece makes it cheaper.
async fn dear(market: &Market, pictures: &Value, price: i64, stock: i64) -> VariantId {
    let form = json!({
        "title": "thing", "category": ["things"], "description": "it is", "pictures": pictures, "list_price": price, "price": price,
        "tiers": [{ "from": 2, "off": 1_050 }], "variants": [{ "stock": stock }], "listed": true,
    });
    variant(&make(&market.server, &market.shop, form).await, 0)
}

/// Some that take a percentage off and some that take a sum, for as long as the story goes on.
async fn coupons(market: &Market) -> Vec<Value> {
    let mut coupons = vec![];
    for face in [
        json!({ "kind": "percentage", "off": 1_111, "threshold": 100 }),
        json!({ "kind": "full_reduction", "value": 777, "threshold": 3_000 }),
    ] {
        let form = json!({
            "terms": { "title": "减", "face": face, "scope": { "of": "shop" }, "stacks_with_promotions": true },
            "validity": { "days": 365 }, "eligibility": { "who": "anyone" }, "aim": "new_customers",
            "per_person": 100,
        });
        let path = market.shop.path("/coupon-templates");
        let template = market.boss().post(&path, form).await.ok();
        let of = |deed: &str| format!("{path}/{}/{deed}", template["id"].as_str().expect("an id"));
        let publish = json!({ "on_trial": false });
        market.boss().post(&of("publish"), publish).await.ok();
        for _ in 0..COUPONS / 2 {
            let coupon = market.customer().post(&of("claim"), json!({})).await.ok();
            coupons.push(coupon["id"].clone());
        }
    }
    coupons
}

/// How often each try was done and refused.
type Told = BTreeMap<Try, (u32, u32)>;

/// Tells it, looking at the books after every step.
async fn tell(seed: u64) -> Told {
    let mut story = Story::begin(seed).await;
    let mut told = Told::new();
    story.settles().await;
    let mut trace = books::trace(&story.market).await;
    for step in 0..STEPS {
        if story.sweep().await {
            story.settles().await;
            let after = books::trace(&story.market).await;
            assert_eq!(
                trace, after,
                "refusals leave no trace; seed {seed}, step {step}"
            );
        }
        let (what, forbidden, said) = story.step().await;
        story.settles().await;
        let before = trace;
        trace = books::trace(&story.market).await;
        let at = format!("seed {seed}, step {step}: {what:?} {said:?}");
        let counts = told.entry(what).or_default();
        if said.status < 300 {
            assert_eq!(forbidden, None, "the graph does not have it; {at}");
            counts.0 += 1;
        } else {
            lawfully_refused(&said, forbidden, &at);
            assert_eq!(before, trace, "a refusal leaves no trace; {at}");
            counts.1 += 1;
        }
        assert_eq!(books::wrong(&story.market).await, [""; 0], "{at}");
        assert_eq!(story.market.differences().await, [""; 0], "{at}");
    }
    told
}

/// By us and not by a fault of ours, and what the graph does not have with the code for that.
fn lawfully_refused(said: &Said, forbidden: Option<&'static str>, at: &str) {
    assert!((400..500).contains(&said.status), "{at}");
    if let Some(code) = forbidden {
        assert_eq!(said.refused(), code, "{at}");
    }
}

/// ORD-06, ORD-13, ORD-14, AFS-03, AFS-07, AFS-10, INV-01, INV-02, PAY-03, reliability I-14, I-16: at every prefix of every sequence of edits,
/// partial shipments, receipts, cancellations, refunds, exchanges and time-outs no more went back than came in, every unit is somewhere,
/// the ledger balances, and what the graphs do not have is refused and leaves no trace. The stories of every day do every kind at least once.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_tried_the_books_balance() {
    let many = std::env::var("SOUK_STORIES").ok();
    let stories = many.map_or(STORIES, |number| number.parse().expect("a number"));
    let all = stream::iter(0..stories).map(tell).buffer_unordered(5);
    let told = all.fold(Told::new(), async |mut all, told| {
        for (what, (done, refused)) in told {
            let counts = all.entry(what).or_default();
            *counts = (counts.0 + done, counts.1 + refused);
        }
        all
    });
    let told = told.await;
    println!("{:<16}{:>6}{:>8}", "tried", "done", "refused");
    for (what, (done, refused)) in &told {
        println!("{:<16}{done:>6}{refused:>8}", format!("{what:?}"));
    }
    let done = |what: &&Try| told.get(what).is_some_and(|(done, _)| *done > 0);
    let never: Vec<&Try> = Try::ALL.iter().filter(|what| !done(what)).collect();
    assert!(
        stories < STORIES || never.is_empty(),
        "never done: {never:?}"
    );
}
