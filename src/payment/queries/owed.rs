//! What shops owe their customers.

use sqlx::{PgConnection, PgPool};

use super::super::owed::{CustomerBalance, MyBalance};
use crate::{
    error::Result,
    id::{ShopId, UserId},
    money::Money,
    store::Tx,
};

/// The shop owes a customer so much more.
pub(in crate::payment) async fn owe(tx: &mut Tx, customer: UserId, amount: Money) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into customer_balances as b (shop_id, customer_id, amount)
        values ($1, $2, $3)
        on conflict (shop_id, customer_id) do update
        set amount = b.amount + excluded.amount
        ",
        shop.0,
        customer.0,
        amount.in_minor(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// The shop owes a customer so much less. Gives what is left; `None`: it does not owe so much.
pub(in crate::payment) async fn pay_out(
    tx: &mut Tx,
    customer: UserId,
    amount: Money,
) -> Result<Option<Money>> {
    let shop = tx.shop()?;
    let left = sqlx::query_scalar!(
        r#"
        update customer_balances
        set amount = amount - $3
        where shop_id = $1 and customer_id = $2 and amount >= $3
        returning amount as "amount: Money"
        "#,
        shop.0,
        customer.0,
        amount.in_minor(),
    );
    Ok(left.fetch_optional(tx.sql()).await?)
}

/// Whom the shop owes something.
pub(in crate::payment) async fn owed(
    tx: &mut Tx,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<CustomerBalance>> {
    let shop = tx.shop()?;
    let owed = sqlx::query_as!(
        CustomerBalance,
        r#"
        select b.customer_id as "customer_id: UserId", u.name, b.amount as "amount: Money"
        from customer_balances b
        join users u on u.id = b.customer_id
        where b.shop_id = $1 and b.amount > 0 and ($2::uuid is null or b.customer_id > $2)
        order by b.customer_id
        limit $3
        "#,
        shop.0,
        after.map(|id| id.0),
        limit,
    );
    Ok(owed.fetch_all(tx.sql()).await?)
}

/// Who owes a customer something; an embedded one knows their own shop only.
pub(in crate::payment) async fn owed_to(
    pool: &PgPool,
    (customer, home): (UserId, Option<ShopId>),
    after: Option<ShopId>,
    limit: i64,
) -> Result<Vec<MyBalance>> {
    let owed = sqlx::query_as!(
        MyBalance,
        r#"
        select b.shop_id as "shop_id: ShopId", s.name as shop_name, s.currency, b.amount as "amount: Money"
        from customer_balances b
        join shops s on s.id = b.shop_id
        where b.customer_id = $1 and b.amount > 0 and ($2::uuid is null or b.shop_id = $2) and ($3::uuid is null or b.shop_id > $3)
        order by b.shop_id
        limit $4
        "#,
        customer.0,
        home.map(|shop| shop.0),
        after.map(|id| id.0),
        limit,
    );
    Ok(owed.fetch_all(pool).await?)
}

/// Balances of customers that are not the sum of their entries.
pub(in crate::payment) async fn wrong_balances(sql: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"
        with entries as (
          select shop_id, customer_id, sum(case when credit = 'customers' then amount else -amount end)::bigint as amount
          from ledger
          where customer_id is not null
          group by shop_id, customer_id
        )
        select coalesce(e.shop_id, b.shop_id) as "shop!", coalesce(e.customer_id, b.customer_id) as "customer!",
          coalesce(e.amount, 0) as "entries!", coalesce(b.amount, 0) as "balance!"
        from entries e
        full join customer_balances b on b.shop_id = e.shop_id and b.customer_id = e.customer_id
        where coalesce(e.amount, 0) <> coalesce(b.amount, 0)
        order by 1, 2
        "#
    )
    .fetch_all(sql)
    .await?;
    let said = rows.into_iter().map(|row| {
        format!(
            "shop {}, customer {}: it owes {}, by its entries {}",
            row.shop, row.customer, row.balance, row.entries
        )
    });
    Ok(said.collect())
}
