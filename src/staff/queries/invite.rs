//! Statements about invitations to the staff. An invitation is for whoever has its number at the moment that they come.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

use crate::{
    clock::millis,
    error::Result,
    id::{RoleId, ShopId, StaffInviteId, UserId},
    staff::{
        invite::{NewInvite, StaffInvite},
        join::MyStaffInvite,
    },
    store::Tx,
};

/// Keeps an invitation in place of an earlier one of the same number; those that are over go. False: `most` others are
/// open.
pub(in crate::staff) async fn add(
    tx: &mut Tx,
    new: &NewInvite<'_>,
    most: i64,
    now: Timestamp,
) -> Result<bool> {
    let (shop, now) = (tx.shop()?, now.to_sqlx());
    sqlx::query!(
        "delete from staff_invites where shop_id = $1 and expires_at <= $2",
        shop.0,
        now as _,
    )
    .execute(tx.sql())
    .await?;
    let added = sqlx::query!(
        "
        insert into staff_invites (id, shop_id, phone, name, role_id, invited_by, expires_at, created_at)
        select $2, $1, $3, $4, $5, $6, $7, $8
        where (select count(*) from staff_invites where shop_id = $1 and phone <> $3) < $9::bigint
        on conflict on constraint staff_invites_once do update
        set id = excluded.id, name = excluded.name, role_id = excluded.role_id, invited_by = excluded.invited_by,
          expires_at = excluded.expires_at, created_at = excluded.created_at
        ",
        shop.0,
        new.id.0,
        new.phone,
        new.name,
        new.role.id.0,
        new.by.0,
        new.expires_at.to_sqlx() as _,
        now as _,
        most,
    )
    .execute(tx.sql())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// All that are over go, of every shop.
pub(in crate::staff) async fn forget_expired(
    sql: impl PgExecutor<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from staff_invites where expires_at <= $1",
        now.to_sqlx() as _
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The shop's open invitations, the newest first.
pub(in crate::staff) async fn open(tx: &mut Tx, now: Timestamp) -> Result<Vec<StaffInvite>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select i.id as "id: StaffInviteId", i.phone, i.name, i.role_id as "role_id: RoleId", r.name as role,
          i.expires_at as "expires_at: jiff_sqlx::Timestamp"
        from staff_invites i
        join roles r on r.id = i.role_id
        where i.shop_id = $1 and i.expires_at > $2
        order by i.id desc
        "#,
        shop.0,
        now.to_sqlx() as _,
    )
    .fetch_all(tx.sql())
    .await?;
    let invites = rows.into_iter().map(|row| StaffInvite {
        id: row.id,
        phone: row.phone,
        name: row.name,
        role_id: row.role_id,
        role: row.role,
        expires_at: millis(row.expires_at.to_jiff()),
    });
    Ok(invites.collect())
}

/// Nobody comes by it any more. False: the shop has no such invitation.
pub(in crate::staff) async fn withdraw(tx: &mut Tx, id: StaffInviteId) -> Result<bool> {
    let shop = tx.shop()?;
    let gone = sqlx::query!(
        "delete from staff_invites where shop_id = $1 and id = $2",
        shop.0,
        id.0
    )
    .execute(tx.sql())
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// The open invitations of a merchant's number, the newest first.
pub(in crate::staff) async fn of_merchant(
    sql: impl PgExecutor<'_>,
    user: UserId,
    most: i64,
    now: Timestamp,
) -> Result<Vec<MyStaffInvite>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select i.id as "id: StaffInviteId", i.shop_id as "shop: ShopId", s.name as shop_name, r.name as role, r.permissions,
          i.expires_at as "expires_at: jiff_sqlx::Timestamp"
        from users u
        join staff_invites i on i.phone = u.phone
        join shops s on s.id = i.shop_id
        join roles r on r.id = i.role_id
        where u.id = $1 and u.kind = 'merchant' and i.expires_at > $2
        order by i.id desc
        limit $3
        "#,
        user.0,
        now.to_sqlx() as _,
        most,
    )
    .fetch_all(sql)
    .await?;
    let invites = rows.into_iter().map(|row| MyStaffInvite {
        id: row.id,
        shop_id: row.shop,
        shop_name: row.shop_name,
        role: row.role,
        permissions: row.permissions,
        expires_at: millis(row.expires_at.to_jiff()),
    });
    Ok(invites.collect())
}

/// The shop of an invitation, and who made it.
pub(in crate::staff) async fn maker(
    sql: impl PgExecutor<'_>,
    id: StaffInviteId,
) -> Result<Option<(ShopId, UserId)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select shop_id as "shop: ShopId", invited_by as "by: UserId" from staff_invites where id = $1"#,
        id.0
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(|row| (row.shop, row.by)))
}

/// Takes an invitation that is open and is for this merchant's number. Gives the role.
pub(in crate::staff) async fn take(
    tx: &mut Tx,
    id: StaffInviteId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<RoleId>> {
    let shop = tx.shop()?;
    let role = sqlx::query_scalar!(
        r#"
        delete from staff_invites i
        using users u
        where i.shop_id = $1 and i.id = $2 and i.expires_at > $4 and u.id = $3 and u.kind = 'merchant' and u.phone = i.phone
        returning i.role_id as "role: RoleId"
        "#,
        shop.0,
        id.0,
        user.0,
        now.to_sqlx() as _,
    );
    Ok(role.fetch_optional(tx.sql()).await?)
}
