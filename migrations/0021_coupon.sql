-- Coupons: the terms a shop issues, some of them dropped into a conversation, and those in wallets.

create table coupon_templates (
  id uuid primary key,
  shop_id uuid not null references shops,
  state text not null constraint coupon_templates_state check (state in ('draft', 'trial', 'published', 'sold_out', 'ended')),
  terms jsonb not null,
  validity jsonb not null,
  eligibility jsonb not null,
  aim text not null,
  worth bigint constraint coupon_templates_worth check (worth > 0),
  quantity bigint constraint coupon_templates_quantity check (quantity >= 1 and claimed + given <= quantity),
  budget bigint constraint coupon_templates_budget check (budget is null or (worth is not null and (claimed + given) * worth <= budget)),
  claim_from timestamptz,
  claim_until timestamptz,
  per_person integer not null constraint coupon_templates_per_person check (per_person between 1 and 100),
  per_device integer constraint coupon_templates_per_device check (per_device between 1 and 100),
  claimed bigint not null default 0 constraint coupon_templates_claimed check (claimed >= 0),
  given bigint not null default 0 constraint coupon_templates_given check (given >= 0),
  created_at timestamptz not null
) with (fillfactor = 50);
comment on table coupon_templates is 'What a shop issues: terms, limits, and the two counters that decide whether there is one more.';
comment on column coupon_templates.terms is 'what a coupon takes off where and when; frozen by the first claim';
comment on column coupon_templates.validity is 'from when until when, or so many days from the claim; frozen by the first claim';
comment on column coupon_templates.eligibility is 'who may claim one';
comment on column coupon_templates.aim is 'what it is issued for, to be judged by later (CPN-20)';
comment on column coupon_templates.worth is 'the most that one coupon can take off, in minor units; null: a percentage without a cap';
comment on column coupon_templates.quantity is 'so many at most; null: as many as are claimed';
comment on column coupon_templates.budget is 'all of them together may be worth so much, in minor units; null: any';
comment on column coupon_templates.per_device is 'so many at most by one device, whoever uses it; null: any';
comment on column coupon_templates.claimed is 'coupons that came out of it one by one';
comment on column coupon_templates.given is 'coupons that went out with gifts and have not come back';
create index coupon_templates_shop on coupon_templates (shop_id, id);

create table coupon_people (
  template_id uuid not null references coupon_templates,
  list text not null constraint coupon_people_list check (list in ('testers', 'customers')),
  customer_id uuid not null references users,
  primary key (template_id, list, customer_id)
);
comment on table coupon_people is 'Whom a template names: who may try it before it is published (CPN-18), and who alone may have it.';

create table coupon_codes (
  shop_id uuid not null references shops,
  code text not null,
  template_id uuid not null references coupon_templates,
  ends_at timestamptz not null,
  created_at timestamptz not null,
  primary key (shop_id, code)
);
comment on table coupon_codes is 'Words on posters that a coupon is claimed by (CPN-09): random, with a check character, in capitals.';
create index coupon_codes_template on coupon_codes (template_id);

create table coupon_gifts (
  id uuid primary key,
  shop_id uuid not null references shops,
  template_id uuid not null references coupon_templates,
  conversation_id uuid not null references conversations,
  card_number bigint not null,
  customer_id uuid references users,
  pieces bigint not null constraint coupon_gifts_pieces check (pieces between 1 and 100000),
  claimed bigint not null default 0 constraint coupon_gifts_claimed check (claimed between 0 and pieces),
  drawn bigint not null default 0,
  ends_at timestamptz not null,
  closed_at timestamptz,
  given_by uuid not null references users,
  created_at timestamptz not null
) with (fillfactor = 50);
comment on table coupon_gifts is 'Coupons dropped into a conversation as a card: taken from the template at once, what nobody claims goes back.';
comment on column coupon_gifts.card_number is 'the message there that shows it; 0: none, it is set aside for the winners of a draw';
comment on column coupon_gifts.customer_id is 'for whom it is, if for one; then it is in the wallet already';
comment on column coupon_gifts.drawn is 'so many were claimed when the card was drawn last';
comment on column coupon_gifts.closed_at is 'what was left went back to the template then, once';
create index coupon_gifts_open on coupon_gifts (ends_at) where closed_at is null;
create index coupon_gifts_template on coupon_gifts (template_id);

-- Written by statements that decide on the template's or the gift's row: a foreign key to these would lock what is hot once more
-- for every claim (docs/decisions/003).
create table coupons (
  id uuid primary key,
  shop_id uuid not null,
  template_id uuid not null,
  customer_id uuid not null references users,
  nth integer not null,
  device_id text,
  nth_on_device integer,
  source text not null constraint coupons_source check (source in ('shop', 'code', 'gift', 'staff')),
  gift_id uuid,
  state text not null constraint coupons_state check (state in ('usable', 'locked', 'used', 'expired')),
  valid_from timestamptz not null,
  valid_until timestamptz not null,
  claimed_at timestamptz not null,
  order_id uuid,
  deducted bigint,
  used_at timestamptz,
  reminded_at timestamptz,
  constraint coupons_nth_taken unique (template_id, customer_id, nth),
  constraint coupons_device_taken unique (template_id, device_id, nth_on_device),
  constraint coupons_gift_taken unique (gift_id, customer_id),
  constraint coupons_order_taken unique (order_id),
  constraint coupons_on_an_order check ((order_id is not null) = (state in ('locked', 'used')) and (order_id is null) = (deducted is null)),
  constraint coupons_period check (valid_from < valid_until)
) with (fillfactor = 70);
comment on table coupons is 'One row a coupon in a wallet. Rows are never removed: their number is what has been claimed.';
comment on column coupons.nth is 'the customer''s first, second … of this template: two claims at once cannot be the same';
comment on column coupons.device_id is 'by which device it was claimed, where the template counts devices';
comment on column coupons.source is 'claimed in the shop, by a code, from a gift in a chat, or handed over by staff (CPN-07)';
comment on column coupons.valid_until is 'from then on it takes nothing off';
comment on column coupons.order_id is 'the order that it is locked on, or was used for; an order has one coupon at most';
comment on column coupons.deducted is 'what it takes off that order, in minor units';
comment on column coupons.reminded_at is 'when the customer was told that it ends soon (CPN-12)';
create index coupons_wallet on coupons (customer_id, id);
create index coupons_template on coupons (template_id, state);
create index coupons_ending on coupons (valid_until) where state = 'usable';

alter table order_lines add column discount bigint not null default 0;
alter table order_lines add constraint order_lines_discount check (discount between 0 and total);
comment on column order_lines.discount is 'the line''s share of the order''s discount, split once when it was agreed';
