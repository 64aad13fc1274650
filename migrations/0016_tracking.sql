-- Parcels on their way: who is asked where they are, what was heard of each, which are late.

create table parcel_rules (
  shop_id uuid primary key references shops,
  late_after_days integer not null constraint parcel_rules_late check (late_after_days between 1 and 60)
);
comment on table parcel_rules is 'When a shop takes a parcel for late; a shop without a row has the default.';
comment on column parcel_rules.late_after_days is 'so long after shipment, unless the order says when it is expected';

create table parcels (
  package_id uuid primary key references packages,
  shop_id uuid not null references shops,
  order_id uuid not null references orders,
  carrier text not null,
  tracking_number text not null,
  expected_at timestamptz not null,
  token_hash bytea,
  secret text,
  follow text not null default 'due' constraint parcels_follow check (follow in ('due', 'followed', 'nobody', 'unfit', 'over')),
  attempts integer not null default 0,
  next_at timestamptz not null,
  trouble text not null default '',
  state text not null default 'sent',
  state_at timestamptz,
  out_told_at timestamptz,
  signed_told_at timestamptz,
  late_told_at timestamptz,
  constraint parcels_token_taken unique (token_hash)
) with (fillfactor = 70);
comment on table parcels is 'What became of each package after it left (LOG-08).';
comment on column parcels.carrier is 'as the tracker knows it, which may put right what the shop said';
comment on column parcels.expected_at is 'past it the parcel is late (LOG-09)';
comment on column parcels.token_hash is 'SHA-256 of the unguessable part of the address that news are posted to';
comment on column parcels.secret is 'that part and the salt of the signatures, sealed for this row';
comment on column parcels.follow is 'due: the tracker shall be asked; followed: it was; nobody: there is none; unfit: it cannot follow this one; over: it has stopped';
comment on column parcels.state is 'where it is, by the newest that was heard';
comment on column parcels.state_at is 'when that happened: what is older changes nothing';
comment on column parcels.out_told_at is 'the customer was told that it is brought today';
create index parcels_to_follow on parcels (next_at) where follow = 'due';
create index parcels_untold on parcels (expected_at) where late_told_at is null and state not in ('signed', 'returned');
create index parcels_under_way on parcels (shop_id, package_id) where state not in ('signed', 'returned');
create index parcels_order on parcels (order_id);

create table parcel_events (
  package_id uuid not null references parcels,
  at timestamptz not null,
  words_hash bytea not null,
  shop_id uuid not null,
  words text not null constraint parcel_events_words check (char_length(words) between 1 and 500),
  place text not null,
  heard_at timestamptz not null,
  primary key (package_id, at, words_hash)
);
comment on table parcel_events is 'The trace of a parcel, each event once, however often it is told.';
comment on column parcel_events.at is 'when the carrier says that it happened; a day or more ahead it counts from heard_at';
comment on column parcel_events.words_hash is 'SHA-256 of the words: with the time it tells events apart';
