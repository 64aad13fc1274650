//! Shares: the next one, and who took which.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};

use super::super::{Taken, dossier::Taker, file, show::TakenShare};
use crate::{
    error::Result,
    id::{RedPacketId, SessionId, ShopId, UserId},
    money::Money,
    store::Tx,
};

/// The share that is taken next.
pub(in crate::red_packet) struct Next {
    pub place: i32,
    pub amount: Money,
    /// The hash of the one before.
    pub last_link: String,
}

/// Takes the next share: the one statement that decides whether there is one. `None`: nothing happened. Whoever comes after waits for
/// the end of this work. What is in a share is looked up by queries of their own: a join would keep to the share that it found before it waited.
pub(in crate::red_packet) async fn next(
    tx: &mut Tx,
    red_packet: RedPacketId,
    now: Timestamp,
) -> Result<Option<Next>> {
    let shop = tx.shop()?;
    let next = sqlx::query_as!(
        Next,
        r#"
        update red_packets p
        set taken = p.taken + 1,
          taken_amount = p.taken_amount + (select amount from red_packet_shares s where s.red_packet_id = p.id and s.place = p.taken + 1)
        where p.shop_id = $1 and p.id = $2 and p.state = 'open' and p.taken < p.shares and $3 < p.ends_at
        returning p.taken as place, p.last_link,
          (select amount from red_packet_shares s where s.red_packet_id = p.id and s.place = p.taken) as "amount!: Money"
        "#,
        shop.0,
        red_packet.0,
        now.to_sqlx() as _,
    );
    Ok(next.fetch_optional(tx.sql()).await?)
}

/// Somebody's share to be.
pub(in crate::red_packet) struct Take {
    pub customer: UserId,
    pub taken: Taken,
}

/// Writes down who took it, and the list goes on behind it. False: they, or somebody on their device, have one.
pub(in crate::red_packet) async fn take(
    tx: &mut Tx,
    red_packet: RedPacketId,
    Take { customer, taken }: &Take,
    device: Option<&str>,
) -> Result<bool> {
    let shop = tx.shop()?;
    let written = sqlx::query!(
        "
        with took as (
          insert into red_packet_takes (red_packet_id, place, customer_id, device_id, salt, person, link, taken_at)
          values ($2, $3, $4, $5, $6, $7, $8, $9)
          on conflict do nothing
          returning link
        )
        update red_packets p
        set last_link = took.link
        from took
        where p.shop_id = $1 and p.id = $2
        ",
        shop.0,
        red_packet.0,
        taken.place,
        customer.0,
        device,
        taken.salt,
        taken.person,
        taken.link,
        taken.at.to_sqlx() as _,
    );
    Ok(written.execute(tx.sql()).await?.rows_affected() == 1)
}

/// The device that somebody logged in by.
pub(in crate::red_packet) async fn device(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Option<String>> {
    let device = sqlx::query_scalar!("select device_id from sessions where id = $1", session.0);
    Ok(device.fetch_optional(tx.sql()).await?)
}

/// Works for the shop, with this account or with one on the same number, or is banned.
pub(in crate::red_packet) async fn may_not_take(tx: &mut Tx, customer: UserId) -> Result<bool> {
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

/// What somebody has taken.
pub(in crate::red_packet) async fn taken_by(
    tx: &mut Tx,
    red_packet: RedPacketId,
    customer: UserId,
) -> Result<Option<Taken>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select t.place, s.amount as "amount: Money", t.person, t.salt, t.link, t.taken_at as "taken_at: SqlTimestamp"
        from red_packet_takes t
        join red_packets p on p.id = t.red_packet_id
        join red_packet_shares s on s.red_packet_id = t.red_packet_id and s.place = t.place
        where p.shop_id = $1 and p.id = $2 and t.customer_id = $3
        "#,
        shop.0,
        red_packet.0,
        customer.0,
    );
    let row = row.fetch_optional(tx.sql()).await?;
    Ok(row.map(|row| Taken {
        place: row.place,
        amount: row.amount,
        person: row.person,
        salt: row.salt,
        link: row.link,
        at: row.taken_at.to_jiff(),
    }))
}

/// Who took what, as the file has it.
pub(in crate::red_packet) async fn takes(
    sql: &mut PgConnection,
    red_packet: RedPacketId,
) -> Result<Vec<file::Take>> {
    let rows = sqlx::query!(
        r#"
        select t.place, t.person, s.amount as "amount: Money", t.link
        from red_packet_takes t
        join red_packet_shares s on s.red_packet_id = t.red_packet_id and s.place = t.place
        where t.red_packet_id = $1
        order by t.place
        "#,
        red_packet.0,
    );
    let rows = rows.fetch_all(sql).await?;
    let takes = rows.into_iter().map(|row| file::Take {
        place: row.place.unsigned_abs(),
        person: row.person,
        amount: row.amount,
        link: row.link,
    });
    Ok(takes.collect())
}

/// Who took what, for the dossier.
pub(in crate::red_packet) async fn takers(
    tx: &mut Tx,
    red_packet: RedPacketId,
) -> Result<Vec<Taker>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select t.customer_id as "customer_id: UserId", u.name, t.person, t.place, s.amount as "amount: Money",
          t.taken_at as "taken_at: SqlTimestamp"
        from red_packet_takes t
        join red_packets p on p.id = t.red_packet_id
        join red_packet_shares s on s.red_packet_id = t.red_packet_id and s.place = t.place
        join users u on u.id = t.customer_id
        where p.shop_id = $1 and p.id = $2
        order by t.place
        "#,
        shop.0,
        red_packet.0,
    );
    let rows = rows.fetch_all(tx.sql()).await?;
    let takers = rows.into_iter().map(|row| Taker {
        customer_id: row.customer_id,
        name: row.name,
        person: row.person,
        place: row.place,
        amount: row.amount,
        taken_at: row.taken_at.to_jiff(),
    });
    Ok(takers.collect())
}

/// What a customer has taken in all shops, the newest red packet first; an embedded one knows their own shop only.
pub(in crate::red_packet) async fn shares_of(
    pool: &PgPool,
    (customer, home): (UserId, Option<ShopId>),
    before: Option<RedPacketId>,
    limit: i64,
) -> Result<Vec<TakenShare>> {
    let rows = sqlx::query!(
        r#"
        select p.id as "red_packet_id: RedPacketId", p.shop_id as "shop_id: ShopId", h.name as shop_name,
          p.rules::jsonb ->> 'greeting' as "greeting!", p.rules::jsonb ->> 'currency' as "currency!", s.amount as "amount: Money",
          t.taken_at as "taken_at: SqlTimestamp"
        from red_packet_takes t
        join red_packets p on p.id = t.red_packet_id
        join red_packet_shares s on s.red_packet_id = t.red_packet_id and s.place = t.place
        join shops h on h.id = p.shop_id
        where t.customer_id = $1 and ($2::uuid is null or p.shop_id = $2) and ($3::uuid is null or t.red_packet_id < $3)
        order by t.red_packet_id desc
        limit $4
        "#,
        customer.0,
        home.map(|shop| shop.0),
        before.map(|id| id.0),
        limit,
    );
    let rows = rows.fetch_all(pool).await?;
    let shares = rows.into_iter().map(|row| TakenShare {
        red_packet_id: row.red_packet_id,
        shop_id: row.shop_id,
        shop_name: row.shop_name,
        greeting: row.greeting,
        amount: row.amount,
        currency: row.currency,
        taken_at: row.taken_at.to_jiff(),
    });
    Ok(shares.collect())
}
