//! The row of an order as it lies there.

use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::types::Json;

use super::super::Line;
use super::super::Order;
use super::super::Package;
use super::super::promote::Earned;
use super::word;
use crate::{
    error::Result,
    id::{ConversationId, OrderId, ShopId, UserId},
    money::Money,
};

/// The row of an order, with the names of its people.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: OrderId,
    pub(super) shop_id: ShopId,
    pub(super) number: Option<String>,
    pub(super) customer_id: UserId,
    pub(super) customer_name: String,
    pub(super) conversation_id: ConversationId,
    pub(super) card_number: i64,
    pub(super) source: String,
    pub(super) state: String,
    pub(super) payment_status: String,
    pub(super) terms: String,
    pub(super) delivery_method: String,
    pub(super) currency: String,
    pub(super) goods: Money,
    pub(super) freight: Money,
    pub(super) discount: Money,
    pub(super) total: Money,
    pub(super) paid: Money,
    pub(super) refunded: Money,
    pub(super) extra: Money,
    pub(super) revision: i32,
    pub(super) hash: Vec<u8>,
    pub(super) version: i32,
    pub(super) requests: String,
    pub(super) remark: String,
    pub(super) expected_at: Option<SqlTimestamp>,
    pub(super) policy: String,
    pub(super) policy_version: i32,
    pub(super) pickup_code: Option<String>,
    pub(super) person: Option<String>,
    pub(super) owner_id: Option<UserId>,
    pub(super) owner_name: Option<String>,
    pub(super) abnormal: Option<String>,
    pub(super) follow_up_at: Option<SqlTimestamp>,
    pub(super) pay_by: Option<SqlTimestamp>,
    pub(super) receive_by: Option<SqlTimestamp>,
    pub(super) extended: bool,
    pub(super) placed_at: Option<SqlTimestamp>,
    pub(super) paid_at: Option<SqlTimestamp>,
    pub(super) payment_method: Option<String>,
    pub(super) accepted_at: Option<SqlTimestamp>,
    pub(super) shipped_at: Option<SqlTimestamp>,
    pub(super) completed_at: Option<SqlTimestamp>,
    pub(super) cancelled_at: Option<SqlTimestamp>,
    pub(super) created_at: SqlTimestamp,
    pub(super) promotions: Option<Json<Vec<Earned>>>,
}

impl Row {
    pub(super) fn order(self, mut lines: Vec<Line>, packages: Vec<Package>) -> Result<Order> {
        let promotions = self.promotions.map(|promotions| promotions.0);
        let promotions = promotions.unwrap_or_default();
        for line in &mut lines {
            let given = |one: &Earned| one.gift_lines.contains(&line.line);
            line.gift = promotions.iter().any(given);
        }
        Ok(Order {
            id: self.id,
            shop_id: self.shop_id,
            number: self.number,
            customer_id: self.customer_id,
            customer_name: self.customer_name,
            conversation_id: self.conversation_id,
            card_number: self.card_number,
            source: self.source,
            state: word(&self.state)?,
            payment_status: word(&self.payment_status)?,
            terms: word(&self.terms)?,
            delivery_method: word(&self.delivery_method)?,
            currency: self.currency,
            goods: self.goods,
            freight: self.freight,
            discount: self.discount,
            total: self.total,
            paid: self.paid,
            refunded: self.refunded,
            extra: self.extra,
            revision: self.revision,
            hash: hex::encode(self.hash),
            version: self.version,
            requests: self.requests,
            remark: self.remark,
            expected_at: self.expected_at.map(SqlTimestamp::to_jiff),
            policy: self.policy,
            policy_version: self.policy_version,
            pickup_code: self.pickup_code,
            person: self.person,
            owner_id: self.owner_id,
            owner_name: self.owner_name,
            abnormal: self.abnormal,
            follow_up_at: self.follow_up_at.map(SqlTimestamp::to_jiff),
            pay_by: self.pay_by.map(SqlTimestamp::to_jiff),
            receive_by: self.receive_by.map(SqlTimestamp::to_jiff),
            extended: self.extended,
            placed_at: self.placed_at.map(SqlTimestamp::to_jiff),
            paid_at: self.paid_at.map(SqlTimestamp::to_jiff),
            payment_method: self.payment_method,
            accepted_at: self.accepted_at.map(SqlTimestamp::to_jiff),
            shipped_at: self.shipped_at.map(SqlTimestamp::to_jiff),
            completed_at: self.completed_at.map(SqlTimestamp::to_jiff),
            cancelled_at: self.cancelled_at.map(SqlTimestamp::to_jiff),
            created_at: self.created_at.to_jiff(),
            lines,
            packages,
            promotions,
        })
    }
}
