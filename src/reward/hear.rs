//! Hear of what customers did, and reward it. Whatever is written is written once by its own statement, so a fact that is read again, after
//! a crash or beside another node, changes nothing.

use proto::{OrderDeed, OrderState, PaymentStatus};

use super::{
    Rule, Trigger,
    grant::{self, Earns},
    queries,
};
use crate::{
    app::App,
    error::Result,
    fact::{Fact, Remembered},
    id::{ConversationId, OrderId, ShopId, UserId},
};

/// Something that may be worth a coupon.
struct Event<'a> {
    trigger: Trigger,
    what: What<'a>,
}

enum What<'a> {
    /// Somebody did it, and this is what it is called: once for each name.
    Did(UserId, String),
    /// These came into a group by somebody's invitation.
    Joined(ConversationId, UserId, &'a [UserId]),
    /// Somebody's paid order was accepted.
    Bought(UserId, OrderId),
}

/// Hears facts.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    let heard: Vec<_> = facts
        .iter()
        .filter_map(|fact| Some((fact, fact.shop?, events(&fact.fact))))
        .filter(|(_, _, events)| !events.is_empty())
        .collect();
    if heard.is_empty() {
        return Ok(());
    }
    let mut shops: Vec<ShopId> = heard.iter().map(|(_, shop, _)| *shop).collect();
    shops.sort_unstable();
    shops.dedup();
    let rules = queries::rules_of(app.store.pool(), &shops).await?;
    for (fact, shop, events) in &heard {
        let of_shop = rules.iter().filter(|(of, _)| of == shop);
        for (_, rule) in of_shop.filter(|(_, rule)| rule.created_at <= fact.at) {
            for event in events.iter().filter(|event| event.trigger == rule.trigger) {
                reward(app, *shop, rule, &event.what).await?;
            }
        }
    }
    Ok(())
}

fn events(fact: &Fact) -> Vec<Event<'_>> {
    let event = |trigger, what| Event { trigger, what };
    match fact {
        Fact::ShopFollowed { customer_id } => {
            let what = What::Did(*customer_id, Trigger::Followed.word().to_owned());
            vec![event(Trigger::Followed, what)]
        }
        Fact::MembersJoined {
            conversation_id,
            user_ids,
            inviter_id: Some(inviter),
        } => {
            let what = What::Joined(*conversation_id, *inviter, user_ids);
            vec![event(Trigger::FriendsJoined, what)]
        }
        Fact::OrderMoved {
            order_id,
            customer_id,
            deed,
            payment_status: PaymentStatus::Paid,
            state,
            ..
        } if is_bought(*deed, *state) => {
            let did = What::Did(*customer_id, order_id.to_string());
            let bought = What::Bought(*customer_id, *order_id);
            vec![
                event(Trigger::OrderPaid, did),
                event(Trigger::FriendsOrdered, bought),
            ]
        }
        _ => vec![],
    }
}

/// Is what is paid with this deed bought for good? Until the shop has accepted, the customer takes the money back at will.
fn is_bought(deed: OrderDeed, state: OrderState) -> bool {
    match deed {
        OrderDeed::Accept => true,
        OrderDeed::Pay => state != OrderState::PendingAcceptance,
        _ => false,
    }
}

async fn reward(app: &App, shop: ShopId, rule: &Rule, what: &What<'_>) -> Result<()> {
    let (mut tx, now) = (app.store.begin(shop).await?, app.clock.now());
    let counted = match what {
        What::Did(customer, event) => {
            drop(tx);
            let earns = Earns::by_themselves(*customer, event);
            return grant::give(app, shop, rule, rule.template_id, &earns).await;
        }
        What::Joined(group, inviter, friends) => {
            queries::count_joined(&mut tx, rule, (*group, *inviter, friends), now).await?;
            queries::counted(&mut tx, rule.id, friends).await?
        }
        What::Bought(customer, order) => {
            queries::count_bought(&mut tx, rule, (*customer, *order), now).await?;
            queries::counted(&mut tx, rule.id, &[*customer]).await?
        }
    };
    tx.commit().await?;
    for (friend, inviter) in counted {
        friends_reward(app, shop, rule, (inviter, friend)).await?;
    }
    Ok(())
}

/// A friend counts now, or did before: what both get by it. How many there are is counted after the friend was written down, so that of two who
/// come at once the later one sees both.
async fn friends_reward(
    app: &App,
    shop: ShopId,
    rule: &Rule,
    (inviter, friend): (UserId, UserId),
) -> Result<()> {
    let theirs = Earns::by_themselves(friend, "invited");
    grant::give(app, shop, rule, rule.friend_template_id, &theirs).await?;
    let mut tx = app.store.begin(shop).await?;
    let (friends, had) = queries::friends_of(&mut tx, rule.id, inviter).await?;
    drop(tx);
    for nth in had + 1..=rule.due(friends) {
        let earns = Earns {
            customer: inviter,
            event: format!("friends:{nth}"),
            friends: nth * i64::from(rule.friends),
        };
        grant::give(app, shop, rule, rule.template_id, &earns).await?;
    }
    Ok(())
}
