-- What a shop's figures are read from (src/figures): by shop and time.

create view takings as
  select p.shop_id, p.paid_at as at, p.order_id, p.amount as paid, 0::bigint as given_back
  from payments p
  union all
  select r.shop_id, r.settled_at, r.order_id, 0, r.amount
  from refunds r
  where r.state = 'succeeded';
comment on view takings is 'Money of orders that came in, and money that went back, each at its own time.';
comment on column takings.paid is 'minor units; 0: it is money that went back';
comment on column takings.given_back is 'minor units; 0: it is money that came in';

create index payments_paid on payments (shop_id, paid_at);
create index refunds_settled on refunds (shop_id, settled_at) where state = 'succeeded';
create index orders_placed on orders (shop_id, placed_at) where placed_at is not null;
create index coupons_used on coupons (shop_id, used_at) where used_at is not null;
-- Rows are never removed and come in the order of time: it costs a claim next to nothing.
create index coupons_claimed on coupons using brin (claimed_at);
