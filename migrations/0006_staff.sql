-- Bots, the addresses that post into groups, and what each person wants to be alerted to.

create table bots (
  user_id uuid primary key references users,
  shop_id uuid not null references shops,
  created_by uuid not null references users,
  created_at timestamptz not null,
  retired_at timestamptz
);
comment on table bots is 'Programs that act for a shop. Their rights are the scopes of their row in staff; their token is a session of its own.';
comment on column bots.retired_at is 'for good: what it said stays, with its name';
create index bots_shop on bots (shop_id, user_id);

create table hooks (
  id uuid primary key,
  shop_id uuid not null references shops,
  conversation_id uuid not null references conversations,
  bot_id uuid not null references users,
  token_hash bytea not null,
  created_by uuid not null references users,
  created_at timestamptz not null,
  revoked_at timestamptz
);
comment on table hooks is 'Addresses that post into one group: whoever holds the token speaks as the hook''s own bot.';
comment on column hooks.token_hash is 'SHA-256 of the token in the address';
create unique index hooks_token on hooks (token_hash);
create index hooks_group on hooks (conversation_id, id) where revoked_at is null;

alter table users add column unwanted_alerts text[] not null default '{}';
comment on column users.unwanted_alerts is 'kinds of alert that this person has switched off (ALRT-04)';

create index staff_role on staff (role_id);
