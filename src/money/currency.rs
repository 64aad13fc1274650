//! Currencies: how many digits their minor unit has, and how people write amounts in them.

use std::fmt;

use super::Money;
use crate::error::{Error, refused_argument};

/// An ISO 4217 currency that shops may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    code: &'static str,
    places: u32,
}

/// Those that are known, with the number of digits of their minor unit.
const CURRENCIES: &[Currency] = &[
    known("CNY", 2),
    known("AUD", 2),
    known("BHD", 3),
    known("CAD", 2),
    known("CHF", 2),
    known("EUR", 2),
    known("GBP", 2),
    known("HKD", 2),
    known("IDR", 2),
    known("INR", 2),
    known("JPY", 0),
    known("KRW", 0),
    known("KWD", 3),
    known("MOP", 2),
    known("MYR", 2),
    known("PHP", 2),
    known("SGD", 2),
    known("THB", 2),
    known("TWD", 2),
    known("USD", 2),
    known("VND", 0),
];

const fn known(code: &'static str, places: u32) -> Currency {
    Currency { code, places }
}

impl Currency {
    /// By its code. Refuses one that is not known with `invalid_argument`.
    pub fn parse(code: &str) -> Result<Self, Error> {
        let known = CURRENCIES.iter().find(|currency| currency.code == code);
        known.copied().ok_or_else(|| {
            refused_argument("currency", "is not an ISO 4217 code that is known here")
        })
    }

    /// Its code, e.g. `CNY`.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// Reads what people write, e.g. `159` or `159.00`; `None` for anything else, such as more digits than the currency has.
    pub fn read(self, text: &str) -> Option<Money> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let places = self.places as usize;
        let dangling = text.ends_with('.');
        if whole.is_empty() || dangling || part.len() > places || !digits(whole) || !digits(part) {
            return None;
        }
        format!("{whole}{part:0<places$}")
            .parse()
            .ok()
            .map(Money::minor)
    }

    /// Writes what people read, e.g. `159.00`.
    pub fn write(self, amount: Money) -> String {
        let places = self.places as usize;
        let digits = format!("{:0>1$}", amount.in_minor().unsigned_abs(), places + 1);
        let (whole, part) = digits.split_at(digits.len() - places);
        let (sign, point) = (
            if amount.in_minor() < 0 { "-" } else { "" },
            if places > 0 { "." } else { "" },
        );
        format!("{sign}{whole}{point}{part}")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(self.code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Money: amounts as people write them, by the digits of the currency.
    #[test]
    fn amounts_are_read_and_written_by_their_currency() {
        let currency = |code| Currency::parse(code).unwrap();
        let (yuan, yen, dinar) = (currency("CNY"), currency("JPY"), currency("KWD"));
        assert_eq!(yuan.read("159"), Some(Money::minor(15_900)));
        assert_eq!(
            (yuan.read("0.5"), yen.read("159")),
            (Some(Money::minor(50)), Some(Money::minor(159)))
        );
        for odd in [
            "",
            ".5",
            "1.",
            "1.234",
            "-1",
            "1,000",
            "1e3",
            "１",
            "99999999999999999999",
        ] {
            assert_eq!(yuan.read(odd), None, "{odd}");
        }
        assert_eq!(yen.read("1.5"), None);
        assert_eq!(yuan.write(Money::minor(-5)), "-0.05");
        assert_eq!(
            (yen.write(Money::minor(5)), dinar.write(Money::minor(5))),
            ("5".into(), "0.005".into())
        );
        assert!(Currency::parse("XXX").is_err());
    }

    proptest! {
        /// Money: what is written is read back.
        #[test]
        fn what_is_written_reads_back(amount in 0..i64::MAX) {
            for currency in CURRENCIES {
                prop_assert_eq!(currency.read(&currency.write(Money::minor(amount))), Some(Money::minor(amount)));
            }
        }
    }
}
