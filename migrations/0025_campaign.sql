-- Campaigns: the right words to the right customers, each in their own conversation; and what a shop's own bot says by itself.

create table shop_voices (
  shop_id uuid primary key references shops,
  bot_id uuid not null references bots
);
comment on table shop_voices is 'The bot that says what nobody types for a shop: campaigns, recalls, answers (CMP-08). Made when it is first needed.';

create table campaign_rules (
  shop_id uuid primary key references shops,
  quiet_from time not null,
  quiet_until time not null,
  per_day integer not null constraint campaign_rules_per_day check (per_day between 1 and 100),
  recall jsonb,
  set_by uuid not null references users
);
comment on table campaign_rules is 'When a shop is silent, and how often it speaks to one customer; a shop without a row has the defaults (22:00 to 08:00, 3 a day).';
comment on column campaign_rules.quiet_from is 'by the clock on the shop''s wall; the same as quiet_until: never';
comment on column campaign_rules.per_day is 'campaign messages that one customer gets on one day of the shop, whatever campaigns they are of';
comment on column campaign_rules.recall is 'what customers hear who have not ordered for some days (CMP-05); null: nothing';

create table campaigns (
  id uuid primary key,
  shop_id uuid not null references shops,
  kind text not null constraint campaigns_kind check (kind in ('sent', 'recall')),
  name text not null constraint campaigns_name check (char_length(name) between 1 and 100),
  state text not null constraint campaigns_state check (state in ('scheduled', 'sending', 'done', 'stopped')),
  plan jsonb not null,
  reached bigint not null default 0,
  starts_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  stopped_because text,
  created_by uuid not null references users,
  created_at timestamptz not null
);
comment on column campaigns.plan is 'who hears what: layers with their conditions, and groups (src/campaign/mod.rs)';
comment on column campaigns.reached is 'up to this place none of its recipients waits any more: where to look for the next';
comment on column campaigns.stopped_because is 'stopped by staff, or `sender_disabled`';
create index campaigns_shop on campaigns (shop_id, id);
create index campaigns_scheduled on campaigns (starts_at) where state = 'scheduled';
create index campaigns_sending on campaigns (id) where state = 'sending';

-- No foreign keys: 50,000 rows are written at once, from ids that were just read (docs/decisions/003).
create table campaign_recipients (
  campaign_id uuid not null,
  shop_id uuid not null,
  customer_id uuid not null,
  place bigint not null,
  layer smallint not null,
  state text not null default 'waiting' constraint campaign_recipients_state check (state in ('waiting', 'sent', 'skipped')),
  because text,
  conversation_id uuid,
  number bigint,
  gift_id uuid,
  sent_at timestamptz,
  primary key (campaign_id, place),
  constraint campaign_recipients_once unique (campaign_id, customer_id),
  constraint campaign_recipients_sent check ((state = 'sent') = (number is not null))
) with (fillfactor = 60);
comment on table campaign_recipients is 'Who hears a campaign: fixed by one statement when it starts, so that nobody is skipped or told twice whatever happens on the way.';
comment on column campaign_recipients.place is 'from 1, without a gap: in this order they are told';
comment on column campaign_recipients.layer is 'the first of the campaign''s layers that they are in, from 0';
comment on column campaign_recipients.because is 'why they were skipped';
create table campaign_days (
  shop_id uuid not null,
  customer_id uuid not null,
  day date not null,
  sent integer not null,
  primary key (shop_id, customer_id, day)
);
comment on table campaign_days is 'How many campaign messages a customer got on a day of the shop: the statement that counts decides whether there is one more.';
create index campaign_days_day on campaign_days using brin (day);

create table campaign_groups (
  campaign_id uuid not null references campaigns,
  shop_id uuid not null,
  group_id uuid not null references groups,
  state text not null default 'waiting' constraint campaign_groups_state check (state in ('waiting', 'sent', 'skipped')),
  because text,
  number bigint,
  gift_id uuid,
  link text references shop_links,
  sent_at timestamptz,
  primary key (campaign_id, group_id)
);
comment on table campaign_groups is 'Groups that a campaign is posted to (GRP-05): each with a gift and a link of its own, so that it is known what came by which.';

create table recalls (
  shop_id uuid not null,
  customer_id uuid not null,
  ordered_at timestamptz not null,
  campaign_id uuid not null,
  primary key (shop_id, customer_id, ordered_at)
);
comment on table recalls is 'Who was called back after which last order: once (CMP-05).';

create table service_hours (
  shop_id uuid primary key references shops,
  opens time not null,
  closes time not null,
  reply text not null constraint service_hours_reply check (char_length(reply) between 1 and 500),
  constraint service_hours_some check (opens <> closes)
);
comment on table service_hours is 'When somebody answers (SVC-01), by the clock on the shop''s wall, the end exclusive; a shop without a row is always open.';
comment on column service_hours.reply is 'what who writes outside of them reads, once each time the shop is closed (SVC-02)';

create table bot_answers (
  id uuid primary key,
  shop_id uuid not null references shops,
  word text not null constraint bot_answers_word check (char_length(word) between 1 and 40),
  reply text not null constraint bot_answers_reply check (char_length(reply) between 1 and 2000),
  created_by uuid not null references users,
  created_at timestamptz not null
);
comment on table bot_answers is 'What a shop''s bot answers to messages that have a word in them.';
create unique index bot_answers_word on bot_answers (shop_id, lower(word));

create function wants_messages(of_shop uuid) returns boolean language sql stable as $$
  select
    exists (
      select from webhook_endpoints
      where shop_id = of_shop and switched_off_at is null and events && array['message_posted', 'message_changed']
    )
    or exists (select from service_hours where shop_id = of_shop)
    or exists (select from bot_answers where shop_id = of_shop)
$$;
comment on function wants_messages is 'Whether somebody reads a fact for every message: see shops.remembers_messages.';
