//! What the database can do on this machine with no server before it: the same SQL function, the same rows, the same
//! spread of conversations, in a database of its own that is dropped afterwards.

mod claim;
mod order;

use std::time::Duration;

use anyhow::Context as _;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{task::JoinSet, time::Instant};
use uuid::Uuid;

use crate::{
    figures::Times,
    people::{Circle, Source},
};

/// Rows that one statement takes.
const BATCH: usize = 500;
/// Who has said nothing for so long is quiet: `append_messages` notes movement in steps of two seconds.
const QUIET: Duration = Duration::from_secs(3);
/// Connections that commit one row each.
const CONNECTIONS: usize = 16;

/// A database of its own on somebody's cluster.
pub struct Scratch {
    cluster: PgConnectOptions,
    name: String,
    pool: PgPool,
}

/// What was said where: one row.
struct Row<'a> {
    circle: &'a Circle,
    speaker: usize,
}

impl Scratch {
    /// Makes one beside the database at `url`, with Souk's schema.
    pub async fn make(url: &str) -> anyhow::Result<Self> {
        let cluster: PgConnectOptions = url.parse().context("the database URL")?;
        let name = format!("souk_limits_{}", Uuid::now_v7().simple());
        let mut sql = PgConnection::connect_with(&cluster)
            .await
            .context("cannot connect to the database")?;
        sql.execute(AssertSqlSafe(format!("create database {name}")))
            .await
            .context("cannot make a database for the floors")?;
        sql.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(u32::try_from(CONNECTIONS)? + 1)
            .connect_with(cluster.clone().database(&name))
            .await?;
        sqlx::migrate!("../migrations").run(&pool).await?;
        Ok(Self {
            cluster,
            name,
            pool,
        })
    }

    /// Takes it away again.
    pub async fn drop(self) -> anyhow::Result<()> {
        self.pool.close().await;
        let mut sql = PgConnection::connect_with(&self.cluster).await?;
        sql.execute(AssertSqlSafe(format!("drop database {}", self.name)))
            .await?;
        Ok(sql.close().await?)
    }

    /// Conversations to write into.
    pub async fn pairs(&self, count: usize) -> anyhow::Result<Vec<Circle>> {
        Source::Database(self.pool.clone()).pairs(count).await
    }

    /// Rows a second of the batched insert, one connection.
    pub async fn batched(
        &self,
        pairs: &[Circle],
        size: usize,
        length: Duration,
    ) -> anyhow::Result<f64> {
        let mut sql = self.pool.acquire().await?;
        let (start, mut rows) = (Instant::now(), 0);
        while start.elapsed() < length {
            let batch: Vec<Row> = (rows..rows + BATCH)
                .map(|place| row(pairs, place))
                .collect();
            append(&mut sql, &batch, size).await?;
            rows += BATCH;
        }
        Ok(per_second(rows, start.elapsed()))
    }

    /// The same once through: one row for each conversation, all of which have been quiet, as when many are told something. A conversation that moves writes
    /// into its indexes anew; one that has moved a moment ago does not.
    pub async fn batched_once(&self, pairs: &[Circle], size: usize) -> anyhow::Result<f64> {
        let mut sql = self.pool.acquire().await?;
        sql.execute("analyze").await?;
        tokio::time::sleep(QUIET).await;
        let rows: Vec<Row> = (0..pairs.len()).map(|place| row(pairs, place)).collect();
        let start = Instant::now();
        for batch in rows.chunks(BATCH) {
            append(&mut sql, batch, size).await?;
        }
        Ok(per_second(rows.len(), start.elapsed()))
    }

    /// Rows a second with one commit a row, many connections.
    pub async fn one_by_one(
        &self,
        pairs: &[Circle],
        size: usize,
        length: Duration,
    ) -> anyhow::Result<f64> {
        let mut writers = JoinSet::new();
        let start = Instant::now();
        for writer in 0..CONNECTIONS {
            let mut sql = self.pool.acquire().await?;
            let own: Vec<Circle> = pairs
                .iter()
                .skip(writer)
                .step_by(CONNECTIONS)
                .cloned()
                .collect();
            writers.spawn(async move {
                let mut rows = 0;
                while start.elapsed() < length {
                    append(&mut sql, &[row(&own, rows)], size).await?;
                    rows += 1;
                }
                anyhow::Ok(rows)
            });
        }
        let mut rows = 0;
        while let Some(written) = writers.join_next().await {
            rows += written??;
        }
        Ok(per_second(rows, start.elapsed()))
    }

    /// Orders a second of one shop, by customers who have a conversation with it, many connections: the transaction that places one,
    /// statement by statement.
    pub async fn orders(&self, customers: usize, length: Duration) -> anyhow::Result<f64> {
        let mut shop = order::Shop::open(&self.pool, customers).await?;
        shop.stock().await?;
        let (start, mut selling) = (Instant::now(), JoinSet::new());
        for place in 0..CONNECTIONS {
            let (mut sql, shop) = (self.pool.acquire().await?, shop.clone());
            selling.spawn(async move {
                let mut sold = 0;
                while start.elapsed() < length {
                    shop.sell(&mut sql, place + sold * CONNECTIONS).await?;
                    sold += 1;
                }
                anyhow::Ok(sold)
            });
        }
        let mut sold = 0;
        while let Some(one) = selling.join_next().await {
            sold += one??;
        }
        Ok(per_second(sold, start.elapsed()))
    }

    /// Claims a second, many connections: the coupon's row, and the gift's conditional update.
    pub async fn claims(&self, customers: usize, length: Duration) -> anyhow::Result<f64> {
        let stall = claim::Stall::open(&self.pool, customers).await?;
        let (start, mut pressing) = (Instant::now(), JoinSet::new());
        for _ in 0..CONNECTIONS {
            let (mut sql, stall) = (self.pool.acquire().await?, stall.clone());
            pressing.spawn(async move {
                let mut claimed = 0;
                while start.elapsed() < length && stall.press(&mut sql).await? {
                    claimed += 1;
                }
                anyhow::Ok(claimed)
            });
        }
        let mut claimed = 0;
        while let Some(one) = pressing.join_next().await {
            claimed += one??;
        }
        Ok(per_second(claimed, start.elapsed()))
    }

    /// How long a commit takes that is alone.
    pub async fn lone_commit(&self, length: Duration) -> anyhow::Result<Times> {
        let mut sql = self.pool.acquire().await?;
        sql.execute("create table commits (at timestamptz)").await?;
        let (start, mut times) = (Instant::now(), Times::default());
        while start.elapsed() < length {
            sql.execute("begin").await?;
            sql.execute("insert into commits values (clock_timestamp())")
                .await?;
            let asked = Instant::now();
            sql.execute("commit").await?;
            times.record(asked.elapsed());
        }
        Ok(times)
    }
}

/// Spread as `chat` spreads: every conversation in turn, its two people in turn.
fn row(pairs: &[Circle], place: usize) -> Row<'_> {
    Row {
        circle: &pairs[place % pairs.len()],
        speaker: place / pairs.len() % 2,
    }
}

async fn append(sql: &mut PgConnection, rows: &[Row<'_>], size: usize) -> sqlx::Result<()> {
    let text = "x".repeat(size);
    let column = |of: &dyn Fn(&Row) -> Uuid| -> Vec<Uuid> { rows.iter().map(of).collect() };
    let absent: Vec<Option<Vec<u8>>> = vec![None; rows.len()];
    let ids: Vec<String> = rows.iter().map(|_| Uuid::now_v7().to_string()).collect();
    let written = sqlx::query(
        "select place, outcome, number, sent_at from append_messages($1, $2, $3, $4, $5, $6, $6, now()) where outcome = 'posted'",
    )
    .bind(column(&|row| row.circle.conversation))
    .bind(column(&|row| row.circle.people[row.speaker].user))
    .bind(&ids)
    .bind(vec![7_i64; rows.len()])
    .bind(vec![text; rows.len()])
    .bind(&absent)
    .fetch_all(sql)
    .await?;
    assert_eq!(written.len(), rows.len(), "every row is written");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn per_second(rows: usize, time: Duration) -> f64 {
    rows as f64 / time.as_secs_f64()
}
