-- People who buy, as each shop knows them: tags, segments, and what staff mean to come back to.

-- No foreign key to shops: whoever comes in must not lock the shop (docs/decisions/003).
create table customers (
  shop_id uuid not null,
  user_id uuid not null references users,
  since timestamptz not null,
  opted_out_at timestamptz,
  primary key (shop_id, user_id)
);
comment on table customers is 'Whom a shop knows: made by itself on the first visit by a link, enquiry, following or joining of a group (CRM-01).';
comment on column customers.opted_out_at is 'since then they take no campaigns from this shop';

create function know_members() returns trigger language plpgsql as $$
begin
  insert into customers (shop_id, user_id, since)
  select c.shop_id, u.id, min(j.joined_at)
  from joined j
  join conversations c on c.id = j.conversation_id and c.shop_id is not null
  join users u on u.id = j.user_id and u.kind = 'customer'
  group by 1, 2
  order by 1, 2
  on conflict do nothing;
  return null;
end $$;
create trigger memberships_make_customers after insert on memberships
  referencing new table as joined for each statement execute function know_members();

create function know_visitors() returns trigger language plpgsql as $$
begin
  insert into customers (shop_id, user_id, since)
  select v.shop_id, u.id, min(v.at) from come v join users u on u.id = v.visitor_id and u.kind = 'customer'
  group by 1, 2
  order by 1, 2
  on conflict do nothing;
  return null;
end $$;
create trigger shop_visits_make_customers after insert on shop_visits
  referencing new table as come for each statement execute function know_visitors();

create function know_followers() returns trigger language plpgsql as $$
begin
  insert into customers (shop_id, user_id, since)
  select f.shop_id, u.id, min(f.since) from come f join users u on u.id = f.user_id and u.kind = 'customer'
  group by 1, 2
  order by 1, 2
  on conflict do nothing;
  return null;
end $$;
create trigger shop_followers_make_customers after insert on shop_followers
  referencing new table as come for each statement execute function know_followers();

create table customer_tags (
  shop_id uuid not null,
  customer_id uuid not null,
  dimension text not null constraint customer_tags_dimension check (dimension in ('spending', 'frequency', 'preference', 'source')),
  name text not null constraint customer_tags_name check (char_length(name) between 1 and 40),
  set_by uuid references users,
  at timestamptz not null,
  primary key (shop_id, customer_id, dimension, name),
  constraint customer_tags_customer foreign key (shop_id, customer_id) references customers
);
comment on table customer_tags is 'What a shop says of its customers, in four dimensions (CRM-02).';
comment on column customer_tags.set_by is 'null: the server keeps it by the shop''s thresholds, or has seen where they came from';
create index customer_tags_carriers on customer_tags (shop_id, dimension, name, customer_id);

create table tag_rules (
  shop_id uuid primary key references shops,
  low_at_most bigint not null constraint tag_rules_low check (low_at_most >= 0),
  high_from bigint not null constraint tag_rules_high check (high_from > low_at_most),
  repeat_from integer not null constraint tag_rules_repeat check (repeat_from between 1 and 1000),
  repeat_days integer not null constraint tag_rules_days check (repeat_days between 1 and 366)
);
comment on table tag_rules is 'From where on a customer is called what (CRM-03); a shop without a row has the defaults.';
comment on column tag_rules.low_at_most is 'low spending: so much in all at most, in minor units';
comment on column tag_rules.high_from is 'high spending: so much or more; in between it is medium';
comment on column tag_rules.repeat_from is 'high repeat: so many purchases or more within repeat_days';

create view purchases as
  select o.id as order_id, o.shop_id, o.customer_id, o.paid - o.refunded as spent, o.paid_at as at
  from orders o
  where o.paid_at is not null and o.paid > o.refunded and o.state <> 'cancelled';
comment on view purchases is 'Orders that were paid and that something is left of: what tags and segments count.';
-- Read for each customer of whom something was heard.
create index orders_bought on orders (shop_id, customer_id) where paid_at is not null;

create table segments (
  id uuid primary key,
  shop_id uuid not null references shops,
  name text not null constraint segments_name check (char_length(name) between 1 and 100),
  condition jsonb not null,
  created_by uuid not null references users,
  created_at timestamptz not null,
  constraint segments_name_taken unique (shop_id, name)
);
comment on table segments is 'Conditions with a name (CRM-05); who meets them is found anew whenever somebody asks.';
comment on column segments.condition is 'a tree of src/crm/condition.rs, read by segment_members';

-- Who meets a condition, as things are in the caller's snapshot. What is not a condition of src/crm/condition.rs has no members.
create function segment_members(of_shop uuid, condition jsonb, now timestamptz) returns setof uuid language plpgsql stable as $$
declare
  part jsonb;
  members uuid[];
  from_then timestamptz := now - make_interval(days => (condition ->> 'days')::integer);
begin
  case condition ->> 'is'
  when 'all' then
    for part in select value from jsonb_array_elements(condition -> 'of') loop
      if members is null then
        members := array(select segment_members(of_shop, part, now));
      else
        members := array(select unnest(members) intersect select segment_members(of_shop, part, now));
      end if;
    end loop;
    return query select unnest(members);
  when 'any' then
    return query
      select distinct m.id
      from jsonb_array_elements(condition -> 'of') p
      cross join lateral segment_members(of_shop, p.value, now) m (id);
  when 'not' then
    return query
      select c.user_id from customers c where c.shop_id = of_shop
      except select segment_members(of_shop, condition -> 'of', now);
  when 'everybody' then
    return query select c.user_id from customers c where c.shop_id = of_shop;
  when 'tag' then
    return query
      select t.customer_id from customer_tags t
      where t.shop_id = of_shop and t.dimension = condition ->> 'dimension' and t.name = condition ->> 'name';
  when 'spent' then
    return query
      select c.user_id
      from customers c
      left join purchases p on p.shop_id = c.shop_id and p.customer_id = c.user_id and (from_then is null or p.at > from_then)
      where c.shop_id = of_shop
      group by c.user_id
      having coalesce(sum(p.spent), 0) between coalesce((condition ->> 'at_least')::bigint, 0)
        and coalesce((condition ->> 'at_most')::bigint, 9223372036854775807);
  when 'purchases' then
    return query
      select c.user_id
      from customers c
      left join purchases p on p.shop_id = c.shop_id and p.customer_id = c.user_id and (from_then is null or p.at > from_then)
      where c.shop_id = of_shop
      group by c.user_id
      having count(p.order_id) between coalesce((condition ->> 'at_least')::bigint, 0)
        and coalesce((condition ->> 'at_most')::bigint, 9223372036854775807);
  when 'top_spent' then
    return query
      select p.customer_id
      from purchases p
      join customers c on c.shop_id = p.shop_id and c.user_id = p.customer_id
      where p.shop_id = of_shop and (from_then is null or p.at > from_then)
      group by p.customer_id
      order by sum(p.spent) desc, p.customer_id
      limit (condition ->> 'most')::integer;
  when 'bought' then
    return query
      select distinct p.customer_id
      from purchases p
      join customers c on c.shop_id = p.shop_id and c.user_id = p.customer_id
      join order_lines l on l.order_id = p.order_id and l.units > l.refunded
      join products g on g.id = l.product_id
      where p.shop_id = of_shop and (from_then is null or p.at > from_then)
        and (condition -> 'product_id' is null or condition ->> 'product_id' = g.id::text)
        and (condition -> 'category' is null
          or array(select jsonb_array_elements_text(condition -> 'category'))
            = g.category[1:jsonb_array_length(condition -> 'category')]);
  when 'no_order' then
    return query
      select o.customer_id
      from orders o
      join customers c on c.shop_id = o.shop_id and c.user_id = o.customer_id
      where o.shop_id = of_shop and o.placed_at is not null and o.state <> 'cancelled'
      group by o.customer_id
      having max(o.placed_at) <= from_then;
  when 'asked_about' then
    return query
      select distinct e.customer_id
      from enquiries e
      join customers c on c.shop_id = e.shop_id and c.user_id = e.customer_id
      where e.shop_id = of_shop and (from_then is null or e.asked_at > from_then)
        and (condition -> 'product_id' is null or condition ->> 'product_id' = e.product_id::text);
  when 'new' then
    return query select c.user_id from customers c where c.shop_id = of_shop and c.since > from_then;
  when 'in_group' then
    return query
      select c.user_id
      from conversations g
      join memberships m on m.conversation_id = g.id and m.left_number is null
      join customers c on c.shop_id = of_shop and c.user_id = m.user_id
      where g.id::text = condition ->> 'conversation_id' and g.kind = 'group' and g.shop_id = of_shop;
  when 'follows' then
    return query
      select f.user_id
      from shop_followers f
      join customers c on c.shop_id = f.shop_id and c.user_id = f.user_id
      where f.shop_id = of_shop and f.left_at is null;
  end case;
end $$;

create table follow_ups (
  id uuid primary key,
  shop_id uuid not null references shops,
  customer_id uuid not null,
  author_id uuid not null references users,
  content text not null constraint follow_ups_content check (char_length(content) between 1 and 1000),
  due_at timestamptz,
  reminded_at timestamptz,
  done_at timestamptz,
  created_at timestamptz not null,
  constraint follow_ups_customer foreign key (shop_id, customer_id) references customers
);
comment on table follow_ups is 'Notes of staff on a customer, and when to come back to them (CRM-08).';
comment on column follow_ups.due_at is 'the author is reminded then, once; null: it is only a note';
create index follow_ups_of on follow_ups (shop_id, customer_id, id);
create index follow_ups_due on follow_ups (due_at) where reminded_at is null and done_at is null and due_at is not null;

alter table alerts add column for_user uuid;
alter table alerts add column customer_id uuid;
comment on column alerts.for_user is 'this member of the staff alone may see it, while they hold the permission; null: whoever holds it';
create or replace view alert_hearers as
  select a.id as alert_id, p.user_id
  from alerts a
  join posts p on p.shop_id = a.shop_id and a.permission = any (p.permissions) and (a.for_user is null or a.for_user = p.user_id)
  join users u on u.id = p.user_id and a.kind <> all (u.unwanted_alerts);
