//! The unit of work: a transaction that carries its consequences.
//!
//! A verb writes SQL, says what screens must be shown ([`Tx::show`]) and what the business must remember
//! ([`Tx::remember`]). [`Tx::commit`] does all three in order; dropping the `Tx` does none.

use std::sync::Arc;

use anyhow::anyhow;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::sync::Notify;

use super::once::{self, Execution, ExecutionId};
use crate::{
    bus::{Bus, Recheck},
    error::{Refusal, Result},
    event::Event,
    fact::Fact,
    id::{ShopId, UserId},
};

/// A unit of work.
pub struct Tx {
    sql: Transaction<'static, Postgres>,
    shop: Option<ShopId>,
    shown: Vec<Arc<Event>>,
    rechecks: Vec<(UserId, Recheck)>,
    remembers: bool,
    marked: bool,
    executions: Vec<Execution>,
    bus: Bus,
    remembered: Arc<Notify>,
}

impl Tx {
    pub(super) fn new(
        sql: Transaction<'static, Postgres>,
        shop: Option<ShopId>,
        bus: Bus,
        remembered: Arc<Notify>,
    ) -> Self {
        Self {
            sql,
            shop,
            shown: vec![],
            rechecks: vec![],
            remembers: false,
            marked: false,
            executions: vec![],
            bus,
            remembered,
        }
    }

    /// The connection, for `queries.rs`.
    pub fn sql(&mut self) -> &mut PgConnection {
        &mut self.sql
    }

    /// The shop that this work is in. Breaks in work about people: a query that asks for a tenant there is a bug.
    pub fn shop(&self) -> Result<ShopId> {
        self.shop
            .ok_or_else(|| anyhow!("a shop's query in a unit of work that has no shop").into())
    }

    /// The shop, or nothing between two people.
    pub fn shop_if_any(&self) -> Option<ShopId> {
        self.shop
    }

    /// To be shown to connected people as soon as the commit succeeds.
    pub fn show(&mut self, event: Arc<Event>) {
        self.shown.push(event);
    }

    /// With this work `what` changes of these users: every node looks again at their lines. Written down as well, with the
    /// reason for people who ask, because it must arrive within two seconds even if the bus is down.
    pub async fn recheck(&mut self, users: &[UserId], what: Recheck, reason: &str) -> Result<()> {
        sqlx::query!(
            "insert into rechecks (user_id, what, reason) select user_id, $2, $3 from unnest($1::uuid[]) as u (user_id)",
            &users.iter().map(|user| user.0).collect::<Vec<_>>(),
            what.word(),
            reason
        )
        .execute(&mut *self.sql)
        .await?;
        self.rechecks.extend(users.iter().map(|user| (*user, what)));
        Ok(())
    }

    /// Remembers what happened, in the same transaction.
    pub async fn remember(&mut self, fact: &Fact, at: Timestamp) -> Result<()> {
        self.remember_all(std::slice::from_ref(fact), at).await
    }

    /// The same for many things at once, in one statement and in this order.
    pub async fn remember_all(&mut self, facts: &[Fact], at: Timestamp) -> Result<()> {
        let facts = facts.iter().map(serde_json::to_value);
        let facts: Vec<Value> = facts
            .collect::<Result<_, _>>()
            .map_err(anyhow::Error::from)?;
        sqlx::query!(
            "
            insert into facts (shop_id, kind, payload, at)
            select $1, f.fact ->> 'kind', f.fact -> 'payload', $3
            from unnest($2::jsonb[]) with ordinality as f (fact, place)
            order by f.place
            ",
            self.shop.map(|shop| shop.0),
            &facts,
            jiff_sqlx::Timestamp::from(at) as _,
        )
        .execute(&mut *self.sql)
        .await?;
        self.remembers = true;
        Ok(())
    }

    /// Marks now that the execution of this task has an effect, and not as the last act of the work: for who then takes what everybody wants and
    /// should hold it for the commit only. Refuses with `conflict` if another execution of the same key was faster.
    pub async fn mark(&mut self) -> Result<()> {
        if self.marked {
            return Ok(());
        }
        let executions = once::current().into_iter().collect();
        if self.mark_each(executions).await?.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Conflict.into())
        }
    }

    /// The same for a work that is done for many at once. Gives those that another execution of their key was faster than: then the work must not be
    /// committed.
    pub async fn mark_each(&mut self, executions: Vec<Execution>) -> Result<Vec<ExecutionId>> {
        self.marked = true;
        if executions.is_empty() {
            return Ok(vec![]);
        }
        let late = once::mark(&mut self.sql, &executions).await?;
        self.executions.extend(executions);
        Ok(late)
    }

    /// Takes everything back, and ends when it is: what was held is free. A `Tx` that is dropped is taken back as well, but a moment later.
    pub async fn undo(self) -> Result<()> {
        Ok(self.sql.rollback().await?)
    }

    /// Commits, then shows and tells. After an error nothing is known for sure: the connection may have died between
    /// the database's commit and its answer.
    pub async fn commit(mut self) -> Result<()> {
        self.mark().await?;
        self.sql.commit().await?;
        for execution in &self.executions {
            execution.has_committed();
        }
        for event in &self.shown {
            self.bus.publish(event);
        }
        for (user, what) in self.rechecks {
            self.bus.recheck(user, what);
        }
        if self.remembers {
            self.remembered.notify_one();
        }
        Ok(())
    }
}
