//! The transaction that places an order, statement by statement, as `souk` runs it for `POST /shops/{shop_id}/checkout`: one line of
//! one thing. That these are the server's own statements is a test here.

use std::sync::Arc;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use crate::people::{Source, consult};

mod statement;

use statement as sql;

/// A shop with a thing and its customers.
#[derive(Clone)]
pub(super) struct Shop {
    pool: PgPool,
    id: Uuid,
    product: Uuid,
    variant: Uuid,
    /// Each with their conversation.
    customers: Arc<[(Uuid, Uuid)]>,
}

/// An order on its way into the tables.
struct Order {
    id: Uuid,
    customer: Uuid,
    conversation: Uuid,
    now: Timestamp,
}

impl Shop {
    /// Opens it. Its shelf is still empty.
    pub(super) async fn open(pool: &PgPool, customers: usize) -> anyhow::Result<Self> {
        let people = Source::Database(pool.clone()).people(customers).await?;
        let id = Uuid::now_v7();
        sqlx::query("insert into shops (id, name, created_at) values ($1, 'Load test', now())")
            .bind(id)
            .execute(pool)
            .await?;
        Ok(Self {
            pool: pool.clone(),
            id,
            product: Uuid::now_v7(),
            variant: Uuid::now_v7(),
            customers: consult(pool, id, &people).await?.into(),
        })
    }

    /// More of the thing than anybody can order.
    pub(super) async fn stock(&mut self) -> anyhow::Result<()> {
        for statement in [
            "insert into products (id, shop_id, title, category, description, pictures, illustrations, list_price, price, labels, tiers,
               options, listed, created_at)
             values ($2, $1, '连衣裙', '{服饰}', '限时抢购', '{}', '{}', 19900, 15900, '{}', '[]', '{}', true, now())",
            "insert into variants (id, shop_id, product_id, choice, created_at) values ($3, $1, $2, '{}', now())",
            "insert into stock (variant_id, shop_id, on_hand, held) select $3, $1, 1000000, 0 where $2::uuid is not null",
        ] {
            sqlx::query(statement)
                .bind(self.id)
                .bind(self.product)
                .bind(self.variant)
                .execute(&self.pool)
                .await?;
        }
        sqlx::query("analyze").execute(&self.pool).await?;
        Ok(())
    }

    /// Places an order of customer number `place`.
    pub(super) async fn sell(&self, sql: &mut PgConnection, place: usize) -> anyhow::Result<()> {
        let (customer, conversation) = self.customers[place % self.customers.len()];
        let order = Order {
            id: Uuid::now_v7(),
            customer,
            conversation,
            now: Timestamp::now(),
        };
        sqlx::query("begin").execute(&mut *sql).await?;
        self.price(sql, &order).await?;
        let (number, card) = self.number(sql, &order).await?;
        self.add(sql, &order, &number, card).await?;
        self.tell(sql, &order).await?;
        self.hold(sql, &order).await?;
        mark(sql, &order).await?;
        sqlx::query("commit").execute(sql).await?;
        Ok(())
    }

    /// What it costs.
    async fn price(&self, sql: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
        let none: [Uuid; 0] = [];
        let member = sqlx::query(sql::MEMBER).bind(self.id).bind(order.customer);
        member.fetch_optional(&mut *sql).await?;
        for (statement, ids) in [
            (sql::VARIANTS, &[self.variant][..]),
            (sql::PRODUCTS, &[self.product]),
            (sql::BUNDLES, &none),
        ] {
            let read = sqlx::query(statement).bind(self.id).bind(ids);
            let read = match statement {
                sql::PRODUCTS => read.bind(order.now.to_sqlx()),
                _ => read,
            };
            read.fetch_all(&mut *sql).await?;
        }
        let currency = sqlx::query(sql::CURRENCY).bind(self.id);
        let currency = currency.bind(order.now.to_sqlx());
        currency.fetch_optional(&mut *sql).await?;
        for statement in [sql::RULES, sql::FREIGHT] {
            let read = sqlx::query(statement).bind(self.id);
            read.fetch_optional(&mut *sql).await?;
        }
        Ok(())
    }

    /// Its number, and its card in the conversation.
    async fn number(&self, sql: &mut PgConnection, order: &Order) -> sqlx::Result<(String, i64)> {
        let next = sqlx::query(sql::NUMBER)
            .bind(self.id)
            .bind(order.now.to_sqlx())
            .fetch_one(&mut *sql)
            .await?;
        let number = format!("WS{}{:03}", next.get::<String, _>(0), next.get::<i64, _>(1));
        let unpaid = sqlx::query(sql::UNPAID).bind(self.id).bind(order.customer);
        unpaid.fetch_one(&mut *sql).await?;
        let posted = sqlx::query(sql::APPEND)
            .bind([order.conversation])
            .bind([Some(order.customer)])
            .bind([None::<&str>])
            .bind([0_i64])
            .bind([format!("{number} · 连衣裙 · 159 元 · pending_payment")])
            .bind([None::<&[u8]>])
            .bind([Some(&[7_u8; CARD][..])])
            .bind(order.now.to_sqlx())
            .fetch_one(sql)
            .await?;
        Ok((number, posted.get("number")))
    }

    /// The order, its line, and the first entry of its history.
    async fn add(
        &self,
        sql: &mut PgConnection,
        order: &Order,
        number: &str,
        card: i64,
    ) -> sqlx::Result<()> {
        sqlx::query(sql::ORDER)
            .bind(order.id)
            .bind(self.id)
            .bind(number)
            .bind(order.customer)
            .bind(order.conversation)
            .bind(card)
            .bind("checkout")
            .bind("pending_payment")
            .bind("unpaid")
            .bind("pay_first")
            .bind("express")
            .bind("CNY")
            .bind(15_900_i64)
            .bind(0_i64)
            .bind(0_i64)
            .bind(15_900_i64)
            .bind(&HASH[..])
            .bind("")
            .bind("")
            .bind(0)
            .bind(order.customer)
            .bind(order.now.to_sqlx())
            .bind(1)
            .bind(None::<jiff_sqlx::Timestamp>)
            .bind(Some(order.now.to_sqlx()))
            .bind(Some(order.now.to_sqlx()))
            .bind(SEALED)
            .bind(&HASH[..])
            .execute(&mut *sql)
            .await?;
        sqlx::query(sql::LINES)
            .bind(order.id)
            .bind(self.id)
            .bind([1_i16])
            .bind([self.product])
            .bind([self.variant])
            .bind([None::<Uuid>])
            .bind(["连衣裙"])
            .bind([json!([])])
            .bind([1])
            .bind([19_900_i64])
            .bind([15_900_i64])
            .bind([15_900_i64])
            .bind([0_i64])
            .execute(&mut *sql)
            .await?;
        sqlx::query(sql::EVENT)
            .bind(self.id)
            .bind(order.id)
            .bind(1)
            .bind("place")
            .bind(None::<&str>)
            .bind("pending_payment")
            .bind(order.customer)
            .bind("customer")
            .bind("")
            .bind(None::<Value>)
            .bind(None::<Value>)
            .bind(order.now.to_sqlx())
            .execute(sql)
            .await?;
        Ok(())
    }

    /// Staff and other systems hear of it.
    async fn tell(&self, sql: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
        let alert = Uuid::now_v7();
        let moved = json!({
            "kind": "order_moved",
            "payload": {
                "order_id": order.id, "conversation_id": order.conversation, "customer_id": order.customer, "number": "WS20250101001",
                "deed": "place", "state_before": null, "state": "pending_payment", "payment_status": "unpaid", "total": 15_900,
            },
        });
        let raised = json!({ "kind": "alert_raised", "payload": { "alert_id": alert } });
        self.remember(sql, order, moved).await?;
        sqlx::query(sql::ALERT)
            .bind(alert)
            .bind(self.id)
            .bind("new_order")
            .bind("manage_orders")
            .bind(order.conversation)
            .bind(order.id)
            .bind(None::<Uuid>)
            .bind("订单号:WS20250101001,客户:Loader,商品:连衣裙,金额:159 元")
            .bind(order.now.to_sqlx())
            .bind(None::<Uuid>)
            .bind(None::<Uuid>)
            .execute(&mut *sql)
            .await?;
        self.remember(sql, order, raised).await
    }

    async fn remember(
        &self,
        sql: &mut PgConnection,
        order: &Order,
        fact: Value,
    ) -> sqlx::Result<()> {
        sqlx::query(sql::FACTS)
            .bind(self.id)
            .bind([fact])
            .bind(order.now.to_sqlx())
            .execute(sql)
            .await?;
        Ok(())
    }

    /// The thing is promised.
    async fn hold(&self, sql: &mut PgConnection, order: &Order) -> anyhow::Result<()> {
        let held = sqlx::query(sql::HOLD)
            .bind(self.id)
            .bind(order.id)
            .bind([self.variant])
            .bind([1_i64])
            .bind(order.customer)
            .bind(order.now.to_sqlx())
            .fetch_all(sql)
            .await?;
        anyhow::ensure!(held.len() == 1, "there is enough of it");
        Ok(())
    }
}

/// Bytes of a card, any hash, and a recipient as it is sealed.
const CARD: usize = 420;
const HASH: [u8; 32] = [7; 32];
const SEALED: &str = "v1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// It was done for this idempotency key.
async fn mark(sql: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    sqlx::query(sql::MARK)
        .bind([order.customer])
        .bind(["/api/v1/shops/{shop_id}/checkout"])
        .bind([order.id.as_bytes().repeat(2)])
        .bind([&HASH[..]])
        .bind([order.id])
        .bind([order.now.to_sqlx()])
        .bind(86_400.0)
        .fetch_all(sql)
        .await?;
    Ok(())
}
