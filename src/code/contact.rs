//! Where a code can be sent: a phone or an e-mail address. Either names one account of a kind (ACC-07).

use super::{email::Email, phone::Phone};
use crate::error::{Result, refused_argument};

/// A phone number or an e-mail address. `Debug` prints the masked form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// A mobile number.
    Phone(Phone),
    /// An e-mail address.
    Email(Email),
}

impl Contact {
    /// Reads exactly one of the two. Refuses with `invalid_argument`.
    pub fn parse(phone: Option<&str>, email: Option<&str>) -> Result<Self> {
        match (phone, email) {
            (Some(phone), None) => Self::phone(phone),
            (None, Some(email)) => Email::parse(email)
                .map(Self::Email)
                .map_err(|fault| refused_argument("email", &format!("is {fault}"))),
            (Some(_), Some(_)) => Err(refused_argument("email", "comes instead of `phone`")),
            (None, None) => Err(refused_argument("phone", "or `email` is missing")),
        }
    }

    /// Reads a phone number. Refuses with `invalid_argument`.
    pub fn phone(text: &str) -> Result<Self> {
        Phone::parse(text)
            .map(Self::Phone)
            .map_err(|fault| refused_argument("phone", &format!("is {fault}")))
    }

    /// What identifies it: E.164, or the address in lower case.
    pub fn key(&self) -> String {
        match self {
            Self::Phone(phone) => phone.as_str().to_owned(),
            Self::Email(email) => email.key(),
        }
    }

    /// Where to send to.
    pub fn address(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }

    /// By what it is reached: `sms` or `email`.
    pub fn channel(&self) -> &'static str {
        match self {
            Self::Phone(_) => "sms",
            Self::Email(_) => "email",
        }
    }

    /// What a screen may show.
    pub fn masked(&self) -> String {
        match self {
            Self::Phone(phone) => phone.masked(),
            Self::Email(email) => email.masked(),
        }
    }
}
