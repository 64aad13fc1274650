//! The two ways to fail: the rules say no ([`Error::Refused`]), or we failed ([`Error::Broken`]).
//!
//! A refusal has a code from `proto/error.proto`, a sentence and an HTTP status; nobody is woken. A failure keeps its
//! chain, is logged once at the edge (`live/dispatch.rs`, `http/reply.rs`), and the person hears "try again".

use std::time::Duration;

use http::StatusCode;
pub use proto::Refusal;
use proto::Refused;

/// What every verb returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules say no; nothing has happened.
    #[error("refused: {}", .0.code.as_str_name())]
    Refused(Box<Reason>),
    /// We failed.
    #[error("{0:#}")]
    Broken(#[source] anyhow::Error),
}

/// A refusal with what the person needs to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Which rule.
    pub code: Refusal,
    /// The argument that is wrong, if one is.
    pub field: String,
    /// More than the code's own sentence says, if there is more.
    pub sentence: Option<String>,
    /// When trying again is worth it.
    pub retry_after: Option<Duration>,
}

impl From<Refusal> for Error {
    fn from(code: Refusal) -> Self {
        Self::Refused(Box::new(Reason {
            code,
            field: String::new(),
            sentence: None,
            retry_after: None,
        }))
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

/// A refusal of one argument: its name, and what is wrong with it ("is longer than 64 bytes").
pub fn refused_argument(field: &str, wrong: &str) -> Error {
    Error::Refused(Box::new(Reason {
        code: Refusal::InvalidArgument,
        field: field.to_owned(),
        sentence: Some(format!("`{field}` {wrong}.")),
        retry_after: None,
    }))
}

/// A refusal that says more than its code's own sentence.
pub fn refused_because(code: Refusal, field: &impl ToString, sentence: String) -> Error {
    Error::Refused(Box::new(Reason {
        code,
        field: field.to_string(),
        sentence: Some(sentence),
        retry_after: None,
    }))
}

/// A refusal that says when to come again.
pub fn refused_until(code: Refusal, retry_after: Duration) -> Error {
    Error::Refused(Box::new(Reason {
        code,
        field: String::new(),
        sentence: None,
        retry_after: Some(retry_after),
    }))
}

impl Error {
    /// The refusal's code; `None` when we failed.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(reason) => Some(reason.code),
            Self::Broken(_) => None,
        }
    }

    /// The database is out of reach or busy: no fault of what was asked, and whoever tries something else now fails alike.
    pub fn is_weather(&self) -> bool {
        matches!(
            self.refusal(),
            Some(Refusal::Unavailable | Refusal::Overloaded)
        )
    }

    /// As the contract has it. What broke is not told to strangers.
    pub fn to_refused(&self) -> Refused {
        let broken = Reason {
            code: Refusal::Broken,
            field: String::new(),
            sentence: None,
            retry_after: None,
        };
        let reason = match self {
            Self::Refused(reason) => reason.as_ref(),
            Self::Broken(_) => &broken,
        };
        Refused {
            code: reason.code.into(),
            sentence: reason
                .sentence
                .clone()
                .unwrap_or_else(|| meaning(reason.code).1.to_owned()),
            field: reason.field.clone(),
            retry_after_ms: reason.retry_after.map_or(0, |wait| {
                u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
            }),
        }
    }
}

/// Work in which each piece is for itself: one that fails is told at the end, and holds up none of those behind it.
#[derive(Debug, Default)]
pub struct Round {
    failed: Option<Error>,
}

impl Round {
    /// How a piece went. Ends the round in bad weather, for the others would only wait and fail as well.
    pub fn note(&mut self, outcome: Result<()>) -> Result<()> {
        match outcome {
            Err(error) if error.is_weather() => return Err(error),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "a piece of a round failed");
                self.failed.get_or_insert(error);
            }
            Ok(()) => {}
        }
        Ok(())
    }

    /// The first failure, if there was one.
    pub fn end(self) -> Result<()> {
        self.failed.map_or(Ok(()), Err)
    }
}

/// Each refusal's HTTP status and sentence: the one table of them.
#[expect(clippy::too_many_lines, reason = "a flat table")]
pub fn meaning(code: Refusal) -> (StatusCode, &'static str) {
    use Refusal as R;
    match code {
        R::Unspecified | R::Broken => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something failed on our side; try again.",
        ),

        R::MalformedFrame => (StatusCode::BAD_REQUEST, "This could not be read."),
        R::UnknownRequest => (StatusCode::NOT_FOUND, "There is no such request."),
        R::InvalidArgument => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "An argument is not as it should be.",
        ),
        R::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "This is larger than allowed.",
        ),
        R::UnsupportedMediaType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "This media type is not accepted here.",
        ),
        R::MethodNotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            "This method is not allowed here.",
        ),

        R::NotAuthenticated => (StatusCode::UNAUTHORIZED, "Log in first."),
        R::AlreadyAuthenticated => (
            StatusCode::CONFLICT,
            "This socket is authenticated already.",
        ),
        R::WrongCredentials => (
            StatusCode::UNAUTHORIZED,
            "The account or the secret is wrong.",
        ),
        R::TokenExpired => (
            StatusCode::UNAUTHORIZED,
            "The token has expired; refresh the session.",
        ),
        R::SessionRevoked => (
            StatusCode::UNAUTHORIZED,
            "This session is over; log in again.",
        ),
        R::TicketSpent => (
            StatusCode::UNAUTHORIZED,
            "The ticket is used up or too old; fetch a new one.",
        ),
        R::ChallengeRequired => (
            StatusCode::FORBIDDEN,
            "This device is new here; prove it with a code.",
        ),
        R::CodeWrong => (StatusCode::UNAUTHORIZED, "The code is wrong."),
        R::CodeExpired => (
            StatusCode::UNAUTHORIZED,
            "The code has expired or was used; ask for a new one.",
        ),
        R::AccountTaken => (
            StatusCode::CONFLICT,
            "There is an account with this phone number or e-mail.",
        ),
        R::PasswordTooShort => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The password is too short.",
        ),
        R::PasswordTooLong => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The password is too long.",
        ),
        R::PasswordNeedsLetter => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The password needs a letter.",
        ),
        R::PasswordNeedsDigit => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The password needs a digit.",
        ),
        R::PasswordNeedsSymbol => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The password needs a special symbol.",
        ),
        R::PasswordTooCommon => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "This password is too easy to guess.",
        ),
        R::ThirdPartySignUp => (
            StatusCode::FORBIDDEN,
            "A merchant account is registered with a mobile number only.",
        ),
        R::EmbedTokenInvalid => (
            StatusCode::UNAUTHORIZED,
            "The shop's signed token is not valid.",
        ),

        R::Forbidden => (StatusCode::FORBIDDEN, "You may not do this."),
        R::NotFound => (StatusCode::NOT_FOUND, "This does not exist."),
        R::NotAMember => (StatusCode::FORBIDDEN, "You are not in this conversation."),
        R::Muted => (StatusCode::FORBIDDEN, "You may not speak here for now."),
        R::Banned => (
            StatusCode::FORBIDDEN,
            "The shop does not take messages from you.",
        ),
        R::ConversationClosed => (StatusCode::CONFLICT, "This conversation is closed."),
        R::NotTheSender => (StatusCode::FORBIDDEN, "This message is somebody else's."),

        R::ClientMessageIdReused => (
            StatusCode::CONFLICT,
            "This client message id was used for another message.",
        ),
        R::IdempotencyKeyReused => (
            StatusCode::CONFLICT,
            "This idempotency key was used for another request.",
        ),
        R::IdempotencyKeyMissing => (
            StatusCode::BAD_REQUEST,
            "Send an `Idempotency-Key` header with this request.",
        ),
        R::EditTooLate => (StatusCode::CONFLICT, "It is too late to edit this message."),
        R::RecallTooLate => (
            StatusCode::CONFLICT,
            "It is too late to recall this message.",
        ),
        R::AlreadyRecalled => (StatusCode::CONFLICT, "This message was recalled."),
        R::NotEditable => (
            StatusCode::CONFLICT,
            "This kind of message cannot be changed so.",
        ),
        R::GroupFull => (StatusCode::CONFLICT, "The group is full."),
        R::AlreadyAMember => (StatusCode::CONFLICT, "This person is in the group already."),
        R::InviteInvalid => (StatusCode::GONE, "This invitation is not valid any more."),
        R::JoinPending => (StatusCode::CONFLICT, "A manager has yet to approve."),
        R::FileTypeRefused => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "This type of file is not accepted.",
        ),
        R::FileTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The file is too large."),
        R::QuotaExceeded => (
            StatusCode::INSUFFICIENT_STORAGE,
            "There is no room for more.",
        ),
        R::AddressRefused => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "This address may not be called.",
        ),
        R::Conflict => (
            StatusCode::CONFLICT,
            "Somebody else was faster, or it was done already.",
        ),
        R::NameTaken => (StatusCode::CONFLICT, "This name is taken."),
        R::LastOwner => (
            StatusCode::CONFLICT,
            "A shop and a group keep at least one owner.",
        ),
        R::StaffDisabled => (StatusCode::FORBIDDEN, "This staff account is disabled."),
        R::EditedTooOften => (
            StatusCode::CONFLICT,
            "This message was edited too often; say it anew.",
        ),
        R::TooManyGroups => (
            StatusCode::CONFLICT,
            "The shop has, or one of these people is in, as many groups as may be.",
        ),
        R::OutOfStock => (StatusCode::CONFLICT, "There is not enough of it in stock."),
        R::StockPromised => (
            StatusCode::CONFLICT,
            "More units than that are promised to orders.",
        ),
        R::NotOnSale => (StatusCode::CONFLICT, "This is not on sale."),
        R::PicturesMissing => (
            StatusCode::CONFLICT,
            "A product needs at least 3 pictures to be on sale; the first is the main picture.",
        ),
        R::OrderState => (
            StatusCode::CONFLICT,
            "The order is at a point where this cannot be done.",
        ),
        R::RevisionStale => (
            StatusCode::CONFLICT,
            "The order was changed in the meantime; look at it again.",
        ),
        R::ReviewFailed => (
            StatusCode::CONFLICT,
            "Something has to be put right before the order is accepted.",
        ),
        R::TooManyUnpaid => (
            StatusCode::CONFLICT,
            "As many orders as the shop allows wait for their money: pay one of them, or cancel it.",
        ),
        R::Claimed => (StatusCode::CONFLICT, "A colleague looks after it."),
        R::CouponSoldOut => (StatusCode::CONFLICT, "All of these coupons are gone."),
        R::CouponBudgetSpent => (
            StatusCode::CONFLICT,
            "The budget for these coupons is spent.",
        ),
        R::CouponNotNow => (
            StatusCode::CONFLICT,
            "These coupons cannot be claimed at this time.",
        ),
        R::CouponLimitReached => (
            StatusCode::CONFLICT,
            "This customer has as many of these coupons as one person may have.",
        ),
        R::CouponDeviceLimit => (
            StatusCode::CONFLICT,
            "By this device were claimed as many of these coupons as one device may.",
        ),
        R::CouponNotEligible => (
            StatusCode::FORBIDDEN,
            "These coupons are for other customers.",
        ),
        R::CouponTrialOnly => (
            StatusCode::FORBIDDEN,
            "These coupons are on trial: only listed accounts can claim one.",
        ),
        R::CouponCodeInvalid => (StatusCode::NOT_FOUND, "This code gives no coupon."),
        R::CouponState => (
            StatusCode::CONFLICT,
            "These coupons are not in a state that allows this.",
        ),
        R::CouponFrozen => (
            StatusCode::CONFLICT,
            "Somebody has claimed one of these coupons: their terms stay as they are.",
        ),
        R::CouponNotUsable => (
            StatusCode::CONFLICT,
            "This coupon takes nothing off this basket.",
        ),
        R::CouponTaskOpen => (
            StatusCode::CONFLICT,
            "Something is to be done before this coupon can be claimed.",
        ),
        R::CouponHelpInvalid => (StatusCode::NOT_FOUND, "Nobody can be helped by this code."),
        R::DrawIncomplete => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Something that has to be published of a draw is missing.",
        ),
        R::DrawState => (
            StatusCode::CONFLICT,
            "The draw is not in a state that allows this.",
        ),
        R::DrawNotEligible => (
            StatusCode::FORBIDDEN,
            "This draw is not for the shop's staff, nor for whom it has banned.",
        ),
        R::CampaignEmpty => (
            StatusCode::CONFLICT,
            "Nobody would hear this campaign: its segments are empty.",
        ),
        R::CampaignState => (
            StatusCode::CONFLICT,
            "The campaign is not in a state that allows this.",
        ),
        R::PromotionState => (
            StatusCode::CONFLICT,
            "The promotion is over, or has begun and keeps its terms.",
        ),
        R::RedPacketEmpty => (
            StatusCode::CONFLICT,
            "Others have taken all shares of this red packet.",
        ),
        R::RedPacketOver => (StatusCode::CONFLICT, "The time of this red packet is over."),
        R::RedPacketTaken => (
            StatusCode::CONFLICT,
            "A share of this red packet was taken already on this device.",
        ),
        R::RedPacketNotEligible => (
            StatusCode::FORBIDDEN,
            "This red packet is not for the shop's staff, nor for whom it has banned.",
        ),
        R::RedPacketOpen => (
            StatusCode::CONFLICT,
            "Shares of this red packet can still be taken: its file is there when it is over.",
        ),
        R::BalanceTooLow => (StatusCode::CONFLICT, "There is not so much in the balance."),
        R::CaseState => (
            StatusCode::CONFLICT,
            "The request for money or goods back is not in a state that allows it.",
        ),
        R::CarrierUnknown => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The shop does not ship with this carrier.",
        ),

        R::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "Too fast; wait a moment."),
        R::Overloaded => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too busy; try again in a moment.",
        ),
        R::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available just now; try again.",
        ),
        R::OutcomeUnknown => (
            StatusCode::SERVICE_UNAVAILABLE,
            "It may have happened; repeat with the same ids to find out.",
        ),
        R::ShuttingDown => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This server is stopping; come back elsewhere.",
        ),
    }
}
