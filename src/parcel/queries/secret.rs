//! What a parcel's news are believed by.

use sqlx::PgPool;

use crate::{
    error::Result,
    id::{OrderId, PackageId, ShopId},
    store::Tx,
};

/// A parcel that somebody has news of.
pub(in crate::parcel) struct Known {
    pub package: PackageId,
    pub shop: ShopId,
    pub order: OrderId,
    pub tracking_number: String,
    pub secret: String,
}

/// Gives a parcel its secret, unless it has one. Gives the one that it has now, sealed.
pub(in crate::parcel) async fn arm(
    tx: &mut Tx,
    package: PackageId,
    hash: &[u8],
    sealed: &str,
) -> Result<String> {
    let shop = tx.shop()?;
    let kept = sqlx::query_scalar!(
        r#"
        update parcels
        set token_hash = coalesce(token_hash, $3), secret = coalesce(secret, $4)
        where shop_id = $1 and package_id = $2
        returning secret as "secret!"
        "#,
        shop.0,
        package.0,
        hash,
        sealed
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(kept)
}

/// The parcel whose address has this secret part; whose shop it is, nobody has said.
pub(in crate::parcel) async fn of_token(pool: &PgPool, hash: &[u8]) -> Result<Option<Known>> {
    let known = sqlx::query_as!(
        Known,
        r#"
        select package_id as "package: PackageId", shop_id as "shop: ShopId", order_id as "order: OrderId", tracking_number,
          secret as "secret!"
        from parcels
        where token_hash = $1
        "#,
        hash
    )
    .fetch_optional(pool)
    .await?;
    Ok(known)
}

/// Parcels whose secrets are sealed with another key than the one of this mark, of all shops.
pub(in crate::parcel) async fn sealed_otherwise(
    pool: &PgPool,
    mark: &str,
    most: i64,
) -> Result<Vec<(PackageId, String)>> {
    let rows = sqlx::query!(
        r#"
        select package_id as "package: PackageId", secret as "secret!"
        from parcels
        where secret is not null and not starts_with(secret, $1)
        limit $2
        "#,
        mark,
        most
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.package, row.secret))
        .collect())
}

/// The same secret, sealed anew.
pub(in crate::parcel) async fn reseal(
    pool: &PgPool,
    package: PackageId,
    kept: &str,
    renewed: &str,
) -> Result<()> {
    sqlx::query!(
        "update parcels set secret = $3 where package_id = $1 and secret = $2",
        package.0,
        kept,
        renewed
    )
    .execute(pool)
    .await?;
    Ok(())
}
