//! Cases against their refunds, their lines and their histories.

use sqlx::PgConnection;

use crate::error::Result;

/// Cases whose refunds are not what they gave back: nothing before the money was ordered, all of it after.
pub(in crate::aftersale) async fn refunds(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select c.id, c.state, c.amount, r.ordered as "ordered!", r.settled as "settled!"
        from cases c
        cross join lateral (
          select coalesce(sum(amount), 0)::bigint as ordered,
            coalesce(sum(amount) filter (where state = 'succeeded'), 0)::bigint as settled
          from refunds
          where case_id = c.id
        ) r
        where r.ordered <> case when c.state in ('refunding', 'refunded') then c.amount else 0 end
          or c.state = 'refunded' and r.settled <> c.amount
        order by c.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "case {}: {} with {}, its refunds are {} of which {} settled",
            row.id, row.state, row.amount, row.ordered, row.settled
        )
    });
    Ok(said.collect())
}

/// Lines whose refunded units are not those of their cases, and lines that are bound to a case that has ended or does not name them.
pub(in crate::aftersale) async fn lines(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select l.order_id, l.line, l.units, l.refunded, l.dropped, l.case_id, c.back as "back!", c.dropped as "never_sent!"
        from order_lines l
        cross join lateral (
          select coalesce(sum(p.units), 0)::bigint as back, coalesce(sum(p.units) filter (where not c.sent), 0)::bigint as dropped
          from case_lines p
          join cases c on c.id = p.case_id
          where c.order_id = l.order_id and p.line = l.line and c.state in ('refunding', 'refunded')
        ) c
        join orders o on o.id = l.order_id
        where (o.accepted_at is not null and (l.refunded, l.dropped) <> (c.back, c.dropped))
          or l.refunded > l.units
          or l.case_id is not null and not exists (
            select
            from cases b
            join case_lines p on p.case_id = b.id and p.line = l.line
            where b.id = l.case_id and b.order_id = l.order_id
              and b.state in ('pending_review', 'awaiting_return', 'return_in_transit', 'refunding', 'exchange_shipped'))
        order by l.order_id, l.line
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "order {} line {}: {} units, refunded {} of which {} unsent, bound to {:?}; its cases gave back {} of which {} unsent",
            row.order_id, row.line, row.units, row.refunded, row.dropped, row.case_id, row.back, row.never_sent
        )
    });
    Ok(said.collect())
}

/// Cases that stand elsewhere than their history says, or whose history has holes.
pub(in crate::aftersale) async fn states(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select c.id, c.state, c.version, e.state as "last?", h.entries as "entries!"
        from cases c
        left join case_events e on e.case_id = c.id and e.version = c.version
        cross join lateral (select count(*) as entries from case_events a where a.case_id = c.id) h
        where c.state is distinct from e.state or h.entries <> c.version
        order by c.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "case {}: {} at version {}, by its history {} with {} entries",
            row.id,
            row.state,
            row.version,
            row.last.unwrap_or_else(|| "nothing".to_owned()),
            row.entries
        )
    });
    Ok(said.collect())
}
