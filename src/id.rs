//! Every id has its own type, one line each. Ids are UUIDs of version 7: they sort by time of birth.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, refused_argument};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later than all before it.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
                self.0.fmt(out)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
                self.0.fmt(out)
            }
        }
        /// Refuses with `invalid_argument` what is not a UUID.
        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Uuid::try_parse(text).map(Self).map_err(|_| refused_argument("id", "is not an id"))
            }
        }
    )+};
}

ids! {
    /// A person or a bot.
    UserId
    /// One login on one device.
    SessionId
    /// A shop: the tenant.
    ShopId
    /// A set of permissions with a name.
    RoleId
    /// A log of messages; a group has the id of its conversation.
    ConversationId
    /// An uploaded file.
    FileId
    /// An address that posts into a group.
    HookId
    /// A place that webhooks are sent to.
    EndpointId
    /// One fact on its way to one endpoint.
    DeliveryId
    /// A link or request by which somebody may join a group.
    InviteId
    /// By which somebody may join a shop's staff.
    StaffInviteId
    /// One opening of a shared link.
    VisitId
    /// Something that a shop sells.
    ProductId
    /// One combination of a product's options: what is put into an order.
    VariantId
    /// Products that cost less together.
    BundleId
    /// Who units of stock are promised to: an order has its own id here, an exchange its own.
    HolderId
    /// What a customer buys at once.
    OrderId
    /// One parcel of an order.
    PackageId
    /// What a customer wants changed in an accepted order.
    ChangeId
    /// What a customer wants back: money, or other goods.
    CaseId
    /// What a shop's orders often have.
    TemplateId
    /// Goods of an order that are not there.
    ShortageId
    /// Terms of coupons that a shop issues.
    CouponTemplateId
    /// Coupons dropped into a conversation.
    GiftId
    /// A coupon in a wallet.
    CouponId
    /// What a shop takes off, or gives on top, for a time.
    PromotionId
    /// A time that many young accounts claimed together.
    ClaimBatchId
    /// What a shop gives a coupon for.
    RewardRuleId
    /// A coupon that a rule gave, or could not give.
    RewardGrantId
    /// A lottery in a group.
    DrawId
    /// Money for the members of a group.
    RedPacketId
    /// A condition on customers, with a name.
    SegmentId
    /// A note on a customer, to come back to.
    FollowUpId
    /// Something that is said to many customers, each in their own conversation.
    CampaignId
    /// What a shop's bot answers to a word.
    AnswerId
    /// What a provider was asked to take.
    ChargeId
    /// Money that goes back.
    RefundId
    /// Something that asks for a shop's staff.
    AlertId
    /// An alert on its way to one browser.
    PushId
    /// A running server.
    NodeId
    /// One open socket on this node.
    LineId
}
