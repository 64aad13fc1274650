//! Many want the coupons that there are.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::types::Uuid;
use tokio::time::timeout;

use crate::{
    people::{Person, person},
    till::Till,
    wait::until,
};

/// So long somebody asks on, always with the same key, when a node dies between the claim and its answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What somebody was told: which coupon they have, or a refusal's code; empty: nothing that they could rely on.
type Told = Result<Uuid, String>;

/// What a template allows beside one each.
#[derive(Clone, Copy, Default)]
pub struct Limits {
    pub quantity: Option<i64>,
    /// Minor units; a coupon is worth 1,000.
    pub budget: Option<i64>,
    pub per_device: Option<i32>,
}

/// What became of a rush.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Who have a coupon.
    pub granted: usize,
    /// Who have none, and were told why.
    pub refused: usize,
    /// Whatever somebody was told that is not so.
    pub wrong: Vec<String>,
}

impl Till {
    /// Terms that can be claimed.
    pub async fn coupons(&self, limits: Limits) -> Uuid {
        let template = Uuid::now_v7();
        sqlx::query(
            r#"insert into coupon_templates (id, shop_id, state, terms, validity, eligibility, aim, worth, quantity, budget, per_person,
                 per_device, created_at)
               values ($1, $2, 'published', '{"title": "茶券", "face": {"kind": "no_threshold", "value": 1000}, "scope": {"of": "shop"},
                 "stacks_with_promotions": true}', '{"days": 7}', '{"who": "anyone"}', 'other', 1000, $3, $4, 1, $5, now())"#,
        )
        .bind(template)
        .bind(self.shop)
        .bind(limits.quantity)
        .bind(limits.budget)
        .bind(limits.per_device)
        .execute(&self.pool)
        .await
        .expect("terms");
        template
    }

    /// So many customers, two on each device.
    pub async fn pairs(&self, customers: usize) -> Vec<Person> {
        let mut crowd = vec![];
        for place in 0..customers {
            let one = person(&self.pool, "customer", 4_000 + place).await;
            sqlx::query("update sessions set device_id = $2 where user_id = $1")
                .bind(one.user)
                .bind(format!("device {}", place / 2))
                .execute(&self.pool)
                .await
                .expect("a device");
            crowd.push(one);
        }
        crowd
    }

    /// All of them claim at once, each with two presses of one key and one of another.
    pub async fn claim_rush(&self, crowd: &[Person], template: Uuid, reasons: &[&str]) -> Claims {
        let told = join_all(crowd.iter().map(|one| self.presses(one, template))).await;
        let mut claims = Claims::default();
        for (one, told) in crowd.iter().zip(told) {
            let has = self.coupons_of(one, template).await;
            claims.count(&has, &told, reasons);
        }
        claims
    }

    async fn presses(&self, customer: &Person, template: Uuid) -> Vec<Told> {
        let path = format!("/shops/{}/coupon-templates/{template}/claim", self.shop);
        let [key, other] = [(); 2].map(|()| Uuid::new_v4().to_string());
        let press = async |key: &str| {
            let asked = timeout(PATIENCE, self.asks(customer, &path, &json!({}), key)).await;
            let id = |coupon: Value| {
                coupon["id"]
                    .as_str()
                    .expect("an id")
                    .parse()
                    .expect("an id")
            };
            asked.unwrap_or_else(|_| Err(String::new())).map(id)
        };
        let (one, again, another) = tokio::join!(press(&key), press(&key), press(&other));
        vec![one, again, another]
    }

    async fn coupons_of(&self, customer: &Person, template: Uuid) -> Vec<Uuid> {
        sqlx::query_scalar("select id from coupons where customer_id = $1 and template_id = $2")
            .bind(customer.user)
            .bind(template)
            .fetch_all(&self.pool)
            .await
            .expect("coupons")
    }

    /// Alerts of a kind, once everything was heard of.
    pub async fn alerts(&self, kind: &str) -> i64 {
        let waiting = "select count(*) from facts where done_at is null";
        let none = async || {
            let left = sqlx::query_scalar(waiting).fetch_one(&self.pool).await;
            left.is_ok_and(|left: i64| left == 0)
        };
        // Everybody else goes on talking: there may be no moment without facts, and then the wait ends by itself.
        until(Duration::from_secs(10), none).await;
        sqlx::query_scalar("select count(*) from alerts where shop_id = $1 and kind = $2")
            .bind(self.shop)
            .bind(kind)
            .fetch_one(&self.pool)
            .await
            .expect("a number")
    }

    /// Coupons of a template by their rows and by its counter, and the most that one device has.
    pub async fn claimed(&self, template: Uuid) -> (i64, i64, i64) {
        let claimed = "select count(*), (select claimed from coupon_templates where id = $1),
          coalesce((select max(n) from (select count(*) n from coupons where template_id = $1 group by device_id) d), 0)
          from coupons where template_id = $1";
        let claimed = sqlx::query_as(claimed).bind(template);
        claimed.fetch_one(&self.pool).await.expect("numbers")
    }
}

impl Claims {
    /// Who has one was told of this one, or that they have as many as one may; who has none was told why. Nothing at all is heard of a node
    /// that died, and never two different things.
    fn count(&mut self, has: &[Uuid], told: &[Told], reasons: &[&str]) {
        let nothing = |said: &String| matches!(&**said, "" | "unknown");
        let why = |said: &String| nothing(said) || reasons.contains(&&**said);
        let none = |told: &Told| told.as_ref().is_err_and(why);
        let mine = |coupon: &Uuid, told: &Told| match told {
            Ok(told) => told == coupon,
            Err(said) => said == "coupon_limit_reached" || why(said),
        };
        match has {
            [coupon] if told.iter().all(|told| mine(coupon, told)) => self.granted += 1,
            [] if told.iter().all(none) => self.refused += 1,
            _ => self.wrong.push(format!("{told:?}, and there is {has:?}")),
        }
    }
}
