//! Facts reach their readers: once, whatever dies in between, and past the one that nobody can read.

use jiff::SignedDuration;
use sqlx::PgPool;

use crate::{
    support::TestServer,
    webhook::{
        receiver::{Manner, Receiver},
        stage::{Stage, eventually},
    },
};

async fn count(pool: &PgPool, what: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {what}")))
        .fetch_one(pool)
        .await
        .expect("a count")
}

/// `number` facts of the shop at once.
async fn many_happen(stage: &Stage, number: i32) {
    sqlx::query(
        "insert into facts (shop_id, kind, payload, at)
         select $1, 'conversation_opened', jsonb_build_object('conversation_id', gen_random_uuid(), 'customer_id', gen_random_uuid(), 'source', null), now()
         from generate_series(1, $2)",
    )
    .bind(stage.shop)
    .bind(number)
    .execute(&stage.pool)
    .await
    .expect("facts");
}

/// F08: two nodes work on the same facts while their database connections are killed again and again.
#[tokio::test]
async fn a_fact_is_fanned_out_once_whatever_dies_in_between() {
    let one = TestServer::start().await;
    let other = TestServer::on(one.database.clone(), |_| ()).await;
    let stage = Stage::set(&one).await;
    let receiver = Receiver::new(Manner::Says(200)).await;
    stage
        .endpoint(&receiver.url(), &["conversation_opened"])
        .await;
    let mut killed = 0;
    for _ in 0..10 {
        many_happen(&stage, 300).await;
        killed += kill_all_others(&stage.pool).await;
    }
    eventually("all facts are done", async || {
        (undone(&stage.pool).await == Some(0)).then_some(())
    })
    .await;
    assert!(killed > 0, "the killer met nobody");
    assert_eq!(count(&stage.pool, "webhook_deliveries").await, 3_000);
    assert_eq!(
        count(&stage.pool, "facts where failures > 0").await,
        0,
        "a killed connection is no fault of the fact's"
    );
    drop(other);
}

/// `None` while the connections are being killed.
async fn undone(pool: &PgPool) -> Option<i64> {
    sqlx::query_scalar("select count(*) from facts where done_at is null")
        .fetch_one(pool)
        .await
        .ok()
}

async fn kill_all_others(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and query like '%facts%'",
    )
    .fetch_one(pool)
    .await
    .unwrap_or(0)
}

/// What nobody can read is put aside with its reason, and does not hold up what stands behind it.
#[tokio::test]
async fn the_queue_moves_past_a_poisoned_fact() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let receiver = Receiver::new(Manner::Says(200)).await;
    stage
        .endpoint(&receiver.url(), &["conversation_opened"])
        .await;
    let poison: i64 = sqlx::query_scalar(
        "insert into facts (shop_id, kind, payload, at) values ($1, 'planet_exploded', '{}', now()) returning id",
    )
    .bind(stage.shop)
    .fetch_one(&stage.pool)
    .await
    .unwrap();
    many_happen(&stage, 5).await;
    eventually("the facts behind it are done", async || {
        (undone(&stage.pool).await == Some(1)).then_some(())
    })
    .await;
    for failures in 1..=10_i16 {
        eventually("one more failure", async || {
            let seen: i16 = sqlx::query_scalar("select failures from facts where id = $1")
                .bind(poison)
                .fetch_one(&stage.pool)
                .await
                .ok()?;
            (seen == failures).then_some(())
        })
        .await;
        server.clock.advance(SignedDuration::from_hours(1));
    }
    let reason: String = sqlx::query_scalar("select quarantined_because from facts where id = $1")
        .bind(poison)
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert!(reason.contains("planet_exploded"), "{reason}");
    assert_eq!(count(&stage.pool, "webhook_deliveries").await, 5);
}

/// One fact that the database will not take does not spoil its batch.
#[tokio::test]
async fn a_batch_is_taken_apart_around_its_bad_fact() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    let receiver = Receiver::new(Manner::Says(200)).await;
    stage
        .endpoint(&receiver.url(), &["conversation_opened"])
        .await;
    for statement in [
        "create function choke() returns trigger language plpgsql as $$ begin if new.data ->> 'source' = 'bad' then raise exception 'I choke on this'; end if; return new; end $$",
        "create trigger choke before insert on webhook_deliveries for each row execute function choke()",
    ] {
        sqlx::query(statement).execute(&stage.pool).await.unwrap();
    }
    sqlx::query(
        "insert into facts (shop_id, kind, payload, at)
         select $1, 'conversation_opened', jsonb_build_object('conversation_id', gen_random_uuid(), 'customer_id', gen_random_uuid(),
           'source', case n when 3 then 'bad' else 'good' end), now()
         from generate_series(1, 7) n",
    )
    .bind(stage.shop)
    .execute(&stage.pool)
    .await
    .unwrap();
    eventually("the other six are done", async || {
        (undone(&stage.pool).await == Some(1)).then_some(())
    })
    .await;
    eventually("the bad one is marked", async || {
        (count(&stage.pool, "facts where failures = 1 and done_at is null").await == 1)
            .then_some(())
    })
    .await;
    assert_eq!(count(&stage.pool, "webhook_deliveries").await, 6);
}

/// Done facts are forgotten after a week, by the schedule; a lease that ran out is taken over.
#[tokio::test]
async fn done_facts_are_forgotten_after_a_week() {
    let server = TestServer::start().await;
    let stage = Stage::set(&server).await;
    many_happen(&stage, 3).await;
    eventually("they are done", async || {
        (undone(&stage.pool).await == Some(0)).then_some(())
    })
    .await;
    server.clock.advance(SignedDuration::from_hours(7 * 24 - 1));
    many_happen(&stage, 1).await;
    // Another node took the job and died; its lease holds for five minutes more.
    let five_minutes = server.clock.now() + SignedDuration::from_mins(5);
    eventually("the lease of a dead node", async || {
        let leased = sqlx::query("update scheduled_jobs set leased_until = $1, term = term + 1 where name = 'forget_facts'")
            .bind(jiff_sqlx::ToSqlx::to_sqlx(five_minutes))
            .execute(&stage.pool)
            .await
            .ok()?;
        (leased.rows_affected() == 1).then_some(())
    })
    .await;
    server.clock.advance(SignedDuration::from_hours(2));
    eventually("the old ones are gone", async || {
        (count(&stage.pool, "facts").await == 1).then_some(())
    })
    .await;
}
