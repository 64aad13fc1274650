-- What asks for a shop's staff, and what each of them has read.

-- No foreign keys: an order's work writes an alert, and must not lock its shop (docs/decisions/003).
create table alerts (
  id uuid primary key,
  shop_id uuid not null,
  kind text not null,
  permission text not null,
  conversation_id uuid,
  order_id uuid,
  case_id uuid,
  text text not null,
  at timestamptz not null
);
comment on table alerts is 'What asks for somebody of the staff. Kept for a month, read or not.';
comment on column alerts.kind is 'a word of `AlertKind`; each person chooses which ones they want (users.unwanted_alerts)';
comment on column alerts.permission is 'whoever holds it in the shop, now, may see the alert';
comment on column alerts.conversation_id is 'where it leads, as are order_id and case_id; null: not there';
comment on column alerts.text is 'at most 500 characters';
create index alerts_entitled on alerts (shop_id, permission, id);
create index alerts_at on alerts using brin (at);

create table alerts_read (
  shop_id uuid not null,
  user_id uuid not null references users,
  up_to uuid not null,
  primary key (shop_id, user_id)
);
comment on table alerts_read is 'How far each member of the staff has read: this alert and all before it. Ids rise with time.';
