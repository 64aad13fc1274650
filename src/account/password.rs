//! Passwords: what is accepted.
//!
//! Two rules, because two kinds of people: a merchant's password must mix letters, digits and symbols
//! (ACC-04), a customer's must only be long enough and not among the first that an attacker tries.
//! How they are kept is `hasher`'s part.

use std::fmt;

/// No password is longer than this many characters, whatever the rule.
const MAX_CHARS: usize = 128;

/// The first guesses of every attacker that the customer's length rule lets through; compared in lower case.
const TOP_LIST: &str = "
    00000000 000000000 11111111 111111111 1111111111 11112222 112233445566 12121212
    12341234 12344321 12345678 123456789 1234567890 12345678910 123123123 147258369
    1q2w3e4r 1q2w3e4r5t 1qaz2wsx 5201314520 66666666 66668888 87654321 88888888 888888888
    987654321 99999999 a1234567 a12345678 a123456789 aa123456 abc12345 abcd1234 admin123
    asdfghjkl iloveyou password password1 qwertyuiop woaini1314
";

/// A password in the clear, for as long as a request lasts. `Debug` does not print it.
#[derive(Clone)]
pub struct Password(String);

/// One thing that is wrong with a new password; a form shows one sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer characters than the rule wants.
    #[error("fewer than {least} characters")]
    TooShort {
        /// The least number of characters.
        least: usize,
    },
    /// More characters than the rule allows.
    #[error("more than {most} characters")]
    TooLong {
        /// The greatest number of characters.
        most: usize,
    },
    /// No letter of any script.
    #[error("no letter")]
    NoLetter,
    /// No digit 0 to 9.
    #[error("no digit")]
    NoDigit,
    /// Nothing that is neither letter, digit nor space.
    #[error("no special symbol")]
    NoSymbol,
    /// Among the first guesses of every attacker.
    #[error("been guessed too often")]
    TooCommon,
    /// A control character: no keyboard types it twice the same way.
    #[error("a control character")]
    ControlCharacter,
}

impl Password {
    /// Accepts a merchant's new password: 8 to 16 characters with a letter, a digit and a special symbol.
    ///
    /// Refuses with everything that is wrong at once, in the order of [`PasswordFault`].
    pub fn for_merchant(text: &str) -> Result<Self, Vec<PasswordFault>> {
        let mut faults = length_faults(text, 8, 16);
        if faults.contains(&PasswordFault::TooLong { most: 16 }) && text.len() > MAX_CHARS * 4 {
            return Err(faults);
        }
        let mut want = |found: bool, fault| {
            if !found {
                faults.push(fault);
            }
        };
        want(
            text.chars().any(char::is_alphabetic),
            PasswordFault::NoLetter,
        );
        want(
            text.chars().any(|c| c.is_ascii_digit()),
            PasswordFault::NoDigit,
        );
        want(text.chars().any(is_symbol), PasswordFault::NoSymbol);
        want(
            !text.chars().any(char::is_control),
            PasswordFault::ControlCharacter,
        );
        Self::unless(faults, text)
    }

    /// Accepts a customer's new password: 8 to 128 characters, not in the top list.
    pub fn for_customer(text: &str) -> Result<Self, Vec<PasswordFault>> {
        let mut faults = length_faults(text, 8, MAX_CHARS);
        if text.len() <= MAX_CHARS * 4 {
            if is_common(text) {
                faults.push(PasswordFault::TooCommon);
            }
            if text.chars().any(char::is_control) {
                faults.push(PasswordFault::ControlCharacter);
            }
        }
        Self::unless(faults, text)
    }

    /// Takes a password offered at login: any rule was kept when it was set, so only its size is bounded.
    pub fn offered(text: &str) -> Option<Self> {
        let sane = !text.is_empty() && text.len() <= MAX_CHARS * 4;
        sane.then(|| Self(text.to_owned()))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn unless(faults: Vec<PasswordFault>, text: &str) -> Result<Self, Vec<PasswordFault>> {
        if faults.is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(faults)
        }
    }
}

/// Counts no further than it must: a megabyte of password is refused as fast as a line of it.
fn length_faults(text: &str, least: usize, most: usize) -> Vec<PasswordFault> {
    match text.chars().take(most + 1).count() {
        n if n < least => vec![PasswordFault::TooShort { least }],
        n if n > most => vec![PasswordFault::TooLong { most }],
        _ => Vec::new(),
    }
}

fn is_common(text: &str) -> bool {
    let text = text.to_lowercase();
    TOP_LIST.split_whitespace().any(|common| common == text)
}

fn is_symbol(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::PasswordFault::*;
    use super::*;

    fn merchant_faults(text: &str) -> Vec<PasswordFault> {
        Password::for_merchant(text).err().unwrap_or_default()
    }

    #[test]
    fn a_merchant_password_of_8_and_of_16_is_accepted() {
        for text in [
            "abcde1!x",
            "Abcdefgh1234567#",
            "密码密码密码1！",
            "pass w0rd?",
            "aA1~aA1~",
        ] {
            assert_eq!(merchant_faults(text), [], "{text}");
        }
    }

    #[test]
    fn each_missing_thing_is_its_own_fault() {
        let table: [(&str, &[PasswordFault]); 10] = [
            ("abcd1!x", &[TooShort { least: 8 }]),
            ("Abcdefgh12345678#", &[TooLong { most: 16 }]),
            ("12345678!", &[NoLetter]),
            ("abcdefgh!", &[NoDigit]),
            ("abcdefg1", &[NoSymbol]),
            ("abcdefg 1", &[NoSymbol]),
            ("abcdefgh", &[NoDigit, NoSymbol]),
            ("１２３４５６７８", &[NoLetter, NoDigit, NoSymbol]),
            ("", &[TooShort { least: 8 }, NoLetter, NoDigit, NoSymbol]),
            ("abcde1!x\n", &[ControlCharacter]),
        ];
        for (text, faults) in table {
            assert_eq!(merchant_faults(text), faults, "{text:?}");
        }
    }

    #[test]
    fn a_customer_password_is_long_enough_and_not_common() {
        let faults = |text: &str| Password::for_customer(text).err().unwrap_or_default();
        assert_eq!(faults("correct horse battery staple"), []);
        assert_eq!(faults(&"长".repeat(128)), []);
        assert_eq!(faults("short77"), [TooShort { least: 8 }]);
        assert_eq!(faults(&"x".repeat(129)), [TooLong { most: 128 }]);
        assert_eq!(faults("PassWord"), [TooCommon]);
        assert_eq!(faults("12345678"), [TooCommon]);
        assert_eq!(faults("aaaabbbb\u{7f}"), [ControlCharacter]);
    }

    #[test]
    fn the_top_list_holds_only_what_the_length_rule_would_let_through() {
        assert!(
            TOP_LIST
                .split_whitespace()
                .all(|common| common.len() >= 8 && common == common.to_lowercase())
        );
    }

    #[test]
    fn a_megabyte_of_password_is_refused_everywhere() {
        let long = "x1!".repeat(350_000);
        assert_eq!(merchant_faults(&long), [TooLong { most: 16 }]);
        assert!(Password::for_customer(&long).is_err());
        assert!(Password::offered(&long).is_none());
        assert!(Password::offered("").is_none());
    }

    #[test]
    fn debug_never_prints_a_password() {
        assert_eq!(
            format!("{:?}", Password::offered("hunter42!").unwrap()),
            "Password(…)"
        );
    }
}
