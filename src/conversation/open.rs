//! Find or open the one conversation with a shop or a person.

use proto::{
    AlertKind, Conversation, Message, Notice, NoticeKind, OpenConversation, Permission, User,
    UserKind,
};

use super::{
    Draft,
    list::{conversation, shop_id},
    log,
    queries::open::{self as queries, Opening},
};
use crate::{
    actor::{Actor, Chat, Customer, Staff},
    alert::{self, NewAlert},
    app::App,
    error::{Refusal, Result, refused_argument},
    fact::Fact,
    id::{ConversationId, ShopId, UserId},
    store::Tx,
};

/// Finds or opens: with a shop, as its customer; with a person, as somebody who shares a group or a shop's staff with
/// them; with both, as that shop's staff, who only find what the customer has opened. It begins with a notice, once:
/// opening takes from the user's pace as saying does, finding does not.
///
/// Refuses with `not_found` a shop that is not there (or not the actor's own site's), with `banned` a customer whom the
/// shop has banned, with `forbidden` whoever has no such tie, with `invalid_argument` what is malformed.
pub async fn open(app: &App, actor: &Actor, request: OpenConversation) -> Result<Conversation> {
    check_source(&request.source)?;
    let id = match (&request.shop_id[..], &request.user_id[..]) {
        ("", "") => return Err(refused_argument("shop_id", "or `user_id` is needed")),
        ("", user) => with_person(app, actor, user_id(user)?).await?,
        (shop, "") => with_shop(app, &actor.customer()?, shop_id(shop)?, &request.source).await?,
        (shop, user) => of_customer(app, &actor.staff(shop_id(shop)?)?, user_id(user)?).await?,
    };
    conversation(app, actor, id).await
}

/// Refuses with `invalid_argument` what is too long to say where a customer came from.
pub(crate) fn check_source(source: &str) -> Result<()> {
    if source.len() > 64 || source.contains('\0') {
        return Err(refused_argument(
            "source",
            "has at most 64 bytes and no NUL",
        ));
    }
    Ok(())
}

/// A customer consults a shop, or orders there. The shop's staff are told of a new customer. Refuses with `not_found`, `banned`.
pub async fn with_shop(
    app: &App,
    customer: &Customer,
    shop: ShopId,
    source: &str,
) -> Result<ConversationId> {
    require_site(customer, shop)?;
    let mut tx = app.store.begin(shop).await?;
    let (id, new) = enter(app, &mut tx, customer, source).await?;
    if new {
        tx.commit().await?;
    }
    Ok(id)
}

/// Refuses with `not_found` another shop than the one whose own site the customer came by.
pub(crate) fn require_site(Customer(actor): &Customer, shop: ShopId) -> Result<()> {
    if actor.home.is_some_and(|home| home != shop) {
        return Err(Refusal::NotFound.into());
    }
    Ok(())
}

/// The same inside the shop's unit of work; says whether it was opened by it. Refuses with `not_found`, `banned`.
pub(crate) async fn enter(
    app: &App,
    tx: &mut Tx,
    Customer(actor): &Customer,
    source: &str,
) -> Result<(ConversationId, bool)> {
    let shop = tx.shop()?;
    if let Some(id) = queries::with_shop(tx.sql(), shop, actor.user).await? {
        return Ok((id, false));
    }
    app.sends.take(actor.user)?;
    let source = Some(source).filter(|source| !source.is_empty());
    let opening = Opening {
        id: ConversationId::new(),
        at: app.clock.now(),
    };
    let opened = queries::open_with_shop(tx.sql(), opening, shop, actor.user, source).await?;
    match opened.as_deref() {
        Some("opened") => {}
        Some("banned") => return Err(Refusal::Banned.into()),
        Some(_) => {
            let found = queries::with_shop(tx.sql(), shop, actor.user).await?;
            return Ok((found_after_all(found)?, false));
        }
        None => return Err(Refusal::NotFound.into()),
    }
    begin_with_notice(app, tx, opening.id, actor.as_seen()).await?;
    tell_staff(tx, &opening, actor, source).await?;
    Ok((opening.id, true))
}

/// Remembers it, and alerts the staff who talk with customers.
async fn tell_staff(
    tx: &mut Tx,
    opening: &Opening,
    customer: &Actor,
    source: Option<&str>,
) -> Result<()> {
    let fact = Fact::ConversationOpened {
        conversation_id: opening.id,
        customer_id: customer.user,
        source: source.map(str::to_owned),
    };
    tx.remember(&fact, opening.at).await?;
    let alert = NewAlert::new(
        AlertKind::NewConversation,
        Permission::Chat,
        &*customer.name,
    );
    alert::raise(tx, alert.in_conversation(opening.id), opening.at).await?;
    Ok(())
}

/// Two people who share a group or work for one shop. Who has no tie to the actor cannot be told from who is nobody.
async fn with_person(app: &App, actor: &Actor, other: UserId) -> Result<ConversationId> {
    if other == actor.user {
        return Err(refused_argument("user_id", "is your own"));
    }
    let mut tx = app.store.begin_people().await?;
    if let Some(id) = queries::with_person(tx.sql(), actor.user, other).await? {
        return Ok(id);
    }
    app.sends.take(actor.user)?;
    let opening = Opening {
        id: ConversationId::new(),
        at: app.clock.now(),
    };
    let opened = queries::open_with_person(tx.sql(), opening, actor.user, other).await?;
    match opened.as_deref() {
        Some("opened") => {}
        Some(_) => {
            return found_after_all(queries::with_person(tx.sql(), actor.user, other).await?);
        }
        None => return Err(Refusal::Forbidden.into()),
    }
    begin_with_notice(app, &mut tx, opening.id, actor.as_seen()).await?;
    tx.commit().await?;
    Ok(opening.id)
}

/// The conversation of the work's shop with a customer, for something that the server says by itself; opened if there is none. `None`: the
/// shop has banned them.
pub async fn by_itself(app: &App, tx: &mut Tx, customer: UserId) -> Result<Option<ConversationId>> {
    let shop = tx.shop()?;
    if let Some(id) = queries::with_shop(tx.sql(), shop, customer).await? {
        return Ok(Some(id));
    }
    let opening = Opening {
        id: ConversationId::new(),
        at: app.clock.now(),
    };
    let opened = queries::open_with_shop(tx.sql(), opening, shop, customer, None).await?;
    if opened.as_deref() != Some("opened") {
        return Ok(queries::with_shop(tx.sql(), shop, customer).await?);
    }
    let who = User {
        id: customer.to_string(),
        kind: UserKind::Customer.into(),
        name: queries::name_of(tx.sql(), customer).await?,
        ..User::default()
    };
    begin_with_notice(app, tx, opening.id, who).await?;
    Ok(Some(opening.id))
}

/// Staff find what a customer has opened.
async fn of_customer(app: &App, staff: &Staff<Chat>, customer: UserId) -> Result<ConversationId> {
    let mut sql = app.store.pool().acquire().await?;
    let found = queries::with_shop(&mut sql, staff.shop, customer).await?;
    Ok(found.ok_or(Refusal::NotFound)?)
}

/// Somebody else opened it in the same moment, and their commit was waited for.
fn found_after_all(found: Option<ConversationId>) -> Result<ConversationId> {
    Ok(found.ok_or(Refusal::Conflict)?)
}

/// The first message says that it was opened, and by whom.
async fn begin_with_notice(app: &App, tx: &mut Tx, id: ConversationId, opener: User) -> Result<()> {
    let notice = Notice {
        kind: NoticeKind::ConversationOpened.into(),
        actor: Some(opener),
        ..Notice::default()
    };
    let message = Message {
        conversation_id: id.to_string(),
        notice: Some(notice),
        ..Message::default()
    };
    let draft = Draft::of_server(id, message);
    log::append(tx, &app.clock, draft).await?;
    Ok(())
}

fn user_id(text: &str) -> Result<UserId> {
    text.parse()
        .map_err(|_| refused_argument("user_id", "is not an id"))
}
