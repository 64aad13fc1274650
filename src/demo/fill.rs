//! Two shops, their people, their customers, and what they have said so far.

use proto::{CreateGroup, OpenConversation, SendMessage};
use uuid::Uuid;

use super::{
    people::{
        self, CAKE_AGENT, CAKE_COLLEAGUES, CAKE_OWNER, CLOTHES_AGENT, CLOTHES_COLLEAGUES,
        CLOTHES_OWNER, DemoPerson, Role,
    },
    reduce, sell, welfare,
};
use crate::{
    actor::Actor,
    app::App,
    conversation::{open, post},
    error::{Refusal, Result},
    group::create,
    id::ShopId,
    staff::{
        invite::{self, Newcomer},
        join, roles,
    },
};

/// What each customer asks, and what the clothes shop says to it.
const TALKS: [[&str; 2]; 3] = [
    [
        "你好，这条碎花连衣裙有 M 码吗？",
        "有的，亲。碎花连衣裙 M 码现货，今天下单今天发。",
    ],
    ["连衣裙可以退换吗？", "七天内可以，吊牌不要剪。"],
    ["两件有优惠吗？", "两件九折，进群还有新品预告。"],
];

/// A shop that is open, with whoever speaks for it.
pub(super) struct Team {
    pub(super) shop: ShopId,
    pub(super) owner: Actor,
    agent: Actor,
}

/// Fills an empty database.
pub(super) async fn fill(app: &App) -> Result<()> {
    let customers = people::PEOPLE
        .iter()
        .filter(|one| one.role == Role::Customer);
    let mut actors = Vec::new();
    for customer in customers {
        actors.push(customer.register(app).await?);
    }
    let cakes = team(app, "甜点屋 Cake shop", CAKE_OWNER, CAKE_AGENT).await?;
    take_on(app, &cakes, &CAKE_COLLEAGUES).await?;
    let sold = sell::stock_up(app, &cakes, &sell::CAKES).await?;
    reduce::reduce(app, &cakes, &sold).await?;
    reduce::issue(app, &cakes).await?;
    let clothes = team(app, "花间衣橱 Clothes shop", CLOTHES_OWNER, CLOTHES_AGENT).await?;
    take_on(app, &clothes, &CLOTHES_COLLEAGUES).await?;
    let crowd = welfare::crowd(app, &clothes).await?;
    for (customer, [question, answer]) in actors.iter().zip(TALKS) {
        let conversation = consult(app, customer, clothes.shop).await?;
        say(app, customer, &conversation, question).await?;
        say(app, &clothes.agent, &conversation, answer).await?;
    }
    gather(app, &clothes, &actors).await?;
    let goods = sell::stock_up(app, &clothes, &sell::CLOTHES).await?;
    sell::first_orders(app, &clothes, &actors, &goods).await?;
    let (first, others) = actors.split_first().ok_or(Refusal::NotFound)?;
    welfare::gather(app, &clothes, crowd, others, first).await
}

/// An owner opens a shop and invites an agent, who comes.
async fn team(app: &App, shop_name: &str, owner: DemoPerson, agent: DemoPerson) -> Result<Team> {
    let (owner, shop) = owner.found(app, shop_name).await?;
    employ(app, &owner, shop, agent).await?;
    let agent = people::actor(app, &agent.log_in(app).await?).await?;
    Ok(Team { shop, owner, agent })
}

/// The other roles that there are.
async fn take_on(app: &App, team: &Team, colleagues: &[DemoPerson]) -> Result<()> {
    for colleague in colleagues {
        employ(app, &team.owner, team.shop, *colleague).await?;
    }
    Ok(())
}

/// Invites somebody to the staff, who comes.
async fn employ(app: &App, owner: &Actor, shop: ShopId, person: DemoPerson) -> Result<()> {
    let by = owner.staff(shop)?;
    let roles = roles::list(app, &by).await?;
    let role = roles.iter().find(|role| role.name == person.role_name());
    let newcomer = Newcomer {
        phone: person.phone,
        name: person.name,
        role: role.ok_or(Refusal::NotFound)?.id,
    };
    let invited = invite::invite(app, &by, newcomer).await?;
    let moved_in = person.move_in(app).await?;
    join::join(app, &moved_in.merchant()?, invited.id).await?;
    Ok(())
}

pub(super) async fn consult(app: &App, customer: &Actor, shop: ShopId) -> Result<String> {
    let request = OpenConversation {
        shop_id: shop.to_string(),
        source: "demo".to_owned(),
        ..OpenConversation::default()
    };
    Ok(open::open(app, customer, request).await?.id)
}

/// The shop's group, with all customers in it.
async fn gather(app: &App, team: &Team, customers: &[Actor]) -> Result<()> {
    let request = CreateGroup {
        name: "碎花裙爱好者 Floral dresses".to_owned(),
        announcement: "新品每周五上架。".to_owned(),
        user_ids: customers.iter().map(|one| one.user.to_string()).collect(),
        ..CreateGroup::default()
    };
    let group = create::create(app, &team.owner.staff(team.shop)?, request).await?;
    let group = group.id;
    say(app, &team.owner, &group, "欢迎大家！周五上新碎花裙。").await?;
    for (customer, words) in customers.iter().zip(["期待！", "有绿色的吗？"]) {
        say(app, customer, &group, words).await?;
    }
    Ok(())
}

async fn say(app: &App, actor: &Actor, conversation: &str, text: &str) -> Result<()> {
    let request = SendMessage {
        conversation_id: conversation.to_owned(),
        client_message_id: Uuid::now_v7().to_string(),
        text: text.to_owned(),
        ..SendMessage::default()
    };
    post::post(app, actor, request).await?;
    Ok(())
}
