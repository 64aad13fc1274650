//! Pay a shop's balance out (PAY-05).

use serde_json::json;

use super::{
    ledger::{Account, Balances, Cause, transfer},
    queries,
};
use crate::{
    actor::{ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument, refused_because},
    money::Money,
    rights,
};

/// Pays out an amount in minor units (recorded). Refuses with `conflict` while the balance is below the settings' minimum
/// (`payment.withdraw_from`), and with `invalid_argument` an amount that is not there.
pub async fn withdraw(app: &App, by: &Staff<ManageShop>, amount: Money) -> Result<Balances> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::lock(&mut tx, by).await?;
    let now = app.clock.now();
    let had = queries::balances(&mut tx).await?.balance;
    let least = Money::minor(app.config.payment.withdraw_from);
    if had < least {
        let sentence = format!(
            "Withdrawals need a balance of {} minor units.",
            least.in_minor()
        );
        return Err(refused_because(Refusal::Conflict, &"balance", sentence));
    }
    if amount <= Money::ZERO || amount > had {
        return Err(refused_argument(
            "amount",
            "is above 0 and not above the balance",
        ));
    }
    let cause = Cause::new("withdrawn");
    transfer(
        &mut tx,
        Account::Balance,
        Account::Withdrawn,
        amount,
        &cause,
        now,
    )
    .await?;
    let deed = Deed::new(by.actor.user, "balance.withdrawn", by.shop)
        .before(json!({ "balance": had }))
        .after(json!({ "balance": had.minus(amount)?, "amount": amount }));
    audit::record(&mut tx, deed, now).await?;
    let balances = queries::balances(&mut tx).await?;
    tx.commit().await?;
    Ok(balances)
}
