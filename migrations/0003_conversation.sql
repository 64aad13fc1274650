-- Conversations and their log: dense numbers, versions kept as evidence, reading positions.

create table conversations (
  id uuid primary key,
  kind text not null constraint conversations_kind check (kind in ('shop', 'direct', 'group')),
  shop_id uuid references shops,
  person_a uuid references users,
  person_b uuid references users,
  source text,
  assignee_id uuid references users,
  number bigint not null default 0,
  revision bigint not null default 0,
  all_muted boolean not null default false,
  closed_at timestamptz,
  active_at timestamptz not null,
  created_at timestamptz not null,
  constraint conversations_people check (
    case kind
      when 'shop' then shop_id is not null and person_a is not null and person_b is null
      when 'direct' then shop_id is null and person_a < person_b
      else shop_id is not null and person_a is null and person_b is null
    end)
) with (fillfactor = 60);
comment on table conversations is 'Who talks with whom. The row is the one place where message numbers come from.';
comment on column conversations.person_a is 'the customer (kind shop), or the smaller of the two people''s ids (kind direct)';
comment on column conversations.source is 'where the customer came from when it was opened (CHAT-02)';
comment on column conversations.assignee_id is 'the member of staff who answers for it; the conversation is the shop''s all the same (STAFF-08)';
comment on column conversations.number is 'the newest message: taken and raised only by append_messages';
comment on column conversations.revision is 'counts changes made in place; dense like number';
comment on column conversations.active_at is 'last activity, up to two seconds too old so that hot rows stay out of their indexes; database clock';
create unique index conversations_shop_customer on conversations (shop_id, person_a) where kind = 'shop';
create unique index conversations_pair on conversations (person_a, person_b) where kind = 'direct';
create index conversations_shop_active on conversations (shop_id, active_at desc, id desc) where kind = 'shop';
create index conversations_active on conversations (active_at);

create table memberships (
  conversation_id uuid not null references conversations,
  user_id uuid not null references users,
  joined_number bigint not null,
  left_number bigint,
  known_as text,
  role smallint not null default 1 constraint memberships_role check (role between 1 and 3),
  inviter_id uuid references users,
  muted_until timestamptz,
  joined_at timestamptz not null,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (conversation_id, user_id, joined_number),
  constraint memberships_interval check (left_number >= joined_number)
);
comment on table memberships is 'Intervals of taking part: nobody is shown a message outside of theirs. Staff need none in their shop''s customer conversations; in its groups they and its bots have theirs while they have a post (let_go.rs).';
comment on column memberships.joined_number is 'the first message that this person may see';
comment on column memberships.left_number is 'the last message that this person may see; null: still in it';
comment on column memberships.known_as is 'the group''s name when the time ended: all that this person knows of it since';
comment on column memberships.role is '1 member, 2 manager, 3 owner';
comment on column memberships.changed_at is 'database clock; nodes poll it in case the bus lost the change';
create unique index memberships_now on memberships (conversation_id, user_id) where left_number is null;
create index memberships_user on memberships (user_id) where left_number is null;
create index memberships_changed on memberships (changed_at);

create table messages (
  conversation_id uuid not null,
  number bigint not null,
  sender_id uuid,
  as_shop boolean not null default false,
  client_message_id text collate "C" constraint messages_client_id check (octet_length(client_message_id) between 1 and 64),
  fingerprint bigint not null,
  sent_at timestamptz not null,
  text text not null,
  extra bytea,
  card bytea,
  version integer not null default 1,
  version_by uuid,
  revision bigint not null default 0,
  edited_at timestamptz,
  recalled_at timestamptz,
  pinned_at timestamptz,
  primary key (conversation_id, number)
);
comment on table messages is
  'The log. Written only by append_messages, which has locked the conversation and seen the sender''s membership: foreign keys '
  'would ask the same again for every row (measured: 16 times slower). What changes in place leaves its former version behind.';
comment on column messages.sender_id is 'null: the server itself (a notice)';
comment on column messages.as_shop is 'the sender spoke for the shop';
comment on column messages.fingerprint is 'of what was sent: tells a retry from a reused client message id';
comment on column messages.text is 'the words, a caption, or a card''s summary';
comment on column messages.extra is 'protobuf souk.Message with everything else that was sent (attachments, quote, mentions); null for plain words';
comment on column messages.card is 'protobuf souk.Card, relayed unopened; replaced by redraw';
comment on column messages.version_by is 'who made this version of it; null: as it was sent, or the server itself';
comment on column messages.recalled_at is 'words, attachments and card are blank from then on: only message_versions still has them';
comment on column messages.revision is 'the conversation''s revision of the last change in place, 0 if never changed';
create unique index messages_client_id on messages (conversation_id, sender_id, client_message_id);
create index messages_revision on messages (conversation_id, revision) where revision > 0;
create index messages_pinned on messages (conversation_id, number) where pinned_at is not null;

create table message_versions (
  conversation_id uuid not null,
  number bigint not null,
  version integer not null,
  text text not null,
  extra bytea,
  card bytea,
  replaced_by uuid,
  replaced_at timestamptz not null default clock_timestamp(),
  primary key (conversation_id, number, version)
);
comment on table message_versions is 'What a message said before it was edited, recalled or redrawn: evidence (CHAT-08).';
comment on column message_versions.replaced_by is 'who edited, recalled or redrew it; null: the server itself';
create trigger message_versions_are_final before update or delete or truncate on message_versions
  for each statement execute function refuse_change();

create function keep_former_version() returns trigger language plpgsql as $$
begin
  if (old.conversation_id, old.number, old.sender_id, old.as_shop, old.client_message_id, old.fingerprint, old.sent_at)
    is distinct from (new.conversation_id, new.number, new.sender_id, new.as_shop, new.client_message_id, new.fingerprint, new.sent_at) then
    raise exception 'a message keeps its place, sender and time' using errcode = 'restrict_violation';
  end if;
  if new.revision <= old.revision then
    raise exception 'a change in place is counted' using errcode = 'restrict_violation';
  end if;
  if (new.text, new.extra, new.card, new.recalled_at) is distinct from (old.text, old.extra, old.card, old.recalled_at) then
    if new.version <> old.version + 1 then
      raise exception 'a new version has the next number' using errcode = 'restrict_violation';
    end if;
    insert into message_versions (conversation_id, number, version, text, extra, card, replaced_by)
    values (old.conversation_id, old.number, old.version, old.text, old.extra, old.card, new.version_by);
  end if;
  return new;
end $$;
create trigger messages_keep_versions before update on messages for each row execute function keep_former_version();
create trigger messages_stay before delete or truncate on messages for each statement execute function refuse_change();

create table reactions (
  conversation_id uuid not null,
  number bigint not null,
  user_id uuid not null references users,
  emoji text not null constraint reactions_emoji check (octet_length(emoji) between 1 and 32),
  at timestamptz not null,
  primary key (conversation_id, number, user_id, emoji),
  foreign key (conversation_id, number) references messages
);

create table read_positions (
  conversation_id uuid not null references conversations,
  user_id uuid not null references users,
  number bigint not null,
  at timestamptz not null,
  primary key (conversation_id, user_id)
) with (fillfactor = 70);
comment on table read_positions is 'How far each person has read; never goes back.';

-- The one way to say something. Takes a batch of drafts, judges each, numbers and writes the good ones, and answers for all,
-- in one statement of the caller and one transaction. Two steps inside: first the conversations' rows are locked, always in
-- order of id; then a fresh snapshot judges, so that a retry, a removal or a mute committed by another node is seen.
--
-- A draft without a sender is the server's own. A sender speaks as a member, or, in a shop's conversation, for the shop.
-- outcome: posted, repeated (the first answer again), reused (same client id, other content), or the reason for refusing.
--
-- A plan must not live on that was made when a table was small: each table is looked up from inside a `lateral … limit 1`,
-- which leaves the planner nothing to choose but an index, and the conversation, whose row is locked and cannot move, is
-- updated at the place where it was found.
create function append_messages(
  p_conversation uuid[], p_sender uuid[], p_client_id text[], p_fingerprint bigint[],
  p_text text[], p_extra bytea[], p_card bytea[], p_now timestamptz
) returns table (
  place bigint, outcome text, number bigint, sent_at timestamptz, as_shop boolean, shop_id uuid, kind text, person_a uuid, person_b uuid
)
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  perform 1 from conversations c where c.id = any (p_conversation) order by c.id for no key update;

  return query
  with judged as (
    select
      d.place, d.conversation_id, d.sender_id, c.ctid as spot, c.shop_id, c.kind, c.person_a, c.person_b, c.number as head,
      k.number as known_number, k.sent_at as known_sent_at,
      case
        when k.fingerprint = d.fingerprint then 'repeated'
        when k.fingerprint is not null then 'reused'
        when c.id is null then 'not_found'
        when d.sender_id is null then 'posted'
        when c.closed_at is not null then 'closed'
        when m.role is null and p.user_id is null then 'not_a_member'
        when m.role is not null and b.user_id is not null then 'banned'
        when m.muted_until > p_now or (c.all_muted and m.role = 1) then 'muted'
        else 'posted'
      end as outcome,
      p.user_id is not null as as_shop
    from unnest(p_conversation, p_sender, p_client_id, p_fingerprint) with ordinality
      as d (conversation_id, sender_id, client_id, fingerprint, place)
    left join lateral (
      select c.ctid, c.id, c.kind, c.shop_id, c.person_a, c.person_b, c.number, c.all_muted, c.closed_at
      from conversations c
      where c.id = d.conversation_id
      limit 1
    ) c on true
    left join lateral (
      select k.number, k.sent_at, k.fingerprint
      from messages k
      where k.conversation_id = d.conversation_id and k.sender_id = d.sender_id and k.client_message_id = d.client_id
      limit 1
    ) k on true
    left join lateral (
      select m.role, m.muted_until
      from memberships m
      where m.conversation_id = d.conversation_id and m.user_id = d.sender_id and m.left_number is null
      limit 1
    ) m on true
    left join lateral (
      select b.user_id
      from bans b
      where b.shop_id = c.shop_id and b.user_id = d.sender_id
      limit 1
    ) b on true
    left join lateral (
      select s.user_id
      from staff s
      left join roles r on r.id = s.role_id
      where m.role is null and c.kind = 'shop' and s.shop_id = c.shop_id and s.user_id = d.sender_id and s.disabled_at is null
        and 'chat' = any (coalesce(r.permissions, s.scopes))
      limit 1
    ) p on true
  ),
  numbered as (
    select j.*, j.head + count(*) filter (where j.outcome = 'posted') over (partition by j.conversation_id order by j.place) as next
    from judged j
  ),
  written as (
    insert into messages (conversation_id, number, sender_id, as_shop, client_message_id, fingerprint, sent_at, text, extra, card)
    select
      n.conversation_id, n.next, n.sender_id, n.as_shop, p_client_id[n.place], p_fingerprint[n.place], p_now,
      p_text[n.place], p_extra[n.place], p_card[n.place]
    from numbered n
    where n.outcome = 'posted'
  ),
  moved as (
    update conversations c
    set
      number = n.next,
      active_at = case when c.active_at < clock_timestamp() - interval '2 seconds' then clock_timestamp() else c.active_at end
    from (
      select spot, max(next) as next
      from numbered
      where outcome = 'posted'
      group by spot
    ) n
    where c.ctid = n.spot
  ),
  remembered as (
    insert into facts (shop_id, kind, payload, at)
    select n.shop_id, 'message_posted', jsonb_build_object('conversation_id', n.conversation_id, 'number', n.next), p_now
    from numbered n
    join lateral (select s.remembers_messages from shops s where s.id = n.shop_id limit 1) s on s.remembers_messages
    where n.outcome = 'posted'
  )
  select
    n.place, n.outcome,
    case when n.outcome = 'posted' then n.next else n.known_number end,
    case when n.outcome = 'posted' then p_now else n.known_sent_at end,
    n.as_shop, n.shop_id, n.kind, n.person_a, n.person_b
  from numbered n;
end $$;
