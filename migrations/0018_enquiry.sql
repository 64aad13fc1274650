-- What customers ask about (CHAT-03).

create table enquiries (
  shop_id uuid not null references shops,
  customer_id uuid not null references users,
  product_id uuid not null references products,
  times integer not null constraint enquiries_times check (times > 0),
  first_asked_at timestamptz not null,
  asked_at timestamptz not null,
  card_number bigint,
  primary key (shop_id, customer_id, product_id)
);
comment on table enquiries is 'Which products a customer came to a shop''s conversation from: one row each, however often.';
comment on column enquiries.times is 'who presses twice within ten minutes asks once';
comment on column enquiries.asked_at is 'the last time';
comment on column enquiries.card_number is 'the message of their conversation that shows the product as it was then';
create index enquiries_latest on enquiries (shop_id, customer_id, asked_at desc, product_id desc);
