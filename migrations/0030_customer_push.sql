-- Customers are called back, in the browsers in which they have asked for it: to a conversation in which something waits for them.

create table push_calls (
  user_id uuid not null references users,
  conversation_id uuid not null references conversations,
  number bigint not null,
  primary key (user_id, conversation_id)
);
comment on table push_calls is 'Up to which message a customer was called to a conversation: only what was said later calls again.';

create table push_looks (
  one boolean primary key default true constraint push_looks_one check (one),
  up_to timestamptz not null
);
comment on table push_looks is 'Since when conversations are looked at for somebody to call; one row.';
comment on column push_looks.up_to is 'when the last look began that succeeded; database clock';
insert into push_looks (up_to) values (clock_timestamp());

comment on column alerts.for_user is 'this member of the staff alone may see it, while they hold the permission; of kind new_message: the customer whom it calls; null: whoever holds the permission';

create or replace view alert_hearers as
  select a.id as alert_id, p.user_id
  from alerts a
  join posts p on p.shop_id = a.shop_id and a.permission = any (p.permissions) and (a.for_user is null or a.for_user = p.user_id)
  join users u on u.id = p.user_id and a.kind <> all (u.unwanted_alerts)
  union all
  select a.id, a.for_user
  from alerts a
  join users u on u.id = a.for_user and a.kind <> all (u.unwanted_alerts)
  join memberships m on m.conversation_id = a.conversation_id and m.user_id = a.for_user and m.left_number is null
  join conversations c on c.id = a.conversation_id
  left join read_positions r on r.conversation_id = a.conversation_id and r.user_id = a.for_user
  where a.kind = 'new_message' and c.number > coalesce(r.number, 0);
comment on view alert_hearers is 'Who may see an alert and wants it, now: staff by their permissions, a customer while they are there and have not read all of it.';
