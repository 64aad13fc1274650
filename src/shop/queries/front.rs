//! Statements about a shop's profile, its followers and its links, and who embeds it.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgPool;

use crate::{
    error::Result,
    id::{FileId, ProductId, PromotionId, ShopId, UserId, VisitId},
    shop::{
        link::{Link, Visit},
        profile::Profile,
    },
    store::Tx,
};

pub(in crate::shop) async fn profile(tx: &mut Tx) -> Result<Option<Profile>> {
    let shop = tx.shop()?;
    let profile = sqlx::query_as!(
        Profile,
        r#"
        select logo as "logo: FileId", introduction, service_hours, phone, service_account_id as "service_account_id?: UserId"
        from shop_profiles
        where shop_id = $1
        "#,
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(profile)
}

pub(in crate::shop) async fn set_profile(tx: &mut Tx, profile: &Profile) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into shop_profiles (shop_id, logo, introduction, service_hours, phone, service_account_id)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (shop_id) do update
        set logo = excluded.logo, introduction = excluded.introduction, service_hours = excluded.service_hours,
          phone = excluded.phone, service_account_id = excluded.service_account_id
        ",
        shop.0,
        profile.logo.map(|logo| logo.0),
        profile.introduction,
        profile.service_hours,
        profile.phone,
        profile.service_account_id.map(|account| account.0),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Does this user chat for the shop now?
pub(in crate::shop) async fn may_chat(tx: &mut Tx, user: UserId) -> Result<bool> {
    let shop = tx.shop()?;
    let may = sqlx::query_scalar!(
        r#"select exists (select from posts where shop_id = $1 and user_id = $2 and 'chat' = any (permissions)) as "may!""#,
        shop.0,
        user.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(may)
}

/// `true`: for the first time.
pub(in crate::shop) async fn begin_to_follow(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<bool> {
    let shop = tx.shop()?;
    let added = sqlx::query!(
        "insert into shop_followers (shop_id, user_id, since) values ($1, $2, $3) on conflict do nothing",
        shop.0,
        user.0,
        now.to_sqlx() as _
    )
    .execute(tx.sql())
    .await?;
    if added.rows_affected() == 1 {
        return Ok(true);
    }
    sqlx::query!(
        "update shop_followers set left_at = null where shop_id = $1 and user_id = $2 and left_at is not null",
        shop.0,
        user.0
    )
    .execute(tx.sql())
    .await?;
    Ok(false)
}

pub(in crate::shop) async fn unfollow(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update shop_followers set left_at = $3 where shop_id = $1 and user_id = $2 and left_at is null",
        shop.0,
        user.0,
        now.to_sqlx() as _
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Whether this user follows the shop, and how many do.
pub(in crate::shop) async fn following(tx: &mut Tx, user: UserId) -> Result<(bool, i64)> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        select coalesce(bool_or(user_id = $2), false) as "mine!", count(*) as "all!"
        from shop_followers
        where shop_id = $1 and left_at is null
        "#,
        shop.0,
        user.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok((row.mine, row.all))
}

/// Keeps a link, unless there is one like it: then that one's code is given. `None`: no such product or promotion is to be seen in the shop.
pub(in crate::shop) async fn share(
    tx: &mut Tx,
    link: &Link,
    now: Timestamp,
) -> Result<Option<String>> {
    let shop = tx.shop()?;
    let code = sqlx::query_scalar!(
        "
        insert into shop_links (code, shop_id, product_id, channel, sharer_id, created_at, promotion_id)
        select $2, $1, $3, $4, $5, $6, $7
        where ($3::uuid is null or exists (select from products where shop_id = $1 and id = $3 and listed))
          and ($7::uuid is null or exists (select from promotions where shop_id = $1 and id = $7))
        on conflict on constraint shop_links_shared_once do update set channel = excluded.channel
        returning code
        ",
        shop.0,
        link.code,
        link.product_id.map(|product| product.0),
        link.channel,
        link.sharer_id.0,
        now.to_sqlx() as _,
        link.promotion_id.map(|promotion| promotion.0),
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(code)
}

/// Where a link leads; into which shop, nobody has said.
pub(in crate::shop) async fn link(pool: &PgPool, code: &str) -> Result<Option<Link>> {
    let link = sqlx::query_as!(
        Link,
        r#"
        select code, shop_id as "shop_id: ShopId", product_id as "product_id: ProductId",
          promotion_id as "promotion_id: PromotionId", channel, sharer_id as "sharer_id: UserId"
        from shop_links
        where code = $1
        "#,
        code
    )
    .fetch_optional(pool)
    .await?;
    Ok(link)
}

pub(in crate::shop) async fn add_visit(
    tx: &mut Tx,
    link: &Link,
    visitor: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into shop_visits (id, shop_id, code, visitor_id, at) values ($1, $2, $3, $4, $5)",
        VisitId::new().0,
        shop.0,
        link.code,
        visitor.0,
        now.to_sqlx() as _
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The shop's visits before one, the newest first.
pub(in crate::shop) async fn visits(
    tx: &mut Tx,
    before: Option<VisitId>,
    limit: i64,
) -> Result<Vec<Visit>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select v.id as "id: VisitId", v.visitor_id as "visitor_id: UserId", v.at as "at: SqlTimestamp", l.code,
          l.product_id as "product_id: ProductId", l.promotion_id as "promotion_id: PromotionId", l.channel, l.sharer_id as "sharer_id: UserId"
        from shop_visits v
        join shop_links l on l.code = v.code
        where v.shop_id = $1 and ($2::uuid is null or v.id < $2)
        order by v.id desc
        limit $3
        "#,
        shop.0,
        before.map(|before| before.0),
        limit
    )
    .fetch_all(tx.sql())
    .await?;
    let visits = rows.into_iter().map(|row| Visit {
        id: row.id,
        link: Link {
            code: row.code,
            shop_id: shop,
            product_id: row.product_id,
            promotion_id: row.promotion_id,
            channel: row.channel,
            sharer_id: row.sharer_id,
        },
        visitor_id: row.visitor_id,
        at: row.at.to_jiff(),
    });
    Ok(visits.collect())
}

/// What new followers hear; empty: nothing.
pub(in crate::shop) async fn welcome(tx: &mut Tx) -> Result<String> {
    let shop = tx.shop()?;
    let text = sqlx::query_scalar!("select text from shop_welcomes where shop_id = $1", shop.0)
        .fetch_optional(tx.sql())
        .await?;
    Ok(text.unwrap_or_default())
}

/// New followers hear this from now on.
pub(in crate::shop) async fn set_welcome(tx: &mut Tx, text: &str) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into shop_welcomes (shop_id, text)
        values ($1, $2)
        on conflict (shop_id) do update
        set text = excluded.text
        ",
        shop.0,
        text
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// From now on this follower has been welcomed. `false`: they were before.
pub(in crate::shop) async fn welcomed(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<bool> {
    let shop = tx.shop()?;
    let first = sqlx::query!(
        "update shop_followers set welcomed_at = $3 where shop_id = $1 and user_id = $2 and welcomed_at is null",
        shop.0,
        user.0,
        now.to_sqlx() as _
    )
    .execute(tx.sql())
    .await?;
    Ok(first.rows_affected() == 1)
}

/// The sites that may embed the shop.
pub(in crate::shop) async fn embed_origins(tx: &mut Tx) -> Result<Vec<String>> {
    let shop = tx.shop()?;
    let origins = sqlx::query_scalar!(
        "select origins from shop_embed_origins where shop_id = $1",
        shop.0
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(origins.unwrap_or_default())
}

/// These sites may embed the shop from now on.
pub(in crate::shop) async fn set_embed_origins(tx: &mut Tx, origins: &[String]) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into shop_embed_origins (shop_id, origins)
        values ($1, $2)
        on conflict (shop_id) do update
        set origins = excluded.origins
        ",
        shop.0,
        origins
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The sites that may embed a shop, whoever asks. `None`: there is no such shop.
pub(in crate::shop) async fn framers(pool: &PgPool, shop: ShopId) -> Result<Option<Vec<String>>> {
    let origins = sqlx::query_scalar!(
        r#"
        select coalesce(e.origins, '{}') as "origins!"
        from shops s
        left join shop_embed_origins e on e.shop_id = s.id
        where s.id = $1
        "#,
        shop.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(origins)
}
