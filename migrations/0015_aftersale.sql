-- After-sale: requests for money or goods back, what was done with each, and the shop's rules for them.

alter table order_lines
  add column dropped integer not null default 0 constraint order_lines_dropped check (dropped between 0 and refunded and shipped + dropped <= units);
comment on column order_lines.dropped is 'units of `refunded` that had not left the house: they never will';

create table cases (
  id uuid primary key,
  shop_id uuid not null references shops,
  order_id uuid not null references orders,
  customer_id uuid not null references users,
  conversation_id uuid not null references conversations,
  card_number bigint not null,
  kind text not null constraint cases_kind check (kind in ('refund_only', 'return_and_refund', 'exchange')),
  state text not null,
  sent boolean not null,
  amount bigint not null constraint cases_amount check (amount >= 0),
  reason text not null constraint cases_reason check (char_length(reason) between 1 and 500),
  pictures uuid[] not null constraint cases_pictures check (cardinality(pictures) <= 9),
  by_staff boolean not null,
  started_by uuid not null,
  outside_policy boolean not null default false,
  decided_by uuid,
  decided_at timestamptz,
  answer text not null default '',
  answer_pictures uuid[] not null default '{}',
  return_carrier text not null default '',
  return_number text not null default '',
  replacement_carrier text not null default '',
  replacement_number text not null default '',
  version integer not null default 1,
  created_at timestamptz not null
) with (fillfactor = 70);
comment on table cases is 'One row a request for money or goods back; where it stands changes by src/aftersale/graph.rs only.';
comment on column cases.card_number is 'the message in its conversation that shows it';
comment on column cases.sent is 'it is about goods that had left the house; else they need not be sent any more';
comment on column cases.amount is 'what goes back, in minor units of the order''s currency; 0 for an exchange';
comment on column cases.pictures is 'files of whoever began it';
comment on column cases.by_staff is 'staff began it (AFS-03)';
comment on column cases.outside_policy is 'the shop promises less: its reviewer decides (AFS-11)';
comment on column cases.decided_by is 'who approved or rejected it; null with a time: a rule did (AFS-13)';
comment on column cases.answer is 'why it was rejected, or what is wrong with the goods that came back';
comment on column cases.version is 'how many entries its history has';
create index cases_shop on cases (shop_id, id);
create index cases_pending on cases (shop_id, id) where state = 'pending_review';
create index cases_order on cases (order_id);
create index cases_customer on cases (customer_id, id);

create table case_lines (
  case_id uuid not null references cases,
  line smallint not null,
  shop_id uuid not null,
  units integer not null constraint case_lines_units check (units > 0),
  primary key (case_id, line)
);
comment on table case_lines is 'Units of the order''s lines that a case is about.';

create table case_events (
  shop_id uuid not null,
  case_id uuid not null references cases,
  version integer not null,
  deed text not null,
  state_before text,
  state text not null,
  actor_id uuid,
  actor_kind text not null,
  remark text not null,
  at timestamptz not null,
  primary key (case_id, version)
);
comment on table case_events is 'The history of every case. Rows cannot be changed or removed.';
comment on column case_events.actor_kind is 'customer, staff, system or provider';
create trigger case_events_are_final before update or delete or truncate on case_events
  for each statement execute function refuse_change();

create index refunds_case on refunds (case_id) where case_id is not null;
