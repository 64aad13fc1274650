//! What gifts are, and how many there are.

use crate::{
    error::Result,
    id::{HolderId, ProductId, VariantId},
    store::Tx,
};

/// A variant that is given.
pub(in crate::promotion) struct Shelf {
    pub variant: VariantId,
    pub product: ProductId,
    pub title: String,
    pub choice: Vec<String>,
    /// Units that can be sold now, with those that the holder has already.
    pub available: i64,
}

/// These variants of the shop, as far as they can be had by a holder.
pub(in crate::promotion) async fn shelves(
    tx: &mut Tx,
    variants: &[VariantId],
    holder: HolderId,
) -> Result<Vec<Shelf>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Shelf,
        r#"
        select v.id as "variant: VariantId", v.product_id as "product: ProductId", p.title, v.choice,
          s.on_hand - s.held + coalesce(h.held, 0) as "available!"
        from variants v
        join products p on p.id = v.product_id
        join stock s on s.variant_id = v.id
        left join stock_holds h on h.variant_id = v.id and h.holder_id = $3
        where v.shop_id = $1 and v.id = any ($2)
        "#,
        shop.0,
        &variants.iter().map(|id| id.0).collect::<Vec<_>>(),
        holder.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(rows)
}
