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
  shop_id uuid,
  external_id text constraint users_external_id check (octet_length(external_id) between 1 and 200),
  banned_at timestamptz,
  created_at timestamptz not null,
  constraint users_belong check ((external_id is not null or kind = 'bot') = (shop_id is not null))
);
comment on table users is 'Whoever can say something. A customer and a merchant account on one phone number are two users (ACC-02).';
comment on column users.phone is 'E.164; proved by a code';
comment on column users.password_hash is 'argon2id, PHC string; null: logs in by code only';
comment on column users.two_factor is 'a code is asked for at every login, not only on a new device (ACC-10)';
comment on column users.shop_id is 'the shop that a bot, or a customer logged in by the shop''s own site, belongs to';
comment on column users.external_id is 'the embedding shop''s own id of this customer';
create unique index users_phone on users (kind, phone);
create unique index users_email on users (kind, email);
create unique index users_external on users (shop_id, external_id);

create table devices (
  user_id uuid not null references users,
  device_id text not null constraint devices_id check (octet_length(device_id) between 1 and 100),
  kind text not null default 'unknown',
  proved_at timestamptz not null,
  primary key (user_id, device_id)
);
comment on table devices is 'Clients on which a user has passed the extra proof of a first login (ACC-09).';
comment on column devices.kind is 'android, ios, desktop, web, mini_program, script or unknown; for people, never for rules';

create table sessions (
  id uuid primary key,
  user_id uuid not null references users,
  device_id text not null,
  access_hash bytea not null,
  access_expires_at timestamptz not null,
  refresh_hash bytea not null,
  former_refresh_hash bytea,
  refreshed_at timestamptz not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  revoked_because text
);
comment on table sessions is 'One login on one device. Tokens are opaque and stored as SHA-256.';
comment on column sessions.former_refresh_hash is 'the token before the last rotation: its use after the grace time means theft and revokes the session';
comment on column sessions.expires_at is 'absolute end; refreshing does not move it';
create unique index sessions_access on sessions (access_hash);
create unique index sessions_refresh on sessions (refresh_hash);
create unique index sessions_former_refresh on sessions (former_refresh_hash);
create index sessions_user on sessions (user_id) where revoked_at is null;

create table tickets (
  hash bytea primary key,
  session_id uuid not null references sessions,
  expires_at timestamptz not null
);
comment on table tickets is 'One-time tickets for opening a socket; taken by deleting the row.';

create table revocations (
  id bigint generated always as identity primary key,
  user_id uuid not null references users,
  session_id uuid,
  reason text not null,
  at timestamptz not null default clock_timestamp()
);
comment on table revocations is 'What every node must hear within two seconds, even with no Redis: each node polls the newest rows.';
comment on column revocations.session_id is 'null: all of the user''s sessions must look at their rights again';
create index revocations_at on revocations (at);

create table idempotency_keys (
  principal uuid not null,
  route text not null,
  key text not null constraint idempotency_keys_key check (octet_length(key) between 1 and 255),
  fingerprint bytea not null,
  status smallint,
  body bytea,
  created_at timestamptz not null,
  primary key (principal, route, key)
);
comment on table idempotency_keys is 'The first answer to a POST that creates, given again to a retry; kept for 24 hours.';
comment on column idempotency_keys.status is 'null while the first request is under way';
create index idempotency_keys_created_at on idempotency_keys (created_at);
