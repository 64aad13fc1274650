//! Call back customers who have not ordered for some days (CMP-05): once after each last order, as a campaign of its own.

use super::{Layer, Plan, queries, rules::Rules};
use crate::{
    app::App,
    crm::condition::Condition,
    error::{Result, Round},
    id::{CampaignId, ShopId},
};

/// Customers of one shop who are called back at once at most.
const AT_ONCE: i64 = 5_000;
/// Shops that are looked at in one round at most.
const SHOPS: i64 = 1_000;

/// Everybody who has stayed away long enough, in all shops that call back.
pub async fn due(app: &App) -> Result<()> {
    let mut round = Round::default();
    for shop in queries::calling_back(app.store.pool(), SHOPS).await? {
        round.note(call_back(app, shop).await)?;
    }
    round.end()
}

/// The row of whoever is called back decides that it is done once.
async fn call_back(app: &App, shop: ShopId) -> Result<()> {
    let (id, now) = (CampaignId::new(), app.clock.now());
    let mut tx = app.store.begin(shop).await?;
    let Some(Rules {
        recall: Some(recall),
        ..
    }) = queries::rules(&mut tx).await?
    else {
        return Ok(());
    };
    let called = queries::call_back(&mut tx, id, recall.days, AT_ONCE, now).await?;
    if called.is_empty() {
        return Ok(());
    }
    let plan = Plan {
        layers: vec![Layer {
            condition: Condition::NoOrder { days: recall.days },
            offer: recall.offer,
        }],
        notice: None,
    };
    queries::add_recall(&mut tx, id, &plan, &called, now).await?;
    tx.commit().await
}
