-- A shop's own systems hear what happened: endpoints, deliveries on their way, and every attempt.

create table webhook_endpoints (
  id uuid primary key,
  shop_id uuid not null references shops,
  url text not null constraint webhook_endpoints_url check (octet_length(url) between 1 and 2048),
  events text[] not null constraint webhook_endpoints_events check (cardinality(events) between 1 and 50),
  bot_id uuid references users,
  secret text not null,
  previous_secret text,
  previous_until timestamptz,
  failing_since timestamptz,
  failures integer not null default 0,
  switched_off_at timestamptz,
  switched_off_because text constraint webhook_endpoints_because check (switched_off_because in ('gone', 'failing', 'by_staff')),
  created_at timestamptz not null,
  constraint webhook_endpoints_off check ((switched_off_at is null) = (switched_off_because is null))
);
comment on table webhook_endpoints is 'Where a shop wants to be told, and of what.';
comment on column webhook_endpoints.bot_id is 'only what this bot may hear: the groups that it is in, and with the right `chat` the shop''s conversations';
comment on column webhook_endpoints.secret is 'whsec_…; shown to the shop once';
comment on column webhook_endpoints.previous_secret is 'still signs, beside the new one, until previous_until';
comment on column webhook_endpoints.failing_since is 'the first failure since the endpoint last heard something; null: it hears';
comment on column webhook_endpoints.switched_off_because is 'gone: it answered 410; failing: nothing but failures for too long; by_staff';
create index webhook_endpoints_shop on webhook_endpoints (shop_id);

create table webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  shop_id uuid not null,
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  fact_id bigint,
  kind text not null,
  data jsonb not null,
  happened_at timestamptz not null,
  state text not null default 'waiting' constraint webhook_deliveries_state check (state in ('waiting', 'delivered', 'failed')),
  due_at timestamptz not null,
  leased_until timestamptz,
  attempt integer not null default 0,
  failures integer not null default 0,
  created_at timestamptz not null,
  constraint webhook_deliveries_once unique (endpoint_id, fact_id)
);
comment on table webhook_deliveries is 'One fact on its way to one endpoint. Its id is the call''s webhook-id, the same at every attempt.';
comment on column webhook_deliveries.fact_id is 'null: a test that staff asked for';
comment on column webhook_deliveries.data is 'the fact; a message''s words are looked up when they are sent, so that what was recalled is not repeated';
comment on column webhook_deliveries.state is 'failed: given up after the last attempt; staff may replay it';
comment on column webhook_deliveries.leased_until is 'an attempt is under way until then; later, its sender is taken for dead';
comment on column webhook_deliveries.attempt is 'attempts begun: only the newest may say how it went';
comment on column webhook_deliveries.failures is 'failed attempts since it was created or replayed';
create index webhook_deliveries_waiting on webhook_deliveries (endpoint_id, due_at) where state = 'waiting';
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, created_at, id);
create index webhook_deliveries_created on webhook_deliveries (created_at);

create view webhook_endpoints_waited_for as
  with recursive waited_for as (
    (select endpoint_id from webhook_deliveries where state = 'waiting' order by endpoint_id limit 1)
    union all
    select (
      select d.endpoint_id
      from webhook_deliveries d
      where d.state = 'waiting' and d.endpoint_id > w.endpoint_id
      order by d.endpoint_id
      limit 1
    )
    from waited_for w
    where w.endpoint_id is not null
  )
  select endpoint_id from waited_for where endpoint_id is not null;
comment on view webhook_endpoints_waited_for is 'Endpoints that something waits for, each by one look at the index, however much waits for it.';

create table webhook_attempts (
  delivery_id uuid not null references webhook_deliveries on delete cascade,
  attempt integer not null,
  at timestamptz not null,
  status smallint,
  error text,
  duration_ms integer,
  primary key (delivery_id, attempt)
);
comment on table webhook_attempts is 'Every call that was begun. Of the answer nothing is kept but its status.';
comment on column webhook_attempts.error is 'why there was no answer';
comment on column webhook_attempts.duration_ms is 'null: under way, or lost together with its server';
