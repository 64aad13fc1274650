-- Orders: what was agreed, where each stands, and everything that was ever done with it.

alter table shops add column time_zone text not null default 'Asia/Shanghai' constraint shops_time_zone check (char_length(time_zone) between 1 and 64);
comment on column shops.time_zone is 'an IANA name: where the shop''s days begin and end';

create table order_rules (
  shop_id uuid primary key references shops,
  pay_within_minutes integer not null default 30 constraint order_rules_pay_within check (pay_within_minutes between 5 and 10080),
  remind_after_minutes integer[] not null default '{10,20}' constraint order_rules_reminders check (cardinality(remind_after_minutes) <= 5),
  received_after_days integer not null default 10 constraint order_rules_received check (received_after_days between 1 and 90),
  unpaid_at_most integer not null default 10 constraint order_rules_unpaid check (unpaid_at_most between 1 and 100),
  customers_may_edit boolean not null default true,
  review_blocks boolean not null default false,
  survey_when_completed boolean not null default true,
  policy text not null default '' constraint order_rules_policy check (char_length(policy) <= 2000),
  policy_version integer not null default 0
);
comment on table order_rules is 'How a shop deals with orders; a shop without a row has the defaults.';
comment on column order_rules.pay_within_minutes is 'an order that is not paid by then is cancelled by itself';
comment on column order_rules.remind_after_minutes is 'the customer is reminded to pay so long after placing it, once each (PAY-02)';
comment on column order_rules.received_after_days is 'so long after shipment the goods count as received';
comment on column order_rules.unpaid_at_most is 'so many orders of one customer may wait for their money: they hold goods';
comment on column order_rules.review_blocks is 'an order whose review finds something cannot be accepted (ORD-07)';
comment on column order_rules.survey_when_completed is 'customers are asked how it was: a completed order is told to whoever asks them (ORD-20)';
comment on column order_rules.policy is 'on cancelling, shown with every new order (ORD-23)';

create table order_days (
  shop_id uuid not null,
  day date not null,
  last bigint not null,
  primary key (shop_id, day)
) with (fillfactor = 50);
comment on table order_days is 'The last running number of each day of a shop (ORD-02).';

create table orders (
  id uuid primary key,
  shop_id uuid not null references shops,
  number text,
  customer_id uuid not null references users,
  conversation_id uuid not null references conversations,
  card_number bigint not null,
  source text not null constraint orders_source check (source in ('checkout', 'chat')),
  state text not null,
  payment_status text not null,
  terms text not null,
  delivery_method text not null,
  currency text not null,
  goods bigint not null constraint orders_goods check (goods >= 0),
  freight bigint not null constraint orders_freight check (freight >= 0),
  discount bigint not null default 0 constraint orders_discount check (discount >= 0),
  total bigint not null,
  paid bigint not null default 0 constraint orders_paid check (paid >= 0),
  refunded bigint not null default 0,
  extra bigint not null default 0 constraint orders_extra check (extra >= 0),
  revision integer not null default 1,
  hash bytea not null,
  version integer not null default 0,
  requests text not null,
  remark text not null default '',
  expected_at timestamptz,
  policy text not null,
  policy_version integer not null,
  recipient text,
  phone_index bytea,
  pickup_code text,
  person text,
  owner_id uuid references users,
  abnormal text,
  follow_up_at timestamptz,
  follow_up_by uuid,
  reminders smallint not null default 0,
  pay_by timestamptz,
  receive_by timestamptz,
  extended boolean not null default false,
  placed_at timestamptz,
  paid_at timestamptz,
  payment_method text,
  accepted_at timestamptz,
  shipped_at timestamptz,
  completed_at timestamptz,
  cancelled_at timestamptz,
  created_by uuid not null,
  created_at timestamptz not null,
  constraint orders_number_taken unique (shop_id, number),
  constraint orders_total check (total = goods + freight - discount and total >= 0),
  constraint orders_refunded check (refunded between 0 and paid)
) with (fillfactor = 60);
comment on table orders is 'One row an order or its preview. What was agreed changes by revisions only, where it stands by src/order/graph.rs only.';
comment on column orders.number is 'WS20250101001: the day in the shop''s time zone and its running number (ORD-02); null while it is a preview';
comment on column orders.card_number is 'the message in its conversation that shows it';
comment on column orders.goods is 'all lines together, in minor units of `currency`';
comment on column orders.extra is 'paid beyond the total, owed by nobody, until staff give it back (ORD-16)';
comment on column orders.revision is 'rises whenever what was agreed changes';
comment on column orders.hash is 'SHA-256 of what was agreed: who confirms names it';
comment on column orders.version is 'how many entries its history has';
comment on column orders.recipient is 'name, phone and address, sealed for this row; null: not known';
comment on column orders.phone_index is 'finds the order by the recipient''s phone, without holding it';
comment on column orders.person is 'who does the service';
comment on column orders.owner_id is 'who of the staff looks after it; null: the shared queue';
comment on column orders.abnormal is 'what is wrong with it, until somebody writes down how it ended (ORD-16)';
comment on column orders.reminders is 'so many reminders to pay have been sent';
comment on column orders.extended is 'the customer has asked for more time to receive, once';
create index orders_shop on orders (shop_id, id);
create index orders_state on orders (shop_id, state, id);
create index orders_customer on orders (customer_id, id);
create index orders_phone on orders (shop_id, phone_index) where phone_index is not null;
create index orders_unpaid on orders (pay_by) where state = 'pending_payment';
create index orders_unpaid_of on orders (shop_id, customer_id) where state = 'pending_payment';
create index orders_on_their_way on orders (receive_by) where state in ('shipped', 'in_transit');
create index orders_follow_up on orders (follow_up_at) where follow_up_at is not null;
create index orders_conversation on orders (conversation_id, id);

create table order_lines (
  order_id uuid not null references orders,
  line smallint not null,
  shop_id uuid not null,
  product_id uuid not null,
  variant_id uuid not null,
  bundle_id uuid,
  title text not null,
  choice text[] not null,
  units integer not null constraint order_lines_units check (units > 0),
  list_price bigint not null,
  price bigint not null constraint order_lines_price check (price >= 0),
  total bigint not null constraint order_lines_total check (total >= 0),
  shipped integer not null default 0,
  refunded integer not null default 0,
  case_id uuid,
  short_reason text,
  primary key (order_id, line),
  constraint order_lines_shipped check (shipped between 0 and units),
  constraint order_lines_refunded check (refunded between 0 and units)
) with (fillfactor = 70);
comment on table order_lines is 'What is in an order, as it was when it was agreed: the catalogue may change, this does not.';
comment on column order_lines.line is '1 and up';
comment on column order_lines.total is 'what the line costs after everything that is taken off, in minor units; a unit''s share is fixed by Money::first_units';
comment on column order_lines.shipped is 'units that have left the house';
comment on column order_lines.refunded is 'units whose money was given back, or is on its way';
comment on column order_lines.case_id is 'the after-sale case that is open on it';
comment on column order_lines.short_reason is 'why it cannot be delivered now (INV-04)';
create index order_lines_variant on order_lines (variant_id, order_id);

create table order_events (
  id bigint generated always as identity primary key,
  shop_id uuid not null,
  order_id uuid not null,
  version integer not null,
  deed text not null,
  state_before text,
  state text not null,
  actor_id uuid,
  actor_kind text not null,
  remark text not null,
  before jsonb,
  after jsonb,
  at timestamptz not null,
  constraint order_events_version_taken unique (order_id, version)
);
comment on table order_events is 'The history of every order: who did what when, and how it was before and after (ORD-25). Rows cannot be changed or removed.';
comment on column order_events.actor_kind is 'customer, staff, system, provider or carrier';
create trigger order_events_are_final before update or delete or truncate on order_events
  for each statement execute function refuse_change();

create table order_changes (
  id uuid primary key,
  shop_id uuid not null,
  order_id uuid not null references orders,
  asked jsonb not null,
  recipient text,
  state text not null constraint order_changes_state check (state in ('pending', 'approved', 'rejected')),
  asked_at timestamptz not null,
  decided_by uuid,
  decided_at timestamptz,
  answer text not null default ''
);
comment on table order_changes is 'What customers want changed in accepted orders; staff decide (ORD-14).';
comment on column order_changes.asked is 'what is wanted, without the recipient';
comment on column order_changes.recipient is 'the wanted recipient, sealed for this row';
create unique index order_changes_pending on order_changes (order_id) where state = 'pending';

create table packages (
  id uuid primary key,
  shop_id uuid not null,
  order_id uuid not null references orders,
  carrier text not null,
  tracking_number text not null constraint packages_number check (char_length(tracking_number) between 1 and 64),
  units jsonb not null,
  shipped_by uuid,
  shipped_at timestamptz not null,
  constraint packages_number_taken unique (order_id, carrier, tracking_number)
);
comment on table packages is 'What was sent with whom; an order may need several (LOG-05).';
comment on column packages.units is '[{"line": 1, "units": 2}]';
create index packages_tracking on packages (tracking_number);
create index packages_order on packages (order_id);

create table carriers (
  shop_id uuid not null references shops,
  code text not null constraint carriers_code check (code ~ '^[a-z0-9_]{1,40}$'),
  name text not null constraint carriers_name check (char_length(name) between 1 and 60),
  primary key (shop_id, code)
);
comment on table carriers is 'Who a shop ships with (LOG-01).';
comment on column carriers.code is 'as the tracking service calls it, e.g. shunfeng';

create table freight (
  shop_id uuid primary key references shops,
  fee bigint not null constraint freight_fee check (fee >= 0),
  free_from bigint constraint freight_free_from check (free_from > 0)
);
comment on table freight is 'What delivery costs (LOG-02); a shop without a row takes nothing.';
comment on column freight.free_from is 'goods for so much are sent free, in minor units; null: never free';
