-- Red packets in groups: what was sent, its shares, who took them; and what a shop owes its customers.

alter table ledger drop constraint ledger_accounts;
alter table ledger add column red_packet_id uuid, add column customer_id uuid;
alter table ledger add constraint ledger_accounts check (debit <> credit
  and debit in ('provider', 'orders', 'refunds', 'tomorrow', 'balance', 'withdrawn', 'packets', 'customers', 'paid_out')
  and credit in ('provider', 'orders', 'refunds', 'tomorrow', 'balance', 'withdrawn', 'packets', 'customers', 'paid_out'));
alter table ledger add constraint ledger_customer check ((debit = 'customers' or credit = 'customers') = (customer_id is not null));
comment on column ledger.debit is 'the account that the amount is taken from: provider (what providers hold for us, taken from by every payment), orders (customers'' money for orders under way), refunds (on its way back), tomorrow (earned, credited the next day), balance (the shop''s own), withdrawn, packets (in red packets that are open), customers (what the shop owes them), paid_out (what it owed them and has paid)';
comment on column ledger.red_packet_id is 'the red packet that it moves for';
comment on column ledger.customer_id is 'whose part of `customers` it is';
create index ledger_red_packet on ledger (red_packet_id) where red_packet_id is not null;
create index ledger_customer on ledger (shop_id, customer_id) where customer_id is not null;

create table customer_balances (
  shop_id uuid not null references shops,
  customer_id uuid not null references users,
  amount bigint not null constraint customer_balances_amount check (amount >= 0),
  primary key (shop_id, customer_id)
);
comment on table customer_balances is 'What a shop owes each customer: the sum of their entries in the ledger, kept so that one statement decides what can be paid out.';
create index customer_balances_of on customer_balances (customer_id, shop_id) where amount > 0;

create table red_packets (
  id uuid primary key,
  shop_id uuid not null references shops,
  conversation_id uuid not null references conversations,
  card_number bigint not null,
  state text not null constraint red_packets_state check (state in ('open', 'emptied', 'returned')),
  rules text not null,
  rules_hash text not null,
  commitment text not null,
  sealed_seed text not null,
  seed text,
  total bigint not null,
  shares integer not null constraint red_packets_shares check (shares between 1 and 500 and shares <= total),
  ends_at timestamptz not null,
  taken integer not null default 0 constraint red_packets_taken check (taken between 0 and shares),
  taken_amount bigint not null default 0 constraint red_packets_taken_amount check (taken_amount between 0 and total),
  last_link text not null,
  drawn integer not null default 0,
  sent_by uuid not null references users,
  sent_at timestamptz not null,
  closed_at timestamptz,
  kept_until timestamptz,
  constraint red_packets_emptied check (state <> 'emptied' or taken = shares and taken_amount = total),
  constraint red_packets_revealed check ((state = 'open') = (seed is null) and (state = 'open') = (closed_at is null))
) with (fillfactor = 50);
comment on table red_packets is 'A red packet in a group. Every share is taken by the one statement that counts its row up, so nobody takes what is not there.';
comment on column red_packets.rules is 'JSON as it was hashed, byte for byte';
comment on column red_packets.commitment is 'what the card shows from the beginning: hash of red packet, rules and seed';
comment on column red_packets.sealed_seed is 'the seed, sealed, while nobody may know it';
comment on column red_packets.seed is 'the same revealed, when it is over';
comment on column red_packets.total is 'minor units';
comment on column red_packets.ends_at is 'what nobody has taken by then goes back';
comment on column red_packets.taken is 'how many shares were taken: the place of the last one';
comment on column red_packets.last_link is 'the hash of the last share that was taken and of all before it';
comment on column red_packets.drawn is 'so many were taken when the card was drawn last';
comment on column red_packets.kept_until is 'nothing of it is removed before: two years from its end';
create index red_packets_shop on red_packets (shop_id, id);
create index red_packets_open on red_packets (ends_at) where state = 'open';
create index red_packets_group on red_packets (conversation_id) where state = 'open';
create index red_packets_stale on red_packets (id) where drawn < taken;
create index red_packets_kept on red_packets (kept_until) where kept_until is not null;

create function red_packets_stay_as_sent() returns trigger language plpgsql as $$
begin
  raise exception 'what was sent in a red packet cannot be changed';
end $$;
create trigger red_packets_stay_as_sent
  before update of shop_id, conversation_id, rules, rules_hash, commitment, total, shares, ends_at, sent_at on red_packets
  for each row
  when ((old.shop_id, old.conversation_id, old.rules, old.rules_hash, old.commitment, old.total, old.shares, old.ends_at, old.sent_at)
    is distinct from
    (new.shop_id, new.conversation_id, new.rules, new.rules_hash, new.commitment, new.total, new.shares, new.ends_at, new.sent_at))
  execute function red_packets_stay_as_sent();

create table red_packet_shares (
  red_packet_id uuid not null references red_packets on delete cascade,
  place integer not null,
  amount bigint not null constraint red_packet_shares_amount check (amount >= 1),
  primary key (red_packet_id, place)
);
comment on table red_packet_shares is 'What is in each share, split and shuffled when the red packet was sent: whoever comes first takes the first. Rows are never changed.';
create trigger red_packet_shares_are_final before update on red_packet_shares for each statement execute function refuse_change();

create table red_packet_takes (
  red_packet_id uuid not null,
  place integer not null,
  customer_id uuid not null references users,
  device_id text,
  salt text not null,
  person text not null,
  link text not null,
  taken_at timestamptz not null,
  primary key (red_packet_id, place),
  foreign key (red_packet_id, place) references red_packet_shares on delete cascade,
  constraint red_packet_takes_customer unique (red_packet_id, customer_id),
  constraint red_packet_takes_device unique (red_packet_id, device_id)
);
comment on table red_packet_takes is 'Who took which share: nobody two, and no device two. Rows are only added.';
comment on column red_packet_takes.device_id is 'the device that they were logged in by';
comment on column red_packet_takes.salt is 'known to the server and to that person: with it they find themselves in the file';
comment on column red_packet_takes.person is 'the pseudonym that the file has for them';
comment on column red_packet_takes.link is 'the hash of this share and of the link before it';
create index red_packet_takes_of on red_packet_takes (customer_id, red_packet_id);
