//! Hear of people who join a group: whoever invited them has more chances, and the draw may be due.

use super::{hold, picture, queries, roll::Roll};
use crate::{
    app::App,
    error::Result,
    fact::{Fact, Remembered},
    id::{DrawId, ShopId, UserId},
};

/// Hears facts. Each draw is worked on by itself, so that a fact that is read twice changes nothing.
pub async fn hear(app: &App, facts: &[Remembered]) -> Result<()> {
    for fact in facts {
        let (
            Some(shop),
            Fact::MembersJoined {
                conversation_id,
                inviter_id,
                ..
            },
        ) = (fact.shop, &fact.fact)
        else {
            continue;
        };
        for draw in queries::open_in(app.store.pool(), shop, *conversation_id).await? {
            if let Some(inviter) = inviter_id {
                top_up(app, shop, draw, *inviter).await?;
            }
            hold::when_due(app, shop, draw).await?;
        }
    }
    Ok(())
}

/// Whoever has entered gets what their friends have earned them; others get it when they enter, or when the list is closed.
async fn top_up(app: &App, shop: ShopId, id: DrawId, inviter: UserId) -> Result<()> {
    let mut tx = app.store.begin(shop).await?;
    let Some(draw) = queries::lock(&mut tx, id).await? else {
        return Ok(());
    };
    if draw.state != proto::DrawState::Open {
        return Ok(());
    }
    let mut roll = Roll::of(&draw);
    roll.top_up(&mut tx, Some(inviter)).await?;
    roll.write(&mut tx, app.clock.now()).await?;
    tx.commit().await?;
    picture::freshen_soon(app, shop, &draw);
    Ok(())
}
