-- Goods of paid orders that are not there (INV-04), and who waits for them (INV-05).

alter table order_lines
  add column short integer not null default 0 constraint order_lines_short check (short >= 0 and shipped + dropped + short <= units);
comment on column order_lines.short is 'units of those that are neither sent nor refunded which are not there: they are not held';

alter table orders add column arrived_at timestamptz;
comment on column orders.arrived_at is 'since then goods that it waited for are there again: it is shipped first';
create index orders_arrived on orders (shop_id, id)
  where arrived_at is not null and state in ('accepted', 'preparing', 'partially_shipped');

create table shortages (
  id uuid primary key,
  shop_id uuid not null references shops,
  order_id uuid not null references orders,
  line smallint not null,
  variant_id uuid not null references variants,
  title text not null,
  choice text[] not null,
  units integer not null constraint shortages_units check (units > 0),
  arrived integer not null default 0 constraint shortages_arrived check (arrived between 0 and units),
  reason text not null constraint shortages_reason
    check (reason in ('oversold', 'miscounted', 'damaged', 'supplier_late', 'discontinued', 'other')),
  remark text not null constraint shortages_remark check (char_length(remark) <= 200),
  offers jsonb not null,
  state text not null constraint shortages_state check (state in ('offered', 'waiting', 'refunded', 'replaced', 'arrived')),
  card_number bigint not null,
  marked_by uuid not null,
  marked_at timestamptz not null,
  chosen text constraint shortages_chosen check (chosen in ('similar', 'refund', 'wait')),
  taken uuid,
  chosen_by uuid,
  chosen_at timestamptz,
  case_id uuid references cases
) with (fillfactor = 70);
comment on table shortages is 'Units of an order''s line that staff could not find, what the customer was offered, and what they chose.';
comment on column shortages.line is 'of which line; a line has at most one that is offered or waiting';
comment on column shortages.title is 'what is not there, as it was agreed; the line may be about something similar by now';
comment on column shortages.arrived is 'units that have come in since';
comment on column shortages.reason is 'for the shop alone; counted over time';
comment on column shortages.remark is 'for the customer';
comment on column shortages.offers is '[{"variant_id", "product_id", "title", "choice", "list_price", "price", "total"}]: similar things, as they cost when they were offered';
comment on column shortages.card_number is 'the message in the order''s conversation that shows it';
comment on column shortages.taken is 'the variant of the offer that was taken';
comment on column shortages.chosen_by is 'the customer, or whoever of the staff gave the money back';
comment on column shortages.case_id is 'by which the money went back';
create unique index shortages_open on shortages (order_id, line) where state in ('offered', 'waiting');
create index shortages_waiting on shortages (shop_id, variant_id, order_id) where state in ('offered', 'waiting');
create index shortages_order on shortages (order_id, id);
create index shortages_marked on shortages (shop_id, marked_at);
