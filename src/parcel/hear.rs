//! News of a parcel: believed only with its own secret, kept once however often they come, and told where they matter.

use jiff::Timestamp;
use proto::{AlertKind, Permission};

use super::{
    follow::{LET_GO, STEPS},
    queries::{self, Known},
    secret::Secret,
};
use crate::{
    alert::{self, NewAlert},
    app::App,
    error::{Refusal, Result},
    order::{Order, on_the_way},
    store::Tx,
    tracker::{Following, News, State},
};

/// News that are believed.
pub struct Heard {
    known: Known,
    news: News,
}

/// Reads what was posted to a parcel's address.
///
/// Refuses with `not_found` an address of no parcel, with `forbidden` what is not signed with its salt or is about another number.
pub async fn believe(app: &App, token: &str, posted: &[u8]) -> Result<Heard> {
    let known = queries::of_token(app.store.pool(), &Secret::hash(token)).await?;
    let known = known.ok_or(Refusal::NotFound)?;
    let secret = Secret::unseal(&app.vault, known.package, &known.secret)?;
    match app.tracker.news(&secret.salt, posted) {
        Ok(news) if news.number == known.tracking_number => Ok(Heard { known, news }),
        _ => Err(Refusal::Forbidden.into()),
    }
}

/// Puts news into effect. When it returns, what was heard is kept. What a carrier dates in the far future happened when it was first heard
/// of: dated as it says, nothing that comes after would be newer.
pub async fn hear(app: &App, Heard { known, news }: Heard) -> Result<()> {
    let mut tx = app.store.begin(known.shop).await?;
    let mut order = on_the_way::hold(&mut tx, known.order).await?;
    let now = app.clock.now();
    if queries::add_events(&mut tx, known.package, &news.events, now).await? > 0 {
        on_the_way::moves(app, &mut tx, &mut order).await?;
    }
    if advanced(&mut tx, &known, &news).await? {
        tell(app, &mut tx, &order, (&known, news.state)).await?;
    }
    go_on(&mut tx, &known, news.following, now).await?;
    tx.commit().await
}

/// Is this the newest of it? What is told late, or again, leaves it where it is.
async fn advanced(tx: &mut Tx, known: &Known, news: &News) -> Result<bool> {
    match queries::newest(tx, known.package, &news.events).await? {
        Some(at) => queries::advance(tx, known.package, news, at).await,
        None => Ok(false),
    }
}

/// The customer hears of two moments, each once (LOG-08); staff of what goes wrong.
async fn tell(app: &App, tx: &mut Tx, order: &Order, of: (&Known, State)) -> Result<()> {
    let (known, state) = of;
    let (now, number) = (app.clock.now(), &known.tracking_number);
    match state {
        State::OutForDelivery if queries::told_out(tx, known.package, now).await? => {
            let words = format!("包裹({number})正在派送,请留意查收");
            on_the_way::tell(app, tx, order, words).await
        }
        State::Signed if queries::told_signed(tx, known.package, now).await? => {
            let words = format!("包裹({number})已签收,请在‘我的订单’中确认收货");
            on_the_way::tell(app, tx, order, words).await
        }
        State::Problem | State::Refused | State::Returning | State::Returned => {
            let of = order.number.as_deref().unwrap_or_default();
            warn(tx, order, format!("物流异常:{of},包裹:{number}"), now).await
        }
        _ => Ok(()),
    }
}

/// Alerts staff who manage orders to a parcel of this one.
pub(super) async fn warn(tx: &mut Tx, order: &Order, text: String, now: Timestamp) -> Result<()> {
    let alert = NewAlert::new(AlertKind::OrderFollowUp, Permission::ManageOrders, text)
        .in_conversation(order.conversation_id)
        .about_order(order.id);
    alert::raise(tx, alert, now).await?;
    Ok(())
}

/// What the tracker has let go before the parcel arrived is asked for again, a few times.
async fn go_on(tx: &mut Tx, known: &Known, following: Following, now: Timestamp) -> Result<()> {
    match following {
        Following::GoesOn => Ok(()),
        Following::Over => queries::over(tx, known.package).await,
        Following::GivenUp => {
            let most = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
            queries::let_go(tx, known.package, most, now + LET_GO).await
        }
    }
}
