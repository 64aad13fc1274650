-- What a log-in needs besides accounts and sessions: codes, what is sent to people, and how often is too often.

create table secrets (
  name text primary key,
  value bytea not null
);
comment on table secrets is 'Secrets that all nodes share, made with the database.';
insert into secrets (name, value) values
  ('codes', decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

create table codes (
  id uuid primary key,
  account text not null constraint codes_account check (account in ('customer', 'merchant')),
  contact text not null,
  purpose text not null constraint codes_purpose check (purpose in ('register', 'log_in', 'set_password')),
  hash bytea not null,
  tries_left smallint not null,
  used_at timestamptz,
  expires_at timestamptz not null
);
comment on table codes is 'Requests for a 6-digit code: each good for one use, a few tries, one contact and one purpose (ACC-03).';
comment on column codes.contact is 'phone (E.164) or e-mail in lower case';
comment on column codes.hash is 'HMAC-SHA256 of request and code, with the secret ''codes''';
create index codes_expires_at on codes (expires_at);

create table outgoing_messages (
  id bigint generated always as identity primary key,
  channel text not null constraint outgoing_messages_channel check (channel in ('sms', 'email')),
  recipient text not null,
  text text not null,
  forget_at timestamptz not null,
  created_at timestamptz not null
);
comment on table outgoing_messages is 'Texts to phones and mailboxes. The development profile shows them on a page.';
comment on column outgoing_messages.forget_at is 'the row goes when its code is worthless';
create index outgoing_messages_forget_at on outgoing_messages (forget_at);

create table allowances (
  subject bytea primary key,
  used integer not null,
  renews_at timestamptz not null
);
comment on table allowances is 'How much of a limit (so many in such a time) somebody has used. Only a hash of the subject is kept.';
create index allowances_renews_at on allowances (renews_at);

create table attempts (
  subject bytea primary key,
  failures integer not null,
  next_at timestamptz not null,
  last_at timestamptz not null
);
comment on table attempts is 'Guesses at a secret. Counted before the guess is checked and struck out when it was right, so that many at once are no way around the delay.';
comment on column attempts.next_at is 'not before then; the delay doubles with every failure';
create index attempts_last_at on attempts (last_at);
