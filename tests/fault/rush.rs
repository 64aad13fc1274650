//! Many want the few that there are.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use sqlx::types::Uuid;
use tokio::time::timeout;

use crate::{
    people::{Person, person},
    till::Till,
};

/// So long somebody asks on, always with the same key, when a node dies between the deed and its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What somebody was told: which order they have, or a refusal's code; empty: nothing that they could rely on.
type Told = Result<Uuid, String>;

/// What became of a rush.
#[derive(Default)]
pub struct Outcome {
    /// Who have an order.
    pub served: usize,
    /// Who have none, and were told that there is none left.
    pub refused: usize,
    /// Whatever somebody was told that is not so.
    pub wrong: Vec<String>,
}

impl Till {
    /// So many customers want one each, all at once, and each asks twice with one key.
    pub async fn rush(&self, customers: usize) -> Outcome {
        let mut crowd = vec![];
        for place in 0..customers {
            crowd.push(person(&self.pool, "customer", 3_000 + place).await);
        }
        let told = join_all(crowd.iter().map(|customer| self.wants(customer))).await;
        let mut outcome = Outcome::default();
        for (customer, told) in crowd.iter().zip(told) {
            outcome.count(&self.orders_of(customer).await, &told);
        }
        outcome
    }

    /// Somebody asks twice at once with one key.
    async fn wants(&self, customer: &Person) -> [Told; 2] {
        let (path, form) = (format!("/shops/{}/checkout", self.shop), self.basket());
        let key = Uuid::new_v4().to_string();
        let asks = || timeout(PATIENCE, self.asks(customer, &path, &form, &key));
        let (one, other) = tokio::join!(asks(), asks());
        let id = |order: Value| order["id"].as_str().expect("an id").parse().expect("an id");
        [one, other].map(|told| told.unwrap_or_else(|_| Err(String::new())).map(id))
    }

    async fn orders_of(&self, customer: &Person) -> Vec<Uuid> {
        let orders = "select id from orders where customer_id = $1";
        let orders = sqlx::query_scalar(orders).bind(customer.user);
        orders.fetch_all(&self.pool).await.expect("orders")
    }

    /// Orders of the shop, and what is held and left of its stock.
    pub async fn level(&self) -> (i64, i64, i64) {
        let level = "select (select count(*) from orders where shop_id = $1), held, on_hand - held from stock where shop_id = $1";
        let level = sqlx::query_as(level).bind(self.shop);
        level.fetch_one(&self.pool).await.expect("a level")
    }
}

impl Outcome {
    fn count(&mut self, has: &[Uuid], told: &[Told; 2]) {
        let code = |told: &Told, code| matches!(told, Err(said) if said == code);
        let nothing = |told: &Told| code(told, "");
        let has_it = |order| move |told: &Told| told.as_ref() == Ok(order) || nothing(told);
        let none = |told: &Told| code(told, "out_of_stock") || nothing(told);
        match has {
            [order] if told.iter().all(has_it(order)) => self.served += 1,
            [] if told.iter().all(none) => self.refused += 1,
            _ => self.wrong.push(format!("{told:?}, and there is {has:?}")),
        }
    }
}
