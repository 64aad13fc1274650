-- Money: what came in, what went back, whose it is.

create table payments (
  id uuid primary key,
  shop_id uuid not null references shops,
  order_id uuid not null references orders,
  method text not null constraint payments_method check (method in ('wechat_pay', 'alipay', 'offline', 'sandbox')),
  charge_id uuid,
  transaction_id text not null constraint payments_transaction check (char_length(transaction_id) between 1 and 128),
  amount bigint not null constraint payments_amount check (amount > 0),
  refunded bigint not null default 0,
  paid_at timestamptz not null,
  heard_at timestamptz not null,
  constraint payments_heard_once unique (method, transaction_id),
  constraint payments_refunded check (refunded between 0 and amount)
);
comment on table payments is 'Money that came in. The provider''s own number makes a repeated callback harmless.';
comment on column payments.charge_id is 'the charge that it pays, by a provider; null: by hand';
comment on column payments.refunded is 'of it went back or is on its way back';
create index payments_order on payments (order_id);

create table refunds (
  id uuid primary key,
  shop_id uuid not null references shops,
  order_id uuid not null references orders,
  payment_id uuid not null references payments,
  case_id uuid,
  amount bigint not null constraint refunds_amount check (amount > 0),
  reason text not null,
  state text not null default 'due' constraint refunds_state check (state in ('due', 'succeeded', 'stuck')),
  attempts integer not null default 0,
  next_at timestamptz not null,
  trouble text not null default '',
  created_at timestamptz not null,
  settled_at timestamptz,
  told_at timestamptz
);
comment on table refunds is 'Money that goes back. The id is the number that the provider knows it by, in every attempt.';
comment on column refunds.state is 'due: ordered, not confirmed; stuck: tried for days, staff have to look, and tried on twice a day';
comment on column refunds.told_at is 'when staff were told that it is stuck';
comment on column refunds.trouble is 'what the provider said last, when it did not do it';
create index refunds_due on refunds (next_at) where state in ('due', 'stuck');
create index refunds_order on refunds (order_id);

create table ledger (
  id bigint generated always as identity primary key,
  shop_id uuid not null,
  debit text not null,
  credit text not null,
  amount bigint not null constraint ledger_amount check (amount > 0),
  cause text not null,
  order_id uuid,
  refund_id uuid,
  at timestamptz not null,
  constraint ledger_accounts check (debit <> credit
    and debit in ('provider', 'orders', 'refunds', 'tomorrow', 'balance', 'withdrawn')
    and credit in ('provider', 'orders', 'refunds', 'tomorrow', 'balance', 'withdrawn'))
);
comment on table ledger is 'Double entry: every row takes from one account and gives to another, so the books balance by their shape. Rows cannot be changed or removed.';
comment on column ledger.debit is 'the account that the amount is taken from: provider (what providers hold for us, taken from by every payment), orders (customers'' money for orders under way), refunds (on its way back), tomorrow (earned, credited the next day), balance (the shop''s own), withdrawn';
comment on column ledger.credit is 'the account that it is given to';
create index ledger_debits on ledger (shop_id, debit);
create index ledger_credits on ledger (shop_id, credit);
create index ledger_order on ledger (order_id) where order_id is not null;
create trigger ledger_is_final before update or delete or truncate on ledger
  for each statement execute function refuse_change();

create index ledger_tail on ledger (shop_id, id);

create table ledger_totals (
  shop_id uuid not null,
  account text not null,
  amount bigint not null,
  primary key (shop_id, account)
);
comment on table ledger_totals is 'What each account holds by the entries up to `ledger_folded.through`: a balance is this and the few entries since then.';

create table ledger_folded (
  alone boolean primary key default true constraint ledger_folded_alone check (alone),
  through bigint not null
);
comment on table ledger_folded is 'One row: up to which entry, of all shops, the ledger is in `ledger_totals`. Every smaller number was committed before.';
insert into ledger_folded (through) values (0);

create table settlements (
  order_id uuid primary key references orders,
  shop_id uuid not null references shops,
  amount bigint not null constraint settlements_amount check (amount > 0),
  completed_on date not null,
  credited_at timestamptz
);
comment on table settlements is 'What a completed order earns its shop, credited on the day after in the shop''s time zone (T+1, PAY-04).';
create index settlements_waiting on settlements (completed_on) where credited_at is null;

create table charges (
  id uuid primary key,
  shop_id uuid not null references shops,
  order_id uuid not null references orders,
  method text not null constraint charges_method check (method in ('wechat_pay', 'alipay', 'sandbox')),
  amount bigint not null constraint charges_amount check (amount > 0),
  currency text not null,
  state text not null default 'open' constraint charges_state check (state in ('open', 'paid', 'closed')),
  expires_at timestamptz not null,
  ask_at timestamptz not null,
  created_at timestamptz not null
);
comment on table charges is 'What a provider was asked to take for an order. The id, without dashes, is the number that the provider knows it by.';
comment on column charges.ask_at is 'if no notice has come by then, the provider is asked';
create index charges_open on charges (ask_at) where state = 'open';
create index charges_order on charges (order_id);
