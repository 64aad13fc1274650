//! Winners and substitutes.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use super::{
    super::{Draw, PlaceOf, file::DrawFile},
    word,
};
use crate::{
    error::Result,
    id::{DrawId, GiftId, UserId},
    store::Tx,
};

/// Writes down who has won, and who follows. The draw is held.
pub(in crate::lottery) async fn add_places(
    tx: &mut Tx,
    draw: &Draw,
    file: &DrawFile,
) -> Result<()> {
    let shop = tx.shop()?;
    let places = file.winners.iter().chain(&file.substitutes);
    let prizes = draw.rules.prizes_in_order().map(Some);
    let prizes = prizes.chain(std::iter::repeat(None));
    let (mut persons, mut tickets, mut scores, mut won) = (vec![], vec![], vec![], vec![]);
    for (place, prize) in places.zip(prizes) {
        persons.push(place.person.clone());
        tickets.push(place.ticket.cast_signed());
        scores.push(place.score.clone());
        won.push(prize);
    }
    sqlx::query!(
        "
        insert into draw_places (draw_id, place, customer_id, ticket, score, prize, state)
        select d.id, n.place, p.customer_id, n.ticket, n.score, n.prize, case when n.prize is null then 'substitute' else 'won' end
        from draws d, unnest($3::text[], $4::int[], $5::text[], $6::int[]) with ordinality as n (person, ticket, score, prize, place)
        join draw_people p on p.draw_id = $2 and p.person = n.person
        where d.shop_id = $1 and d.id = $2
        ",
        shop.0,
        draw.id.0,
        &persons,
        &tickets,
        &scores,
        &won as &[Option<i32>],
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Winners and substitutes, in their order.
pub(in crate::lottery) async fn places(tx: &mut Tx, draw: DrawId) -> Result<Vec<PlaceOf>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select p.place, p.customer_id as "customer_id: UserId", u.name, p.ticket, p.score, p.prize, p.state, p.because
        from draw_places p
        join draws d on d.id = p.draw_id
        join users u on u.id = p.customer_id
        where d.shop_id = $1 and d.id = $2
        order by p.place
        "#,
        shop.0,
        draw.0,
    );
    let rows = rows.fetch_all(tx.sql()).await?;
    let places = rows.into_iter().map(|row| {
        Ok(PlaceOf {
            place: row.place,
            customer_id: row.customer_id,
            name: row.name,
            ticket: row.ticket,
            score: row.score,
            prize: row.prize,
            state: word(&row.state)?,
            because: row.because,
        })
    });
    places.collect()
}

/// A winner has the prize. False: this place has none to get.
pub(in crate::lottery) async fn deliver(
    tx: &mut Tx,
    draw: DrawId,
    place: i32,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let delivered = sqlx::query!(
        "
        update draw_places p
        set state = 'delivered', settled_at = $4
        from draws d
        where d.shop_id = $1 and d.id = $2 and p.draw_id = d.id and p.place = $3 and p.state = 'won'
        ",
        shop.0,
        draw.0,
        place,
        now.to_sqlx() as _,
    );
    Ok(delivered.execute(tx.sql()).await?.rows_affected() == 1)
}

/// A winner has lost a prize that they were told of before `told_before`. Gives which; `None`: there is none to lose, or it is too early.
pub(in crate::lottery) async fn forfeit(
    tx: &mut Tx,
    draw: DrawId,
    place: i32,
    because: &str,
    (now, told_before): (Timestamp, Timestamp),
) -> Result<Option<i32>> {
    let shop = tx.shop()?;
    let prize = sqlx::query_scalar!(
        r#"
        update draw_places p
        set state = 'forfeited', because = $4, settled_at = $5
        from draws d
        where d.shop_id = $1 and d.id = $2 and p.draw_id = d.id and p.place = $3 and p.state = 'won' and p.told_at <= $6
        returning p.prize as "prize!"
        "#,
        shop.0,
        draw.0,
        place,
        because,
        now.to_sqlx() as _,
        told_before.to_sqlx() as _,
    );
    Ok(prize.fetch_optional(tx.sql()).await?)
}

/// The next substitute has this prize. Gives their place; `None`: nobody follows.
pub(in crate::lottery) async fn next_wins(
    tx: &mut Tx,
    draw: DrawId,
    prize: i32,
) -> Result<Option<i32>> {
    let shop = tx.shop()?;
    let place = sqlx::query_scalar!(
        "
        update draw_places p
        set state = 'won', prize = $3
        from draws d
        where d.shop_id = $1 and d.id = $2 and p.draw_id = d.id
          and p.place = (select min(n.place) from draw_places n where n.draw_id = $2 and n.state = 'substitute')
        returning p.place
        ",
        shop.0,
        draw.0,
        prize,
    );
    Ok(place.fetch_optional(tx.sql()).await?)
}

/// Coupons that are set aside for a prize.
pub(in crate::lottery) async fn add_gift(
    tx: &mut Tx,
    draw: DrawId,
    (prize, gift): (i32, GiftId),
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into draw_gifts (draw_id, prize, gift_id) select id, $3, $4 from draws where shop_id = $1 and id = $2",
        shop.0,
        draw.0,
        prize,
        gift.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The coupons that are set aside for what a place has won; `None`: it is no coupon.
pub(in crate::lottery) async fn gift_for(
    tx: &mut Tx,
    draw: DrawId,
    place: i32,
) -> Result<Option<GiftId>> {
    let shop = tx.shop()?;
    let gift = sqlx::query_scalar!(
        r#"
        select g.gift_id as "gift: GiftId"
        from draw_places p
        join draws d on d.id = p.draw_id
        join draw_gifts g on g.draw_id = p.draw_id and g.prize = p.prize
        where d.shop_id = $1 and d.id = $2 and p.place = $3
        "#,
        shop.0,
        draw.0,
        place,
    );
    Ok(gift.fetch_optional(tx.sql()).await?)
}
