//! Segments (CRM-05): conditions with a name. Who meets one is found anew whenever somebody asks.

use serde::{Deserialize, Serialize};

use super::{condition::Condition, queries};
use crate::{
    actor::{ManageCampaigns, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result},
    id::{SegmentId, UserId},
    rights,
    store::{Tx, page},
    words,
};

/// Segments of one shop at most.
const MOST: i64 = 500;

/// A segment to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSegment {
    /// 1 to 100 characters, the only one of this name.
    pub name: String,
    /// Who is in it.
    pub condition: Condition,
}

/// A segment.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub condition: Condition,
}

/// Segments of a shop.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Segments {
    /// By their names.
    pub segments: Vec<Segment>,
}

/// Somebody in a segment.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SegmentMember)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// As others see them.
    pub name: String,
}

/// Who is in a segment now, and where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SegmentMembers)]
pub struct Members {
    /// How many there are in all.
    pub count: i64,
    /// In order of their user ids.
    pub members: Vec<Member>,
    /// Empty on the last page.
    pub next_cursor: String,
}

/// Saves a segment (recorded). Refuses with `invalid_argument`, `name_taken`, and with `quota_exceeded` beyond 500.
pub async fn save(app: &App, by: &Staff<ManageCampaigns>, new: NewSegment) -> Result<Segment> {
    let segment = Segment {
        id: SegmentId::new(),
        name: words::name("name", &new.name)?.to_owned(),
        condition: new.condition,
    };
    segment.condition.check()?;
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    if !queries::add_segment(&mut tx, &segment, by.actor.user, MOST, now).await? {
        return Err(Refusal::QuotaExceeded.into());
    }
    let after = serde_json::to_value(&segment).ok();
    let deed = Deed::new(by.actor.user, "segment.saved", segment.id).after(after);
    audit::record(&mut tx, deed, now).await?;
    tx.commit().await?;
    Ok(segment)
}

/// Removes a segment (recorded); campaigns that were made with it keep its condition. Refuses with `not_found`.
pub async fn remove(app: &App, by: &Staff<ManageCampaigns>, segment: SegmentId) -> Result<()> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let former = named(&mut tx, segment).await?;
    queries::remove_segment(&mut tx, segment).await?;
    let deed = Deed::new(by.actor.user, "segment.removed", segment)
        .before(serde_json::to_value(former).ok());
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await
}

/// The shop's segments.
pub async fn list(app: &App, by: &Staff<ManageCampaigns>) -> Result<Segments> {
    let mut tx = app.store.begin(by.shop).await?;
    let segments = queries::segments(&mut tx).await?;
    Ok(Segments { segments })
}

/// Who is in it now. Refuses with `not_found`, a bad cursor or limit (1 to 500, 0 means 100) with `invalid_argument`.
pub async fn members(
    app: &App,
    by: &Staff<ManageCampaigns>,
    segment: SegmentId,
    cursor: &str,
    limit: u32,
) -> Result<Members> {
    let limit = page::limit(limit, 100, 500)?;
    let after: Option<UserId> = page::after(cursor)?;
    let mut tx = app.store.begin(by.shop).await?;
    let condition = named(&mut tx, segment).await?.condition;
    let now = app.clock.now();
    let (count, mut members) = queries::members(&mut tx, &condition, after, limit + 1, now).await?;
    let next_cursor = page::next(&mut members, limit, |last| last.user_id);
    Ok(Members {
        count,
        members,
        next_cursor,
    })
}

/// A segment of the shop. Refuses with `not_found`.
pub(crate) async fn named(tx: &mut Tx, segment: SegmentId) -> Result<Segment> {
    let found = queries::segment(tx, segment).await?;
    Ok(found.ok_or(Refusal::NotFound)?)
}
