//! A shop whose customers pay with Alipay, as the simulator plays it: the provider tells everything several times, in any order, to
//! any node, and again until somebody understands.

use std::{process::Command, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};
use souk::{clock::Clock, config::Config, id::ShopId};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool, postgres::PgConnectOptions, types::Uuid};

use crate::{
    people::{Person, person},
    simulator::{Letter, Lie, Plays, Simulator},
    wait::{back_off, until},
    world::World,
};

/// How long a customer or the provider goes on trying.
const PATIENCE: Duration = Duration::from_mins(2);
/// Tries within that.
const TRIES: u32 = 60;
/// Nobody could say what has become of it: a node died between the deed and its answer.
const UNKNOWN: &str = "unknown";
/// How often the provider tells each thing.
const COPIES: usize = 3;

/// The shop, the provider, and everybody's way to the nodes.
pub struct Till {
    provider: Simulator,
    clock: Clock,
    browser: reqwest::Client,
    doors: Vec<String>,
    pub pool: PgPool,
    database: PgConnectOptions,
    pub shop: ShopId,
    variant: Uuid,
    operator: Person,
}

/// An order with a charge at the provider.
#[derive(Clone)]
pub struct Bill {
    pub customer: Person,
    pub order: Uuid,
    /// The provider's number.
    pub charge: String,
}

impl Till {
    /// Sets up the shop, with so many of what it sells, before the nodes start.
    pub async fn open(world: &mut World, stock: u32) -> Self {
        let provider = Simulator::start(Plays::Alipay).await;
        let clock = Clock::movable();
        provider.follows(&clock);
        let mut config = Config::default();
        provider.set(&mut config);
        let alipay = config.alipay;
        for node in &mut world.nodes {
            node.settings.extend([
                format!("alipay.app_id={}", alipay.app_id),
                format!("alipay.seller_id={}", alipay.seller_id),
                format!("alipay.private_key={}", alipay.private_key),
                format!("alipay.public_key={}", alipay.public_key),
                format!("alipay.gateway_url={}", alipay.gateway_url),
            ]);
        }
        let pool = world.pool().await;
        let operator = person(&pool, "merchant", 1_000).await;
        let (shop, variant) = stocked(&pool, &operator, stock).await;
        souk::tls::install_provider();
        let browser = reqwest::Client::builder().timeout(Duration::from_secs(10));
        Self {
            provider,
            clock,
            browser: browser.build().expect("a browser"),
            doors: world
                .nodes
                .iter()
                .map(super::world::Node::address)
                .collect(),
            pool,
            database: world.database.clone(),
            shop,
            variant,
            operator,
        }
    }

    /// So many customers order one each and are given a code to scan; one after the other, for the provider signs slowly.
    pub async fn bills(&self, number: usize) -> Vec<Bill> {
        let mut bills = vec![];
        for place in 0..number {
            let customer = person(&self.pool, "customer", 2_000 + place).await;
            bills.push(self.bill(customer).await);
        }
        bills
    }

    async fn bill(&self, customer: Person) -> Bill {
        let path = format!("/shops/{}/checkout", self.shop);
        let order = self.does(&customer, &path, self.basket()).await;
        let order: Uuid = order["id"].as_str().expect("an id").parse().expect("an id");
        let path = format!("/orders/{order}/payments");
        self.does(&customer, &path, json!({ "method": "alipay" }))
            .await;
        let charge: Uuid = sqlx::query_scalar("select id from charges where order_id = $1")
            .bind(order)
            .fetch_one(&self.pool)
            .await
            .expect("a charge");
        let charge = charge.simple().to_string();
        self.provider.scan(&charge);
        Bill {
            customer,
            order,
            charge,
        }
    }

    /// Somebody pays, and the provider keeps it to itself for now.
    pub fn pay(&self, bill: &Bill) {
        assert!(self.provider.pay(&bill.charge), "it can be paid");
    }

    /// Somebody paid an hour ago, and nobody was told until the order's time was over.
    pub async fn paid_long_ago(&self, bill: &Bill) {
        let hour = SignedDuration::from_hours(1);
        self.clock.advance(-hour);
        self.pay(bill);
        self.clock.advance(hour);
        sqlx::query("update orders set placed_at = placed_at - interval '2 hours', pay_by = pay_by - interval '2 hours' where id = $1")
            .bind(bill.order)
            .execute(&self.pool)
            .await
            .expect("time passes");
        self.comes_to(bill, "cancelled").await;
    }

    /// The provider's notices of these bills, each several times, shuffled; forged ones among them.
    pub fn letters(&self, bills: &[Bill], lies: &[Lie]) -> Vec<(Letter, bool)> {
        let mut letters = vec![];
        for bill in bills {
            for _ in 0..COPIES {
                letters.push((self.provider.letter(&bill.charge, Lie::Honest), true));
            }
            for lie in lies {
                letters.push((self.provider.letter(&bill.charge, *lie), false));
            }
        }
        letters.shuffle(&mut rand::rng());
        letters
    }

    /// The same of refunds that the provider knows.
    pub async fn refund_letters(&self, bills: &[Bill]) -> Vec<(Letter, bool)> {
        let orders: Vec<Uuid> = bills.iter().map(|bill| bill.order).collect();
        let refunds: Vec<Uuid> =
            sqlx::query_scalar("select id from refunds where order_id = any ($1)")
                .bind(orders)
                .fetch_all(&self.pool)
                .await
                .expect("refunds");
        let letter = |id: &Uuid| self.provider.refund_letter(&id.simple().to_string());
        let mut letters: Vec<_> = refunds.iter().map(letter).collect();
        letters.extend(letters.clone());
        letters.into_iter().map(|letter| (letter, true)).collect()
    }

    /// Hands all of them to whichever node is there, honest ones until they are understood, forged ones once.
    pub async fn tell(&self, letters: Vec<(Letter, bool)>) {
        join_all(
            letters
                .into_iter()
                .map(|(letter, honest)| self.hand_in(letter, honest)),
        )
        .await;
    }

    async fn hand_in(&self, letter: Letter, honest: bool) {
        for tries in 0..TRIES {
            let url = format!("http://{}/api/v1/payments/alipay/notices", self.door());
            let post = self.browser.post(url).headers(letter.headers.clone());
            let said = match post.body(letter.body.clone()).send().await {
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if said == "success" {
                assert!(honest, "a forged notice is believed");
                return;
            }
            if !honest && !said.is_empty() {
                return;
            }
            back_off(tries.min(3)).await;
        }
        panic!("nobody understands a notice");
    }

    /// Customers cancel what they have paid: the money goes back.
    pub async fn cancel(&self, bills: &[Bill]) {
        for bill in bills {
            let path = format!("/orders/{}/cancel", bill.order);
            self.does(&bill.customer, &path, json!({ "reason": "不要了" }))
                .await;
        }
    }

    /// Staff give back what came too late.
    pub async fn give_back(&self, bills: &[Bill]) {
        for bill in bills {
            let path = format!("/shops/{}/orders/{}/give-back-extra", self.shop, bill.order);
            let why = json!({ "reason": "付款已超时" });
            self.does(&self.operator, &path, why).await;
        }
    }

    /// Waits until all that was ordered back has arrived.
    pub async fn all_is_back(&self) {
        let waiting = "select count(*) from refunds where state <> 'succeeded'";
        let none = async || self.count(waiting).await == Some(0);
        assert!(until(PATIENCE, none).await, "refunds hang");
    }

    /// Waits until an order stands there.
    pub async fn comes_to(&self, bill: &Bill, state: &str) {
        let there = async || self.state(bill).await.as_deref() == Some(state);
        assert!(until(PATIENCE, there).await, "it never is {state}");
    }

    async fn state(&self, bill: &Bill) -> Option<String> {
        let state = sqlx::query_scalar("select state from orders where id = $1").bind(bill.order);
        state.fetch_one(&self.pool).await.ok()
    }

    async fn count(&self, sql: &'static str) -> Option<i64> {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.ok()
    }

    /// The shop's operator asks until somebody does it.
    pub async fn commands(&self, path: &str, form: Value) -> Value {
        self.does(&self.operator, path, form).await
    }

    /// Asks for a file until somebody gives it, byte for byte.
    pub async fn fetches(&self, who: &Person, path: &str) -> Vec<u8> {
        for tries in 0..TRIES {
            let url = format!("http://{}/api/v1{path}", self.door());
            let got = self.browser.get(url).bearer_auth(&who.token).send().await;
            if let Ok(answer) = got.and_then(reqwest::Response::error_for_status)
                && let Ok(file) = answer.bytes().await
            {
                return file.to_vec();
            }
            back_off(tries.min(3)).await;
        }
        panic!("nobody gives {path}");
    }

    /// Asks until somebody does it.
    async fn does(&self, who: &Person, path: &str, form: Value) -> Value {
        let key = Uuid::new_v4().to_string();
        let done = self.asks(who, path, &form, &key).await;
        done.unwrap_or_else(|code| panic!("{path}: {code}"))
    }

    /// Asks until there is a definite answer, always with the same key; gives what was done, or the refusal's code.
    pub async fn asks(
        &self,
        who: &Person,
        path: &str,
        form: &Value,
        key: &str,
    ) -> Result<Value, String> {
        for tries in 0..TRIES {
            let url = format!("http://{}/api/v1{path}", self.door());
            let post = self.browser.post(url).bearer_auth(&who.token);
            let post = post.header("idempotency-key", key).json(form);
            if let Ok(answer) = post.send().await {
                let status = answer.status();
                let body: Value = answer.json().await.unwrap_or_default();
                if status.is_success() {
                    return Ok(body);
                }
                let code = body["code"].as_str().unwrap_or_default();
                let again = ["", "conflict", "outcome_unknown", "rate_limited"];
                if status.is_client_error() && !again.contains(&code) {
                    return Err(code.to_owned());
                }
            }
            back_off(tries.min(3)).await;
        }
        Err(UNKNOWN.to_owned())
    }

    pub fn basket(&self) -> Value {
        json!({ "basket": { "lines": [{ "variant_id": self.variant, "units": 1 }] }, "delivery_method": "express" })
    }

    fn door(&self) -> &str {
        &self.doors[rand::random_range(0..self.doors.len())]
    }

    /// I-16: what the provider's own book has kept of each bill is what the order has, once, and `souk audit` finds nothing.
    pub async fn wrong(&self, bills: &[Bill]) -> Vec<String> {
        let mut wrong = self.provider.complaints();
        for bill in bills {
            let (payments, kept): (i64, i64) = sqlx::query_as(
                "select (select count(*) from payments where order_id = o.id), o.paid - o.refunded + o.extra from orders o where o.id = $1",
            )
            .bind(bill.order)
            .fetch_one(&self.pool)
            .await
            .expect("an order");
            let theirs = self.provider.kept(&bill.charge);
            let paid_once = payments == 1 || theirs == 0 && payments == 0;
            if theirs != kept || !paid_once {
                wrong.push(format!(
                    "I-16 order {}: {payments} payments, {kept} kept, the provider has {theirs}",
                    bill.order
                ));
            }
        }
        wrong.extend(self.audit());
        wrong
    }

    /// What `souk audit` finds.
    pub fn audit(&self) -> Option<String> {
        let audit = Command::new(env!("CARGO_BIN_EXE_souk"))
            .args(["audit", "--profile", "development"])
            .env("DATABASE_URL", self.database.to_url_lossy().as_str())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&audit.stdout);
        (!audit.status.success()).then(|| format!("souk audit: {said}"))
    }
}

/// A shop of this operator that has a thing, and so many of it.
async fn stocked(pool: &PgPool, operator: &Person, stock: u32) -> (ShopId, Uuid) {
    let (shop, product, variant) = (ShopId::new(), Uuid::now_v7(), Uuid::now_v7());
    let operator = operator.user;
    let rows = format!(
        "insert into shops (id, name, created_at) values ('{shop}', 'Till', now());
         insert into staff (shop_id, user_id, role_id, created_at)
         select '{shop}', '{operator}', id, now() from roles where name = 'operator' and shop_id is null;
         insert into products (id, shop_id, title, category, description, pictures, illustrations, list_price, price, labels, tiers,
           options, listed, created_at)
         values ('{product}', '{shop}', '茶', '{{茶}}', '好茶', '{{}}', '{{}}', 15900, 15900, '{{}}', '[]', '{{}}', true, now());
         insert into variants (id, shop_id, product_id, choice, created_at) values ('{variant}', '{shop}', '{product}', '{{}}', now());
         insert into stock (variant_id, shop_id, on_hand, held) values ('{variant}', '{shop}', {stock}, 0);
         insert into stock_movements (shop_id, variant_id, kind, units, at) values ('{shop}', '{variant}', 'received', {stock}, now());"
    );
    let made = sqlx::raw_sql(AssertSqlSafe(rows)).execute(pool).await;
    made.expect("a shop with goods");
    (shop, variant)
}
