//! Every statement about staff, their invitations and roles.

pub(super) mod invite;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use super::{Colleague, OWNER, roles::Role};
use crate::{
    error::Result,
    id::{RoleId, UserId},
    store::Tx,
};

/// A new place on the staff.
pub(super) async fn add(tx: &mut Tx, user: UserId, role: RoleId, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into staff (shop_id, user_id, role_id, created_at) values ($1, $2, $3, $4)",
        shop.0,
        user.0,
        role.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A person on the staff.
pub(super) async fn colleague(tx: &mut Tx, user: UserId) -> Result<Option<Colleague>> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Colleague,
        r#"
        select s.user_id as "user_id: UserId", u.name, coalesce(u.phone, '') as "phone!", r.id as "role_id: RoleId",
          r.name as role, r.permissions, s.disabled_at is not null as "disabled!"
        from staff s
        join users u on u.id = s.user_id
        join roles r on r.id = s.role_id
        where s.shop_id = $1 and s.user_id = $2
        "#,
        shop.0,
        user.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found)
}

/// Is the owner of this number on the staff, disabled or not?
pub(super) async fn works_here(tx: &mut Tx, phone: &str) -> Result<bool> {
    let shop = tx.shop()?;
    let works = sqlx::query_scalar!(
        r#"
        select exists (
          select from users u
          join staff s on s.user_id = u.id and s.shop_id = $1
          where u.kind = 'merchant' and u.phone = $2
        ) as "works!"
        "#,
        shop.0,
        phone,
    );
    Ok(works.fetch_one(tx.sql()).await?)
}

/// People on the staff after `after`.
pub(super) async fn list(tx: &mut Tx, after: UserId, limit: i64) -> Result<Vec<Colleague>> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Colleague,
        r#"
        select s.user_id as "user_id: UserId", u.name, coalesce(u.phone, '') as "phone!", r.id as "role_id: RoleId",
          r.name as role, r.permissions, s.disabled_at is not null as "disabled!"
        from staff s
        join users u on u.id = s.user_id
        join roles r on r.id = s.role_id
        where s.shop_id = $1 and s.user_id > $2
        order by s.user_id
        limit $3
        "#,
        shop.0,
        after.0,
        limit,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(found)
}

/// Another role, disabled or not.
pub(super) async fn change(
    tx: &mut Tx,
    user: UserId,
    role: RoleId,
    disabled: bool,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        update staff
        set role_id = $3, disabled_at = case when $4 then coalesce(disabled_at, $5) end
        where shop_id = $1 and user_id = $2
        ",
        shop.0,
        user.0,
        role.0,
        disabled,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// How many owners work for the shop.
pub(super) async fn owners(tx: &mut Tx) -> Result<i64> {
    let shop = tx.shop()?;
    let owners = sqlx::query_scalar!(
        r#"select count(*) as "count!" from staff where shop_id = $1 and role_id = $2 and disabled_at is null"#,
        shop.0,
        OWNER.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(owners)
}

/// Does somebody work anywhere?
pub(super) async fn has_post(tx: &mut Tx, user: UserId) -> Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (select from posts where user_id = $1) as "has!""#,
        user.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(has)
}

/// A role that the shop can give.
pub(super) async fn role(tx: &mut Tx, role: RoleId) -> Result<Option<Role>> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Role,
        r#"
        select id as "id: RoleId", name, permissions, shop_id is null as "built_in!"
        from roles
        where id = $2 and (shop_id = $1 or shop_id is null)
        "#,
        shop.0,
        role.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found)
}

/// All roles that the shop can give.
pub(super) async fn roles(tx: &mut Tx) -> Result<Vec<Role>> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Role,
        r#"
        select id as "id: RoleId", name, permissions, shop_id is null as "built_in!"
        from roles
        where shop_id = $1 or shop_id is null
        order by id
        "#,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(found)
}

/// Is it the name of a built-in role?
pub(super) async fn is_built_in(tx: &mut Tx, name: &str) -> Result<bool> {
    let is = sqlx::query_scalar!(
        r#"select exists (select from roles where shop_id is null and lower(name) = lower($1)) as "is!""#,
        name
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(is)
}

/// A new role of the shop's own; `None` when it has `most` already.
pub(super) async fn add_role(
    tx: &mut Tx,
    name: &str,
    permissions: &[String],
    most: i64,
) -> Result<Option<Role>> {
    let shop = tx.shop()?;
    let added = sqlx::query_as!(
        Role,
        r#"
        insert into roles (id, shop_id, name, permissions)
        select $2, $1, $3, $4
        where (select count(*) from roles where shop_id = $1) < $5::bigint
        returning id as "id: RoleId", name, permissions, false as "built_in!"
        "#,
        shop.0,
        RoleId::new().0,
        name,
        permissions,
        most,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(added)
}

/// Another name, other permissions.
pub(super) async fn change_role(tx: &mut Tx, role: &Role) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update roles set name = $3, permissions = $4 where shop_id = $1 and id = $2",
        shop.0,
        role.id.0,
        role.name,
        &role.permissions,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Those who have a role in the shop.
pub(super) async fn holders(tx: &mut Tx, role: RoleId) -> Result<Vec<UserId>> {
    let shop = tx.shop()?;
    let users = sqlx::query_scalar!(
        r#"select user_id as "user: UserId" from staff where shop_id = $1 and role_id = $2 and disabled_at is null"#,
        shop.0,
        role.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(users)
}
