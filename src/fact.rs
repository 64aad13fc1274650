//! What happened, remembered for ever: rows written in the transaction that made them true.
//!
//! `job/worker.rs` takes them later, for webhooks, bots and numbers. The kind is the name that a webhook carries.

use jiff::Timestamp;
use proto::{
    CaseDeed, CaseKind, CaseState, CouponSource, DrawDeed, DrawState, OrderDeed, OrderState,
    PaymentStatus, RedPacketDeed, RedPacketState,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{
    AlertId, CaseId, ConversationId, CouponId, CouponTemplateId, DrawId, EndpointId, GiftId,
    HolderId, OrderId, RedPacketId, RefundId, ShopId, UserId, VariantId,
};

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum Fact {
    /// Somebody said something. Written by `append_messages`, and only where the shop has a listener.
    MessagePosted {
        /// Where.
        conversation_id: ConversationId,
        /// Which message.
        number: i64,
    },
    /// A message was edited, recalled, redrawn or pinned.
    MessageChanged {
        /// Where.
        conversation_id: ConversationId,
        /// Which message.
        number: i64,
    },
    /// A customer opened the conversation with a shop for the first time.
    ConversationOpened {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        customer_id: UserId,
        /// From where they came (CHAT-02).
        source: Option<String>,
    },
    /// A customer follows the shop, for the first time.
    ShopFollowed {
        /// Who.
        customer_id: UserId,
    },
    /// People joined a group.
    MembersJoined {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        user_ids: Vec<UserId>,
        /// Who invited them.
        inviter_id: Option<UserId>,
    },
    /// Somebody left a group or was removed.
    MemberLeft {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
    },
    /// A webhook endpoint failed for too long, or said that it is gone, and was switched off.
    EndpointSwitchedOff {
        /// Which.
        endpoint_id: EndpointId,
    },
    /// Fewer units can be sold than staff wanted there to be.
    StockLow {
        /// Of what.
        variant_id: VariantId,
        /// So many can be sold.
        available: i64,
    },
    /// Something was done with an order: placed, paid, shipped, cancelled …
    OrderMoved {
        /// Which.
        order_id: OrderId,
        /// Where it is talked about.
        conversation_id: ConversationId,
        /// Its number; null while it is a preview.
        number: Option<String>,
        /// Who buys.
        customer_id: UserId,
        /// What was done.
        deed: OrderDeed,
        /// Where it stood; null: it began.
        state_before: Option<OrderState>,
        /// Where it stands.
        state: OrderState,
        /// Whether it is paid.
        payment_status: PaymentStatus,
        /// Its sum, in minor units.
        total: i64,
    },
    /// An order is completed: the customer can be asked how it was, once.
    SurveyDue {
        /// About which order.
        order_id: OrderId,
        /// Where it is talked about.
        conversation_id: ConversationId,
        /// Whom to ask.
        customer_id: UserId,
    },
    /// Something was done with a request for money or goods back: it was made, approved, refunded …
    CaseMoved {
        /// Which.
        case_id: CaseId,
        /// About which order.
        order_id: OrderId,
        /// Where it is talked about.
        conversation_id: ConversationId,
        /// Whose order it is.
        customer_id: UserId,
        /// What is wanted.
        case_kind: CaseKind,
        /// What was done.
        deed: CaseDeed,
        /// Where it stood; null: it began.
        state_before: Option<CaseState>,
        /// Where it stands.
        state: CaseState,
        /// What goes back, in minor units.
        amount: i64,
    },
    /// Money went back to a customer.
    RefundSucceeded {
        /// Which refund.
        refund_id: RefundId,
        /// Of which order.
        order_id: OrderId,
        /// For which after-sale case, if for one.
        case_id: Option<CaseId>,
        /// Minor units.
        amount: i64,
    },
    /// A provider has not given money back for days: staff have to look.
    RefundStuck {
        /// Which refund.
        refund_id: RefundId,
        /// Of which order.
        order_id: OrderId,
        /// For which after-sale case, if for one.
        case_id: Option<CaseId>,
    },
    /// A coupon came into a wallet.
    CouponClaimed {
        /// Which.
        coupon_id: CouponId,
        /// Of what terms.
        template_id: CouponTemplateId,
        /// Whose wallet.
        customer_id: UserId,
        /// How: `shop`, `code`, `gift`, `staff` or `reward`.
        source: CouponSource,
        /// From which gift, if from one.
        gift_id: Option<GiftId>,
    },
    /// An order with a coupon was paid.
    CouponUsed {
        /// Which.
        coupon_id: CouponId,
        /// Of what terms.
        template_id: CouponTemplateId,
        /// Whose it was.
        customer_id: UserId,
        /// On which order.
        order_id: OrderId,
        /// What it took off, in minor units.
        deducted: i64,
    },
    /// Something was done with a lottery: published, closed, drawn, cancelled; a prize was delivered or forfeited.
    DrawMoved {
        /// Which.
        draw_id: DrawId,
        /// In which group.
        conversation_id: ConversationId,
        /// What was done.
        deed: DrawDeed,
        /// Where it stands.
        state: DrawState,
        /// How many tickets there are.
        tickets: i64,
    },
    /// Something was done with a red packet: sent, emptied, or its rest went back.
    RedPacketMoved {
        /// Which.
        red_packet_id: RedPacketId,
        /// In which group.
        conversation_id: ConversationId,
        /// What was done.
        deed: RedPacketDeed,
        /// Where it stands.
        state: RedPacketState,
        /// How many shares were taken.
        taken: i64,
        /// What was taken, in minor units.
        taken_amount: i64,
    },
    /// Something asked for the shop's staff.
    AlertRaised {
        /// Which alert.
        alert_id: AlertId,
    },
    /// Units can be sold again that were promised or sold: an order was cancelled, goods came back.
    StockReturned {
        /// Whose they were: the order or the exchange.
        holder_id: HolderId,
        /// What and how many.
        units: Vec<Units>,
    },
}

impl Fact {
    /// The conversation that it happened in, and the message that it is about.
    pub fn place(&self) -> Option<(ConversationId, Option<i64>)> {
        match *self {
            Self::MessagePosted {
                conversation_id,
                number,
            }
            | Self::MessageChanged {
                conversation_id,
                number,
            } => Some((conversation_id, Some(number))),
            Self::ConversationOpened {
                conversation_id, ..
            }
            | Self::MembersJoined {
                conversation_id, ..
            }
            | Self::OrderMoved {
                conversation_id, ..
            }
            | Self::SurveyDue {
                conversation_id, ..
            }
            | Self::CaseMoved {
                conversation_id, ..
            }
            | Self::DrawMoved {
                conversation_id, ..
            }
            | Self::RedPacketMoved {
                conversation_id, ..
            }
            | Self::MemberLeft {
                conversation_id, ..
            } => Some((conversation_id, None)),
            Self::EndpointSwitchedOff { .. }
            | Self::ShopFollowed { .. }
            | Self::StockLow { .. }
            | Self::StockReturned { .. }
            | Self::RefundSucceeded { .. }
            | Self::RefundStuck { .. }
            | Self::CouponClaimed { .. }
            | Self::CouponUsed { .. }
            | Self::AlertRaised { .. } => None,
        }
    }
}

/// So many units of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Units {
    /// Of what.
    pub variant_id: VariantId,
    /// How many, 1 and up.
    pub units: u32,
}

/// A fact as its readers get it.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// Its place in the order of remembering.
    pub id: i64,
    /// Where it happened; nowhere: between people.
    pub shop: Option<ShopId>,
    /// When.
    pub at: Timestamp,
    /// The fact's name.
    pub kind: String,
    /// The fact's fields, as a webhook carries them.
    pub payload: Value,
    /// Both together.
    pub fact: Fact,
}
