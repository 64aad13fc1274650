//! Orders against their lines and their histories.

use sqlx::PgConnection;

use crate::error::Result;

/// Orders whose goods are not the sum of their lines, or whose stock is not what their lines say.
pub(in crate::order) async fn sums(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select o.id, o.goods, coalesce(sum(l.total), 0)::bigint as "lines!"
        from orders o
        left join order_lines l on l.order_id = o.id
        group by o.id
        having o.goods <> coalesce(sum(l.total), 0)
        order by o.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        let (id, goods, lines) = (row.id, row.goods, row.lines);
        format!("order {id}: goods for {goods}, its lines are {lines}")
    });
    Ok(said.collect())
}

/// Orders that stand elsewhere than their history says, or whose history has holes.
pub(in crate::order) async fn states(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select o.id, o.state, o.version, e.state as "last?", h.entries as "entries!"
        from orders o
        left join order_events e on e.order_id = o.id and e.version = o.version
        cross join lateral (select count(*) as entries from order_events c where c.order_id = o.id) h
        where o.state is distinct from e.state or h.entries <> o.version
        order by o.id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "order {}: {} at version {}, by its history {} with {} entries",
            row.id,
            row.state,
            row.version,
            row.last.unwrap_or_else(|| "nothing".to_owned()),
            row.entries
        )
    });
    Ok(said.collect())
}
