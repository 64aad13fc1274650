-- Members of shops: customers to whom a shop gives something off.

-- No foreign key to shops: whoever orders must not lock the shop (docs/decisions/003).
create table shop_members (
  shop_id uuid not null,
  user_id uuid not null references users,
  off integer not null constraint shop_members_off check (off between 1 and 9999),
  granted_by uuid not null references users,
  since timestamptz not null,
  primary key (shop_id, user_id)
);
comment on table shop_members is 'Customers who pay less in a shop (PROD-08).';
comment on column shop_members.off is 'basis points, off what is left after tiers and bundles';
comment on column shop_members.granted_by is 'who of the staff made it so last';
