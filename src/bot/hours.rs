//! When somebody answers (SVC-01), and what who writes at another time reads (SVC-02).

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use super::{queries, voice};
use crate::{
    actor::{Actor, ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::ShopId,
    rights, words,
};

/// A shop's hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceHours)]
pub struct Hours {
    /// From then on somebody answers, by the clock on the shop's wall, e.g. `09:00:00` …
    #[schema(value_type = String)]
    pub opens: Time,
    /// … until then, exclusive; earlier than `opens`: over midnight.
    #[schema(value_type = String)]
    pub closes: Time,
    /// What who writes at another time reads, once; 1 to 500 characters.
    #[serde(default = "later")]
    pub reply: String,
}

fn later() -> String {
    "当前客服已下班,上班后会第一时间回复您~".to_owned()
}

/// Whether somebody answers now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct OpenNow {
    /// A shop without hours is always open.
    pub open: bool,
    /// Its hours; null: it has none.
    pub hours: Option<Hours>,
}

/// A shop's hours, and whether it is open. Refuses with `not_found`.
pub async fn show(app: &App, by: &Actor, shop: ShopId) -> Result<OpenNow> {
    if by.home.is_some_and(|home| home != shop) {
        return Err(Refusal::NotFound.into());
    }
    let mut tx = app.store.begin(shop).await?;
    let wall = queries::wall(&mut tx, app.clock.now()).await?;
    let wall = wall.ok_or(Refusal::NotFound)?;
    let hours = queries::hours(&mut tx).await?;
    Ok(OpenNow {
        open: hours.as_ref().is_none_or(|hours| hours.hold(wall)),
        hours,
    })
}

/// Sets them (recorded). Refuses with `invalid_argument`, and with `staff_disabled` while the shop's own bot is silenced.
pub async fn set(app: &App, by: &Staff<ManageShop>, hours: Hours) -> Result<Hours> {
    words::text("reply", &hours.reply, 1..=500)?;
    if hours.opens == hours.closes {
        return Err(refused_argument("closes", "is another time than opens"));
    }
    voice::ensure(app, by).await?;
    change(app, by, Some(&hours)).await?;
    Ok(hours)
}

/// The shop is always open from now on (recorded).
pub async fn remove(app: &App, by: &Staff<ManageShop>) -> Result<()> {
    change(app, by, None).await
}

async fn change(app: &App, by: &Staff<ManageShop>, hours: Option<&Hours>) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = queries::hours(&mut tx).await?;
    queries::set_hours(&mut tx, hours).await?;
    queries::listen_if_needed(&mut tx).await?;
    let deed = Deed::new(by.actor.user, "service_hours.changed", by.shop)
        .before(former.and_then(|hours| serde_json::to_value(hours).ok()))
        .after(hours.and_then(|hours| serde_json::to_value(hours).ok()));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

impl Hours {
    /// Does somebody answer when the clock on the wall shows this?
    pub fn hold(&self, wall: Time) -> bool {
        if self.opens < self.closes {
            self.opens <= wall && wall < self.closes
        } else {
            self.opens <= wall || wall < self.closes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SVC-01: open at 09:00 and 21:59, closed at 22:00; also over midnight.
    #[test]
    fn hours_hold_their_beginning_and_not_their_end() {
        let of = |opens: i8, closes: i8| Hours {
            opens: Time::constant(opens, 0, 0, 0),
            closes: Time::constant(closes, 0, 0, 0),
            reply: later(),
        };
        let at = |hour, minute| Time::constant(hour, minute, 0, 0);
        let holds = [at(8, 59), at(9, 0), at(21, 59), at(22, 0)].map(|at| of(9, 22).hold(at));
        assert_eq!(holds, [false, true, true, false]);
        let holds = [at(17, 59), at(18, 0), at(1, 59), at(2, 0)].map(|at| of(18, 2).hold(at));
        assert_eq!(holds, [false, true, true, false]);
    }
}
