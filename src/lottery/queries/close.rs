//! The statements that take a draw out of `open` and out of `closed`: each decides that what it does happens once.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgPool;

use super::super::{fair::Awaited, rules::Rules, words::NOT_REACHED};
use crate::{
    beacon::Chain,
    error::Result,
    id::{ConversationId, DrawId, ShopId},
    store::Tx,
};

/// What a draw whose time has come comes to.
pub(in crate::lottery) enum Due {
    Draw,
    Close,
    Lapse,
}

/// Takes a draw out of `open` if its time has come. `None`: it is not due, or somebody else has done it. If it comes to closing it, [`freeze`]
/// has the last word on when and which round.
pub(in crate::lottery) async fn close(
    tx: &mut Tx,
    draw: DrawId,
    (seed, awaited): (&str, Option<Awaited>),
    (now, kept_until): (Timestamp, Timestamp),
) -> Result<Option<Due>> {
    let shop = tx.shop()?;
    let state = sqlx::query_scalar!(
        "
        update draws d
        set state = case when d.target > g.members then 'cancelled' when $7::bigint is not null then 'closed' else 'drawn' end,
          cancelled_because = case when d.target > g.members then $4 end,
          cancelled_at = case when d.target > g.members then $5::timestamptz end,
          round = case when d.target > g.members then null else $7 end,
          round_at = case when d.target > g.members or $7 is null then null else $5::timestamptz end,
          seed = $3, closed_at = $5, kept_until = $6
        from groups g
        where d.shop_id = $1 and d.id = $2 and d.state = 'open' and g.conversation_id = d.conversation_id
          and (d.target <= g.members or d.ends_at <= $5)
        returning d.state
        ",
        shop.0,
        draw.0,
        seed,
        NOT_REACHED,
        now.to_sqlx() as _,
        kept_until.to_sqlx() as _,
        awaited.map(|awaited| awaited.round.cast_signed()),
    );
    let state = state.fetch_optional(tx.sql()).await?;
    Ok(state.map(|state| match &state[..] {
        "drawn" => Due::Draw,
        "closed" => Due::Close,
        _ => Due::Lapse,
    }))
}

/// The list of a draw that this work has closed is whole: with its hash it is said for good when it was closed, and which round decides.
pub(in crate::lottery) async fn freeze(
    tx: &mut Tx,
    draw: DrawId,
    (hash, round, round_at): (&str, u64, Timestamp),
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update draws
        set close_hash = $3, closed_at = $4, round = $5, round_at = $6, ask_at = $6
        where shop_id = $1 and id = $2 and state = 'closed' and close_hash is null
        ",
        shop.0,
        draw.0,
        hash,
        now.to_sqlx() as _,
        round.cast_signed(),
        round_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Takes a draw out of `closed`, by the signature of the round that it waits for. False: somebody else has done it, or it was called off.
pub(in crate::lottery) async fn decide(
    tx: &mut Tx,
    draw: DrawId,
    (round, signature): (u64, &str),
    (_, kept_until): (Timestamp, Timestamp),
) -> Result<bool> {
    let shop = tx.shop()?;
    let decided = sqlx::query!(
        "
        update draws
        set state = 'drawn', signature = $4, kept_until = $5
        where shop_id = $1 and id = $2 and state = 'closed' and round = $3
        ",
        shop.0,
        draw.0,
        round.cast_signed(),
        signature,
        kept_until.to_sqlx() as _,
    );
    Ok(decided.execute(tx.sql()).await?.rows_affected() == 1)
}

/// Calls a draw off that was not drawn. False: it was, or was called off before.
pub(in crate::lottery) async fn cancel(
    tx: &mut Tx,
    draw: DrawId,
    (seed, because): (&str, &str),
    (now, kept_until): (Timestamp, Timestamp),
) -> Result<bool> {
    let shop = tx.shop()?;
    let cancelled = sqlx::query!(
        "
        update draws
        set state = 'cancelled', seed = coalesce(seed, $3), cancelled_because = $4, cancelled_at = greatest($5, closed_at),
          closed_at = coalesce(closed_at, $5), kept_until = $6
        where shop_id = $1 and id = $2 and state in ('open', 'closed')
        ",
        shop.0,
        draw.0,
        seed,
        because,
        now.to_sqlx() as _,
        kept_until.to_sqlx() as _,
    );
    Ok(cancelled.execute(tx.sql()).await?.rows_affected() == 1)
}

/// A draw that waits for its round.
pub(in crate::lottery) struct Waiting {
    pub shop: ShopId,
    pub id: DrawId,
    pub conversation: ConversationId,
    pub chain: Chain,
    pub round: u64,
    pub round_at: Timestamp,
    pub asked: i32,
}

/// Those of them whose round has begun and may be asked for now, who has waited longest first.
pub(in crate::lottery) async fn waiting(
    pool: &PgPool,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Waiting>> {
    let rows = sqlx::query!(
        r#"
        select shop_id as "shop: ShopId", id as "id: DrawId", conversation_id as "conversation: ConversationId", rules, round as "round!",
          round_at as "round_at!: SqlTimestamp", asked
        from draws
        where state = 'closed' and ask_at <= $1
        order by ask_at
        limit $2
        "#,
        now.to_sqlx() as _,
        most,
    );
    let rows = rows.fetch_all(pool).await?.into_iter().map(|row| {
        let rules: Rules = serde_json::from_str(&row.rules).map_err(anyhow::Error::from)?;
        let chain = rules
            .beacon
            .ok_or_else(|| anyhow::anyhow!("a closed draw has a beacon"))?;
        Ok(Waiting {
            shop: row.shop,
            id: row.id,
            conversation: row.conversation,
            chain,
            round: row.round.unsigned_abs(),
            round_at: row.round_at.to_jiff(),
            asked: row.asked,
        })
    });
    rows.collect()
}

/// Its round was asked for in vain.
pub(in crate::lottery) async fn ask_again(tx: &mut Tx, draw: DrawId, at: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update draws set asked = least(asked, 1000000) + 1, ask_at = $3
        where shop_id = $1 and id = $2 and state = 'closed'
        ",
        shop.0,
        draw.0,
        at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Staff are told now that it waits. False: they were before, or it does not any more.
pub(in crate::lottery) async fn alerted(tx: &mut Tx, draw: DrawId, now: Timestamp) -> Result<bool> {
    let shop = tx.shop()?;
    let alerted = sqlx::query!(
        "update draws set alerted_at = $3 where shop_id = $1 and id = $2 and state = 'closed' and alerted_at is null",
        shop.0,
        draw.0,
        now.to_sqlx() as _,
    );
    Ok(alerted.execute(tx.sql()).await?.rows_affected() == 1)
}
