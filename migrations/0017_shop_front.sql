-- A shop's face, who follows it, and the links that lead there.

create table shop_profiles (
  shop_id uuid primary key references shops,
  logo uuid references files,
  introduction text not null constraint shop_profiles_introduction check (char_length(introduction) <= 1000),
  service_hours text not null constraint shop_profiles_hours check (char_length(service_hours) <= 200),
  phone text constraint shop_profiles_phone check (char_length(phone) between 1 and 30),
  service_account_id uuid not null references users
);
comment on table shop_profiles is 'What a shop tells of itself (SHOP-01).';
comment on column shop_profiles.logo is 'or a picture of the storefront';
comment on column shop_profiles.service_account_id is 'who of the staff customers are led to';

create table shop_followers (
  shop_id uuid not null references shops,
  user_id uuid not null references users,
  since timestamptz not null,
  left_at timestamptz,
  welcomed_at timestamptz,
  primary key (shop_id, user_id)
);
comment on table shop_followers is 'Customers who follow a shop, or did (SHOP-07): whoever comes back is no new follower.';
comment on column shop_followers.welcomed_at is 'what the shop says to new followers was said to them then';
create index shop_followers_now on shop_followers (shop_id) where left_at is null;

create table shop_welcomes (
  shop_id uuid primary key references shops,
  text text not null constraint shop_welcomes_text check (char_length(text) <= 500)
);
comment on table shop_welcomes is 'What the server says to new followers of a shop, once to each; a shop without a row says nothing.';

create table shop_links (
  code text primary key constraint shop_links_code check (code ~ '^[A-Za-z0-9_-]{11}$'),
  shop_id uuid not null references shops,
  product_id uuid references products,
  channel text not null constraint shop_links_channel check (char_length(channel) between 1 and 40),
  sharer_id uuid not null references users,
  created_at timestamptz not null,
  constraint shop_links_shared_once unique nulls not distinct (shop_id, product_id, channel, sharer_id)
);
comment on table shop_links is 'Links that are shared (SHOP-05): each knows by whom and where.';
comment on column shop_links.product_id is 'null: to the shop itself';

create table shop_visits (
  id uuid primary key,
  shop_id uuid not null references shops,
  code text not null references shop_links,
  visitor_id uuid not null references users,
  at timestamptz not null
);
comment on table shop_visits is 'Every opening of a link, with where it came from.';
create index shop_visits_shop on shop_visits (shop_id, id);
