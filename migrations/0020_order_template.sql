-- What a shop's orders often have (ORD-06).

create table order_templates (
  id uuid primary key,
  shop_id uuid not null references shops,
  name text not null constraint order_templates_name check (char_length(name) between 1 and 60),
  basket jsonb not null,
  requests text not null constraint order_templates_requests check (char_length(requests) <= 500),
  delivery_method text not null,
  terms text not null,
  created_by uuid not null,
  created_at timestamptz not null,
  constraint order_templates_name_taken unique (shop_id, name)
);
comment on table order_templates is 'Products and services that staff often sell together. It has no prices: an order from it costs what they cost then.';
comment on column order_templates.basket is '{"lines": [{"variant_id", "units"}], "bundles": [{"bundle_id", "units", "variant_ids"}]}';
