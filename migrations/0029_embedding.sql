-- Where a shop's chat may be shown: the sites that embed it.

create table shop_embed_origins (
  shop_id uuid primary key references shops,
  origins text[] not null constraint shop_embed_origins_most check (cardinality(origins) <= 20)
);
comment on table shop_embed_origins is 'The sites that may show the customers'' page of a shop in a frame; a shop without a row is shown in none.';
comment on column shop_embed_origins.origins is 'as browsers spell them: https://shop.example, without a path';
