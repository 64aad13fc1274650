//! Words to claim a coupon by (CPN-09), for posters and other media: long and random, so that nobody guesses one; in capitals or not;
//! with a check character, so that a slip is not a guess at another one.
//!
//! A wrong code, one that is over, one whose coupons are gone and another shop's are refused alike, and guessing gets slower with every try.

use jiff::{SignedDuration, Timestamp};
use proto::CouponSource;
use serde::Serialize;

use super::{Coupon, claim, list::require_at_home, queries};
use crate::{
    actor::{Customer, ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    code::limit::{self, Subject},
    error::{Error, Refusal, Result, refused_argument},
    id::{CouponTemplateId, ShopId},
    rights,
};

/// No I, L, O and U: nobody mistakes one for another (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters before the check character: 80 bits.
const LENGTH: usize = 16;
/// Codes of one template at most.
const CODES: i64 = 1_000;

/// A code of a template.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ClaimCode {
    /// 17 characters; put hyphens and small letters as you like.
    pub code: String,
    /// From then on it is refused.
    #[schema(value_type = String)]
    pub ends_at: Timestamp,
}

/// Makes a code for a template, good for so many hours (1 to 8,784). Refuses with `not_found`, with `invalid_argument`, and with
/// `quota_exceeded` beyond 1,000.
pub async fn issue(
    app: &App,
    by: &Staff<ManageCampaigns>,
    template: CouponTemplateId,
    hours: u32,
) -> Result<ClaimCode> {
    if !(1..=8_784).contains(&hours) {
        return Err(refused_argument("hours", "are 1 to 8784"));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let issued = ClaimCode {
        code: new_code(),
        ends_at: now + SignedDuration::from_hours(hours.into()),
    };
    let held = queries::lock_template(&mut tx, template).await?;
    if held.ok_or(Refusal::NotFound)?.conditions.earned_only {
        let why = "gives its coupons to those who earn them: a code would be refused";
        return Err(refused_argument("template_id", why));
    }
    if !queries::add_code(&mut tx, template, &issued, CODES, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    let deed = Deed::new(by.actor.user, "coupon_code.issued", template)
        .after(serde_json::json!({ "ends_at": issued.ends_at }));
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(issued)
}

/// Claims by a code. Whatever is wrong with the code or with the claim, it is `coupon_code_invalid`; who goes on guessing waits longer and
/// longer (`rate_limited`). Who has a right code and may have the coupon is told what is to be done first (`coupon_task_open`).
pub async fn claim(app: &App, customer: &Customer, shop: ShopId, said: &str) -> Result<Coupon> {
    require_at_home(&customer.0, shop)?;
    let user = customer.0.user.to_string();
    let subject = Subject::new(&["coupon_code", &user]);
    limit::attempt(app, &subject).await?;
    let coupon = match by_code(app, customer, shop, said).await {
        Err(Error::Refused(reason)) if reason.code == Refusal::CouponTaskOpen => {
            limit::succeeded(app, &subject).await?;
            return Err(Error::Refused(reason));
        }
        Err(Error::Refused(reason)) if !of_the_weather(reason.code) => {
            return Err(Refusal::CouponCodeInvalid.into());
        }
        claimed => claimed?,
    };
    limit::succeeded(app, &subject).await?;
    Ok(coupon)
}

/// No word about the code: the server could not look.
fn of_the_weather(code: Refusal) -> bool {
    matches!(
        code,
        Refusal::Unavailable | Refusal::Overloaded | Refusal::OutcomeUnknown | Refusal::RateLimited
    )
}

async fn by_code(app: &App, customer: &Customer, shop: ShopId, said: &str) -> Result<Coupon> {
    let code = read(said).ok_or(Refusal::NotFound)?;
    let mut tx = app.store.begin(shop).await?;
    let template = queries::template_of_code(&mut tx, &code, app.clock.now()).await?;
    let template = template.ok_or(Refusal::NotFound)?;
    let source = CouponSource::Code;
    let coupon = claim::one_of_template(app, &mut tx, &customer.0, template, source).await?;
    tx.commit().await?;
    Ok(coupon)
}

fn new_code() -> String {
    let letters = (0..LENGTH).map(|_| rand::random_range(0..LETTERS.len()));
    written(&letters.collect::<Vec<_>>())
}

fn written(letters: &[usize]) -> String {
    let all = letters.iter().copied().chain([check(letters)]);
    all.map(|place| char::from(LETTERS[place])).collect()
}

/// By odd weights: one wrong letter is always noticed, two neighbours that change places nearly always.
fn check(letters: &[usize]) -> usize {
    let weighted = letters
        .iter()
        .zip(1..)
        .map(|(letter, place)| letter * (2 * place + 1));
    weighted.sum::<usize>() % LETTERS.len()
}

/// The code as it is kept; `None`: it cannot be one of ours.
fn read(said: &str) -> Option<String> {
    if said.len() > 64 {
        return None;
    }
    let place = |letter: char| {
        let letter = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        LETTERS.iter().position(|one| char::from(*one) == letter)
    };
    let spoken = said.chars().filter(|letter| !matches!(letter, '-' | ' '));
    let letters: Vec<usize> = spoken.map(place).collect::<Option<_>>()?;
    let (last, letters) = letters.split_last()?;
    let whole = letters.len() == LENGTH && *last == check(letters);
    whole.then(|| written(letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CPN-09: a code is read in small letters, with hyphens, and with letters that look alike; a slip of one letter is noticed.
    #[test]
    fn a_code_is_read_as_people_write_it_and_a_slip_is_noticed() {
        for _ in 0..200 {
            let code = new_code();
            let hyphened = format!("{}-{}", &code[..8], &code[8..]).to_lowercase();
            assert_eq!(read(&hyphened), Some(code.clone()));
            assert_eq!(
                read(&code.replace('0', "o").replace('1', "l")),
                Some(code.clone())
            );
            let mut slip = code.clone().into_bytes();
            slip[3] = if slip[3] == b'7' { b'8' } else { b'7' };
            assert_eq!(read(&String::from_utf8(slip).unwrap()), None);
        }
        assert_eq!(
            ["", "?", "A", &"A".repeat(65)].map(read),
            [None, None, None, None]
        );
    }
}
