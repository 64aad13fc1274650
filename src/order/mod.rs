//! Orders: from a draft in a chat or a basket in the shop to what has been received.
//!
//! Where an order stands is changed only by what [`graph`] allows, under a lock on its row (`step`): its history gets an entry,
//! its card in the conversation is drawn anew, and both sides are told. What was agreed is kept as it was: a revision has a hash,
//! and whoever confirms names it. Nobody's phone or address is on a card; they lie sealed ([`recipient`]).

pub mod accept;
pub(crate) mod after_sale;
pub mod batch;
pub mod books;
pub mod cancel;
mod card;
pub mod change;
pub mod claim;
pub mod confirm;
pub mod delivery_note;
pub mod draft;
pub mod edit;
pub mod evidence;
pub mod export;
mod fill;
pub mod give_back;
pub mod graph;
pub mod hear;
pub mod history;
pub mod list;
pub mod mark;
pub mod note;
mod number;
pub(crate) mod offer;
pub mod on_the_way;
pub mod pay;
pub mod pick;
pub mod place;
pub mod prepare;
pub mod promote;
mod queries;
pub mod readdress;
pub mod receive;
pub mod recipient;
pub mod rules;
mod seen;
pub mod ship;
pub(crate) mod short;
pub mod show;
mod step;
pub mod template;
pub mod time_out;
pub mod waiting;
mod words;
mod worth;

use jiff::Timestamp;
use proto::{DeliveryMethod, OrderState, PaymentStatus, PaymentTerms};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub use self::seen::Seen;
use crate::{
    id::{
        BundleId, CaseId, ConversationId, HolderId, OrderId, ProductId, ShopId, UserId, VariantId,
    },
    money::{Money, TooMuch},
    stock::Units,
};

/// What one order may come to, in minor units: a shop has many, and all of them together still have to be counted.
const DEAREST: Money = Money::minor(10_000_000_000_000);

/// An order as it is now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Order {
    /// Its id; its goods are held under the same one.
    pub id: OrderId,
    /// In which shop.
    pub shop_id: ShopId,
    /// `WS20250101001`; null while it is a preview.
    pub number: Option<String>,
    /// Who buys.
    pub customer_id: UserId,
    /// Their name.
    pub customer_name: String,
    /// Where it is talked about.
    pub conversation_id: ConversationId,
    /// The message there that shows it.
    pub card_number: i64,
    /// `checkout` or `chat`.
    pub source: String,
    /// Where it stands.
    pub state: OrderState,
    /// Whether the money is there.
    pub payment_status: PaymentStatus,
    /// When it is paid.
    pub terms: PaymentTerms,
    /// How it comes to the customer.
    pub delivery_method: DeliveryMethod,
    /// ISO 4217.
    pub currency: String,
    /// All lines together, in minor units.
    pub goods: Money,
    /// Minor units.
    pub freight: Money,
    /// What a coupon and promotions take off, in minor units.
    pub discount: Money,
    /// What is paid for it, in minor units.
    pub total: Money,
    /// What was paid, in minor units.
    pub paid: Money,
    /// What of that was given back or is on its way back, in minor units.
    pub refunded: Money,
    /// What was paid beyond that, and nobody owed; in minor units. Staff give it back.
    pub extra: Money,
    /// Rises whenever what was agreed changes.
    pub revision: i32,
    /// SHA-256 of what was agreed, in hexadecimal.
    pub hash: String,
    /// How many entries its history has.
    pub version: i32,
    /// What the customer wishes besides.
    pub requests: String,
    /// What was said last about it.
    pub remark: String,
    /// When it is expected.
    #[schema(value_type = Option<String>)]
    pub expected_at: Option<Timestamp>,
    /// The shop's rule on cancelling when it was made.
    pub policy: String,
    /// The rule's number.
    pub policy_version: i32,
    /// Six digits that fetch it from the store; only the customer and the counter see them.
    pub pickup_code: Option<String>,
    /// Who does the service.
    pub person: Option<String>,
    /// Who of the staff looks after it.
    pub owner_id: Option<UserId>,
    /// Their name.
    pub owner_name: Option<String>,
    /// What is wrong with it, until its outcome is written down.
    pub abnormal: Option<String>,
    /// When somebody is reminded of it.
    #[schema(value_type = Option<String>)]
    pub follow_up_at: Option<Timestamp>,
    /// Unpaid by then, it is cancelled.
    #[schema(value_type = Option<String>)]
    pub pay_by: Option<Timestamp>,
    /// By then its goods count as received.
    #[schema(value_type = Option<String>)]
    pub receive_by: Option<Timestamp>,
    /// The customer has asked for more time to receive.
    pub extended: bool,
    /// When it became an order.
    #[schema(value_type = Option<String>)]
    pub placed_at: Option<Timestamp>,
    /// When it was paid.
    #[schema(value_type = Option<String>)]
    pub paid_at: Option<Timestamp>,
    /// How it was paid.
    pub payment_method: Option<String>,
    /// When the shop took it.
    #[schema(value_type = Option<String>)]
    pub accepted_at: Option<Timestamp>,
    /// When the last of it left.
    #[schema(value_type = Option<String>)]
    pub shipped_at: Option<Timestamp>,
    /// When it was fulfilled.
    #[schema(value_type = Option<String>)]
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled.
    #[schema(value_type = Option<String>)]
    pub cancelled_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// What is in it.
    pub lines: Vec<Line>,
    /// What was sent.
    pub packages: Vec<Package>,
    /// What promotions did for it.
    pub promotions: Vec<promote::Earned>,
}

/// One line of an order, as it was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Line {
    /// 1 and up.
    pub line: i16,
    /// Of which product.
    pub product_id: ProductId,
    /// What.
    pub variant_id: VariantId,
    /// The bundle that it is a part of.
    pub bundle_id: Option<BundleId>,
    /// The product's title then.
    pub title: String,
    /// What the variant says.
    pub choice: Vec<String>,
    /// How many.
    pub units: i32,
    /// One piece before any reduction, in minor units.
    pub list_price: Money,
    /// One piece, in minor units.
    pub price: Money,
    /// What the line costs, in minor units.
    pub total: Money,
    /// Its share of the order's discount, in minor units.
    pub discount: Money,
    /// A promotion gave it: it costs nothing.
    pub gift: bool,
    /// Units that have left the house.
    pub shipped: i32,
    /// Units whose money was given back or is on its way back.
    pub refunded: i32,
    /// Units of those that had not left the house: they never will.
    pub dropped: i32,
    /// The after-sale case that is open on it: until it ends, it is not sent.
    pub case_id: Option<CaseId>,
    /// Units of those that are left which are not there.
    pub short: i32,
    /// Why; for the shop alone.
    pub short_reason: Option<String>,
}

/// One parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Package {
    /// By whom, one of the shop's carriers.
    pub carrier: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// What is in it.
    pub units: Vec<LineUnits>,
    /// When it left.
    #[schema(value_type = String)]
    pub shipped_at: Timestamp,
}

/// So many units of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineUnits {
    /// Which line, 1 and up.
    pub line: i16,
    /// How many, 1 and up.
    pub units: u32,
}

impl Order {
    /// Whose the held units are.
    pub fn holder(&self) -> HolderId {
        HolderId(self.id.0)
    }

    /// What has to be held for it (INV-01).
    pub fn units(&self) -> Vec<Units> {
        let units = |line: &Line| Units {
            variant_id: line.variant_id,
            units: line.units.unsigned_abs(),
        };
        self.lines.iter().map(units).collect()
    }

    /// What was agreed, in one canonical form: what the hash is of, what a dispute is judged by (CHAT-08).
    pub fn agreed(&self) -> serde_json::Value {
        json!({
            "order_id": self.id, "revision": self.revision, "currency": self.currency, "terms": self.terms,
            "delivery_method": self.delivery_method, "freight": self.freight, "discount": self.discount, "total": self.total,
            "requests": self.requests, "expected_at": self.expected_at, "policy_version": self.policy_version,
            "lines": self.lines.iter().map(Line::agreed).collect::<Vec<_>>(),
        })
    }

    /// Makes the next revision of what was agreed. Refuses what nobody pays.
    fn agree(&mut self) -> Result<(), TooMuch> {
        self.goods = Money::sum(self.lines.iter().map(|line| line.total))?;
        self.total = self.goods.plus(self.freight)?.minus(self.discount)?;
        if self.total > DEAREST {
            return Err(TooMuch);
        }
        self.hash = hex::encode(Sha256::digest(self.agreed().to_string()));
        Ok(())
    }

    /// Nothing is left to be sent: every unit has left or was refunded.
    fn nothing_left(&self) -> bool {
        self.lines.iter().all(|line| line.left() == 0)
    }
}

impl Line {
    /// Units that are neither sent nor refunded before they were.
    pub fn left(&self) -> i32 {
        (self.units - self.shipped - self.dropped).max(0)
    }

    /// Units that can be sent: left, and there.
    pub fn ready(&self) -> i32 {
        (self.left() - self.short).max(0)
    }

    /// Units that were sent and whose money was not given back.
    pub fn with_customer(&self) -> i32 {
        (self.shipped - (self.refunded - self.dropped)).max(0)
    }

    fn agreed(&self) -> serde_json::Value {
        json!({
            "line": self.line, "product_id": self.product_id, "variant_id": self.variant_id, "title": self.title,
            "choice": self.choice, "units": self.units, "price": self.price, "total": self.total,
        })
    }
}
