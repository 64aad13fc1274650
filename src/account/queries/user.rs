//! Every statement about users.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use crate::{
    account::me::Me,
    code::{Claim, contact::Contact},
    error::Result,
    id::UserId,
    store::Tx,
};

/// The built-in role of whoever opens a shop (migration 0002).
const OWNER: uuid::Uuid = uuid::uuid!("00000000-0000-7000-8000-000000000001");

/// A user to be kept.
pub(in crate::account) struct NewUser<'a> {
    id: UserId,
    kind: &'static str,
    name: &'a str,
    phone: Option<String>,
    email: Option<String>,
    password_hash: Option<&'a str>,
}

impl<'a> NewUser<'a> {
    pub(in crate::account) fn of(
        id: UserId,
        claim: &Claim,
        name: &'a str,
        password_hash: Option<&'a str>,
    ) -> Self {
        let key = claim.contact.key();
        let (phone, email) = match claim.contact {
            Contact::Phone(_) => (Some(key), None),
            Contact::Email(_) => (None, Some(key)),
        };
        Self {
            id,
            kind: claim.account.word(),
            name,
            phone,
            email,
            password_hash,
        }
    }
}

/// Keeps a user. The database refuses a phone or e-mail that has an account of this kind (ACC-07).
pub(in crate::account) async fn add(
    sql: impl PgExecutor<'_>,
    new: &NewUser<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into users (id, kind, name, phone, email, password_hash, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        new.id.0,
        new.kind,
        new.name,
        new.phone,
        new.email,
        new.password_hash,
        now.to_sqlx() as _,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Opens the shop of the unit of work and makes a user its owner.
pub(in crate::account) async fn open_shop(
    tx: &mut Tx,
    owner: UserId,
    name: &str,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        r#"
        with shop as (insert into shops (id, name, created_at) values ($1, $2, $5))
        insert into staff (shop_id, user_id, role_id, created_at) values ($1, $3, $4, $5)
        "#,
        shop.0,
        name,
        owner.0,
        OWNER,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What a log-in needs to know.
#[derive(Debug)]
pub(in crate::account) struct Login {
    pub user: UserId,
    pub password_hash: Option<String>,
    pub two_factor: bool,
    pub device_known: bool,
}

/// The account with this phone or e-mail, and whether it knows the device.
pub(in crate::account) async fn login(
    sql: impl PgExecutor<'_>,
    kind: &str,
    contact: &str,
    device_id: &str,
) -> sqlx::Result<Option<Login>> {
    sqlx::query_as!(
        Login,
        r#"
        select u.id as "user: UserId", u.password_hash, u.two_factor,
          exists (select from devices d where d.user_id = u.id and d.device_id = $3) as "device_known!"
        from users u
        where u.kind = $1 and (u.phone = $2 or u.email = $2)
        "#,
        kind,
        contact,
        device_id,
    )
    .fetch_optional(sql)
    .await
}

/// A user as they see themselves.
pub(in crate::account) async fn me(
    sql: impl PgExecutor<'_>,
    user: UserId,
) -> sqlx::Result<Option<Me>> {
    sqlx::query_as!(
        Me,
        r#"
        select id as "id: UserId", kind, name, avatar, phone, email, two_factor, password_hash, created_at
        from users
        where id = $1
        "#,
        user.0,
    )
    .fetch_optional(sql)
    .await
}

/// New values; what is absent stays.
pub(in crate::account) struct NewValues<'a> {
    pub name: Option<&'a str>,
    pub sets_avatar: bool,
    pub avatar: Option<uuid::Uuid>,
    pub password_hash: Option<&'a str>,
    pub two_factor: Option<bool>,
}

/// Changes a user.
pub(in crate::account) async fn change(
    sql: impl PgExecutor<'_>,
    user: UserId,
    new: &NewValues<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update users
        set name = coalesce($2, name), avatar = case when $3 then $4 else avatar end,
          password_hash = coalesce($5, password_hash), two_factor = coalesce($6, two_factor)
        where id = $1
        "#,
        user.0,
        new.name,
        new.sets_avatar,
        new.avatar,
        new.password_hash,
        new.two_factor,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The merchant account of a number that somebody is invited by and has proved; a new one has no password, and the name
/// that the newest open invitation gives. Nothing: nobody invites this number, or its account asks for more than a code.
pub(in crate::account) async fn invited(
    tx: &mut Tx,
    kind: &str,
    contact: &str,
    now: Timestamp,
) -> sqlx::Result<Option<UserId>> {
    // Whoever proves the number twice at once finds the account that they have just opened.
    sqlx::query_scalar!(
        r#"
        insert into users (id, kind, name, phone, created_at)
        select $1, 'merchant', i.name, i.phone, $4
        from staff_invites i
        where $2 = 'merchant' and i.phone = $3 and i.expires_at > $4
        order by i.id desc
        limit 1
        on conflict (kind, phone) do update
        set phone = excluded.phone
        where users.password_hash is null
        returning id as "id: UserId"
        "#,
        UserId::new().0,
        kind,
        contact,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await
}
