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

create table after_sale_rules (
  shop_id uuid primary key references shops,
  policy text not null default '' constraint after_sale_rules_policy check (char_length(policy) <= 2000),
  days integer not null default 15 constraint after_sale_rules_days check (days between 0 and 15),
  pictures_wanted boolean not null default false,
  approve_up_to bigint not null default 0 constraint after_sale_rules_approve check (approve_up_to >= 0),
  return_address text not null default '' constraint after_sale_rules_address check (char_length(return_address) <= 300)
);
comment on table after_sale_rules is 'What a shop promises when goods do not please; a shop without a row has the defaults.';
comment on column after_sale_rules.policy is 'shown to whoever applies (AFS-11)';
comment on column after_sale_rules.days is 'so long after completion the shop promises to take goods back; later requests are marked for the reviewer, until the 15 days of everybody are over';
comment on column after_sale_rules.pictures_wanted is 'requests without pictures are marked for the reviewer';
comment on column after_sale_rules.approve_up_to is 'refunds without return up to this amount are approved by the system, in minor units; 0: none (AFS-13)';
comment on column after_sale_rules.return_address is 'told with the approval of a return or an exchange';

create table after_sale_exceptions (
  product_id uuid primary key references products,
  shop_id uuid not null,
  kinds text[] not null constraint after_sale_exceptions_kinds check (cardinality(kinds) between 1 and 3),
  text text not null constraint after_sale_exceptions_text check (char_length(text) between 1 and 500)
);
comment on table after_sale_exceptions is 'Special goods (fresh, made to order): what can be asked for once they were sent (AFS-12).';
comment on column after_sale_exceptions.kinds is 'words of `CaseKind`';
comment on column after_sale_exceptions.text is 'why, and what is offered instead; whoever applies reads it';
create index after_sale_exceptions_shop on after_sale_exceptions (shop_id, product_id);
