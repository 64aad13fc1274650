//! Opening an account: merchants with a phone, a password and a shop (ACC-02, ACC-04, ACC-06), customers with a phone or
//! an e-mail address (ACC-07).

use proto::Refusal;

use super::{
    Device,
    hasher::Salt,
    password::{Password, PasswordFault},
    queries::user::{self as queries, NewUser},
    session::{self, LoggedIn},
};
use crate::{
    actor::AccountKind,
    app::App,
    audit::{self, Deed},
    code::{self, Claim, Proof, Purpose, contact::Contact},
    error::{Error, Reason, Result},
    id::{ShopId, UserId},
};

/// A merchant to be.
#[derive(Clone, Debug)]
pub struct NewMerchant {
    /// A phone; nothing else opens a merchant account.
    pub contact: Contact,
    /// A code with the purpose `register`.
    pub proof: Proof,
    /// 8 to 16 characters with letters, digits and symbols.
    pub password: Password,
    /// As colleagues and customers see them.
    pub name: String,
    /// The shop's name; it can be changed later.
    pub shop_name: String,
    /// The client they register on; it is known from now on.
    pub device: Device,
}

/// A customer to be.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// A phone or an e-mail address.
    pub contact: Contact,
    /// A code with the purpose `register`.
    pub proof: Proof,
    /// Without one they log in by code.
    pub password: Option<Password>,
    /// As others see them.
    pub name: String,
    /// The client they register on; it is known from now on.
    pub device: Device,
}

/// Opens a merchant account with its shop, which is not certified yet, and logs in. Refuses with `code_wrong`,
/// `code_expired`, `account_taken`.
pub async fn register_merchant(app: &App, new: NewMerchant) -> Result<(LoggedIn, ShopId)> {
    let claim = claim(AccountKind::Merchant, &new.contact);
    let proved = code::check(app, &claim, &new.proof, None).await?;
    let salt = Salt::generate(&mut rand::rng());
    let hash = app.hasher.hash(new.password, salt).await?;
    let (now, user, shop) = (app.clock.now(), UserId::new(), ShopId::new());
    let mut tx = app.store.begin(shop).await?;
    let row = NewUser::of(user, &claim, &new.name, Some(&hash));
    queries::add(tx.sql(), &row, now).await?;
    proved.use_up(&mut tx, now).await?;
    queries::open_shop(&mut tx, user, &new.shop_name, now).await?;
    let after = serde_json::json!({ "name": new.shop_name });
    let deed = Deed::new(user, "shop.opened", shop).after(after);
    audit::record(&mut tx, deed, now).await?;
    let logged_in = session::open(app, &mut tx, user, &new.device).await?;
    tx.commit().await?;
    Ok((logged_in, shop))
}

/// Opens a customer's account and logs in. Refuses with `code_wrong`, `code_expired`, `account_taken`.
pub async fn register_customer(app: &App, new: NewCustomer) -> Result<LoggedIn> {
    let claim = claim(AccountKind::Customer, &new.contact);
    let proved = code::check(app, &claim, &new.proof, None).await?;
    let salt = Salt::generate(&mut rand::rng());
    let hash = match new.password {
        Some(password) => Some(app.hasher.hash(password, salt).await?),
        None => None,
    };
    let (now, user) = (app.clock.now(), UserId::new());
    let mut tx = app.store.begin_people().await?;
    let row = NewUser::of(user, &claim, &new.name, hash.as_deref());
    queries::add(tx.sql(), &row, now).await?;
    proved.use_up(&mut tx, now).await?;
    let logged_in = session::open(app, &mut tx, user, &new.device).await?;
    tx.commit().await?;
    Ok(logged_in)
}

fn claim(account: AccountKind, contact: &Contact) -> Claim {
    Claim {
        contact: contact.clone(),
        account,
        purpose: Purpose::Register,
    }
}

/// Accepts a new password for a kind of account. Refuses with the code of the first fault; the sentence names all.
pub fn new_password(account: AccountKind, field: &str, text: &str) -> Result<Password> {
    let accepted = match account {
        AccountKind::Merchant => Password::for_merchant(text),
        AccountKind::Customer => Password::for_customer(text),
    };
    accepted.map_err(|faults| {
        let wrong: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Error::Refused(Box::new(Reason {
            code: faults.first().map_or(Refusal::InvalidArgument, code),
            field: field.to_owned(),
            sentence: Some(format!("The password has {}.", wrong.join(", "))),
            retry_after: None,
        }))
    })
}

fn code(fault: &PasswordFault) -> Refusal {
    match fault {
        PasswordFault::TooShort { .. } => Refusal::PasswordTooShort,
        PasswordFault::TooLong { .. } => Refusal::PasswordTooLong,
        PasswordFault::NoLetter => Refusal::PasswordNeedsLetter,
        PasswordFault::NoDigit => Refusal::PasswordNeedsDigit,
        PasswordFault::NoSymbol => Refusal::PasswordNeedsSymbol,
        PasswordFault::TooCommon => Refusal::PasswordTooCommon,
        PasswordFault::ControlCharacter => Refusal::InvalidArgument,
    }
}
