//! What every node looks at again, of the open lines of one user.

/// How much: each is more than the one before it, and all that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recheck {
    /// Whether their sessions are over.
    Sessions,
    /// And who they are: name, picture, the alerts they want.
    Person,
    /// And where they belong: posts and what these allow, groups, the people they may watch.
    Rights,
}

impl Recheck {
    /// As the database and other nodes have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Person => "person",
            Self::Rights => "rights",
        }
    }

    /// A word that is not known here, as of a later version, means all of it.
    pub fn from_word(word: &str) -> Self {
        match word {
            "sessions" => Self::Sessions,
            "person" => Self::Person,
            _ => Self::Rights,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_and_what_is_not_known_is_everything() {
        for what in [Recheck::Sessions, Recheck::Person, Recheck::Rights] {
            assert_eq!(Recheck::from_word(what.word()), what);
        }
        assert_eq!(Recheck::from_word("friends"), Recheck::Rights);
    }
}
