//! The ids that paths name.

use serde::Deserialize;

use crate::id::{
    AnswerId, BundleId, CampaignId, CaseId, ClaimBatchId, ConversationId, CouponTemplateId, DrawId,
    FileId, FollowUpId, GiftId, HookId, OrderId, ProductId, PromotionId, RedPacketId, RewardRuleId,
    RoleId, SegmentId, SessionId, ShopId, ShortageId, StaffInviteId, TemplateId, UserId, VariantId,
};
use crate::pay::Method;

/// A person or bot.
#[derive(Deserialize)]
pub struct OfUser {
    pub(super) user_id: UserId,
}

/// An invitation to the staff.
#[derive(Deserialize)]
pub struct OfStaffInvite {
    pub(super) invite_id: StaffInviteId,
}

/// A role.
#[derive(Deserialize)]
pub struct OfRole {
    pub(super) role_id: RoleId,
}

/// A conversation.
#[derive(Deserialize)]
pub struct OfConversation {
    pub(super) conversation_id: ConversationId,
}

/// A message.
#[derive(Deserialize)]
pub struct OfMessage {
    pub(super) conversation_id: ConversationId,
    pub(super) number: u64,
}

/// A reaction to a message.
#[derive(Deserialize)]
pub struct OfReaction {
    pub(super) conversation_id: ConversationId,
    pub(super) number: u64,
    pub(super) emoji: String,
}

/// A file.
#[derive(Deserialize)]
pub struct OfFile {
    pub(super) file_id: FileId,
}

/// A session.
#[derive(Deserialize)]
pub struct OfSession {
    pub(super) session_id: SessionId,
}

/// A shop's signing key.
#[derive(Deserialize)]
pub struct OfEmbedKey {
    pub(super) key_id: String,
}

/// A hook of a group.
#[derive(Deserialize)]
pub struct OfHook {
    pub(super) conversation_id: ConversationId,
    pub(super) hook_id: HookId,
}

/// What a shop owes a customer.
#[derive(Deserialize)]
pub struct OfCustomerBalance {
    pub(super) customer_id: UserId,
}

/// A red packet.
#[derive(Deserialize)]
pub struct OfRedPacket {
    pub(super) red_packet_id: RedPacketId,
}

/// A shop.
#[derive(Deserialize)]
pub struct OfShop {
    pub(super) shop_id: ShopId,
}

/// A shared link.
#[derive(Deserialize)]
pub struct OfLink {
    pub(super) code: String,
}

/// A product.
#[derive(Deserialize)]
pub struct OfProduct {
    pub(super) shop_id: ShopId,
    pub(super) product_id: ProductId,
}

/// A variant.
#[derive(Deserialize)]
pub struct OfVariant {
    pub(super) variant_id: VariantId,
}

/// An order of a shop.
#[derive(Deserialize)]
pub struct OfOrder {
    pub(super) order_id: OrderId,
}

/// An order of one's own.
#[derive(Deserialize)]
pub struct OfMyOrder {
    pub(super) order_id: OrderId,
}

/// A way to pay.
#[derive(Deserialize)]
pub struct OfMethod {
    pub(super) method: Method,
}

/// A request for money or goods back.
#[derive(Deserialize)]
pub struct OfCase {
    pub(super) case_id: CaseId,
}

/// Goods of an order that are not there.
#[derive(Deserialize)]
pub struct OfShortage {
    pub(super) shortage_id: ShortageId,
}

/// A template for orders.
#[derive(Deserialize)]
pub struct OfTemplate {
    pub(super) template_id: TemplateId,
}

/// A carrier of a shop.
#[derive(Deserialize)]
pub struct OfCarrier {
    pub(super) code: String,
}

/// Terms of coupons.
#[derive(Deserialize)]
pub struct OfCouponTemplate {
    pub(super) template_id: CouponTemplateId,
}

/// A promotion.
#[derive(Deserialize)]
pub struct OfPromotion {
    pub(super) shop_id: ShopId,
    pub(super) promotion_id: PromotionId,
}

/// A code to help somebody by.
#[derive(Deserialize)]
pub struct OfCouponHelp {
    pub(super) help_code: String,
}

/// Claims that many young accounts made together.
#[derive(Deserialize)]
pub struct OfClaimBatch {
    pub(super) batch_id: ClaimBatchId,
}

/// What a shop gives a coupon for.
#[derive(Deserialize)]
pub struct OfRewardRule {
    pub(super) rule_id: RewardRuleId,
}

/// A gift in a conversation.
#[derive(Deserialize)]
pub struct OfGift {
    pub(super) gift_id: GiftId,
}

/// A lottery.
#[derive(Deserialize)]
pub struct OfDraw {
    pub(super) draw_id: DrawId,
}

/// A place among the winners of a lottery.
#[derive(Deserialize)]
pub struct OfDrawPlace {
    pub(super) draw_id: DrawId,
    pub(super) place: i32,
}

/// A bundle.
#[derive(Deserialize)]
pub struct OfBundle {
    pub(super) bundle_id: BundleId,
}

/// A parcel, by the secret part of the address that its news are posted to.
#[derive(Deserialize)]
pub struct OfParcel {
    pub(super) token: String,
}

/// A segment of a shop's customers.
#[derive(Deserialize)]
pub struct OfSegment {
    pub(super) segment_id: SegmentId,
}

/// A note on a customer.
#[derive(Deserialize)]
pub struct OfFollowUp {
    pub(super) user_id: UserId,
    pub(super) follow_up_id: FollowUpId,
}

/// A campaign.
#[derive(Deserialize)]
pub struct OfCampaign {
    pub(super) campaign_id: CampaignId,
}

/// What a shop's own bot answers.
#[derive(Deserialize)]
pub struct OfAnswer {
    pub(super) answer_id: AnswerId,
}
