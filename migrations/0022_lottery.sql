-- Lotteries in groups: what was published, who has which tickets, who won.

create table draws (
  id uuid primary key,
  shop_id uuid not null references shops,
  conversation_id uuid not null references conversations,
  card_number bigint not null,
  state text not null constraint draws_state check (state in ('open', 'closed', 'drawn', 'prizes_delivered', 'cancelled')),
  rules text not null,
  rules_hash text not null,
  commitment text not null,
  sealed_seed text not null,
  seed text,
  target integer constraint draws_target check (target >= 2),
  ends_at timestamptz not null,
  people integer not null default 0 constraint draws_people check (people >= 0),
  tickets integer not null default 0 constraint draws_tickets check (tickets >= 0),
  last_link text not null,
  drawn integer not null default 0,
  opened_by uuid not null references users,
  opened_at timestamptz not null,
  closed_at timestamptz,
  close_hash text,
  round bigint constraint draws_round check (round > 0),
  round_at timestamptz,
  signature text,
  asked integer not null default 0,
  ask_at timestamptz,
  alerted_at timestamptz,
  cancelled_at timestamptz,
  cancelled_because text,
  result_number bigint,
  kept_until timestamptz,
  constraint draws_revealed check ((state = 'open') = (seed is null) and (state = 'open') = (closed_at is null)),
  constraint draws_cancelled check ((state = 'cancelled') = (cancelled_because is not null) and (state = 'cancelled') = (cancelled_at is not null)),
  constraint draws_rounds check ((round is null) = (round_at is null) and (round is null or state <> 'open') and (round is not null or state <> 'closed')),
  constraint draws_signed check ((signature is not null) = (round is not null and state in ('drawn', 'prizes_delivered')))
) with (fillfactor = 50);
comment on table draws is 'A lottery in a group. Its row is changed once from open to drawn, closed or cancelled, and from closed to drawn or cancelled: those statements decide that it happens once.';
comment on column draws.rules is 'JSON as it was hashed, byte for byte';
comment on column draws.commitment is 'what the card shows from the beginning: hash of draw, rules and seed';
comment on column draws.sealed_seed is 'the seed, sealed, while nobody may know it';
comment on column draws.seed is 'the same revealed, when the list is closed';
comment on column draws.target is 'drawn when the group has so many members; null: at the end';
comment on column draws.ends_at is 'drawn then; with a target that was not reached: cancelled then';
comment on column draws.people is 'how many people have tickets';
comment on column draws.tickets is 'how many tickets there are: the number of the last one';
comment on column draws.last_link is 'the hash of the last ticket and of all before it';
comment on column draws.drawn is 'so many tickets were there when the card was drawn last';
comment on column draws.closed_at is 'when its list was closed, in whole milliseconds';
comment on column draws.close_hash is 'of the closed list';
comment on column draws.round is 'of the beacon, which decides it together with the seed; null: no beacon, or it was called off before it closed';
comment on column draws.round_at is 'when that round begins: nobody knows its value before';
comment on column draws.signature is 'of that round, by the chain that the rules name';
comment on column draws.asked is 'how often the relays were asked for that round, in vain';
comment on column draws.ask_at is 'when they are asked again';
comment on column draws.alerted_at is 'when staff were told that the round does not come';
comment on column draws.cancelled_at is 'when it was called off';
comment on column draws.result_number is 'the message that announced the winners';
comment on column draws.kept_until is 'nothing of it is removed before: two years from its end';
create index draws_shop on draws (shop_id, id);
create index draws_open on draws (ends_at) where state = 'open';
create index draws_closed on draws (ask_at) where state = 'closed';
create index draws_group on draws (conversation_id) where state = 'open';
create index draws_kept on draws (kept_until) where kept_until is not null;

create function draws_stay_as_published() returns trigger language plpgsql as $$
begin
  raise exception 'what was published of a draw cannot be changed';
end $$;
create trigger draws_stay_as_published before update of shop_id, conversation_id, rules, rules_hash, commitment, target, ends_at, opened_at on draws
  for each row
  when ((old.shop_id, old.conversation_id, old.rules, old.rules_hash, old.commitment, old.target, old.ends_at, old.opened_at)
    is distinct from (new.shop_id, new.conversation_id, new.rules, new.rules_hash, new.commitment, new.target, new.ends_at, new.opened_at))
  execute function draws_stay_as_published();

-- From here on the operator knows the seed, and soon the round: neither list nor round may be another one then.
create trigger draws_stay_as_closed before update of seed, closed_at, close_hash, round, round_at, people, tickets, last_link on draws
  for each row
  when (old.close_hash is not null and (old.seed, old.closed_at, old.close_hash, old.round, old.round_at, old.people, old.tickets, old.last_link)
    is distinct from (new.seed, new.closed_at, new.close_hash, new.round, new.round_at, new.people, new.tickets, new.last_link))
  execute function draws_stay_as_published();

create table draw_gifts (
  draw_id uuid not null references draws on delete cascade,
  prize integer not null,
  gift_id uuid not null references coupon_gifts,
  primary key (draw_id, prize)
);
comment on table draw_gifts is 'Coupons that are set aside for the winners of a draw from the moment it is published.';
comment on column draw_gifts.prize is 'which of the prizes in the rules, from 0';

create table draw_people (
  draw_id uuid not null references draws on delete cascade,
  customer_id uuid not null references users,
  salt text not null,
  person text not null,
  nonce text not null,
  left_out text constraint draw_people_left_out check (left_out in ('left', 'staff', 'banned')),
  entered_at timestamptz not null,
  primary key (draw_id, customer_id),
  constraint draw_people_person unique (draw_id, person)
);
comment on table draw_people is 'Who takes part in a draw, and the name that the public list has for them. Rows are only added; who may not win is marked when the list is closed.';
comment on column draw_people.salt is 'known to the server and to that person: with it they find themselves in the list';
comment on column draw_people.person is 'the pseudonym';
comment on column draw_people.nonce is 'what they threw in, in hexadecimal; empty: nothing';
comment on column draw_people.left_out is 'why they win nothing';

create table draw_tickets (
  draw_id uuid not null references draws on delete cascade,
  number integer not null,
  customer_id uuid not null,
  because text not null constraint draw_tickets_because check (because in ('entered', 'invited', 'member')),
  link text not null,
  primary key (draw_id, number),
  foreign key (draw_id, customer_id) references draw_people on delete cascade
);
comment on table draw_tickets is 'The list: numbered without a gap, each row tied to the one before. Rows are only added.';
comment on column draw_tickets.link is 'the hash of this ticket and of the link before it';
create index draw_tickets_of on draw_tickets (draw_id, customer_id);

create table draw_places (
  draw_id uuid not null references draws on delete cascade,
  place integer not null,
  customer_id uuid not null references users,
  ticket integer not null,
  score text not null,
  prize integer,
  state text not null constraint draw_places_state check (state in ('substitute', 'won', 'delivered', 'forfeited')),
  because text,
  told_at timestamptz,
  settled_at timestamptz,
  primary key (draw_id, place),
  constraint draw_places_person unique (draw_id, customer_id),
  constraint draw_places_prize check ((prize is null) = (state = 'substitute')),
  constraint draw_places_because check ((state = 'forfeited') = (because is not null))
);
comment on table draw_places is 'Winners and substitutes in the order of their scores, written once when the draw is held.';
comment on column draw_places.prize is 'which of the prizes in the rules, from 0';
comment on column draw_places.because is 'why a prize was forfeited';
comment on column draw_places.told_at is 'when the winner was told in person';
create index draw_places_untold on draw_places (draw_id) where state = 'won' and told_at is null;
