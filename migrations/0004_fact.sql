-- What happened, remembered for ever; workers take the rows that are not done.

create table facts (
  id bigint generated always as identity primary key,
  shop_id uuid,
  kind text not null,
  payload jsonb not null,
  at timestamptz not null,
  done_at timestamptz,
  failures smallint not null default 0,
  due_at timestamptz,
  quarantined_because text
);
comment on table facts is 'Written in the transaction that made them true; a worker turns each into webhook deliveries and the like, exactly once.';
comment on column facts.done_at is 'every reader has had it; the row is forgotten a week later';
comment on column facts.failures is 'how often the worker failed on it; after 10 it is quarantined so that the queue behind it moves';
comment on column facts.due_at is 'after a failure: not before this time; null: at once';
create index facts_waiting on facts (id) where done_at is null and quarantined_because is null;
create index facts_done on facts (done_at) where done_at is not null;

create table scheduled_jobs (
  name text primary key,
  due_at timestamptz not null,
  leased_until timestamptz,
  term bigint not null default 0,
  ran_at timestamptz,
  failed_because text
);
comment on table scheduled_jobs is 'What runs when: one node at a time takes a row that is due, by a lease.';
comment on column scheduled_jobs.term is 'counts the leases: only the holder of the newest may say that the job is done';
comment on column scheduled_jobs.failed_because is 'of the last run; null: it went well';
