-- Groups: conversations of many that belong to a shop, and the ways into them.

create table groups (
  conversation_id uuid primary key references conversations,
  shop_id uuid not null references shops,
  name text not null constraint groups_name check (char_length(name) between 1 and 100),
  announcement text not null default '' constraint groups_announcement check (char_length(announcement) <= 2000),
  join_approval boolean not null default false,
  members integer not null default 0 constraint groups_members check (members >= 0),
  created_by uuid not null references users,
  created_at timestamptz not null
) with (fillfactor = 80);
comment on table groups is 'What a group has besides its conversation, whose id it shares. Changed only while the conversation''s row is locked.';
comment on column groups.join_approval is 'who comes by a link, or by an ordinary member''s invitation, waits for a manager';
comment on column groups.members is 'how many open memberships there are: taking places asks this number, so that a full group is told without counting';
create index groups_shop on groups (shop_id, conversation_id);

create unique index memberships_owner on memberships (conversation_id) where role = 3 and left_number is null;
create index memberships_joined on memberships (conversation_id, joined_number, user_id) where left_number is null;

create table invites (
  id uuid primary key,
  conversation_id uuid not null references groups,
  inviter_id uuid not null references users,
  invitee_id uuid references users,
  token_hash bytea,
  vouched boolean not null,
  uses_left integer not null constraint invites_uses_left check (uses_left >= 0),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null,
  constraint invites_link_or_personal check (num_nonnulls(invitee_id, token_hash) = 1)
);
comment on table invites is 'Ways into a group that remember who opened them (GRP-02): a link for whoever holds it, or an invitation of one person.';
comment on column invites.invitee_id is 'a personal invitation; null: a link';
comment on column invites.token_hash is 'SHA-256 of a link''s token';
comment on column invites.vouched is 'a personal invitation by somebody who may add people: needs no approval';
comment on column invites.uses_left is 'asking to join takes one, whether or not a manager approves';
create unique index invites_token on invites (token_hash);
create unique index invites_personal on invites (conversation_id, inviter_id, invitee_id) where invitee_id is not null;
create index invites_open on invites (conversation_id, id) where revoked_at is null and uses_left > 0;
create index invites_mine on invites (invitee_id, id) where revoked_at is null and uses_left > 0;

create table join_requests (
  conversation_id uuid not null references groups,
  user_id uuid not null references users,
  inviter_id uuid not null references users,
  asked_at timestamptz not null,
  primary key (conversation_id, user_id)
);
comment on table join_requests is 'People whose joining waits for a manager; the row goes when one decides.';
create index join_requests_asked on join_requests (conversation_id, asked_at, user_id);
