//! Tags that nobody sets: how much somebody spends and how often, by the shop's thresholds (CRM-03), and that they came by an
//! invitation (GRP-04). They follow the facts; what was bought is counted anew each time, so a fact that is read twice changes nothing.

use std::collections::BTreeSet;

use super::queries::{self, OfShop};
use crate::{
    app::App,
    error::Result,
    fact::{Fact, Remembered},
    id::{ShopId, UserId},
};

/// Bought so often lately that it is worth a tag.
pub(super) const HIGH_REPEAT: &str = "高复购";
/// Came into one of the shop's groups by somebody's invitation.
pub(super) const INVITED: &str = "群聊裂变";
/// What the server alone says of customers: by hand these are not set.
pub(super) const KEPT: [&str; 6] = ["低消费", "中消费", "高消费", "新客", "低复购", HIGH_REPEAT];
/// Customers of one unit of work.
const AT_ONCE: usize = 500;
/// Customers who are looked up at once.
const SOME: i64 = 500;

/// Hears facts.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    let (mut whom, mut refunded) = (BTreeSet::new(), vec![]);
    for fact in facts {
        let Some(shop) = fact.shop else { continue };
        match &fact.fact {
            Fact::ConversationOpened { customer_id, .. }
            | Fact::ShopFollowed { customer_id }
            | Fact::OrderMoved { customer_id, .. } => {
                whom.insert((shop, *customer_id));
            }
            Fact::RefundSucceeded { order_id, .. } => refunded.push(*order_id),
            Fact::MembersJoined {
                user_ids,
                inviter_id,
                ..
            } => {
                if inviter_id.is_some() {
                    invited(app, shop, user_ids).await?;
                }
                whom.extend(user_ids.iter().map(|user| (shop, *user)));
            }
            _ => {}
        }
    }
    if !refunded.is_empty() {
        whom.extend(queries::buyers(app.store.pool(), &refunded).await?);
    }
    keep(app, &Vec::from_iter(whom)).await
}

/// Time alone makes a frequent buyer an occasional one.
pub async fn due(app: &App) -> Result<()> {
    let mut after = None;
    loop {
        let some = queries::frequent(app.store.pool(), after, SOME).await?;
        let Some(last) = some.last() else {
            return Ok(());
        };
        after = Some(*last);
        keep(app, &some).await?;
    }
}

/// Everybody in the shop, by its new thresholds.
pub(super) async fn all_of(app: &App, shop: ShopId) -> Result<()> {
    let mut after = None;
    loop {
        let mut tx = app.store.begin(shop).await?;
        let some = queries::some(&mut tx, after, SOME).await?;
        drop(tx);
        let Some((_, last)) = some.last() else {
            return Ok(());
        };
        after = Some(*last);
        keep(app, &some).await?;
    }
}

async fn keep(app: &App, whom: &[OfShop]) -> Result<()> {
    for some in whom.chunks(AT_ONCE) {
        let mut tx = app.store.begin_people().await?;
        queries::hold(tx.sql(), some).await?;
        queries::keep(tx.sql(), some, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn invited(app: &App, shop: ShopId, users: &[UserId]) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    queries::came_by_invitation(&mut tx, users, app.clock.now()).await?;
    tx.commit().await
}
