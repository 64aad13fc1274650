//! Who takes part, and their tickets.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{
    Draw,
    dossier::Participant,
    fair::{Because, LeftOut, Ticket, WhyOut},
};
use crate::{
    error::Result,
    id::{DrawId, UserId},
    store::Tx,
};

/// Somebody who takes part from now on.
pub(in crate::lottery) struct NewPerson {
    pub customer: UserId,
    pub salt: String,
    pub person: String,
    pub nonce: String,
}

/// A ticket to be added.
pub(in crate::lottery) struct NewTicket {
    pub number: i32,
    pub customer: UserId,
    pub because: Because,
    pub link: String,
}

/// Somebody's names.
pub(in crate::lottery) struct Person {
    pub salt: String,
    pub pseudonym: String,
    pub nonce: String,
}

/// Somebody with their tickets, and the friends that count for more.
pub(in crate::lottery) struct Earner {
    pub customer: UserId,
    pub person: String,
    pub tickets: i64,
    pub friends: i64,
}

/// Works for the shop, with this account or with one on the same number, or is banned.
pub(in crate::lottery) async fn may_not_win(tx: &mut Tx, customer: UserId) -> Result<bool> {
    let shop = tx.shop()?;
    let out = sqlx::query_scalar!(
        r#"
        select exists (select from bans b where b.shop_id = $1 and b.user_id = $2) or exists (
          select from staff s
          join users w on w.id = s.user_id
          join users u on u.id = $2
          where s.shop_id = $1 and (w.id = u.id or w.phone = u.phone)
        ) as "out!"
        "#,
        shop.0,
        customer.0,
    );
    Ok(out.fetch_one(tx.sql()).await?)
}

/// Whether somebody is in the list already.
pub(in crate::lottery) async fn takes_part(
    tx: &mut Tx,
    draw: DrawId,
    customer: UserId,
) -> Result<bool> {
    Ok(person(tx, draw, customer).await?.is_some())
}

/// Somebody's names in the list.
pub(in crate::lottery) async fn person(
    tx: &mut Tx,
    draw: DrawId,
    customer: UserId,
) -> Result<Option<Person>> {
    let shop = tx.shop()?;
    let person = sqlx::query_as!(
        Person,
        "
        select p.salt, p.person as pseudonym, p.nonce
        from draw_people p
        join draws d on d.id = p.draw_id
        where d.shop_id = $1 and p.draw_id = $2 and p.customer_id = $3
        ",
        shop.0,
        draw.0,
        customer.0,
    );
    Ok(person.fetch_optional(tx.sql()).await?)
}

/// Somebody's tickets, with their links.
pub(in crate::lottery) async fn tickets_of(
    tx: &mut Tx,
    draw: DrawId,
    customer: UserId,
) -> Result<Vec<(i32, String)>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        "
        select t.number, t.link
        from draw_tickets t
        join draws d on d.id = t.draw_id
        where d.shop_id = $1 and t.draw_id = $2 and t.customer_id = $3
        order by t.number
        ",
        shop.0,
        draw.0,
        customer.0,
    );
    let rows = rows.fetch_all(tx.sql()).await?;
    Ok(rows.into_iter().map(|row| (row.number, row.link)).collect())
}

/// Everybody who takes part, or one of them. A friend counts who came into the group after the draw was published, if the view
/// `invited_friends` counts them, as rewards do (RISK-02).
pub(in crate::lottery) async fn earners(
    tx: &mut Tx,
    draw: &Draw,
    only: Option<UserId>,
) -> Result<Vec<Earner>> {
    let shop = tx.shop()?;
    let earners = sqlx::query_as!(
        Earner,
        r#"
        select p.customer_id as "customer: UserId", p.person,
          (select count(*) from draw_tickets t where t.draw_id = p.draw_id and t.customer_id = p.customer_id) as "tickets!",
          f.friends as "friends!"
        from draw_people p
        join draws d on d.id = p.draw_id
        cross join lateral (
          select count(*) as friends
          from invited_friends i
          where i.conversation_id = d.conversation_id and i.inviter_id = p.customer_id and i.joined_number > d.card_number
        ) f
        where d.shop_id = $1 and p.draw_id = $2 and ($3::uuid is null or p.customer_id = $3)
        order by p.entered_at, p.customer_id
        "#,
        shop.0,
        draw.id.0,
        only.map(|user| user.0),
    );
    Ok(earners.fetch_all(tx.sql()).await?)
}

/// Customers in the group who are not in the list and may win, in the order in which they came.
pub(in crate::lottery) async fn others(tx: &mut Tx, draw: &Draw) -> Result<Vec<UserId>> {
    let shop = tx.shop()?;
    let others = sqlx::query_scalar!(
        r#"
        select m.user_id as "user: UserId"
        from memberships m
        join users u on u.id = m.user_id
        where m.conversation_id = $2 and m.left_number is null and u.kind = 'customer'
          and not exists (select from draw_people p where p.draw_id = $3 and p.customer_id = m.user_id)
          and not exists (select from bans b where b.shop_id = $1 and b.user_id = m.user_id)
          and not exists (
            select from staff s
            join users w on w.id = s.user_id
            where s.shop_id = $1 and (w.id = u.id or w.phone = u.phone)
          )
        order by m.joined_number, m.user_id
        "#,
        shop.0,
        draw.conversation_id.0,
        draw.id.0,
    );
    Ok(others.fetch_all(tx.sql()).await?)
}

/// They take part. The draw is held.
pub(in crate::lottery) async fn add_people(
    tx: &mut Tx,
    draw: DrawId,
    people: &[NewPerson],
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    let column = |of: fn(&NewPerson) -> &String| people.iter().map(|one| of(one).clone()).collect();
    let (salts, names): (Vec<String>, Vec<String>) =
        (column(|one| &one.salt), column(|one| &one.person));
    let nonces: Vec<String> = column(|one| &one.nonce);
    sqlx::query!(
        "
        insert into draw_people (draw_id, customer_id, salt, person, nonce, entered_at)
        select d.id, n.customer_id, n.salt, n.person, n.nonce, $7
        from draws d, unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) as n (customer_id, salt, person, nonce)
        where d.shop_id = $1 and d.id = $2
        ",
        shop.0,
        draw.0,
        &people.iter().map(|one| one.customer.0).collect::<Vec<Uuid>>(),
        &salts,
        &names,
        &nonces,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Their tickets. The draw is held.
pub(in crate::lottery) async fn add_tickets(
    tx: &mut Tx,
    draw: DrawId,
    tickets: &[NewTicket],
) -> Result<()> {
    let shop = tx.shop()?;
    let reasons = tickets.iter().map(|one| word_of(one.because));
    sqlx::query!(
        "
        insert into draw_tickets (draw_id, number, customer_id, because, link)
        select d.id, n.number, n.customer_id, n.because, n.link
        from draws d, unnest($3::int[], $4::uuid[], $5::text[], $6::text[]) as n (number, customer_id, because, link)
        where d.shop_id = $1 and d.id = $2
        ",
        shop.0,
        draw.0,
        &tickets.iter().map(|one| one.number).collect::<Vec<i32>>(),
        &tickets.iter().map(|one| one.customer.0).collect::<Vec<Uuid>>(),
        &reasons.collect::<Vec<String>>(),
        &tickets.iter().map(|one| one.link.clone()).collect::<Vec<String>>(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The list has so many people and tickets more, and ends with this link. The draw is held.
pub(in crate::lottery) async fn lengthen(
    tx: &mut Tx,
    draw: DrawId,
    (people, tickets): (usize, usize),
    last_link: &str,
) -> Result<()> {
    let shop = tx.shop()?;
    let number = |some| i32::try_from(some).unwrap_or(i32::MAX / 2);
    sqlx::query!(
        "update draws set people = people + $3, tickets = tickets + $4, last_link = $5 where shop_id = $1 and id = $2",
        shop.0,
        draw.0,
        number(people),
        number(tickets),
        last_link,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Whoever may not win now is marked: the list is closed.
pub(in crate::lottery) async fn leave_out(tx: &mut Tx, draw: DrawId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update draw_people p
        set left_out = o.why
        from (
          select q.customer_id, case
            when exists (
              select from staff s
              join users w on w.id = s.user_id
              join users u on u.id = q.customer_id
              where s.shop_id = d.shop_id and (w.id = u.id or w.phone = u.phone)
            ) then 'staff'
            when exists (select from bans b where b.shop_id = d.shop_id and b.user_id = q.customer_id) then 'banned'
            when not exists (
              select from memberships m
              where m.conversation_id = d.conversation_id and m.user_id = q.customer_id and m.left_number is null
            ) then 'left'
          end as why
          from draw_people q
          join draws d on d.id = q.draw_id
          where d.shop_id = $1 and d.id = $2
        ) o
        where p.draw_id = $2 and p.customer_id = o.customer_id and o.why is not null
        ",
        shop.0,
        draw.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The list as the file has it, and who is left out.
pub(in crate::lottery) async fn list(
    tx: &mut Tx,
    draw: DrawId,
) -> Result<(Vec<Ticket>, Vec<LeftOut>)> {
    let shop = tx.shop()?;
    let ours = sqlx::query!(
        "select from draws where shop_id = $1 and id = $2",
        shop.0,
        draw.0
    );
    if ours.fetch_optional(tx.sql()).await?.is_none() {
        return Ok((vec![], vec![]));
    }
    list_of(tx.sql(), draw).await
}

/// The same of a draw whose shop is known, or for the audit, which goes through all shops.
pub(in crate::lottery) async fn list_of(
    sql: &mut PgConnection,
    draw: DrawId,
) -> Result<(Vec<Ticket>, Vec<LeftOut>)> {
    let rows = sqlx::query!(
        "
        select t.number, p.person, t.because, case when t.because = 'entered' then p.nonce else '' end as nonce, t.link
        from draw_tickets t
        join draw_people p on p.draw_id = t.draw_id and p.customer_id = t.customer_id
        where t.draw_id = $1
        order by t.number
        ",
        draw.0,
    );
    let rows = rows.fetch_all(&mut *sql).await?;
    let tickets = rows.into_iter().map(|row| {
        Ok(Ticket {
            number: row.number.unsigned_abs(),
            person: row.person,
            because: read(row.because)?,
            nonce: row.nonce.unwrap_or_default(),
            link: row.link,
        })
    });
    let tickets = tickets.collect::<Result<Vec<Ticket>>>()?;
    let rows = sqlx::query!(
        r#"select person, left_out as "left_out!" from draw_people where draw_id = $1 and left_out is not null order by person"#,
        draw.0,
    );
    let rows = rows.fetch_all(sql).await?;
    let out = rows.into_iter().map(|row| {
        Ok(LeftOut {
            person: row.person,
            because: read::<WhyOut>(row.left_out)?,
        })
    });
    Ok((tickets, out.collect::<Result<Vec<LeftOut>>>()?))
}

/// Whether anybody has thrown something in.
pub(in crate::lottery) async fn has_nonces(tx: &mut Tx, draw: DrawId) -> Result<bool> {
    let shop = tx.shop()?;
    let some = sqlx::query_scalar!(
        r#"
        select exists (
          select from draw_people p
          join draws d on d.id = p.draw_id
          where d.shop_id = $1 and d.id = $2 and p.nonce <> ''
        ) as "some!"
        "#,
        shop.0,
        draw.0,
    );
    Ok(some.fetch_one(tx.sql()).await?)
}

/// Everybody who takes part, with what is known of them.
pub(in crate::lottery) async fn participants(
    tx: &mut Tx,
    draw: DrawId,
) -> Result<Vec<Participant>> {
    let shop = tx.shop()?;
    let people = sqlx::query_as!(
        Participant,
        r#"
        select p.customer_id as "customer_id: UserId", u.name, p.person, p.left_out,
          (select count(*) from draw_tickets t where t.draw_id = p.draw_id and t.customer_id = p.customer_id) as "tickets!"
        from draw_people p
        join draws d on d.id = p.draw_id
        join users u on u.id = p.customer_id
        where d.shop_id = $1 and d.id = $2
        order by p.entered_at, p.customer_id
        "#,
        shop.0,
        draw.0,
    );
    Ok(people.fetch_all(tx.sql()).await?)
}

fn word_of(because: Because) -> String {
    match because {
        Because::Entered => "entered",
        Because::Invited => "invited",
        Because::Member => "member",
    }
    .to_owned()
}

/// A word of the file that the database holds.
fn read<W: serde::de::DeserializeOwned>(word: String) -> Result<W> {
    Ok(serde_json::from_value(word.into()).map_err(anyhow::Error::from)?)
}
