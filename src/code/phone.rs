//! A mobile number that a code can be sent to, always kept as E.164.

use std::fmt;

/// A mobile number in E.164: `+` and 7 to 15 digits. Mainland China numbers are checked to be mobile ones.
///
/// `Debug` prints the masked form, so that a number cannot slip into a log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

/// Why a text is not a phone number we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneFault {
    /// Neither an 11-digit mainland number nor `+` and 7 to 15 digits.
    #[error("not a phone number")]
    Malformed,
    /// A mainland China number that is not a mobile one: no code could reach it.
    #[error("not a mobile number")]
    NotMobile,
}

impl Phone {
    /// Reads a number as people type it: `138 0013 8000`, `138-0013-8000` or `+86 138 0013 8000`.
    ///
    /// Spaces, hyphens and round brackets are dropped. Without a `+` the number is a mainland China one.
    pub fn parse(text: &str) -> Result<Self, PhoneFault> {
        if text.len() > 40 {
            return Err(PhoneFault::Malformed);
        }
        let bare: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '(' | ')'))
            .collect();
        match bare.strip_prefix('+') {
            Some(digits) => Self::international(digits),
            None => Self::mainland(&bare),
        }
    }

    fn international(digits: &str) -> Result<Self, PhoneFault> {
        if let Some(national) = digits.strip_prefix("86") {
            return Self::mainland(national);
        }
        let well_formed =
            (7..=15).contains(&digits.len()) && only_digits(digits) && !digits.starts_with('0');
        if well_formed {
            Ok(Self(format!("+{digits}")))
        } else {
            Err(PhoneFault::Malformed)
        }
    }

    fn mainland(national: &str) -> Result<Self, PhoneFault> {
        if !only_digits(national) || national.len() < 7 || national.len() > 12 {
            return Err(PhoneFault::Malformed);
        }
        let mobile = national.len() == 11 && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..]);
        if mobile {
            Ok(Self(format!("+86{national}")))
        } else {
            Err(PhoneFault::NotMobile)
        }
    }

    /// The whole number, `+8613800138000`: for the database and the SMS sender, not for screens or logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a screen may show: `138****8000` at home, `+44****4567` abroad.
    ///
    /// A short foreign number shows fewer digits at its end, so that most of it stays hidden.
    pub fn masked(&self) -> String {
        if let Some(national) = self.0.strip_prefix("+86") {
            return format!("{}****{}", &national[..3], &national[7..]);
        }
        let shown = if self.0.len() >= 12 { 4 } else { 2 };
        format!("{}****{}", &self.0[..3], &self.0[self.0.len() - shown..])
    }
}

fn only_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_type_a_mainland_number_is_the_same_number() {
        for text in [
            "13800138000",
            "138 0013 8000",
            "138-0013-8000",
            "+8613800138000",
            "+86 138-0013-8000",
            "(+86) 13800138000",
        ] {
            assert_eq!(
                Phone::parse(text).unwrap().as_str(),
                "+8613800138000",
                "{text}"
            );
        }
    }

    #[test]
    fn a_foreign_number_needs_its_plus() {
        assert_eq!(
            Phone::parse("+44 20 7946 0958").unwrap().as_str(),
            "+442079460958"
        );
        assert_eq!(Phone::parse("442079460958"), Err(PhoneFault::NotMobile));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "1",
            "abc",
            "+0123456789",
            "+1234567890123456",
            "+123456",
            "13800138000x",
            "１３８００１３８０００",
            "138001380001380013800138001380013800138000",
            "+86",
            "++8613800138000",
            "13800138000\n",
            "1380013\u{0}000",
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneFault::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_landline_cannot_get_a_code() {
        for text in [
            "01088886666",
            "12345678901",
            "+8602088886666",
            "1380013800",
            "+86138001380001",
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneFault::NotMobile), "{text}");
        }
    }

    #[test]
    fn a_screen_and_a_log_see_the_masked_number() {
        let phone = Phone::parse("13812345678").unwrap();
        assert_eq!(phone.masked(), "138****5678");
        assert_eq!(format!("{phone:?}"), "Phone(138****5678)");
        assert_eq!(
            Phone::parse("+442079460958").unwrap().masked(),
            "+44****0958"
        );
        assert_eq!(Phone::parse("+6771234").unwrap().masked(), "+67****34");
    }
}
