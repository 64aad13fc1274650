//! What must be so whatever was done, asked of the rows themselves and not of the code that wrote them.

use sqlx::AssertSqlSafe;

use crate::order::Market;

/// No more went back than came in, by the orders' rows and by those of payments and refunds.
const GAVE_TOO_MUCH: &str = "
    select format('order %s: %s came in, %s went back, its row has %s and %s', o.id, p.came, r.went, o.paid, o.refunded)
    from orders o
    cross join lateral (select coalesce(sum(amount), 0) as came from payments where order_id = o.id) p
    cross join lateral (select coalesce(sum(amount), 0) as went from refunds where order_id = o.id) r
    where r.went > p.came or o.refunded > o.paid or o.paid > o.total";

/// On hand, and out with customers: what ever came. Held: what is promised to somebody.
const UNITS_ARE_CONSERVED: &str = "
    select format('variant %s: %s on hand, %s held, %s with customers, %s came', s.variant_id, s.on_hand, s.held, h.out, c.came)
    from stock s
    cross join lateral (
      select coalesce(sum(held), 0) as held, coalesce(sum(taken - returned), 0) as out from stock_holds where variant_id = s.variant_id
    ) h
    cross join lateral (
      select coalesce(sum(case kind when 'written_off' then - units else units end), 0) as came
      from stock_movements
      where variant_id = s.variant_id and holder_id is null
    ) c
    where s.on_hand + h.out <> c.came or s.held <> h.held or s.held not between 0 and s.on_hand";

/// Every unit of an order is where its lines say: promised until it is sent or its refund has arrived, out, or back.
const UNITS_ARE_WHERE_LINES_SAY: &str = "
    with lines as (
      select l.order_id, l.variant_id, l.line, l.shipped,
        case when o.state in ('awaiting_customer', 'cancelled') then 0 else l.units - l.shipped - l.dropped end as left
      from order_lines l
      join orders o on o.id = l.order_id
    ), cased as (
      select c.order_id, p.line,
        coalesce(sum(p.units) filter (where not c.sent and c.state = 'refunding'), 0) as leaving,
        coalesce(sum(p.units) filter (where c.replacement_number <> ''), 0) as again,
        coalesce(sum(p.units) filter (where c.kind = 'return_and_refund' and c.state = 'refunded'), 0) as back
      from cases c
      join case_lines p on p.case_id = c.id
      group by c.order_id, p.line
    ), wanted as (
      select l.order_id, l.variant_id, sum(l.left + coalesce(c.leaving, 0)) as held, sum(l.shipped + coalesce(c.again, 0)) as taken,
        sum(coalesce(c.back + c.again, 0)) as returned
      from lines l
      left join cased c on c.order_id = l.order_id and c.line = l.line
      group by l.order_id, l.variant_id
    )
    select format('order %s, variant %s: lines want %s, %s, %s, the stock has %s, %s, %s', w.order_id, w.variant_id, w.held, w.taken,
      w.returned, h.held, h.taken, h.returned)
    from wanted w
    full join stock_holds h on h.holder_id = w.order_id and h.variant_id = w.variant_id
    where (coalesce(w.held, 0), coalesce(w.taken, 0), coalesce(w.returned, 0))
      <> (coalesce(h.held, 0), coalesce(h.taken, 0), coalesce(h.returned, 0))";

/// All accounts together hold nothing, what is held for customers is what their orders say, and none but the shop's own is below nothing.
const LEDGER_BALANCES: &str = "
    with accounts as (
      select account, sum(amount) as holds
      from (select credit as account, amount from ledger union all select debit, - amount from ledger) e
      group by account
    ), books as (
      select coalesce(sum(holds), 0) as all_of_them,
        coalesce(sum(holds) filter (where account = 'orders'), 0) as orders,
        coalesce(sum(holds) filter (where account = 'refunds'), 0) as refunds,
        coalesce(sum(holds) filter (where account = 'tomorrow'), 0) as tomorrow,
        coalesce(sum(holds) filter (where account = 'provider'), 0) as provider
      from accounts
    ), rows as (
      select
        (select coalesce(sum(amount), 0) from payments) as came,
        (select coalesce(sum(amount), 0) from refunds where state = 'succeeded') as gone,
        (select coalesce(sum(amount), 0) from refunds where state <> 'succeeded') as going,
        (select coalesce(sum(amount), 0) from settlements where credited_at is null) as tomorrow,
        (select coalesce(sum(o.extra + case when s.order_id is null then o.paid - o.refunded else 0 end), 0)
         from orders o left join settlements s on s.order_id = o.id) as orders
    )
    select format('the ledger: %s by the rows: %s', b, r)
    from books b, rows r
    where b.all_of_them <> 0 or b.provider <> r.gone - r.came or b.refunds <> r.going or b.tomorrow <> r.tomorrow
      or b.orders <> r.orders";

/// Of an order that was paid and taken, whose every unit's money went back by and by, every cent is back but the freight of what was sent:
/// nothing of a discount was lost or given twice.
const EVERY_CENT_IS_BACK: &str = "
    select format('order %s: %s of %s went back, all its units did', o.id, o.refunded, o.paid)
    from orders o
    cross join lateral (
      select bool_and(refunded = units) as all_back, sum(shipped) as shipped from order_lines where order_id = o.id
    ) l
    where o.terms = 'pay_first' and l.all_back and o.refunded <> o.paid - case when l.shipped > 0 then o.freight else 0 end";

/// What went back for an order is what its units that went back were worth, less their share of the discount, to a cent a line.
const REFUNDS_ARE_WORTH_THEIR_UNITS: &str = "
    select format('order %s: %s went back for units worth %s', o.id, o.refunded, l.worth)
    from orders o
    cross join lateral (
      select sum((total - discount)::numeric * refunded / units) as worth, count(*) as lines, bool_and(dropped = units) as unsent
      from order_lines
      where order_id = o.id
    ) l
    where o.terms = 'pay_first' and o.paid > 0 and not l.unsent and abs(o.refunded - l.worth) > l.lines";

/// What an order comes to is what its lines cost, less what its coupon takes off them, share by share.
const TOTALS_ARE_SUMS: &str = "
    select format('order %s: %s in all, its lines cost %s less %s', o.id, o.total, l.cost, l.off)
    from orders o
    cross join lateral (select sum(total) as cost, sum(discount) as off from order_lines where order_id = o.id) l
    where o.total <> l.cost - l.off + o.freight";

/// Everything that is not so, a sentence each.
pub async fn wrong(market: &Market) -> Vec<String> {
    let mut wrong = vec![];
    for rule in [
        GAVE_TOO_MUCH,
        UNITS_ARE_CONSERVED,
        UNITS_ARE_WHERE_LINES_SAY,
        LEDGER_BALANCES,
        EVERY_CENT_IS_BACK,
        REFUNDS_ARE_WORTH_THEIR_UNITS,
        TOTALS_ARE_SUMS,
    ] {
        let pool = market.server.server.app.store.pool();
        let found = sqlx::query_scalar::<_, String>(rule).fetch_all(pool).await;
        wrong.extend(found.expect("the books are read"));
    }
    wrong
}

/// Whatever a deed may leave a trace in.
const TABLES: [&str; 23] = [
    "orders",
    "order_lines",
    "order_events",
    "order_changes",
    "order_days",
    "packages",
    "cases",
    "case_lines",
    "case_events",
    "stock",
    "stock_holds",
    "stock_movements",
    "payments",
    "refunds",
    "ledger",
    "settlements",
    "conversations",
    "messages",
    "message_versions",
    "alerts",
    "audit_entries",
    "parcels",
    "coupons",
];

/// A fingerprint of every row in them, and how many facts there are: two that are the same say that nothing happened.
pub async fn trace(market: &Market) -> Vec<(String, String)> {
    let of = |table: &&str| {
        format!(
            "select '{table}', coalesce(md5(string_agg(t::text, '' order by t::text)), '') from {table} t"
        )
    };
    let tables = TABLES
        .iter()
        .map(of)
        .collect::<Vec<_>>()
        .join(" union all ");
    let facts = "select 'facts', count(*)::text from facts";
    let pool = market.server.server.app.store.pool();
    let sql = AssertSqlSafe(format!("{tables} union all {facts}"));
    sqlx::query_as(sql).fetch_all(pool).await.expect("the rows")
}
