//! Counters against rows and the ledger, and what was written down of red packets.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{error::Result, id::RedPacketId, money::Money};

/// Red packets whose shares are not their total, whose counters or last link are not their rows', or of which the ledger says something else.
pub(in crate::red_packet) async fn counters(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select p.id, p.state, p.total, p.shares, p.taken, p.taken_amount, s.shares as "rows_shares!", s.total as "rows_total!",
          t.taken as "rows_taken!", t.amount as "rows_amount!", l.sent as "sent!", l.taken as "owed!", l.returned as "returned!"
        from red_packets p
        cross join lateral (
          select count(*) as shares, coalesce(sum(amount), 0)::bigint as total, coalesce(max(place), 0) as last
          from red_packet_shares s
          where s.red_packet_id = p.id
        ) s
        cross join lateral (
          select count(*) as taken, coalesce(sum(s.amount), 0)::bigint as amount, coalesce(max(t.place), 0) as last
          from red_packet_takes t
          join red_packet_shares s on s.red_packet_id = t.red_packet_id and s.place = t.place
          where t.red_packet_id = p.id
        ) t
        cross join lateral (
          select coalesce(sum(amount) filter (where debit = 'balance' and credit = 'packets'), 0)::bigint as sent,
            coalesce(sum(amount) filter (where debit = 'packets' and credit = 'customers'), 0)::bigint as taken,
            coalesce(sum(amount) filter (where debit = 'packets' and credit = 'balance'), 0)::bigint as returned
          from ledger l
          where l.red_packet_id = p.id
        ) l
        where p.shares <> s.shares or p.total <> s.total or s.last <> s.shares
          or p.taken <> t.taken or p.taken_amount <> t.amount or t.last <> t.taken
          or p.last_link <> coalesce(
            (select link from red_packet_takes t where t.red_packet_id = p.id order by place desc limit 1), p.commitment)
          or l.sent <> p.total or l.taken <> p.taken_amount
          or l.returned <> case when p.state = 'returned' then p.total - p.taken_amount else 0 end
          or (p.state = 'emptied') <> (p.taken = p.shares)
        order by p.id
        "#
    );
    let rows = rows.fetch_all(sql).await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "red packet {} ({}): {} in {} shares, {} taken in {}; by its rows {} in {}, {} in {}; the ledger has {} sent, {} taken, {} returned",
            row.id,
            row.state,
            row.total,
            row.shares,
            row.taken_amount,
            row.taken,
            row.rows_total,
            row.rows_shares,
            row.rows_amount,
            row.rows_taken,
            row.sent,
            row.owed,
            row.returned
        )
    });
    Ok(said.collect())
}

/// A red packet that is over.
pub(in crate::red_packet) struct Over {
    pub id: RedPacketId,
    pub rules: String,
    pub commitment: String,
    pub seed: String,
}

/// The next of them.
pub(in crate::red_packet) async fn next_over(
    sql: &mut PgConnection,
    after: Option<RedPacketId>,
) -> Result<Option<Over>> {
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let over = sqlx::query_as!(
        Over,
        r#"
        select id as "id: RedPacketId", rules, commitment, seed as "seed!"
        from red_packets
        where state <> 'open' and id > $1
        order by id
        limit 1
        "#,
        after,
    );
    Ok(over.fetch_optional(sql).await?)
}

/// What was put into each share.
pub(in crate::red_packet) async fn shares(
    sql: &mut PgConnection,
    red_packet: RedPacketId,
) -> Result<Vec<Money>> {
    let shares = sqlx::query_scalar!(
        r#"select amount as "amount: Money" from red_packet_shares where red_packet_id = $1 order by place"#,
        red_packet.0,
    );
    Ok(shares.fetch_all(sql).await?)
}
