-- People and bots, the devices they use, and the sessions that prove who is asking.

create table users (
  id uuid primary key,
  kind text not null constraint users_kind check (kind in ('customer', 'merchant', 'bot')),
  name text not null constraint users_name check (char_length(name) between 1 and 100),
  avatar uuid,
  phone text,
  email text,
  password_hash text,
  two_factor boolean not null default false,
  home_id uuid,
  external_id text constraint users_external_id check (char_length(external_id) between 1 and 128),
  session_era bigint not null default 0,
  sessions_ended_at timestamptz,
  sessions_ended_because text,
  created_at timestamptz not null,
  constraint users_two_factor check (password_hash is not null or not two_factor),
  constraint users_belong check ((external_id is not null or kind = 'bot') = (home_id is not null))
);
comment on table users is 'Whoever can say something. A customer and a merchant account on one phone number are two users (ACC-02).';
comment on column users.phone is 'E.164; proved by a code';
comment on column users.password_hash is 'argon2id, PHC string; null: logs in by code only';
comment on column users.two_factor is 'a code is asked for at every login, not only on a new device (ACC-10)';
comment on column users.home_id is 'the shop that a bot, or a customer logged in by the shop''s own site, belongs to';
comment on column users.external_id is 'the embedding shop''s own id of this customer';
comment on column users.session_era is 'sessions of another era are over: all of them end by this one number, however many there are';
comment on column users.sessions_ended_at is 'when an era ended last, for people who ask why';
create unique index users_phone on users (kind, phone);
create unique index users_email on users (kind, email);
create unique index users_external on users (home_id, external_id);

create table devices (
  user_id uuid not null references users,
  device_id text not null constraint devices_id check (octet_length(device_id) between 1 and 100),
  proved_at timestamptz not null,
  primary key (user_id, device_id)
);
comment on table devices is 'Clients on which a user has passed the extra proof of a first login (ACC-09).';

create table sessions (
  id uuid primary key,
  user_id uuid not null references users,
  device_id text not null,
  device_kind text not null default 'unknown',
  access_hash bytea not null,
  access_expires_at timestamptz not null,
  refresh_hash bytea not null,
  refreshed_at timestamptz not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  era bigint not null default 0,
  revoked_at timestamptz,
  revoked_because text
);
comment on table sessions is 'One login on one device. Tokens are opaque and stored as SHA-256.';
comment on column sessions.device_kind is 'android, ios, desktop, web, mini_program, script or unknown; for people, never for rules';
comment on column sessions.era is 'the user''s when it was opened; whether it is good is read from the view `good_sessions`';
comment on column sessions.revoked_at is 'when this one was ended alone; most end with their era or their key';
comment on column sessions.expires_at is 'absolute end; refreshing does not move it';
create unique index sessions_access on sessions (access_hash);
create unique index sessions_refresh on sessions (refresh_hash);
create index sessions_expires_at on sessions (expires_at);

create table spent_refresh_tokens (
  hash bytea primary key,
  session_id uuid not null references sessions on delete cascade,
  nonce bytea not null,
  spent_at timestamptz not null
);
comment on table spent_refresh_tokens is 'Every refresh token that was exchanged: using one again means that two people hold it, and ends the session.';
comment on column spent_refresh_tokens.nonce is 'with the spent token itself this makes its successor, so that a repeat within the grace time gets the same answer';
create index spent_refresh_tokens_session on spent_refresh_tokens (session_id);
create index sessions_user on sessions (user_id, era, id) where revoked_at is null;

create table tickets (
  hash bytea primary key,
  session_id uuid not null references sessions on delete cascade,
  expires_at timestamptz not null
);
comment on table tickets is 'One-time tickets for opening a socket; taken by deleting the row.';

create table rechecks (
  id bigint generated always as identity primary key,
  user_id uuid not null references users,
  what text not null constraint rechecks_what check (what in ('sessions', 'person', 'rights')),
  reason text not null,
  at timestamptz not null default clock_timestamp()
);
comment on table rechecks is 'What every node must hear within two seconds, even with no Redis: each polls the newest rows and looks again at the open lines of the user.';
comment on column rechecks.what is 'how much of them: whether sessions are over; and name, picture, alerts; and posts, groups, whom they watch';
comment on column rechecks.reason is 'for people who ask; no rule reads it';
create index rechecks_at on rechecks (at);

create table idempotency_keys (
  principal uuid not null,
  route text not null,
  key bytea not null,
  fingerprint bytea not null,
  execution uuid not null,
  status smallint,
  body bytea,
  created_at timestamptz not null,
  primary key (principal, route, key)
);
comment on table idempotency_keys is 'What was done by a POST that creates, and its answer, given again to a retry; kept for 24 hours.';
comment on column idempotency_keys.principal is 'the user, or for strangers a hash of their address';
comment on column idempotency_keys.key is 'SHA-256 of the key; the key itself unseals the answer';
comment on column idempotency_keys.execution is 'who did it; the row is written in the very transaction that did the work, so another execution can do nothing';
comment on column idempotency_keys.status is 'null while the answer is on the way, or if the node died before it answered';
comment on column idempotency_keys.body is 'sealed with the key and the request, for it may hold tokens';
create index idempotency_keys_created_at on idempotency_keys (created_at);
