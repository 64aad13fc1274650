//! Alipay's forms: what is signed is the form itself, sorted, without escapes.

use std::collections::BTreeMap;

use url::form_urlencoded::{self, Serializer};

use super::super::{
    fault::Forged,
    key::{SigningKey, VerifyingKey},
};

/// Names and values, in the order in which they are signed.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Of these values; empty ones are left out, as the provider does not sign them.
    pub(super) fn of(values: &[(&str, &str)]) -> Self {
        let filled = values.iter().filter(|(_, value)| !value.is_empty());
        Self(
            filled
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// Reads what was posted. A name that comes twice would be one thing to us and another to whoever signed.
    pub(super) fn read(body: &[u8]) -> Result<Self, Forged> {
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if values
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(Forged::Unreadable);
            }
        }
        Ok(Self(values))
    }

    /// The value of a name, or nothing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The body of a request of ours, signed.
    pub(super) fn signed(mut self, key: &SigningKey) -> String {
        let signature = key.sign(self.text(&["sign"]).as_bytes());
        self.0.insert("sign".to_owned(), signature);
        Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }

    /// Did the holder of this key sign it?
    pub(super) fn check(&self, key: &VerifyingKey) -> Result<(), Forged> {
        let signature = self.get("sign").ok_or(Forged::Unsigned)?;
        let kind = self.get("sign_type").ok_or(Forged::Unsigned)?;
        let charset = self.get("charset").unwrap_or("utf-8");
        if kind != "RSA2" || !charset.eq_ignore_ascii_case("utf-8") {
            return Err(Forged::Unreadable);
        }
        let text = self.text(&["sign", "sign_type"]);
        key.signed(text.as_bytes(), signature)
            .then_some(())
            .ok_or(Forged::WrongSignature)
    }

    /// `a=1&b=2`, without those names.
    fn text(&self, without: &[&str]) -> String {
        let values = self
            .0
            .iter()
            .filter(|(name, _)| !without.contains(&name.as_str()));
        let pairs: Vec<String> = values
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAY-01: signed is the sorted form, without escapes and without the signature.
    #[test]
    fn the_text_is_the_sorted_form() {
        let form = Form::read(b"b=2%2B2&sign_type=RSA2&a=%E8%8C%B6+1&sign=x&c=").unwrap();
        assert_eq!(form.text(&["sign", "sign_type"]), "a=茶 1&b=2+2&c=");
        let ours = Form::of(&[("b", "2"), ("a", "1"), ("c", "")]);
        assert_eq!(ours.text(&["sign"]), "a=1&b=2");
    }

    /// PAY-01: a name that comes twice is nobody's honest form.
    #[test]
    fn a_name_comes_once() {
        let read = Form::read(b"total_amount=0.01&total_amount=100.00");
        assert_eq!(read.err(), Some(Forged::Unreadable));
    }
}
