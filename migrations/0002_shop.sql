-- Shops (the tenants), the people who sell, and the record of what they did.

create table shops (
  id uuid primary key,
  name text not null constraint shops_name check (char_length(name) between 1 and 100),
  certification text not null default 'uncertified' constraint shops_certification check (certification in ('uncertified', 'pending', 'certified', 'refused')),
  remembers_messages boolean not null default false,
  created_at timestamptz not null
);
comment on column shops.remembers_messages is 'somebody (a webhook, a bot) wants a fact for every message; off saves a row a message';

-- Advisory locks: the only ones that the server takes. Whatever changes rights in a shop has this number alone, whatever
-- relies on them shares it (src/rights/mod.rs). Two shops with the same number would wait for each other, nothing worse.
create function rights_of(shop uuid) returns bigint
language sql immutable strict parallel safe
as $$ select hashtextextended('rights of ' || shop::text, 0) $$;
comment on function rights_of is 'the number of the advisory lock that guards the rights in a shop';

alter table users add constraint users_home foreign key (home_id) references shops;

create table embed_keys (
  id text primary key constraint embed_keys_id check (octet_length(id) between 1 and 64),
  shop_id uuid not null references shops,
  secret text not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);
comment on table embed_keys is 'Secrets with which a shop signs its own users'' log-ins (HS256); two may be valid during a rotation.';
create index embed_keys_shop on embed_keys (shop_id);

alter table sessions add column embed_key text references embed_keys;
comment on column sessions.embed_key is 'the key that signed this log-in, if a shop did: it ends with its key';
create index sessions_embed_key on sessions (embed_key, access_expires_at, id) where embed_key is not null;

create view good_sessions as
  select s.*
  from sessions s
  join users u on u.id = s.user_id and u.session_era = s.era
  where s.revoked_at is null and not exists (select from embed_keys k where k.id = s.embed_key and k.revoked_at is not null);
comment on view good_sessions is 'Sessions that nobody has ended: neither they, nor all of their user''s, nor the key that signed them. Whether their time is over is the reader''s to say.';

create function open_session(id uuid, of_user uuid, device_id text, device_kind text, access_hash bytea, access_expires_at timestamptz,
  refresh_hash bytea, expires_at timestamptz, at timestamptz, embed_key text, most integer) returns void language plpgsql as $$
declare
  of_era bigint := (select u.session_era from users u where u.id = of_user);
begin
  insert into sessions (id, user_id, device_id, device_kind, access_hash, access_expires_at, refresh_hash, expires_at, refreshed_at,
    created_at, embed_key, era)
  values (id, of_user, device_id, device_kind, access_hash, access_expires_at, refresh_hash, expires_at, at, at, embed_key, of_era);
  -- A few a time, so that it is never much; whoever gives way to somebody else at this moment is left to them.
  with beyond as (
    select s.id from sessions s
    where s.user_id = of_user and s.era = of_era and s.revoked_at is null and s.id <> open_session.id
    order by s.id desc
    offset greatest(most, 1) - 1 limit 100
  ), oldest as (
    select s.id from sessions s where s.id in (select b.id from beyond b) for no key update skip locked
  ), gave_way as (
    update sessions s set revoked_at = at, revoked_because = 'gave_way' from oldest o
    where s.id = o.id and s.revoked_at is null
    returning s.id
  )
  insert into rechecks (user_id, what, reason) select of_user, 'sessions', 'gave_way' from gave_way limit 1;
end $$;
comment on function open_session is 'Keeps a session; of more than `most` of its user''s the oldest give way, and every node hears of it.';

create table roles (
  id uuid primary key,
  shop_id uuid references shops,
  name text not null constraint roles_name check (char_length(name) between 1 and 50),
  permissions text[] not null,
  constraint roles_name_taken unique nulls not distinct (shop_id, name)
);
comment on table roles is 'Built-in roles have no shop; a shop composes its own from single permissions (STAFF-05).';

-- Nobody gives what they do not hold: an administrator may chat so that they can take on agents.
insert into roles (id, shop_id, name, permissions) values
  ('00000000-0000-7000-8000-000000000001', null, 'owner', array[
    'chat', 'see_customers', 'manage_groups', 'manage_staff', 'manage_shop', 'manage_bots', 'manage_orders', 'manage_campaigns',
    'give_coupons', 'manage_products', 'see_finance', 'see_data', 'see_audit', 'moderate', 'verify_orders']),
  ('00000000-0000-7000-8000-000000000002', null, 'administrator', array['chat', 'see_data', 'manage_staff', 'see_audit']),
  ('00000000-0000-7000-8000-000000000003', null, 'operator', array[
    'chat', 'see_customers', 'manage_groups', 'manage_orders', 'manage_campaigns', 'manage_products', 'moderate']),
  ('00000000-0000-7000-8000-000000000004', null, 'agent', array['chat']);

create table staff (
  shop_id uuid not null references shops,
  user_id uuid not null references users,
  role_id uuid references roles,
  scopes text[],
  disabled_at timestamptz,
  created_at timestamptz not null,
  primary key (shop_id, user_id),
  constraint staff_role_or_scopes check (num_nonnulls(role_id, scopes) = 1)
);
comment on table staff is 'Who acts for a shop: people by a role, bots by scopes of their own.';
create index staff_user on staff (user_id);

create view posts as
  select s.shop_id, s.user_id, coalesce(r.name, 'bot') as role, coalesce(r.permissions, s.scopes) as permissions
  from staff s
  left join roles r on r.id = s.role_id
  where s.disabled_at is null;
comment on view posts is 'Places on a shop''s staff that are held now, with their permissions.';

create table bans (
  shop_id uuid not null references shops,
  user_id uuid not null references users,
  reason text not null,
  banned_by uuid not null references users,
  at timestamptz not null,
  primary key (shop_id, user_id)
);
comment on table bans is 'Customers who may not speak in this shop''s conversations.';

create view session_holders as
  select s.id as session_id, s.access_hash, s.access_expires_at,
    -- `good_sessions` said of one that is read already.
    s.revoked_at is not null or s.era <> u.session_era
      or exists (select from embed_keys k where k.id = s.embed_key and k.revoked_at is not null) as revoked,
    u.id as user_id, u.kind, u.name, u.avatar, u.home_id,
    exists (select from bans b where b.shop_id = u.home_id and b.user_id = u.id) as banned,
    coalesce((
      select jsonb_agg(jsonb_build_object('shop', p.shop_id, 'shop_name', h.name, 'role', p.role, 'permissions', p.permissions)
        order by p.shop_id)
      from posts p
      join shops h on h.id = p.shop_id
      where p.user_id = u.id
    ), '[]') as posts
  from sessions s
  join users u on u.id = s.user_id;
comment on view session_holders is 'Who is behind a session, as they are now: what every request asks first, in one statement.';

create table audit_entries (
  id bigint generated always as identity primary key,
  shop_id uuid references shops,
  actor_id uuid not null,
  action text not null constraint audit_entries_action check (action ~ '^[a-z_]+[.][a-z_]+$'),
  target text not null,
  before jsonb,
  after jsonb,
  at timestamptz not null
);
comment on table audit_entries is 'Who did what, when, and how it was before and after (SEC-03). Rows cannot be changed or removed.';
comment on column audit_entries.action is '`noun.done`, e.g. `staff.disabled` (src/audit/mod.rs)';
create index audit_entries_shop on audit_entries (shop_id, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is a record: rows are only added', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger audit_entries_are_final before update or delete or truncate on audit_entries
  for each statement execute function refuse_change();
