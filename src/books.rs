//! Do the books balance? What `souk audit` asks: every noun that counts something recomputes it from the rows that are only added, and
//! names what differs.

use anyhow::Context as _;
use sqlx::Connection as _;

use crate::{
    aftersale, coupon, lottery, order, payment, promotion, red_packet, reward, shortage, stock,
    store::Store,
};

/// Everything that differs, one sentence each; nothing: the books balance. Reads one moment of the database, so that it may run
/// beside a server.
pub async fn differences(store: &Store) -> anyhow::Result<Vec<String>> {
    let mut sql = store
        .pool()
        .acquire()
        .await
        .context("cannot reach the database")?;
    let mut moment = sql
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    let mut differences = stock::books::differences(&mut moment).await?;
    differences.extend(order::books::differences(&mut moment).await?);
    differences.extend(coupon::books::differences(&mut moment).await?);
    differences.extend(promotion::books::differences(&mut moment).await?);
    differences.extend(reward::books::differences(&mut moment).await?);
    differences.extend(lottery::books::differences(&mut moment).await?);
    differences.extend(red_packet::books::differences(&mut moment).await?);
    differences.extend(aftersale::books::differences(&mut moment).await?);
    differences.extend(shortage::books::differences(&mut moment).await?);
    differences.extend(payment::books::differences(&mut moment).await?);
    Ok(differences)
}
