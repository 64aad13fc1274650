//! What the cake shop takes off: 80 is 64 for a month, and 44 with the coupon.

use jiff::{SignedDuration, tz::TimeZone};

use super::fill::Team;
use crate::{
    app::App,
    coupon::{
        change::publish,
        create::{self as coupon, NewTemplate},
        task::Conditions,
        terms::{Aim, Eligibility, Face, NewValidity, Scope, Terms},
    },
    error::{Refusal, Result},
    money::{BasisPoints, Money},
    product::Goods,
    promotion::{
        create::{NewPromotion, create as create_promotion},
        terms::{FlashTerms, Terms as Promotion},
    },
};

/// A fifth off the first of the goods, for a month: 80 is 64, and says until when.
pub(super) async fn reduce(app: &App, team: &Team, goods: &[Goods]) -> Result<()> {
    let first = goods.first().ok_or(Refusal::NotFound)?;
    let today = app.clock.now().to_zoned(TimeZone::UTC).date();
    let day = |days: i64| today.saturating_add(SignedDuration::from_hours(24 * days));
    let new = NewPromotion {
        name: "周年庆 Anniversary".to_owned(),
        terms: Promotion::Flash(FlashTerms {
            product_ids: vec![first.product.id],
            off: BasisPoints::try_from(2_000)?,
        }),
        stacks_with_coupons: true,
        from: day(-1).at(0, 0, 0, 0),
        until: day(30).at(0, 0, 0, 0),
    };
    create_promotion(app, &team.owner.staff(team.shop)?, new).await?;
    Ok(())
}

/// Twenty off whatever costs sixty, for everybody, for a month.
pub(super) async fn issue(app: &App, team: &Team) -> Result<()> {
    let new = NewTemplate {
        terms: Terms {
            title: "满 60 减 20".to_owned(),
            face: Face::FullReduction {
                value: Money::minor(2_000),
                threshold: Money::minor(6_000),
            },
            scope: Scope::Shop,
            stacks_with_promotions: true,
        },
        validity: NewValidity::Days { days: 30 },
        eligibility: Eligibility::Anyone,
        customer_ids: vec![],
        tester_ids: vec![],
        conditions: Conditions::default(),
        aim: Aim::NewCustomers,
        quantity: Some(100),
        budget: None,
        claim_from: None,
        claim_until: None,
        per_person: 1,
        per_device: None,
    };
    let by = team.owner.staff(team.shop)?;
    let template = coupon::create(app, &by, new).await?;
    publish(app, &by, template.id, false).await?;
    Ok(())
}
