//! What a segment asks of customers: a tree of conditions, checked here and read by the one statement that finds who meets it
//! (`segment_members` in `migrations/0024_customer.sql`).

use serde::{Deserialize, Serialize};

use super::tag::{Dimension, NAME};
use crate::{
    error::{Result, refused_argument},
    id::{ConversationId, ProductId},
    money::Money,
    words,
};

/// Conditions of one tree at most.
const MOST: usize = 50;
/// So deep at most.
const DEEP: usize = 5;
/// Days back at most: ten years.
const DAYS: i32 = 3_660;
/// The most that somebody can be asked to have spent, in minor units.
const SPENT: Money = Money::minor(10_000_000_000);

/// What is asked of a customer. Days count back from the moment of asking; left out: ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// All of these, 1 to 20.
    All {
        /// Which.
        #[schema(no_recursion)]
        of: Vec<Condition>,
    },
    /// One of these at least, 1 to 20.
    Any {
        /// Which.
        #[schema(no_recursion)]
        of: Vec<Condition>,
    },
    /// Not this.
    Not {
        /// What.
        #[schema(no_recursion)]
        of: Box<Condition>,
    },
    /// Whoever the shop knows.
    Everybody {},
    /// Carries a tag.
    Tag {
        /// What the tag is about.
        dimension: Dimension,
        /// Its name.
        name: String,
    },
    /// Has spent so much in all, in minor units.
    Spent {
        /// 0: anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<Money>,
        /// Null: no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<Money>,
        /// Within so many days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<i32>,
    },
    /// Has bought so often.
    Purchases {
        /// 0: anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<i64>,
        /// Null: no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<i64>,
        /// Within so many days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<i32>,
    },
    /// Is among those who have spent the most.
    TopSpent {
        /// How many these are, 1 to 10,000.
        most: i32,
        /// Within so many days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<i32>,
    },
    /// Has bought a product, or something of a category.
    Bought {
        /// Which product.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product_id: Option<ProductId>,
        /// The category's path, from the widest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Vec<String>>,
        /// Within so many days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<i32>,
    },
    /// Has ordered before, and not for so many days.
    NoOrder {
        /// 1 and up.
        days: i32,
    },
    /// Has asked about a product.
    AskedAbout {
        /// Which; null: any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product_id: Option<ProductId>,
        /// Within so many days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<i32>,
    },
    /// Came to the shop within so many days.
    New {
        /// 1 and up.
        days: i32,
    },
    /// Is in a group of the shop.
    InGroup {
        /// Which.
        conversation_id: ConversationId,
    },
    /// Follows the shop.
    Follows {},
}

impl Condition {
    /// Refuses with `invalid_argument` what is out of bounds.
    pub fn check(&self) -> Result<()> {
        let mut left = MOST;
        self.check_part(DEEP, &mut left)
    }

    fn check_part(&self, deep: usize, left: &mut usize) -> Result<()> {
        if deep == 0 || *left == 0 {
            return Err(wrong("has at most 50 parts, 5 deep"));
        }
        *left -= 1;
        match self {
            Self::All { of } | Self::Any { of } => {
                if !(1..=20).contains(&of.len()) {
                    return Err(wrong("`all` and `any` have 1 to 20 parts"));
                }
                of.iter()
                    .try_for_each(|part| part.check_part(deep - 1, left))
            }
            Self::Not { of } => of.check_part(deep - 1, left),
            leaf => leaf.check_leaf(),
        }
    }

    fn check_leaf(&self) -> Result<()> {
        check_days(self.days())?;
        let fine = match self {
            Self::Tag { name, .. } => words::is_line(name, NAME),
            Self::Spent {
                at_least, at_most, ..
            } => in_order(*at_least, *at_most, Money::ZERO, SPENT),
            Self::Purchases {
                at_least, at_most, ..
            } => in_order(*at_least, *at_most, 0, 1_000_000),
            Self::TopSpent { most, .. } => (1..=10_000).contains(most),
            Self::Bought {
                product_id,
                category,
                ..
            } => match (product_id, category) {
                (Some(_), None) => true,
                (None, Some(path)) => is_path(path),
                _ => false,
            },
            _ => true,
        };
        if fine {
            Ok(())
        } else {
            Err(wrong(
                "has a name, an amount or a number that is out of bounds",
            ))
        }
    }

    fn days(&self) -> Option<i32> {
        match self {
            Self::Spent { days, .. }
            | Self::Purchases { days, .. }
            | Self::TopSpent { days, .. }
            | Self::Bought { days, .. }
            | Self::AskedAbout { days, .. } => *days,
            Self::NoOrder { days } | Self::New { days } => Some(*days),
            _ => None,
        }
    }
}

fn check_days(days: Option<i32>) -> Result<()> {
    if days.is_none_or(|days| (1..=DAYS).contains(&days)) {
        return Ok(());
    }
    Err(wrong("`days` are 1 to 3660"))
}

/// At least one bound, both within `least` and `most`, and not the wrong way round.
fn in_order<T: PartialOrd + Copy>(from: Option<T>, to: Option<T>, least: T, most: T) -> bool {
    let fits = |bound: T| least <= bound && bound <= most;
    let given = from.is_some() || to.is_some();
    let ordered = from.zip(to).is_none_or(|(from, to)| from <= to);
    given && ordered && from.is_none_or(fits) && to.is_none_or(fits)
}

fn is_path(path: &[String]) -> bool {
    (1..=5).contains(&path.len()) && path.iter().all(|part| words::is_line(part, NAME))
}

fn wrong(why: &str) -> crate::error::Error {
    refused_argument("condition", why)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(condition: Value) -> Option<Result<()>> {
        let read: Option<Condition> = serde_json::from_value(condition).ok();
        read.map(|condition| condition.check())
    }

    /// CRM-05: only what the statement can read comes as far as to it.
    #[test]
    fn what_is_no_condition_is_refused() {
        let tag = json!({ "is": "tag", "dimension": "spending", "name": "高消费" });
        let both =
            json!({ "is": "all", "of": [tag, { "is": "top_spent", "most": 100, "days": 30 }] });
        assert!(checked(both).unwrap().is_ok());
        for unread in [
            json!({ "is": "drop table" }),
            json!({ "is": "everybody", "of": [] }),
            json!({ "is": "tag", "dimension": "mood", "name": "x" }),
        ] {
            assert!(checked(unread.clone()).is_none(), "{unread}");
        }
        let deep = (0..5).fold(tag.clone(), |inner, _| json!({ "is": "not", "of": inner }));
        for refused in [
            deep,
            json!({ "is": "all", "of": [] }),
            json!({ "is": "any", "of": vec![tag; 21] }),
            json!({ "is": "spent" }),
            json!({ "is": "spent", "at_least": 2, "at_most": 1 }),
            json!({ "is": "spent", "at_least": -1 }),
            json!({ "is": "top_spent", "most": 0 }),
            json!({ "is": "no_order", "days": 0 }),
            json!({ "is": "bought" }),
            json!({ "is": "bought", "category": [] }),
            json!({ "is": "tag", "dimension": "source", "name": " " }),
        ] {
            assert!(checked(refused.clone()).unwrap().is_err(), "{refused}");
        }
    }
}
