-- What happened, remembered for ever; workers take the rows that are not done.

create table facts (
  id bigint generated always as identity primary key,
  shop_id uuid,
  kind text not null,
  payload jsonb not null,
  at timestamptz not null,
  done_at timestamptz,
  failures smallint not null default 0,
  quarantined_because text
);
comment on table facts is 'Written in the transaction that made them true; a worker turns each into webhook deliveries and the like, exactly once.';
comment on column facts.failures is 'how often the worker failed on it; after 10 it is quarantined so that the queue behind it moves';
create index facts_waiting on facts (id) where done_at is null and quarantined_because is null;
