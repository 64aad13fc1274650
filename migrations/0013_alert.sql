-- What asks for a shop's staff, and what each of them has read.

-- No foreign keys: an order's work writes an alert, and must not lock its shop (docs/decisions/003).
create table alerts (
  id uuid primary key,
  shop_id uuid not null,
  kind text not null,
  permission text not null,
  conversation_id uuid,
  order_id uuid,
  case_id uuid,
  text text not null,
  at timestamptz not null
);
comment on table alerts is 'What asks for somebody of the staff. Kept for a month, read or not.';
comment on column alerts.kind is 'a word of `AlertKind`; each person chooses which ones they want (users.unwanted_alerts)';
comment on column alerts.permission is 'whoever holds it in the shop, now, may see the alert';
comment on column alerts.conversation_id is 'where it leads, as are order_id and case_id; null: not there';
comment on column alerts.text is 'at most 500 characters';
create index alerts_entitled on alerts (shop_id, permission, id);
create index alerts_at on alerts using brin (at);

create table alerts_read (
  shop_id uuid not null,
  user_id uuid not null references users,
  up_to uuid not null,
  primary key (shop_id, user_id)
);
comment on table alerts_read is 'How far each member of the staff has read: this alert and all before it. Ids rise with time.';

create view alert_hearers as
  select a.id as alert_id, p.user_id
  from alerts a
  join posts p on p.shop_id = a.shop_id and a.permission = any (p.permissions)
  join users u on u.id = p.user_id and a.kind <> all (u.unwanted_alerts);
comment on view alert_hearers is 'Who may see an alert and wants it, now.';

create table push_keys (
  one boolean primary key default true constraint push_keys_one check (one),
  sealed text not null,
  public text not null
);
comment on table push_keys is 'The key pair by which push services know us (RFC 8292); one row.';
comment on column push_keys.sealed is 'PKCS #8; sealed: v1.KEY.…';
comment on column push_keys.public is 'what browsers subscribe with, base64url';

create table push_subscriptions (
  session_id uuid primary key references sessions on delete cascade,
  user_id uuid not null references users,
  endpoint text not null constraint push_subscriptions_endpoint unique
    constraint push_subscriptions_length check (octet_length(endpoint) between 1 and 2048),
  p256dh bytea not null constraint push_subscriptions_p256dh check (octet_length(p256dh) = 65),
  auth bytea not null constraint push_subscriptions_auth check (octet_length(auth) = 16),
  created_at timestamptz not null
);
comment on table push_subscriptions is 'Browsers that are reached while their person is not on the line; one for each session, and it ends with it.';
comment on column push_subscriptions.endpoint is 'where the browser''s push service takes what is for it';
comment on column push_subscriptions.p256dh is 'the browser''s public key, an uncompressed point of P-256';
comment on column push_subscriptions.auth is 'a secret that it shares with us (RFC 8291)';
create index push_subscriptions_user on push_subscriptions (user_id);

create table push_deliveries (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references push_subscriptions on delete cascade,
  alert_id uuid not null references alerts on delete cascade,
  state text not null default 'waiting' constraint push_deliveries_state check (state in ('waiting', 'sent', 'spared', 'failed')),
  due_at timestamptz not null,
  leased_until timestamptz,
  attempt integer not null default 0,
  settled_at timestamptz,
  created_at timestamptz not null,
  constraint push_deliveries_once unique (session_id, alert_id)
);
comment on table push_deliveries is 'One alert on its way to one browser. Kept for a day.';
comment on column push_deliveries.state is 'spared: its person was on the line, had read it, or could not or would not see it any more; failed: given up';
comment on column push_deliveries.leased_until is 'an attempt is under way until then; later, its sender is taken for dead';
comment on column push_deliveries.attempt is 'attempts begun: only the newest may say how it went';
create index push_deliveries_due on push_deliveries (due_at) where state = 'waiting';
create index push_deliveries_waiting on push_deliveries (session_id, due_at, id) where state = 'waiting';
create index push_deliveries_alert on push_deliveries (alert_id);
create index push_deliveries_created on push_deliveries (created_at);
