//! A constraint has a name, and the name becomes a refusal. Everything else that the database says is our failure.

use std::time::Duration;

use crate::error::{Error, Refusal, refused_argument, refused_until};

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(refusal) = error
            .as_database_error()
            .and_then(|error| error.constraint())
            .and_then(refusal)
        {
            return refusal;
        }
        if let Some(refusal) = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| undone(&code))
        {
            tracing::info!(%error, "the database did not do it");
            return refusal;
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return refused_until(Refusal::Overloaded, Duration::from_secs(1));
        }
        if unreachable(&error) {
            tracing::warn!(%error, "the database is out of reach");
            return refused_until(Refusal::Unavailable, Duration::from_secs(1));
        }
        Self::Broken(error.into())
    }
}

fn refusal(constraint: &str) -> Option<Error> {
    let code = match constraint {
        "users_phone" | "users_email" | "users_external" => Refusal::AccountTaken,
        "roles_name_taken"
        | "order_templates_name_taken"
        | "segments_name_taken"
        | "bot_answers_word" => Refusal::NameTaken,
        "memberships_now" => Refusal::AlreadyAMember,
        "staff_pkey" | "push_subscriptions_pkey" => Refusal::Conflict,
        "users_name" | "shops_name" | "roles_name" => {
            return Some(refused_argument("name", "is empty or too long"));
        }
        "variants_sku_taken" => return Some(refused_argument("sku", "is another variant's")),
        "variants_choice_taken" => {
            return Some(refused_argument(
                "choice",
                "is another variant's of this product",
            ));
        }
        "users_two_factor" => return Some(refused_argument("two_factor", "needs a password")),
        "devices_id" => return Some(refused_argument("device_id", "has 1 to 100 bytes")),
        _ => return None,
    };
    Some(code.into())
}

/// Nothing has happened, and it is nobody's failure: a request waited too long for others, or has a value in it that no
/// column takes. The doors refuse such values by name; what they let through is caught here.
fn undone(code: &str) -> Option<Error> {
    match code {
        // Lock not available, statement timeout, idle in a transaction, serialization failure, deadlock.
        "55P03" | "57014" | "25P03" | "40001" | "40P01" => {
            Some(refused_until(Refusal::Unavailable, Duration::from_secs(1)))
        }
        // A NUL in a text, the same in JSON, a time outside of the calendar.
        "22021" | "22P05" | "22008" => Some(Refusal::InvalidArgument.into()),
        _ => None,
    }
}

/// The connection, not the statement: nothing is known of the work, and trying again may help.
pub fn unreachable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::PoolClosed => true,
        // 57P: the server or an operator ended the connection; 53: out of resources; 08: connection trouble.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("57P") || code.starts_with("53") || code.starts_with("08")
        }),
        _ => false,
    }
}
