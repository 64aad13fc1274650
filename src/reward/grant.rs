//! Give what was earned: the grant's row, the coupon, and the words that say so are one unit of work. The row is unique for rule, customer and
//! event, and comes first: who is second finds it there.

use jiff::Timestamp;
use proto::{Message, Notice, NoticeKind, json::Word as _};

use super::{Grant, Rule, queries, words};
use crate::{
    app::App,
    conversation::{Draft, log, open},
    coupon::{
        Coupon,
        earn::{self, Earning},
    },
    error::{Error, Refusal, Result},
    id::{CouponId, CouponTemplateId, RewardGrantId, ShopId, UserId},
    store::Tx,
};

/// Who has earned something, and by what.
#[derive(Clone, Debug)]
pub(super) struct Earns {
    pub customer: UserId,
    pub event: String,
    /// So many friends it is for; 0: it is not for friends whom they brought.
    pub friends: i64,
}

/// Gives it, unless it was given, or could not be given, before. What the coupon's template refuses is written down, and said to nobody.
pub(super) async fn give(
    app: &App,
    shop: ShopId,
    rule: &Rule,
    template: Option<CouponTemplateId>,
    earns: &Earns,
) -> Result<()> {
    let Some(template) = template else {
        return Ok(());
    };
    match hand_over(app, shop, rule, (template, earns)).await {
        Err(error) => {
            let why = final_refusal(error)?;
            not_given(app, shop, rule, (earns, why)).await
        }
        given => given,
    }
}

async fn hand_over(
    app: &App,
    shop: ShopId,
    rule: &Rule,
    (template, earns): (CouponTemplateId, &Earns),
) -> Result<()> {
    let (mut tx, now) = (app.store.begin(shop).await?, app.clock.now());
    let earning = Earning {
        coupon: CouponId::new(),
        template,
        customer: earns.customer,
    };
    queries::hold_customer(&mut tx, earns.customer).await?;
    let grant = earns.grant(Ok(earning.coupon), now);
    if !queries::add_grant(&mut tx, rule, &grant).await? {
        return Ok(());
    }
    let earned = earn::earn(&mut tx, &earning, now).await?;
    tell(app, &mut tx, rule, (&earned.coupon, earns)).await?;
    earned.settle(&mut tx, now).await?;
    tx.commit().await
}

async fn not_given(
    app: &App,
    shop: ShopId,
    rule: &Rule,
    (earns, why): (&Earns, Refusal),
) -> Result<()> {
    let (mut tx, now) = (app.store.begin(shop).await?, app.clock.now());
    queries::hold_customer(&mut tx, earns.customer).await?;
    let grant = earns.grant(Err(why), now);
    queries::add_grant(&mut tx, rule, &grant).await?;
    tx.commit().await
}

/// One message in their conversation with the shop, which is opened for it if they have none.
async fn tell(
    app: &App,
    tx: &mut Tx,
    rule: &Rule,
    (coupon, earns): (&Coupon, &Earns),
) -> Result<()> {
    let Some(conversation) = open::by_itself(app, tx, earns.customer).await? else {
        return Ok(());
    };
    let message = Message {
        conversation_id: conversation.to_string(),
        text: words::earned(rule.trigger, earns.friends, &coupon.terms.title),
        notice: Some(Notice {
            kind: NoticeKind::Rewarded.into(),
            ..Notice::default()
        }),
        ..Message::default()
    };
    let draft = Draft::of_server(conversation, message);
    log::append(tx, &app.clock, draft).await?;
    Ok(())
}

/// What the coupons' rules say no to stays so. Everything else is to be tried again.
fn final_refusal(error: Error) -> Result<Refusal> {
    match error.refusal() {
        Some(
            code @ (Refusal::CouponSoldOut
            | Refusal::CouponBudgetSpent
            | Refusal::CouponNotNow
            | Refusal::CouponLimitReached
            | Refusal::CouponDeviceLimit
            | Refusal::CouponNotEligible
            | Refusal::CouponTrialOnly
            | Refusal::CouponState
            | Refusal::Banned
            | Refusal::NotFound),
        ) => Ok(code),
        _ => Err(error),
    }
}

impl Earns {
    /// By what they did, or what they came by.
    pub(super) fn by_themselves(customer: UserId, event: &str) -> Self {
        Self {
            customer,
            event: event.to_owned(),
            friends: 0,
        }
    }

    fn grant(&self, outcome: Result<CouponId, Refusal>, at: Timestamp) -> Grant {
        Grant {
            id: RewardGrantId::new(),
            customer_id: self.customer,
            event: self.event.clone(),
            coupon_id: outcome.ok(),
            refused: outcome.err().map(Refusal::word),
            at,
        }
    }
}
