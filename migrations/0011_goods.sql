-- What a shop sells, and how much of it lies on its shelves.

alter table shops add column currency text not null default 'CNY' constraint shops_currency check (currency ~ '^[A-Z]{3}$');
comment on column shops.currency is 'ISO 4217; all amounts of the shop are whole minor units of it, so it never changes';

create table exhibits (
  file_id uuid not null references files,
  shop_id uuid not null references shops,
  primary key (file_id, shop_id)
);
comment on table exhibits is 'Pictures in a shop''s window: whoever is logged in may fetch them, now and later, for old cards show them.';

create table products (
  id uuid primary key,
  shop_id uuid not null references shops,
  title text not null constraint products_title check (char_length(title) between 1 and 120),
  category text[] not null constraint products_category check (cardinality(category) between 1 and 5),
  description text not null constraint products_description check (char_length(description) between 1 and 10000),
  pictures uuid[] not null,
  illustrations uuid[] not null,
  list_price bigint not null,
  price bigint not null,
  labels text[] not null,
  tiers jsonb not null,
  options text[] not null constraint products_options check (cardinality(options) <= 3),
  listed boolean not null,
  created_at timestamptz not null,
  constraint products_prices check (price > 0 and price <= list_price)
);
comment on column products.category is 'the path, from the widest: {服饰,女装,连衣裙}';
comment on column products.pictures is 'files; the first is the main picture; at least 3 while it is listed (PROD-02)';
comment on column products.illustrations is 'files that illustrate the description, in order';
comment on column products.list_price is 'before any reduction, in minor units';
comment on column products.price is 'what it is sold for, in minor units';
comment on column products.tiers is '[{"from": 2, "off": 1000}]: from so many pieces so many basis points off, rising';
comment on column products.options is 'what a variant says, e.g. {尺码,颜色}; none: there is one variant';
comment on column products.listed is 'customers see it in the catalogue';
create index products_shop on products (shop_id, id);
create index products_listed on products (shop_id, id) where listed;
create index products_labels on products using gin (labels) where listed;

create table variants (
  id uuid primary key,
  shop_id uuid not null references shops,
  product_id uuid not null references products,
  choice text[] not null,
  sku text constraint variants_sku check (char_length(sku) between 1 and 64),
  created_at timestamptz not null,
  constraint variants_choice_taken unique (product_id, choice),
  constraint variants_sku_taken unique (shop_id, sku)
);
comment on table variants is 'What can be put into an order: one combination of a product''s options (PROD-03).';
comment on column variants.choice is 'one word for each of the product''s options, in their order';
comment on column variants.sku is 'the shop''s own number for it';

create table bundles (
  id uuid primary key,
  shop_id uuid not null references shops,
  title text not null constraint bundles_title check (char_length(title) between 1 and 120),
  saving bigint not null constraint bundles_saving check (saving > 0),
  listed boolean not null,
  created_at timestamptz not null
);
comment on table bundles is 'Products that cost less together than one by one (PROD-09).';
comment on column bundles.saving is 'how much less, in minor units; taken off the parts'' prices of the moment';
create index bundles_shop on bundles (shop_id, id);

create table bundle_parts (
  bundle_id uuid not null references bundles,
  place smallint not null,
  product_id uuid not null references products,
  pieces integer not null constraint bundle_parts_pieces check (pieces > 0),
  primary key (bundle_id, place)
);
comment on table bundle_parts is 'What is in a bundle; which variant of each product is chosen by who orders.';

create table stock (
  variant_id uuid primary key references variants,
  shop_id uuid not null references shops,
  on_hand bigint not null,
  held bigint not null constraint stock_held check (held >= 0),
  alert_below bigint constraint stock_alert_below check (alert_below > 0),
  alerted boolean not null default false,
  constraint stock_enough check (held <= on_hand)
) with (fillfactor = 70);
comment on table stock is 'One row a variant: the sums of its movements, for the statement that decides whether there is enough.';
comment on column stock.on_hand is 'units in the shop''s hands, promised ones included';
comment on column stock.held is 'units of these that are promised to holders; the rest can be sold';
comment on column stock.alert_below is 'fewer that can be sold: staff are alerted (INV-03); null: never';
comment on column stock.alerted is 'they were, since there was last enough';

-- The two tables below are written by statements that hold the variant's row in `stock`: a foreign key would lock what is hot once
-- more for every order (docs/decisions/003).
create table stock_holds (
  holder_id uuid not null,
  variant_id uuid not null,
  shop_id uuid not null,
  held bigint not null constraint stock_holds_held check (held >= 0),
  taken bigint not null default 0 constraint stock_holds_taken check (taken >= 0),
  returned bigint not null default 0 constraint stock_holds_returned check (returned between 0 and taken),
  primary key (holder_id, variant_id)
) with (fillfactor = 70);
comment on table stock_holds is 'What one holder (an order, an exchange) has of a variant: each unit is held, taken, or put back, and moves on once.';
create index stock_holds_variant on stock_holds (variant_id);

create table stock_movements (
  id bigint generated always as identity primary key,
  shop_id uuid not null,
  variant_id uuid not null,
  kind text not null constraint stock_movements_kind
    check (kind in ('received', 'written_off', 'counted', 'held', 'released', 'taken', 'put_back')),
  units bigint not null,
  holder_id uuid,
  actor_id uuid,
  note text not null default '' constraint stock_movements_note check (char_length(note) <= 500),
  at timestamptz not null,
  constraint stock_movements_holder check ((holder_id is not null) = (kind in ('held', 'released', 'taken', 'put_back')))
);
comment on table stock_movements is 'The journal: every level can be recomputed from it (`souk audit`). Rows cannot be changed or removed.';
comment on column stock_movements.units is 'how many moved; of `counted`: how many more than were known, or below zero fewer';
comment on column stock_movements.actor_id is 'who; null: the system';
create index stock_movements_variant on stock_movements (variant_id, id);
create trigger stock_movements_are_final before update or delete or truncate on stock_movements
  for each statement execute function refuse_change();
