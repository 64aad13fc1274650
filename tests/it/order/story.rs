//! Random stories of a shop's orders against the real database: whatever is tried in whatever order, after every step the books
//! balance, and what was refused has left no trace. A story that fails prints its seed and what was tried.
//!
//! `SOUK_STORIES=200` tells more of them than the few of every day.

mod books;
mod deeds;
mod tries;

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use souk::id::VariantId;

use self::tries::{Try, ends, is_over, lawful};
use super::Market;
use crate::{
    goods::{make, pictures, variant},
    support::{TestServer, eventually, rest::Said},
};

/// Steps of a story.
const STEPS: u32 = 60;
/// Orders that a story is about at most: few, so that each goes far.
const ORDERS: usize = 4;
/// Prices that split badly, and few of each.
const GOODS: [(i64, i64); 3] = [(3_333, 14), (10_001, 9), (7, 20)];

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
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let server = TestServer::with(|config| config.limits.sends_per_second = 0).await;
        let market = Market::on(server, 1).await;
        let freight = json!({ "fee": 800, "free_from": 20_000 });
        let path = market.shop.path("/freight");
        market.boss().put(&path, freight).await.ok();
        let mut goods = vec![];
        for (price, stock) in GOODS {
            goods.push(dear(&market, price, stock).await);
        }
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
        }
    }

    /// Somebody tries something; most tries are lawful, so that the story gets on.
    async fn step(&mut self) -> (Try, Option<&'static str>, Said) {
        let (order, case) = (self.some_order().await, self.some_case().await);
        let what = self.choose(&order, &case);
        let code = (!what.allowed(&order, &case)).then(|| what.code());
        println!("  {what:?} of {} {}", order["state"], case["state"]);
        let said = self.attempt(what, &order, &case).await;
        self.asked = what == Try::AskChange && said.status < 300;
        self.keep(what, &said);
        (what, code, said)
    }

    fn choose(&mut self, order: &Value, case: &Value) -> Try {
        if order.is_null() || (self.orders.len() < ORDERS && self.chance.random_ratio(1, 9)) {
            return self.one_of(&[Try::Place, Try::Draft]);
        }
        let mut lawful = lawful(order, case);
        if self.chance.random_ratio(7, 8) {
            lawful.retain(|what| !ends(*what));
        }
        let of_case = lawful
            .iter()
            .copied()
            .filter(|what| what.of_case().is_some());
        let of_case: Vec<Try> = of_case.collect();
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

    /// Waits until every reader has had every fact.
    async fn settles(&self) {
        let waiting = "select count(*) from facts where done_at is null";
        let pool = self.market.server.server.app.store.pool();
        let count = async || -> i64 { sqlx::query_scalar(waiting).fetch_one(pool).await.unwrap() };
        eventually(async || count().await == 0).await;
    }
}

/// A thing whose second piece makes it cheaper.
async fn dear(market: &Market, price: i64, stock: i64) -> VariantId {
    let form = json!({
        "title": "thing", "category": ["things"], "description": "it is", "pictures": pictures(&market.server, &market.shop, 3).await,
        "list_price": price, "price": price, "tiers": [{ "from": 2, "off": 1_050 }], "variants": [{ "stock": stock }], "listed": true,
    });
    variant(&make(&market.server, &market.shop, form).await, 0)
}

/// Tells it, looking at the books after every step; gives how often each try was done and refused.
async fn tell(seed: u64) -> BTreeMap<Try, (u32, u32)> {
    let mut story = Story::begin(seed).await;
    let mut told: BTreeMap<Try, (u32, u32)> = BTreeMap::new();
    story.settles().await;
    let mut trace = books::trace(&story.market).await;
    for step in 0..STEPS {
        let (what, forbidden, said) = story.step().await;
        story.settles().await;
        let (before, at) = (
            trace,
            format!("seed {seed}, step {step}: {what:?} {said:?}"),
        );
        trace = books::trace(&story.market).await;
        let counts = told.entry(what).or_default();
        if said.status < 300 {
            assert_eq!(forbidden, None, "the graph does not have it; {at}");
            counts.0 += 1;
        } else {
            assert!((400..500).contains(&said.status), "{at}");
            assert!(
                forbidden.is_none_or(|code| said.refused() == code),
                "{forbidden:?}; {at}"
            );
            assert_eq!(before, trace, "a refusal leaves no trace; {at}");
            counts.1 += 1;
        }
        assert_eq!(books::wrong(&story.market).await, [""; 0], "{at}");
        assert_eq!(story.market.differences().await, [""; 0], "{at}");
    }
    told
}

/// ORD-06, ORD-13, ORD-14, AFS-03, AFS-07, AFS-10, INV-01, INV-02, PAY-03, reliability I-14, I-16: at every prefix of every sequence of edits,
/// partial shipments, receipts, cancellations, refunds, exchanges and time-outs no more went back than came in, every unit is somewhere,
/// the ledger balances, and what the graphs do not have is refused and leaves no trace.
#[tokio::test]
async fn whatever_is_tried_the_books_balance() {
    let many = std::env::var("SOUK_STORIES").ok();
    let stories = many.map_or(3, |number| number.parse().expect("a number"));
    let mut told: BTreeMap<Try, (u32, u32)> = BTreeMap::new();
    for seed in 0..stories {
        println!("seed {seed}");
        for (what, (done, refused)) in tell(seed).await {
            let all = told.entry(what).or_default();
            *all = (all.0 + done, all.1 + refused);
        }
    }
    println!("{told:?}");
    let done = |what: &&Try| told.get(what).is_some_and(|(done, _)| *done > 0);
    let tame: Vec<&Try> = Try::ALL.iter().filter(|what| !done(what)).collect();
    assert!(tame.len() < Try::ALL.len() / 4, "never done: {tame:?}");
}
