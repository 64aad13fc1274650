-- Promotions: what a shop takes off, or gives on top, for a time, and to whom it did.

create table promotions (
  id uuid primary key,
  shop_id uuid not null references shops,
  name text not null constraint promotions_name check (char_length(name) between 1 and 60),
  kind text not null constraint promotions_kind check (kind in ('flash', 'tiered')),
  terms jsonb not null,
  stacks_with_coupons boolean not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  stopped_at timestamptz,
  created_by uuid not null references users,
  created_at timestamptz not null,
  constraint promotions_period check (starts_at < ends_at)
);
comment on table promotions is 'Flash discounts, full reductions and gifts of shops (PRO-01, PRO-03, PRO-04).';
comment on column promotions.kind is 'flash: a share off chosen products; tiered: money off or gifts from an amount or a number of pieces on';
comment on column promotions.terms is 'src/promotion/terms.rs; as they are from `starts_at` on they stay';
comment on column promotions.stacks_with_coupons is 'false: whatever it is for, a coupon does not count for (decision 20 of the specification)';
comment on column promotions.ends_at is 'not then any more';
comment on column promotions.stopped_at is 'when staff ended it before that';
create index promotions_shop on promotions (shop_id, id);
create index promotions_tiered on promotions (shop_id, ends_at) where kind = 'tiered' and stopped_at is null;

create table flash_products (
  product_id uuid not null references products,
  promotion_id uuid not null references promotions,
  shop_id uuid not null,
  off integer not null constraint flash_products_off check (off between 1 and 9999),
  primary key (product_id, promotion_id)
);
comment on table flash_products is 'Which products a flash discount is for.';
comment on column flash_products.off is 'basis points off the product''s price';
create index flash_products_promotion on flash_products (promotion_id);

-- The one place that says which flash discount counts for a product at a moment: the one that takes most off, of equals the older.
-- A single `select`, so that the planner puts it into the statement that asks; no moment: none.
create function flash_at(shop uuid, product uuid, moment timestamptz)
returns table (flash uuid, flash_name text, flash_off integer, flash_ends_at timestamptz, flash_stacks boolean)
language sql stable as $$
  select f.promotion_id, p.name, f.off, p.ends_at, p.stacks_with_coupons
  from flash_products f
  join promotions p on p.id = f.promotion_id
  where f.shop_id = shop and f.product_id = product and p.starts_at <= moment and p.ends_at > moment and p.stopped_at is null
  order by f.off desc, f.promotion_id
  limit 1
$$;

-- No foreign key to promotions: whoever orders must not lock the promotion (docs/decisions/003).
create table order_promotions (
  order_id uuid not null references orders,
  promotion_id uuid not null,
  shop_id uuid not null,
  name text not null,
  kind text not null constraint order_promotions_kind check (kind in ('flash', 'tiered')),
  stacks_with_coupons boolean not null,
  reached bigint,
  reduced bigint not null constraint order_promotions_reduced check (reduced >= 0),
  lines smallint[] not null,
  gift_lines smallint[] not null,
  judged_at timestamptz not null,
  primary key (order_id, promotion_id),
  constraint order_promotions_tier check ((reached is not null) = (kind = 'tiered'))
);
comment on table order_promotions is 'What promotions did for an order, as it was agreed.';
comment on column order_promotions.reached is 'from where on the tier counts that was reached';
comment on column order_promotions.reduced is 'tiered: its part of the order''s discount; flash: what is in the prices of its lines already; minor units';
comment on column order_promotions.lines is 'lines of the order that it counted for';
comment on column order_promotions.gift_lines is 'lines of the order that it gave';
comment on column order_promotions.judged_at is 'it was running then';
create index order_promotions_promotion on order_promotions (promotion_id, order_id);

alter table shop_links add column promotion_id uuid references promotions;
comment on column shop_links.promotion_id is 'to the page of a promotion (PRO-06); never beside a product';
alter table shop_links add constraint shop_links_target check (product_id is null or promotion_id is null);
alter table shop_links drop constraint shop_links_shared_once;
alter table shop_links add constraint shop_links_shared_once unique nulls not distinct (shop_id, product_id, promotion_id, channel, sharer_id);
comment on column shop_links.product_id is 'null: to the shop itself, or to a promotion';
