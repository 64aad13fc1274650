//! Counters against rows, and what was written down of draws.

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{error::Result, id::DrawId};

/// Draws whose counters or last link are not their rows', that have winners without being drawn, or prizes won twice.
pub(in crate::lottery) async fn counters(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select d.id, d.state, d.people, d.tickets, p.people as "rows_people!", t.tickets as "rows_tickets!", t.last as "last!",
          w.places as "places!", w.won as "won!"
        from draws d
        cross join lateral (select count(*) as people from draw_people p where p.draw_id = d.id) p
        cross join lateral (
          select count(*) as tickets, coalesce(max(number), 0) as last from draw_tickets t where t.draw_id = d.id
        ) t
        cross join lateral (
          select count(*) as places, count(*) filter (where state in ('won', 'delivered')) as won
          from draw_places w
          where w.draw_id = d.id
        ) w
        where d.people <> p.people or d.tickets <> t.tickets or t.last <> t.tickets
          or (d.state in ('open', 'closed', 'cancelled') and w.places > 0)
          or d.last_link <> coalesce((select link from draw_tickets t where t.draw_id = d.id order by number desc limit 1), d.commitment)
          or w.won > (select sum((z ->> 'quantity')::bigint) from jsonb_array_elements(d.rules::jsonb -> 'prizes') z)
          or (d.state = 'prizes_delivered' and exists (select from draw_places w where w.draw_id = d.id and w.state = 'won'))
        order by d.id
        "#
    );
    let rows = rows.fetch_all(sql).await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "draw {} ({}): {} people and {} tickets, by its rows {} and {} up to {}; {} places, {} with a prize",
            row.id, row.state, row.people, row.tickets, row.rows_people, row.rows_tickets, row.last, row.places, row.won
        )
    });
    Ok(said.collect())
}

/// A draw whose list was closed.
pub(in crate::lottery) struct Held {
    pub id: DrawId,
    pub rules: String,
    pub commitment: String,
    pub seed: String,
    pub closed_at: SqlTimestamp,
    pub close_hash: Option<String>,
    pub round: Option<i64>,
    pub signature: Option<String>,
    pub cancelled_at: Option<SqlTimestamp>,
    pub cancelled_because: Option<String>,
}

/// The next of them.
pub(in crate::lottery) async fn next_held(
    sql: &mut PgConnection,
    after: Option<DrawId>,
) -> Result<Option<Held>> {
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let held = sqlx::query_as!(
        Held,
        r#"
        select id as "id: DrawId", rules, commitment, seed as "seed!", closed_at as "closed_at!: SqlTimestamp", close_hash, round, signature,
          cancelled_at as "cancelled_at: SqlTimestamp", cancelled_because
        from draws
        where (state in ('drawn', 'prizes_delivered') or round is not null) and id > $1
        order by id
        limit 1
        "#,
        after,
    );
    Ok(held.fetch_optional(sql).await?)
}

/// A place as it was written down.
pub(in crate::lottery) struct Written {
    pub place: i32,
    pub person: String,
    pub ticket: i32,
    pub score: String,
    pub prize: Option<i32>,
}

/// Its winners and substitutes, in their order.
pub(in crate::lottery) async fn written(
    sql: &mut PgConnection,
    draw: DrawId,
) -> Result<Vec<Written>> {
    let places = sqlx::query_as!(
        Written,
        "
        select w.place, p.person, w.ticket, w.score, w.prize
        from draw_places w
        join draw_people p on p.draw_id = w.draw_id and p.customer_id = w.customer_id
        where w.draw_id = $1
        order by w.place
        ",
        draw.0,
    );
    Ok(places.fetch_all(sql).await?)
}
