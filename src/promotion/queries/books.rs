//! Orders against the promotions that they say they earned.

use sqlx::PgConnection;

use crate::error::Result;

/// Promotions of orders that another shop's promotion did, that were judged outside of its time, that reached no tier of it or took off more than
/// that tier does, and gifts that cost something or are not there.
pub(in crate::promotion) async fn orders(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        select e.order_id, e.promotion_id, e.reduced, e.reached, t.off as "off?", g.costs as "costs!", g.there as "there!"
        from order_promotions e
        left join promotions p on p.id = e.promotion_id
        left join lateral (
          select (tier ->> 'off')::bigint as off
          from jsonb_array_elements(p.terms -> 'tiers') as tier
          where p.kind = 'tiered' and (tier ->> 'from')::bigint = e.reached
        ) t on true
        cross join lateral (
          select coalesce(sum(l.total), 0)::bigint as costs, count(*) as there
          from order_lines l
          where l.order_id = e.order_id and l.line = any (e.gift_lines)
        ) g
        where p.id is null or p.shop_id <> e.shop_id or p.kind <> e.kind or e.judged_at < p.starts_at or e.judged_at >= p.ends_at
          or (e.kind = 'tiered' and (t.off is null or e.reduced > t.off))
          or g.costs <> 0 or g.there <> cardinality(e.gift_lines)
        order by e.order_id, e.promotion_id
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "order {}: promotion {} took {} off at its tier {:?}, which takes {:?} off, and gave {} lines that cost {}",
            row.order_id, row.promotion_id, row.reduced, row.reached, row.off, row.there, row.costs
        )
    });
    Ok(said.collect())
}
