//! People who sell: roles, permissions, and what happens when they change.

mod coming;
mod customers;
mod invited;

use proto::{Refusal, client_frame::Request};
use serde_json::json;
use souk::id::UserId;

use crate::support::{Person, TestServer, TestShop, people::words, team::new_phone};

/// Everything about the shop that an agent must not touch: method, path, body.
async fn attempts(server: &TestServer, shop: &TestShop, by: &Person) -> Vec<(&'static str, u16)> {
    let rest = server.rest().by(by);
    let stranger = UserId::new();
    let add = json!({ "phone": new_phone(), "name": "x", "role_id": UserId::new() });
    let role = json!({ "name": "x", "permissions": ["chat"] });
    let bot = json!({ "name": "x", "scopes": [] });
    let path = |rest: &str| shop.path(rest);
    vec![
        (
            "invite staff",
            rest.post(&path("/staff-invites"), add).await.status,
        ),
        ("list staff", rest.get(&path("/staff")).await.status),
        (
            "compose a role",
            rest.post(&path("/roles"), role).await.status,
        ),
        ("make a bot", rest.post(&path("/bots"), bot).await.status),
        ("read the record", rest.get(&path("/audit")).await.status),
        (
            "rename",
            rest.patch(&path(""), json!({ "name": "y" })).await.status,
        ),
        (
            "ban",
            rest.put(
                &path(&format!("/bans/{stranger}")),
                json!({ "reason": "x" }),
            )
            .await
            .status,
        ),
    ]
}

fn refused(attempts: &[(&'static str, u16)]) -> Vec<&'static str> {
    let refused = attempts.iter().filter(|(_, status)| *status == 403);
    refused.map(|(what, _)| *what).collect()
}

/// STAFF-02: an agent answers customers and nothing else.
#[tokio::test]
async fn an_agent_may_chat_and_nothing_else() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let agent = shop.hire(&server, "agent").await;
    let ann = Person::customer(&server, "Ann").await;
    let conversation = shop.consult(&server, &ann).await;
    let mut customer = ann.connect(&server).await;
    agent.connect(&server).await.say(conversation, "您好").await;
    let heard = customer.hears().await;
    assert_eq!(heard.sender.unwrap().shop_id, shop.id.to_string());

    let attempts = attempts(&server, &shop, &agent).await;
    assert_eq!(refused(&attempts).len(), attempts.len(), "{attempts:?}");
}

/// STAFF-03: an operator moderates and chats, but does not manage staff. ACC-01: a customer is nobody in a shop.
#[tokio::test]
async fn an_operator_does_not_manage_staff() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let operator = shop.hire(&server, "operator").await;
    let attempts_of = attempts(&server, &shop, &operator).await;
    let others = [
        "invite staff",
        "list staff",
        "compose a role",
        "make a bot",
        "read the record",
        "rename",
    ];
    assert_eq!(refused(&attempts_of), others);

    let ann = Person::customer(&server, "Ann").await;
    let all = attempts(&server, &shop, &ann).await;
    assert_eq!(refused(&all).len(), all.len(), "{all:?}");
    let all = attempts(&server, &shop, &shop.owner).await;
    assert_eq!(refused(&all), [""; 0], "the merchant may all of it");
    let open = server
        .rest()
        .by(&ann)
        .post("/shops", json!({ "name": "x" }))
        .await;
    assert_eq!(open.refused(), "forbidden");
}

/// STAFF-04: an administrator changes a role, and it holds from the next request on; what they do not hold themselves
/// they cannot give, and the owner they cannot touch.
#[tokio::test]
async fn an_administrator_manages_staff_within_their_own_rights() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (admin, agent) = (
        shop.hire(&server, "administrator").await,
        shop.hire(&server, "agent").await,
    );
    let rest = server.rest().by(&admin);
    let of_agent = shop.path(&format!("/staff/{}", agent.id));
    let staff = shop.path("/staff");
    assert_eq!(
        server.rest().by(&agent).get(&staff).await.refused(),
        "forbidden"
    );
    let role = json!({ "role_id": shop.role(&server, "administrator").await });
    rest.patch(&of_agent, role).await.ok();
    assert_eq!(server.rest().by(&agent).get(&staff).await.status, 200);

    for role in ["owner", "operator"] {
        let role = shop.role(&server, role).await;
        assert_eq!(
            rest.patch(&of_agent, json!({ "role_id": role }))
                .await
                .refused(),
            "forbidden"
        );
        let newcomer = json!({ "phone": new_phone(), "name": "x", "role_id": role });
        let invites = shop.path("/staff-invites");
        assert_eq!(rest.post(&invites, newcomer).await.refused(), "forbidden");
    }
    // Nor by the way round: a role for the day of coming back.
    rest.patch(&of_agent, json!({ "disabled": true }))
        .await
        .ok();
    let owner = json!({ "role_id": shop.role(&server, "owner").await });
    assert_eq!(rest.patch(&of_agent, owner).await.refused(), "forbidden");
    rest.patch(&of_agent, json!({ "disabled": false }))
        .await
        .ok();
    let of_owner = shop.path(&format!("/staff/{}", shop.owner.id));
    let disable = json!({ "disabled": true });
    assert_eq!(rest.patch(&of_owner, disable).await.refused(), "forbidden");
    let listed = rest.get(&format!("{staff}?limit=2")).await.ok();
    assert_eq!(listed["staff"].as_array().unwrap().len(), 2);
    let next = format!("{staff}?cursor={}", listed["next_cursor"].as_str().unwrap());
    let rest_of_list = rest.get(&next).await.ok();
    assert_eq!(rest_of_list["staff"].as_array().unwrap().len(), 1);
    assert_eq!(rest_of_list["next_cursor"], "");
}

/// STAFF-05: a role is composed of single permissions, given, and changed for everybody who has it, also on the line.
#[tokio::test]
async fn a_composed_role_opens_exactly_its_own_doors() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let role = json!({ "name": "auditor", "permissions": ["see_audit"] });
    let role = boss.post(&shop.path("/roles"), role).await.ok();
    let auditor = shop.hire(&server, "auditor").await;
    let rest = server.rest().by(&auditor);
    assert_eq!(rest.get(&shop.path("/audit")).await.status, 200);
    assert_eq!(rest.get(&shop.path("/staff")).await.refused(), "forbidden");

    let conversation = shop
        .consult(&server, &Person::customer(&server, "Ann").await)
        .await;
    let mut line = auditor.connect(&server).await;
    let hi = || Request::SendMessage(words(conversation, "hi"));
    assert_eq!(line.refused(hi()).await, Refusal::NotAMember);
    let path = shop.path(&format!("/roles/{}", role["id"].as_str().unwrap()));
    boss.patch(&path, json!({ "permissions": ["chat"] }))
        .await
        .ok();
    assert_eq!(rest.get(&shop.path("/audit")).await.refused(), "forbidden");
    line.say(conversation, "hi").await;
}

/// STAFF-05: names are taken once, built-in roles stay, and another shop's role does not exist.
#[tokio::test]
async fn roles_belong_to_their_shop() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let (boss, roles) = (shop.boss(&server), shop.path("/roles"));
    let packer = json!({ "name": "packer", "permissions": ["manage_orders"] });
    let role = boss.post(&roles, packer.clone()).await.ok()["id"].clone();
    assert_eq!(boss.post(&roles, packer).await.refused(), "name_taken");
    let owner = json!({ "name": "Owner", "permissions": [] });
    assert_eq!(boss.post(&roles, owner).await.refused(), "name_taken");
    let strange = json!({ "name": "x", "permissions": ["fly"] });
    assert_eq!(
        boss.post(&roles, strange).await.refused(),
        "invalid_argument"
    );
    let built_in = shop.role(&server, "agent").await;
    let path = shop.path(&format!("/roles/{}", built_in.as_str().unwrap()));
    let more = json!({ "permissions": ["moderate"] });
    assert_eq!(boss.patch(&path, more.clone()).await.refused(), "not_found");

    let theirs = other.path(&format!("/roles/{}", role.as_str().unwrap()));
    let neighbour = other.boss(&server);
    assert_eq!(neighbour.patch(&theirs, more).await.refused(), "not_found");
    let newcomer = json!({ "phone": new_phone(), "name": "x", "role_id": role });
    assert_eq!(
        neighbour
            .post(&other.path("/staff-invites"), newcomer)
            .await
            .refused(),
        "not_found"
    );
    assert_eq!(neighbour.get(&roles).await.refused(), "forbidden");
}

/// STAFF-01: a shop keeps an owner, even when two owners demote each other at the same moment.
#[tokio::test]
async fn the_last_owner_stays() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let agent = json!({ "role_id": shop.role(&server, "agent").await });
    let of = |person: &Person| shop.path(&format!("/staff/{}", person.id));
    let alone = shop.boss(&server);
    assert_eq!(
        alone.patch(&of(&shop.owner), agent.clone()).await.refused(),
        "last_owner"
    );
    let disable = json!({ "disabled": true });
    assert_eq!(
        alone.patch(&of(&shop.owner), disable).await.refused(),
        "last_owner"
    );

    let second = shop.hire(&server, "owner").await;
    let (one, other) = (alone, server.rest().by(&second));
    let (first_path, second_path) = (of(&shop.owner), of(&second));
    let (first, second) = tokio::join!(
        one.patch(&second_path, agent.clone()),
        other.patch(&first_path, agent.clone())
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403], "one is demoted before they demote");
}
