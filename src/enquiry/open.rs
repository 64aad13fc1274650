//! Come to a shop's conversation from a product's page.

use proto::{Conversation, Message, OpenConversation};

use super::{AGAIN, card, queries};
use crate::{
    actor::{Actor, Customer},
    app::App,
    conversation::{self, Draft, log, post::sender},
    error::{Result, refused_argument},
    id::{ConversationId, ProductId, ShopId},
    product::list::on_sale,
    store::Tx,
};

/// Finds or opens a conversation as [`conversation::open::open`] does. With a product, its customer asks the shop about it: a card of it
/// is posted, right after the notice with which a new conversation begins, and it stands under the customer's enquiries. Asking
/// takes from the user's pace; coming from the same page again within ten minutes finds the conversation and no more.
///
/// Refuses as that does; with `not_found` a product that the shop does not have or does not show; with `invalid_argument` a product
/// without a shop, or with a person.
pub async fn open(app: &App, actor: &Actor, request: OpenConversation) -> Result<Conversation> {
    if request.product_id.is_empty() {
        return conversation::open::open(app, actor, request).await;
    }
    conversation::open::check_source(&request.source)?;
    if !request.user_id.is_empty() {
        let wrong = "is for who comes as a customer: without `user_id`";
        return Err(refused_argument("product_id", wrong));
    }
    let shop = request.shop_id.parse();
    let shop = shop.map_err(|_| refused_argument("shop_id", "is not an id"))?;
    let product = request.product_id.parse();
    let product = product.map_err(|_| refused_argument("product_id", "is not an id"))?;
    let customer = actor.customer()?;
    conversation::open::require_site(&customer, shop)?;
    let id = ask(app, &customer, (shop, product), &request.source).await?;
    conversation::list::conversation(app, actor, id).await
}

async fn ask(
    app: &App,
    customer: &Customer,
    (shop, product): (ShopId, ProductId),
    source: &str,
) -> Result<ConversationId> {
    let (now, who) = (app.clock.now(), customer.0.user);
    let mut tx = app.store.begin(shop).await?;
    let on_sale = on_sale(&mut tx, product, now).await?;
    let source = if source.is_empty() { "product" } else { source };
    let (id, new) = conversation::open::enter(app, &mut tx, customer, source).await?;
    if queries::ask(&mut tx, who, product, now, now - AGAIN).await? {
        app.sends.take(who)?;
        let drawn = card::draw(shop, &on_sale, now)?;
        let number = post(app, &mut tx, customer, id, drawn).await?;
        queries::shown_by(&mut tx, who, product, number).await?;
        tx.commit().await?;
    } else if new {
        tx.commit().await?;
    }
    Ok(id)
}

/// The customer says the card, as they say what they order.
async fn post(
    app: &App,
    tx: &mut Tx,
    Customer(actor): &Customer,
    conversation: ConversationId,
    drawn: proto::Card,
) -> Result<i64> {
    let message = Message {
        conversation_id: conversation.to_string(),
        sender: Some(sender(actor)),
        text: drawn.summary.clone(),
        card: Some(drawn),
        ..Message::default()
    };
    let draft = Draft {
        conversation,
        sender: Some(actor.user),
        message,
        fingerprint: None,
    };
    let posted = log::append(tx, &app.clock, draft).await?;
    Ok(posted.number.cast_signed())
}
