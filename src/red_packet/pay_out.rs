//! What a shop owes its customers from red packets, and that it has paid it. The money goes on a way that we do not see (a transfer, cash): the
//! shop says so, it is recorded, and the customer is told, who knows best whether it is true.

use proto::{Message, Notice, NoticeKind};
use serde::Serialize;
use serde_json::json;

use super::{queries, words as said};
use crate::{
    actor::{Customer, ManageShop, SeeFinance, Staff},
    app::App,
    audit::{self, Deed},
    conversation::{Draft, log, open},
    error::{Result, refused_argument},
    id::UserId,
    money::Money,
    payment::owed::{self, CustomerBalance, MyBalance},
    rights,
    store::Tx,
    words,
};

/// Whom the shop owes something, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerBalancePage {
    /// By their ids.
    pub customers: Vec<CustomerBalance>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// What shops owe one, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyBalancePage {
    /// By the shops' ids.
    pub balances: Vec<MyBalance>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// What was paid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerPayout {
    /// To whom.
    pub customer_id: UserId,
    /// Minor units.
    pub amount: Money,
    /// What the shop still owes them.
    pub left: Money,
}

/// Whom the shop owes something. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn page(
    app: &App,
    by: &Staff<SeeFinance>,
    cursor: &str,
    limit: u32,
) -> Result<CustomerBalancePage> {
    let mut tx = app.store.begin(by.shop).await?;
    let (customers, next_cursor) = owed::of_shop(&mut tx, cursor, limit).await?;
    Ok(CustomerBalancePage {
        customers,
        next_cursor,
    })
}

/// What shops owe a customer. Refuses a bad cursor or limit (1 to 100, 0 means 30) with `invalid_argument`.
pub async fn mine(
    app: &App,
    Customer(actor): &Customer,
    cursor: &str,
    limit: u32,
) -> Result<MyBalancePage> {
    let who = (actor.user, actor.home);
    let (balances, next_cursor) = owed::to_customer(app, who, cursor, limit).await?;
    Ok(MyBalancePage {
        balances,
        next_cursor,
    })
}

/// The shop has paid a customer so much (recorded, and the customer is told). `note` says how, 1 to 100 characters. Refuses with `balance_too_low` more than it
/// owes them, with `invalid_argument`.
pub async fn pay_out(
    app: &App,
    by: &Staff<ManageShop>,
    customer: UserId,
    (amount, note): (Money, &str),
) -> Result<CustomerPayout> {
    let note = words::line("note", note, 100)?;
    if amount <= Money::ZERO {
        return Err(refused_argument("amount", "is above 0"));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let left = owed::pay_out(&mut tx, customer, amount, now).await?;
    let currency = queries::currency(&mut tx).await?;
    tell(app, &mut tx, customer, said::paid(amount, &currency, note)).await?;
    let deed = Deed::new(by.actor.user, "customer.paid_out", customer);
    let deed = deed.after(json!({ "amount": amount, "note": note }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(CustomerPayout {
        customer_id: customer,
        amount,
        left,
    })
}

/// In their conversation with the shop; whom it has banned has none.
async fn tell(app: &App, tx: &mut Tx, customer: UserId, words: String) -> Result<()> {
    let Some(conversation) = open::by_itself(app, tx, customer).await? else {
        return Ok(());
    };
    let message = Message {
        conversation_id: conversation.to_string(),
        text: words,
        notice: Some(Notice {
            kind: NoticeKind::PaidOut.into(),
            ..Notice::default()
        }),
        ..Message::default()
    };
    let draft = Draft::of_server(conversation, message);
    log::append(tx, &app.clock, draft).await.map(drop)
}
