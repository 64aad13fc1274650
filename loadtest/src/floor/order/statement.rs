//! The statements of [`super`], letter by letter those of the server.

/// Which products the variants are of.
pub(super) const VARIANTS: &str = r#"
    select id as "id: VariantId", product_id as "product: ProductId", choice
    from variants
    where shop_id = $1 and id = any ($2)
"#;

/// What they cost now: no promotion is running.
pub(super) const PRODUCTS: &str = r#"
    select id as "id: ProductId", title, category, description, pictures, illustrations, list_price as "list_price: Money",
      price as "price: Money", labels, tiers as "tiers: Json<Vec<Tier>>", options, listed,
      flash as "flash?: PromotionId", flash_name as "flash_name?", flash_off as "flash_off?", flash_ends_at as "flash_ends_at?: SqlTimestamp",
      flash_stacks as "flash_stacks?"
    from products
    left join lateral flash_at($1, id, $3) on true
    where shop_id = $1 and id = any ($2)
"#;

/// None are in the basket.
pub(super) const BUNDLES: &str = r#"
    select b.id as "id: BundleId", b.title, b.saving as "saving: Money", b.listed,
      (
        select jsonb_agg(jsonb_build_object('product_id', p.product_id, 'pieces', p.pieces) order by p.place)
        from bundle_parts p
        where p.bundle_id = b.id
      ) as "parts!: Json<Vec<Part>>"
    from bundles b
    where b.shop_id = $1 and b.id = any ($2)
"#;

/// In which money, and by which promotions.
pub(super) const CURRENCY: &str = r#"
    select s.currency,
      (
        select jsonb_agg(to_jsonb(p) || jsonb_build_object('terms', p.terms - 'kind') order by p.id)
        from promotions p
        where p.shop_id = s.id and p.kind = 'tiered' and p.starts_at <= $2 and p.ends_at > $2 and p.stopped_at is null
      ) as "campaigns: Json<Vec<Campaign>>"
    from shops s
    where s.id = $1
"#;

/// What the customer gets off as a member.
pub(super) const MEMBER: &str = r"
    select off from shop_members where shop_id = $1 and user_id = $2
";

/// How long an order waits for its payment.
pub(super) const RULES: &str = r"
    select pay_within_minutes, remind_after_minutes, received_after_days, unpaid_at_most, customers_may_edit, review_blocks,
      survey_when_completed, policy, policy_version
    from order_rules
    where shop_id = $1
";

/// How many orders of the customer wait for their money.
pub(super) const UNPAID: &str = "select count(*) from orders where shop_id = $1 and customer_id = $2 and state = 'pending_payment'";

/// What its delivery costs.
pub(super) const FREIGHT: &str = r#"
    select fee as "fee: Money", free_from as "free_from: Money" from freight where shop_id = $1
"#;

/// The day's next number: whoever takes the next waits for the commit.
pub(super) const NUMBER: &str = r#"
    insert into order_days as d (shop_id, day, last)
    select id, ($2::timestamptz at time zone time_zone)::date, 1
    from shops
    where id = $1
    on conflict (shop_id, day) do update
    set last = d.last + 1
    returning to_char(day, 'YYYYMMDD') as "day!", last
"#;

/// The card.
pub(super) const APPEND: &str = r#"
    select place as "place!", outcome as "outcome!", number, sent_at as "sent_at: jiff_sqlx::Timestamp",
      as_shop as "as_shop!", shop_id, kind, person_a, person_b
    from append_messages($1, $2, $3, $4, $5, $6, $7, $8)
    order by place
"#;

/// The order.
pub(super) const ORDER: &str = r"
    insert into orders (id, shop_id, number, customer_id, conversation_id, card_number, source, state, payment_status, terms,
      delivery_method, currency, goods, freight, discount, total, hash, requests, policy, policy_version, created_by, created_at,
      version, expected_at, placed_at, pay_by, recipient, phone_index)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
      $26, $27, $28)
";

/// Its line.
pub(super) const LINES: &str = r"
    insert into order_lines (order_id, line, shop_id, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total,
      discount)
    select $1, l.line, $2, l.product_id, l.variant_id, l.bundle_id, l.title,
      array(select jsonb_array_elements_text(l.choice)), l.units, l.list_price, l.price, l.total, l.discount
    from unnest($3::smallint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::jsonb[], $9::integer[], $10::bigint[],
      $11::bigint[], $12::bigint[], $13::bigint[])
      as l (line, product_id, variant_id, bundle_id, title, choice, units, list_price, price, total, discount)
";

/// Its history.
pub(super) const EVENT: &str = r"
    insert into order_events (shop_id, order_id, version, deed, state_before, state, actor_id, actor_kind, remark, before, after, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
";

/// What happened.
pub(super) const FACTS: &str = r"
    insert into facts (shop_id, kind, payload, at)
    select $1, f.fact ->> 'kind', f.fact -> 'payload', $3
    from unnest($2::jsonb[]) with ordinality as f (fact, place)
    order by f.place
";

/// What staff are told.
pub(super) const ALERT: &str = r"
    insert into alerts (id, shop_id, kind, permission, conversation_id, order_id, case_id, text, at, customer_id, for_user)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
";

/// The promise, under the level's lock.
pub(super) const HOLD: &str = r#"
    with wanted as materialized (
      select s.variant_id, w.units, s.alerted
      from unnest($3::uuid[], $4::bigint[]) as w (variant_id, units)
      join stock s on s.variant_id = w.variant_id and s.shop_id = $1
      order by s.variant_id
      for no key update of s
    ), level as (
      update stock s
      set held = s.held + w.units,
        alerted = s.alerted or coalesce(s.on_hand - s.held - w.units < s.alert_below, false)
      from wanted w
      where s.variant_id = w.variant_id and s.on_hand - s.held >= w.units
      returning s.variant_id, w.units, s.on_hand - s.held as available, s.alerted and not w.alerted as low
    ), promised as (
      insert into stock_holds as h (holder_id, variant_id, shop_id, held)
      select $2, variant_id, $1, units
      from level
      on conflict (holder_id, variant_id) do update
      set held = h.held + excluded.held
    ), noted as (
      insert into stock_movements (shop_id, variant_id, kind, units, holder_id, actor_id, at)
      select $1, variant_id, 'held', units, $2, $5, $6
      from level
    )
    select variant_id as "variant: VariantId", available as "available!", low as "low!"
    from level
"#;

/// The idempotency key.
pub(super) const MARK: &str = r"
    insert into idempotency_keys as k (principal, route, key, fingerprint, execution, created_at)
    select principal, route, key, fingerprint, execution, begun_at
    from unnest((select $1::uuid[]), $2::text[], $3::bytea[], $4::bytea[], $5::uuid[], $6::timestamptz[])
      as e (principal, route, key, fingerprint, execution, begun_at)
    order by principal, route, key
    on conflict (principal, route, key) do update
    set fingerprint = excluded.fingerprint, execution = excluded.execution, status = null, body = null,
      created_at = excluded.created_at
    where k.execution = excluded.execution or k.created_at <= excluded.created_at - make_interval(secs => $7)
    returning k.execution
";

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs};

    use super::*;

    fn plain(sql: &str) -> String {
        sql.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The floor is measured with what the server runs, as `.sqlx` has it.
    #[test]
    fn these_are_the_servers_statements() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../.sqlx");
        let kept = fs::read_dir(folder).unwrap().map(|entry| {
            let kept = fs::read(entry.unwrap().path()).unwrap();
            let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
            plain(kept["query"].as_str().unwrap())
        });
        let servers: HashSet<String> = kept.collect();
        for statement in [
            VARIANTS, PRODUCTS, BUNDLES, CURRENCY, RULES, FREIGHT, NUMBER, APPEND, ORDER, LINES,
            EVENT, FACTS, ALERT, HOLD, MARK,
        ] {
            assert!(servers.contains(&plain(statement)), "{statement}");
        }
    }
}
