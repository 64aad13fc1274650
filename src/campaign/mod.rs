//! Campaigns: the right words to the right customers, each in their own conversation with the shop, and to the shop's groups.
//!
//! Who hears one is fixed by one statement when it starts ([`run`]): a row each, which says whether they have heard it. A batch is one unit of work: who is next, their
//! coupons, their messages, their rows. Whoever comes after a crash finds them as they were before or after it.

pub mod dry_run;
pub mod forget;
mod group;
pub mod launch;
mod queries;
pub mod recall;
pub mod rules;
pub mod run;
pub mod show;
pub mod stop;
mod tell;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    account::visit::NAMELESS,
    crm::condition::Condition,
    id::{CampaignId, ConversationId, CouponTemplateId},
};

/// Where a name belongs in a text.
const NAME: &str = "{name}";
/// Where the link to the shop belongs in a text to a group.
const LINK: &str = "{link}";

/// Where a campaign stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CampaignState)]
pub enum State {
    /// Its time has not come.
    Scheduled,
    /// Its recipients are fixed; they hear it.
    Sending,
    /// Everybody has heard it, or was skipped.
    Done,
    /// Nobody hears it any more.
    Stopped,
}

/// What customers hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CampaignOffer)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// 1 to 2,000 characters; `{name}` is each one's own name.
    pub text: String,
    /// Instead of a name that is not known, at most 20 characters.
    #[serde(default = "you")]
    pub fallback: String,
    /// A coupon that is in their wallet with it, on a card.
    #[serde(default)]
    pub template_id: Option<CouponTemplateId>,
}

fn you() -> String {
    "您".to_owned()
}

/// Those who meet a condition and no earlier layer's, and what they hear.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Layer {
    condition: Condition,
    offer: Offer,
}

/// What groups are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CampaignNotice)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Groups of the shop, 1 to 50.
    pub group_ids: Vec<ConversationId>,
    /// 1 to 2,000 characters; `{link}` is a link to the shop that knows the group.
    pub text: String,
    /// Coupons that are claimed from the message itself.
    #[serde(default)]
    pub template_id: Option<CouponTemplateId>,
    /// How many for each group, 1 to 10,000.
    #[serde(default = "hundred")]
    pub pieces: u32,
    /// They can be claimed for so long, 1 to 43,200 minutes.
    #[serde(default = "a_day")]
    pub minutes: u32,
}

fn hundred() -> u32 {
    100
}

fn a_day() -> u32 {
    1_440
}

/// Who hears what, as it was when it was launched.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Plan {
    layers: Vec<Layer>,
    notice: Option<Notice>,
}

impl Plan {
    /// Is there a coupon in it for somebody?
    fn gives(&self) -> bool {
        let mut offers = self.layers.iter().map(|layer| &layer.offer);
        offers.any(|offer| offer.template_id.is_some())
    }
}

/// A campaign.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Made by the server, for customers who have stayed away.
    pub recall: bool,
    /// What staff call it.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// When it starts, or has to.
    #[schema(value_type = String)]
    pub starts_at: Timestamp,
    /// When its recipients were fixed.
    #[schema(value_type = Option<String>)]
    pub started_at: Option<Timestamp>,
    /// When it was done or stopped.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// Why it was stopped: `staff`, or `sender_disabled`.
    pub stopped_because: Option<String>,
}

/// The client message id of all that is said by one campaign: 32 bytes. Each conversation hears it once, and an id is used once in a conversation.
fn message_id(campaign: CampaignId) -> String {
    campaign.0.simple().to_string()
}

/// Tells a retry from another message under the same id: whoever has got another name since is told once all the same.
fn fingerprint(campaign: CampaignId) -> i64 {
    let bytes = *campaign.0.as_bytes().last_chunk().unwrap_or(&[0; 8]);
    i64::from_le_bytes(bytes)
}

impl Offer {
    /// The words for one customer (CMP-04).
    fn words(&self, name: &str) -> String {
        let name = name.trim();
        let unknown = name.is_empty() || name == NAMELESS;
        let name = if unknown { &self.fallback } else { name };
        self.text.replace(NAME, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CMP-04: each reads their own name; who has none reads the fallback.
    #[test]
    fn words_name_each_person() {
        let offer = Offer {
            text: "{name},新茶到了,{name}!".into(),
            fallback: you(),
            template_id: None,
        };
        let words = ["王芳", " ", NAMELESS, "{name}"].map(|name| offer.words(name));
        assert_eq!(words[0], "王芳,新茶到了,王芳!");
        assert_eq!(words[1..3], ["您,新茶到了,您!", "您,新茶到了,您!"]);
        assert_eq!(words[3], "{name},新茶到了,{name}!");
    }
}
