-- Rewards for what customers do and whom they bring; what is to be done before a claim; claims that look made up.

create index sessions_devices on sessions (user_id, device_id);

create function share_a_device(one uuid, other uuid) returns boolean language sql stable as $$
  select exists (
    select from sessions a join sessions b on b.device_id = a.device_id where a.user_id = one and b.user_id = other
  ) or exists (
    select from devices a join devices b on b.device_id = a.device_id where a.user_id = one and b.user_id = other
  )
$$;
comment on function share_a_device is 'whether two accounts were used on one device: then they are one person, as far as invitations count (RISK-02)';

create view invited_friends as
select g.shop_id, m.conversation_id, m.inviter_id, m.user_id as friend_id, m.joined_number, m.joined_at
from memberships m
join groups g on g.conversation_id = m.conversation_id
join users u on u.id = m.user_id and u.kind = 'customer'
where m.inviter_id <> m.user_id and m.left_number is null
  and not exists (
    select from memberships e
    where e.conversation_id = m.conversation_id and e.user_id = m.user_id and e.joined_number < m.joined_number
  )
  and not exists (select from staff s where s.shop_id = g.shop_id and s.user_id = m.user_id)
  and not share_a_device(m.inviter_id, m.user_id);
comment on view invited_friends is 'Who is in a group by somebody''s invitation and counts for them (RISK-02): a customer, there for the first time, on a device of their own.';

create table reward_rules (
  id uuid primary key,
  shop_id uuid not null references shops,
  trigger text not null constraint reward_rules_trigger check (trigger in ('followed', 'order_paid', 'friends_joined', 'friends_ordered')),
  friends integer not null default 1 constraint reward_rules_friends check (friends between 1 and 100),
  most integer constraint reward_rules_most check (most between 1 and 1000),
  template_id uuid references coupon_templates,
  friend_template_id uuid references coupon_templates,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint reward_rules_gives check (num_nonnulls(template_id, friend_template_id) >= 1),
  constraint reward_rules_of_friends check (
    trigger in ('friends_joined', 'friends_ordered') or (friends = 1 and friend_template_id is null)
  )
);
comment on table reward_rules is 'What a shop gives a coupon for: what a customer does, or the friends whom they bring.';
comment on column reward_rules.friends is 'one coupon for so many friends';
comment on column reward_rules.most is 'so many times one customer is rewarded at most; null: any number';
comment on column reward_rules.template_id is 'what whoever did it gets, or who brought the friends; null: nothing';
comment on column reward_rules.friend_template_id is 'what each friend gets; null: nothing';
create index reward_rules_shop on reward_rules (shop_id, id);

create table reward_friends (
  rule_id uuid not null references reward_rules,
  friend_id uuid not null references users,
  inviter_id uuid not null references users,
  at timestamptz not null,
  primary key (rule_id, friend_id),
  constraint reward_friends_others check (friend_id <> inviter_id)
);
comment on table reward_friends is 'Friends who count, each once for a rule, whoever invites them again (RISK-02). Rows are only added.';
create index reward_friends_of on reward_friends (rule_id, inviter_id);

create table reward_grants (
  id uuid not null constraint reward_grants_id unique,
  rule_id uuid not null references reward_rules,
  customer_id uuid not null references users,
  event text not null,
  coupon_id uuid constraint reward_grants_coupon unique,
  refused text,
  at timestamptz not null,
  primary key (rule_id, customer_id, event),
  constraint reward_grants_outcome check (num_nonnulls(coupon_id, refused) = 1)
);
comment on table reward_grants is 'What rules gave, and what they could not give: once for each event, however often it is heard of. Rows are only added.';
comment on column reward_grants.event is '`followed`, the order''s id, `friends:n` for the nth time that enough friends were there, or `invited`';
comment on column reward_grants.refused is 'why there was no coupon: the word of a refusal';

alter table coupon_templates add column conditions jsonb not null default '{}';
comment on column coupon_templates.conditions is 'what is to be done before a claim (CPN-16, CPN-17), or that nobody claims by themselves; never changed';

alter table coupons drop constraint coupons_source;
alter table coupons add constraint coupons_source check (source in ('shop', 'code', 'gift', 'staff', 'reward'));
alter table coupons drop constraint coupons_state;
alter table coupons add constraint coupons_state check (state in ('usable', 'locked', 'used', 'expired', 'held'));
alter table coupons add column batch_id uuid;
comment on column coupons.batch_id is 'claimed together with many others by young accounts (RISK-01): which time';
drop index coupons_ending;
create index coupons_ending on coupons (valid_until) where state in ('usable', 'held');
create index coupons_unmarked on coupons (template_id, claimed_at) where batch_id is null;
create index coupons_batch on coupons (batch_id) where batch_id is not null;

create table coupon_browsing (
  template_id uuid not null references coupon_templates,
  customer_id uuid not null references users,
  browsed_ms bigint not null default 0 constraint coupon_browsing_browsed check (browsed_ms >= 0),
  seen_at timestamptz not null,
  primary key (template_id, customer_id)
);
comment on table coupon_browsing is 'How long somebody has looked around for a coupon, by the server''s clock (CPN-16).';
comment on column coupon_browsing.browsed_ms is 'without the time since they were seen last';

create table coupon_pleas (
  code text primary key,
  shop_id uuid not null references shops,
  template_id uuid not null references coupon_templates,
  customer_id uuid not null references users,
  created_at timestamptz not null,
  constraint coupon_pleas_one unique (template_id, customer_id)
);
comment on table coupon_pleas is 'Codes by which friends help somebody to a coupon (CPN-17), one for each person and template.';

create table coupon_helps (
  template_id uuid not null references coupon_templates,
  helper_id uuid not null references users,
  customer_id uuid not null references users,
  at timestamptz not null,
  primary key (template_id, helper_id),
  constraint coupon_helps_others check (helper_id <> customer_id)
);
comment on table coupon_helps is 'Who helped whom to a coupon: each once for a template. Rows are only added.';
create index coupon_helps_of on coupon_helps (template_id, customer_id);

create table claim_watches (
  shop_id uuid primary key references shops,
  accounts integer not null constraint claim_watches_accounts check (accounts between 2 and 10000),
  minutes integer not null constraint claim_watches_minutes check (minutes between 1 and 1440),
  young_minutes integer not null constraint claim_watches_young check (young_minutes between 1 and 525600),
  hold boolean not null
);
comment on table claim_watches is 'When a shop finds claims abnormal (RISK-01); a shop without a row goes by the usual numbers.';
comment on column claim_watches.accounts is 'so many young accounts …';
comment on column claim_watches.minutes is '… claim coupons of one template within so many minutes';
comment on column claim_watches.young_minutes is 'an account is young that was registered so many minutes before it claimed, or less';
comment on column claim_watches.hold is 'their coupons cannot be used until staff have looked';

create table claim_batches (
  id uuid primary key,
  shop_id uuid not null references shops,
  template_id uuid not null references coupon_templates,
  nth integer not null,
  coupons integer not null constraint claim_batches_coupons check (coupons >= 0),
  hold boolean not null,
  began_at timestamptz not null,
  last_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid references users,
  released boolean,
  constraint claim_batches_once unique (template_id, nth),
  constraint claim_batches_decided check (num_nonnulls(decided_at, decided_by, released) in (0, 3))
);
comment on table claim_batches is 'Times that many young accounts claimed together; staff were alerted once to each.';
comment on column claim_batches.nth is 'the template''s first, second …: two nodes that notice at once open one';
comment on column claim_batches.coupons is 'how many coupons carry its mark';
comment on column claim_batches.released is 'whether staff let the held coupons go; otherwise they stay held until they end';
create index claim_batches_shop on claim_batches (shop_id, id);

create index shop_visits_of on shop_visits (shop_id, visitor_id, id);
