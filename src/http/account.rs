//! Codes, registrations and one's own account over REST.

use axum::{
    Json,
    extract::{Extension, State},
};
use proto::{UserKind, json::Word as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    body::Body,
    reply::{Answer, Created, ProblemBody, created},
    session::{LoggedIn, logged_in},
};
use crate::{
    account::{
        Device, DeviceKind,
        me::{self, Avatar, Changes},
        register::{self, NewCustomer, NewMerchant, new_password},
        session::Session,
    },
    actor::AccountKind,
    app::App,
    clock::millis,
    code::{self, Claim, Proof, Purpose, contact::Contact},
    door::client::ClientAddress,
    error::{Refusal, Result, refused_argument},
    id::{FileId, ShopId},
    words,
};

/// What a merchant whose shop is not certified is asked for (ACC-06).
const CERTIFY: &str = "请完成商家认证,解锁全部功能";

/// Whom to send a code, and what for.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// The kind of account.
    account: AccountKind,
    /// A mobile number, or:
    phone: Option<String>,
    /// An e-mail address.
    email: Option<String>,
    purpose: Purpose,
}

/// A code is on its way.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CodeRequested {
    /// Comes back with the code.
    request_id: Uuid,
    /// The code is good until then, milliseconds since 1970.
    expires_at: i64,
}

/// Send a 6-digit code to a phone or a mailbox.
#[utoipa::path(post, path = "/codes", tag = "accounts", request_body = CodeRequest,
    responses((status = 200, body = CodeRequested), (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody, description = "`unavailable`: codes cannot be sent this way, or not now")))]
pub async fn send_code(
    State(app): State<App>,
    Extension(from): Extension<ClientAddress>,
    Body(asked): Body<CodeRequest>,
) -> Answer<CodeRequested> {
    let claim = Claim {
        contact: Contact::parse(asked.phone.as_deref(), asked.email.as_deref())?,
        account: asked.account,
        purpose: asked.purpose,
    };
    let requested = code::send(&app, &claim, from.0).await?;
    Ok(Json(CodeRequested {
        request_id: requested.id,
        expires_at: millis(requested.expires_at),
    }))
}

/// A merchant to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MerchantRegistration {
    /// A mobile number: nothing else opens a merchant account.
    #[serde(default)]
    phone: Option<String>,
    /// A code with the purpose `register`.
    #[serde(default)]
    proof: Option<Proof>,
    /// 8 to 16 characters with letters, digits and symbols.
    #[serde(default)]
    password: String,
    #[serde(default)]
    shop_name: String,
    /// As colleagues and customers see them; the shop's name if absent.
    name: Option<String>,
    #[serde(default)]
    device_id: String,
    #[serde(default)]
    device_kind: DeviceKind,
    /// Always refused, with `third_party_sign_up`: the account stays with the business.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    third_party: Option<serde_json::Value>,
}

/// A new merchant with their shop, logged in.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MerchantRegistered {
    session: LoggedIn,
    shop_id: ShopId,
    /// The shop's certification: `uncertified`.
    certification: &'static str,
    /// What to ask the merchant for now.
    prompt: &'static str,
}

/// Open a merchant account with its shop.
#[utoipa::path(post, path = "/registrations/merchant", tag = "accounts", request_body = MerchantRegistration,
    responses((status = 201, body = MerchantRegistered), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn register_merchant(
    State(app): State<App>,
    Body(asked): Body<MerchantRegistration>,
) -> Created<MerchantRegistered> {
    let (session, shop_id) = register::register_merchant(&app, asked.read()?).await?;
    Ok(created(MerchantRegistered {
        session: logged_in(&app, session).await?,
        shop_id,
        certification: "uncertified",
        prompt: CERTIFY,
    }))
}

impl MerchantRegistration {
    fn read(self) -> Result<NewMerchant> {
        if self.third_party.is_some() {
            return Err(Refusal::ThirdPartySignUp.into());
        }
        let phone = self
            .phone
            .ok_or_else(|| refused_argument("phone", "is missing"))?;
        let shop_name = words::name("shop_name", &self.shop_name)?.to_owned();
        Ok(NewMerchant {
            contact: Contact::phone(&phone)?,
            proof: self
                .proof
                .ok_or_else(|| refused_argument("proof", "is missing"))?,
            password: new_password(AccountKind::Merchant, "password", &self.password)?,
            name: match &self.name {
                Some(text) => words::name("name", text)?.to_owned(),
                None => shop_name.clone(),
            },
            shop_name,
            device: Device::new(&self.device_id, self.device_kind)?,
        })
    }
}

/// A customer to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerRegistration {
    /// A mobile number, or:
    phone: Option<String>,
    /// An e-mail address.
    email: Option<String>,
    /// A code with the purpose `register`.
    proof: Proof,
    name: String,
    /// At least 8 characters; without one they log in by code.
    password: Option<String>,
    device_id: String,
    #[serde(default)]
    device_kind: DeviceKind,
}

/// Open a customer's account.
#[utoipa::path(post, path = "/registrations/customer", tag = "accounts", request_body = CustomerRegistration,
    responses((status = 201, body = LoggedIn), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn register_customer(
    State(app): State<App>,
    Body(asked): Body<CustomerRegistration>,
) -> Created<LoggedIn> {
    let password = asked.password.as_deref();
    let new = NewCustomer {
        contact: Contact::parse(asked.phone.as_deref(), asked.email.as_deref())?,
        proof: asked.proof,
        password: password
            .map(|text| new_password(AccountKind::Customer, "password", text))
            .transpose()?,
        name: words::name("name", &asked.name)?.to_owned(),
        device: Device::new(&asked.device_id, asked.device_kind)?,
    };
    let session = register::register_customer(&app, new).await?;
    Ok(created(logged_in(&app, session).await?))
}

/// One's own account.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Me {
    id: String,
    #[schema(value_type = UserKind)]
    kind: String,
    name: String,
    /// A file id.
    avatar: Option<FileId>,
    phone: Option<String>,
    email: Option<String>,
    /// Is a code asked for at every log-in?
    two_factor: bool,
    has_password: bool,
    /// Milliseconds since 1970.
    created_at: i64,
    /// The shops one works for.
    posts: Vec<proto::Post>,
}

impl Me {
    fn of(me: me::Me, session: &Session) -> Self {
        Self {
            id: me.id.to_string(),
            kind: session.actor.kind.word(),
            has_password: me.has_password(),
            name: me.name,
            avatar: me.avatar.map(FileId),
            phone: me.phone,
            email: me.email,
            two_factor: me.two_factor,
            created_at: millis(me.created_at),
            posts: session
                .actor
                .posts
                .iter()
                .map(crate::account::wire::post)
                .collect(),
        }
    }
}

/// See one's own account.
#[utoipa::path(get, path = "/me", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Me), (status = 401, body = ProblemBody)))]
pub async fn me(State(app): State<App>, session: Session) -> Answer<Me> {
    let me = me::me(&app, &session).await?;
    Ok(Json(Me::of(me, &session)))
}

/// What to change; what is absent stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MyChanges {
    name: Option<String>,
    /// The id of a picture that you uploaded, or empty for none. Whoever has to do with you may fetch it.
    avatar: Option<String>,
    /// Ends all other sessions.
    new_password: Option<String>,
    /// Ask for a code at every log-in?
    two_factor: Option<bool>,
    /// For a new password or another way to log in, either this or `proof`.
    current_password: Option<String>,
    /// A code with the purpose `set_password`.
    proof: Option<Proof>,
}

fn avatar(text: &str) -> Result<Avatar> {
    match text {
        "" => Ok(Avatar::Nothing),
        id => id
            .parse()
            .map(Avatar::Picture)
            .map_err(|_| refused_argument("avatar", "is not a file id")),
    }
}

/// Change one's own account.
#[utoipa::path(patch, path = "/me", tag = "accounts", security(("token" = [])), request_body = MyChanges,
    responses((status = 200, body = Me), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change_me(
    State(app): State<App>,
    session: Session,
    Body(asked): Body<MyChanges>,
) -> Answer<Me> {
    let changes = Changes {
        name: match &asked.name {
            Some(text) => Some(words::name("name", text)?.to_owned()),
            None => None,
        },
        avatar: asked.avatar.as_deref().map(avatar).transpose()?,
        new_password: asked.new_password,
        two_factor: asked.two_factor,
        current_password: asked.current_password,
        proof: asked.proof,
    };
    let me = me::change_me(&app, &session, changes).await?;
    Ok(Json(Me::of(me, &session)))
}
