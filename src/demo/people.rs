//! The demo's people, and how they come in: by the codes that would have gone to their phones.

use std::{
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
};

use crate::{
    account::{
        Device, DeviceKind,
        log_in::{self, LogIn},
        me::{self, Changes},
        register::{self, NewCustomer, NewMerchant, new_password},
        session::{self, LoggedIn},
    },
    actor::{AccountKind, Actor},
    app::App,
    code::{self, Claim, Proof, Purpose, contact::Contact, outbox},
    error::Result,
    id::ShopId,
};

/// Everybody's: letters, digits and a symbol, as merchants must.
pub(super) const PASSWORD: &str = "Souk-demo-1";

pub(super) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What a person does in the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Customer,
    Owner,
    Administrator,
    Operator,
    Agent,
}

/// Somebody who can log in.
#[derive(Clone, Copy, Debug)]
pub(super) struct DemoPerson {
    pub name: &'static str,
    pub phone: &'static str,
    pub role: Role,
}

const fn person(name: &'static str, phone: &'static str, role: Role) -> DemoPerson {
    DemoPerson { name, phone, role }
}

pub(super) const CAKE_OWNER: DemoPerson = person("Cake shop owner", "+8613800000001", Role::Owner);
pub(super) const CAKE_AGENT: DemoPerson = person("Cake shop agent", "+8613800000002", Role::Agent);
pub(super) const CLOTHES_OWNER: DemoPerson =
    person("Clothes shop owner", "+8613800000003", Role::Owner);
pub(super) const CLOTHES_AGENT: DemoPerson =
    person("Clothes shop agent", "+8613800000004", Role::Agent);
pub(super) const CAKE_COLLEAGUES: [DemoPerson; 2] = [
    person(
        "Cake shop administrator",
        "+8613800000005",
        Role::Administrator,
    ),
    person("Cake shop operator", "+8613800000006", Role::Operator),
];
pub(super) const CLOTHES_COLLEAGUES: [DemoPerson; 2] = [
    person(
        "Clothes shop administrator",
        "+8613800000007",
        Role::Administrator,
    ),
    person("Clothes shop operator", "+8613800000008", Role::Operator),
];
/// Who the README's first lines speak as.
pub(super) const CUSTOMER: DemoPerson = person("Customer 1", "+8613800000011", Role::Customer);

/// The customers after those log in by code only.
pub(super) const BY_CODE: RangeInclusive<u16> = 4..=30;
/// Whoever else is in the welfare group, to make it 79 people.
pub(super) const GUESTS: RangeInclusive<u16> = 1..=49;

/// All who have a password.
pub(super) const PEOPLE: [DemoPerson; 11] = [
    CAKE_OWNER,
    CAKE_COLLEAGUES[0],
    CAKE_COLLEAGUES[1],
    CAKE_AGENT,
    CLOTHES_OWNER,
    CLOTHES_COLLEAGUES[0],
    CLOTHES_COLLEAGUES[1],
    CLOTHES_AGENT,
    CUSTOMER,
    person("Customer 2", "+8613800000012", Role::Customer),
    person("Customer 3", "+8613800000013", Role::Customer),
];

/// Whoever a session belongs to, as they are now.
pub(super) async fn actor(app: &App, logged_in: &LoggedIn) -> Result<Actor> {
    Ok(session::again(app, logged_in.session).await?.actor)
}

impl DemoPerson {
    /// Opens a customer's account.
    pub(super) async fn register(self, app: &App) -> Result<Actor> {
        let new = NewCustomer {
            contact: self.contact()?,
            proof: self.proof(app, Purpose::Register).await?,
            password: Some(new_password(self.account(), "password", PASSWORD)?),
            name: self.name.to_owned(),
            device: device()?,
        };
        actor(app, &register::register_customer(app, new).await?).await
    }

    /// Opens a merchant's account with a shop.
    pub(super) async fn found(self, app: &App, shop_name: &str) -> Result<(Actor, ShopId)> {
        let new = NewMerchant {
            contact: self.contact()?,
            proof: self.proof(app, Purpose::Register).await?,
            password: new_password(self.account(), "password", PASSWORD)?,
            name: self.name.to_owned(),
            shop_name: shop_name.to_owned(),
            device: device()?,
        };
        let (logged_in, shop) = register::register_merchant(app, new).await?;
        Ok((actor(app, &logged_in).await?, shop))
    }

    /// What the built-in role is called.
    pub(super) fn role_name(self) -> &'static str {
        match self.role {
            Role::Customer => "",
            Role::Owner => "owner",
            Role::Administrator => "administrator",
            Role::Operator => "operator",
            Role::Agent => "agent",
        }
    }

    /// Logs in by code as whom a shop has invited, which opens the account, and sets a password.
    pub(super) async fn move_in(self, app: &App) -> Result<Actor> {
        let proof = self.proof(app, Purpose::LogIn).await?;
        let logged_in = log_in::log_in(app, self.log_in_with(None, Some(proof))?).await?;
        let session = session::again(app, logged_in.session).await?;
        let changes = Changes {
            new_password: Some(PASSWORD.to_owned()),
            proof: Some(self.proof(app, Purpose::SetPassword).await?),
            ..Changes::default()
        };
        me::change_me(app, &session, changes).await?;
        Ok(session.actor)
    }

    /// Logs in on the device that the demo has registered. Refuses with `wrong_credentials` who is not there.
    pub(super) async fn log_in(self, app: &App) -> Result<LoggedIn> {
        log_in::log_in(app, self.log_in_with(Some(PASSWORD.to_owned()), None)?).await
    }

    fn log_in_with(self, password: Option<String>, proof: Option<Proof>) -> Result<LogIn> {
        Ok(LogIn {
            account: self.account(),
            contact: self.contact()?,
            password,
            proof,
            device: device()?,
            from: HERE,
        })
    }

    /// Asks for a code and reads it in the outbox.
    async fn proof(self, app: &App, purpose: Purpose) -> Result<Proof> {
        let claim = Claim {
            contact: self.contact()?,
            account: self.account(),
            purpose,
        };
        prove(app, &claim, HERE).await
    }

    fn account(self) -> AccountKind {
        match self.role {
            Role::Customer => AccountKind::Customer,
            _ => AccountKind::Merchant,
        }
    }

    fn contact(self) -> Result<Contact> {
        Contact::phone(self.phone)
    }
}

/// Names and phones of the customers who come by code only.
pub fn come_by_code() -> impl Iterator<Item = (String, String)> {
    BY_CODE.map(|at| (format!("Customer {at}"), phone_of(at)))
}

/// How many they are.
pub const COME_BY_CODE: u16 = *BY_CODE.end() - *BY_CODE.start() + 1;

/// The phone of a customer by their number.
pub(super) fn phone_of(customer: u16) -> String {
    format!("+861380000{:04}", 10 + customer)
}

/// Opens the account of somebody without a password. So many could not ask for a code from one address in an hour.
pub(super) async fn come(app: &App, name: String, phone: &str, at: u16) -> Result<Actor> {
    let street = u8::try_from(at / 30).unwrap_or(0);
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, street, 2));
    let claim = Claim {
        contact: Contact::phone(phone)?,
        account: AccountKind::Customer,
        purpose: Purpose::Register,
    };
    let new = NewCustomer {
        proof: prove(app, &claim, from).await?,
        contact: claim.contact,
        password: None,
        name,
        device: device()?,
    };
    actor(app, &register::register_customer(app, new).await?).await
}

/// Asks for a code and reads it in the outbox.
async fn prove(app: &App, claim: &Claim, from: IpAddr) -> Result<Proof> {
    let request_id = code::send(app, claim, from).await?.id;
    let texts = outbox::outbox(app, Some(&claim.contact)).await?;
    let code = texts.first().and_then(|newest| digits(&newest.text));
    let code = code.unwrap_or_default().to_owned();
    Ok(Proof { request_id, code })
}

/// The six digits of a code in its text.
fn digits(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .find(|run| run.len() == 6)
}

fn device() -> Result<Device> {
    Device::new("demo", DeviceKind::Script)
}
