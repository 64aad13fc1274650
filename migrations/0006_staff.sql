-- Invitations to the staff, bots, the addresses that post into groups, and what each person wants to be alerted to.

create table staff_invites (
  id uuid primary key,
  shop_id uuid not null references shops,
  phone text not null,
  name text not null constraint staff_invites_name check (char_length(name) between 1 and 100),
  role_id uuid not null references roles,
  invited_by uuid not null references users,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  constraint staff_invites_once unique (shop_id, phone)
);
comment on table staff_invites is 'Who may come to the staff; the row goes when they come or decline, or it is taken back. It opens no account, and must not say whether the number has one.';
comment on column staff_invites.phone is 'E.164; for the merchant account that has it at the moment of coming, or that its owner opens by a first log-in by code';
comment on column staff_invites.name is 'what the shop calls them; the name of the account that they open by it';
create index staff_invites_phone on staff_invites (phone);

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
