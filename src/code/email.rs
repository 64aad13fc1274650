//! An e-mail address that a code can be sent to.

use std::fmt;

use url::Host;

/// The longest address there is room for in an SMTP envelope.
const MAX_LEN: usize = 254;

/// A checked e-mail address: an ASCII name, `@`, and a lower-case domain (a foreign-script one as punycode).
///
/// `Debug` prints the masked form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Why a text is not an e-mail address we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    /// More than 254 bytes.
    #[error("e-mail address too long")]
    TooLong,
    /// Not `name@domain` with a plain ASCII name and a domain of at least two labels.
    #[error("not an e-mail address")]
    Malformed,
}

impl Email {
    /// Reads an address; surrounding spaces are dropped, the domain is lower-cased.
    ///
    /// Quoted names, address literals (`a@[1.2.3.4]`) and names outside ASCII are refused: hardly a
    /// mailbox has them, and mail headers have been forged with them.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        let text = text.trim();
        if text.len() > MAX_LEN {
            return Err(EmailFault::TooLong);
        }
        let (name, domain) = text.split_once('@').ok_or(EmailFault::Malformed)?;
        if !is_dot_atom(name) {
            return Err(EmailFault::Malformed);
        }
        let email = format!("{name}@{}", ascii_domain(domain)?);
        if email.len() > MAX_LEN {
            Err(EmailFault::TooLong)
        } else {
            Ok(Self(email))
        }
    }

    /// The address to send mail to, name as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address wholly in lower case: what must be unique, so that `Ann@x.cn` and `ann@x.cn` are one account.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What a screen may show: `a***@example.com`.
    pub fn masked(&self) -> String {
        let (name, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        format!("{}***@{domain}", &name[..1])
    }
}

/// RFC 5321 dot-atom, at most 64 bytes.
fn is_dot_atom(name: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b))
    };
    name.len() <= 64 && name.split('.').all(atom)
}

fn ascii_domain(domain: &str) -> Result<String, EmailFault> {
    let Ok(Host::Domain(domain)) = Host::parse(domain) else {
        return Err(EmailFault::Malformed);
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    let real = labels.len() >= 2
        && labels.iter().copied().all(is_label)
        && !last.bytes().all(|b| b.is_ascii_digit());
    if real {
        Ok(domain)
    } else {
        Err(EmailFault::Malformed)
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_lower_cased_and_the_name_is_kept() {
        let email = Email::parse("  Ann.Lee+shop@Example.COM ").unwrap();
        assert_eq!(email.as_str(), "Ann.Lee+shop@example.com");
        assert_eq!(email.key(), "ann.lee+shop@example.com");
    }

    #[test]
    fn a_chinese_domain_becomes_punycode() {
        assert_eq!(
            Email::parse("ann@例子.中国").unwrap().as_str(),
            "ann@xn--fsqu00a.xn--fiqs8s"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@",
            "ann",
            "ann@",
            "@example.com",
            "ann@example",
            "ann@@example.com",
            "a@b@example.com",
            ".ann@example.com",
            "ann.@example.com",
            "an..n@example.com",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@1.2",
            "ann@-x.com",
            "ann@x-.com",
            "ann@x..com",
            "ann@x.com.",
            "an n@example.com",
            "ann@exam ple.com",
            "ann@example.com\r\nBcc: all@example.com",
            "李@example.com",
            "ann@example.com>",
            "ann\0@example.com",
            "ann@under_score.com",
        ] {
            assert_eq!(Email::parse(text), Err(EmailFault::Malformed), "{text:?}");
        }
    }

    #[test]
    fn the_limits_are_exact() {
        let at = |name: usize, domain: usize| {
            let tail = ".example.com";
            let mut labels = String::new();
            while labels.len() < domain - tail.len() {
                let left = domain - tail.len() - labels.len();
                labels.push_str(if left == 1 {
                    "x"
                } else if labels.len() % 32 == 31 {
                    "."
                } else {
                    "x"
                });
            }
            format!("{}@{labels}{tail}", "n".repeat(name))
        };
        assert_eq!(at(64, 189).len(), 254);
        assert!(Email::parse(&at(64, 189)).is_ok());
        assert_eq!(Email::parse(&at(64, 190)), Err(EmailFault::TooLong));
        assert_eq!(Email::parse(&at(65, 100)), Err(EmailFault::Malformed));
        assert_eq!(Email::parse(&"a".repeat(1 << 20)), Err(EmailFault::TooLong));
    }

    #[test]
    fn a_log_sees_the_masked_address() {
        let email = Email::parse("ann@example.com").unwrap();
        assert_eq!(format!("{email:?}"), "Email(a***@example.com)");
    }
}
