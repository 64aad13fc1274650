//! The welfare group: 79 people, and a draw as soon as there is one more.

use jiff::SignedDuration;
use proto::{CreateGroup, MakeInvite};

use super::{
    fill::{Team, consult},
    people,
};
use crate::{
    actor::Actor,
    app::App,
    error::{Refusal, Result},
    group::{create, invite},
    id::ConversationId,
    lottery::{
        publish,
        rules::{Claim, Entry, NewDraw, Prize},
    },
    money::Money,
};

const NAME: &str = "福利群 Welfare group";
/// The draw is held when the group has so many members.
const TARGET: u32 = 80;

/// Gathers the customers and guests, all but the first customer, publishes the draw, and invites that customer: whoever comes next makes it
/// happen.
pub(super) async fn gather(
    app: &App,
    team: &Team,
    crowd: Vec<Actor>,
    customers: &[Actor],
    next: &Actor,
) -> Result<()> {
    let members = crowd.iter().chain(customers);
    let user_ids = members.map(|one| one.user.to_string()).collect();
    let request = CreateGroup {
        name: NAME.to_owned(),
        announcement: "满 80 人开奖，开奖后可在自己的设备上验证。".to_owned(),
        user_ids,
        ..CreateGroup::default()
    };
    let group = create::create(app, &team.owner.staff(team.shop)?, request).await?;
    let group: ConversationId = group.id.parse().map_err(|_| Refusal::NotFound)?;
    publish::publish(app, &team.owner.staff(team.shop)?, draw(app, group)).await?;
    let invitation = MakeInvite {
        user_id: next.user.to_string(),
        seconds: 30 * 24 * 3_600,
        uses: 1,
    };
    invite::make(app, &team.owner, group, invitation).await?;
    Ok(())
}

/// The customers who log in by code, and the guests: they know the shop before anybody else, so that at the desk the others are before them.
pub(super) async fn crowd(app: &App, team: &Team) -> Result<Vec<Actor>> {
    let mut crowd = vec![];
    for (at, (name, phone)) in (0..).zip(names()) {
        let person = people::come(app, name, &phone, at).await?;
        consult(app, &person, team.shop).await?;
        crowd.push(person);
    }
    Ok(crowd)
}

fn names() -> impl Iterator<Item = (String, String)> {
    people::come_by_code()
        .chain(people::GUESTS.map(|at| (format!("Guest {at}"), people::phone_of(1_000 + at))))
}

fn draw(app: &App, conversation_id: ConversationId) -> NewDraw {
    let prize = |name: &str, value: i64, quantity| Prize {
        name: name.to_owned(),
        value: Money::minor(value),
        quantity,
        coupon: None,
    };
    NewDraw {
        conversation_id,
        title: "满 80 人抽连衣裙".to_owned(),
        organiser: "花间衣橱 Clothes shop".to_owned(),
        contact: "+86 138 0000 0003".to_owned(),
        prizes: vec![
            prize("碎花连衣裙 Floral dress", 15_900, 1),
            prize("羊毛围巾 Wool scarf", 7_900, 5),
        ],
        conditions: "群成员均可参加。".to_owned(),
        entry: Entry::EveryMember,
        tickets_per_invite: 1,
        most_tickets: 5,
        target: Some(TARGET),
        ends_at: Some(app.clock.now() + SignedDuration::from_hours(24 * 60)),
        substitutes: None,
        claim: Claim {
            how: "在会话中联系店铺".to_owned(),
            days: 30,
            delivery: "快递，包邮".to_owned(),
            forfeiture: "由候补者递补".to_owned(),
        },
    }
}
