//! People who sell: roles, permissions, and what happens when they change.

use proto::{
    Alert, AlertKind, NoticeKind, Permission, Refusal, client_frame::Request, push::Event,
};
use serde_json::json;
use souk::{bus::Audience, event, id::UserId};

use crate::support::{
    Person, TestServer, TestShop,
    people::{Line, words},
    team::{merchant_of, new_phone, until},
};

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

/// STAFF-01: a member of staff is created, logs in and is disabled: the socket closes and the token is refused.
#[tokio::test]
async fn a_disabled_agent_is_out_at_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let agent = shop.hire(&server, "agent").await;
    let mut line = agent.connect(&server).await;
    assert_eq!(line.welcome.posts[0].role, "agent");

    shop.change(&server, agent.id, json!({ "disabled": true }))
        .await;
    assert_eq!(line.client.closed().await.expect("closed").code, 4102);
    let rest = server.rest().by(&agent);
    assert_eq!(rest.get("/me/alerts").await.refused(), "session_revoked");

    shop.change(&server, agent.id, json!({ "disabled": false }))
        .await;
    let agent = Person::log_in(&server, agent.id).await;
    assert_eq!(agent.connect(&server).await.welcome.posts.len(), 1);
}

/// STAFF-01, STAFF-06: inviting a number tells nothing of it: whether or not it has an account, and whose, the answer is
/// what was asked. Who it is, the staff see once that person has come.
#[tokio::test]
async fn an_invitation_tells_nothing_of_a_number() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let (known, unknown) = (new_phone(), new_phone());
    let ada = other.hire_by(&server, &known, "agent").await;
    sqlx::query("update users set name = 'Ada' where id = $1")
        .bind(ada.id)
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    let mut answers = vec![];
    for phone in [&known, &unknown] {
        let mut invite = shop.invite(&server, phone, "agent").await;
        assert_eq!(invite["phone"], format!("+86{phone}"));
        for own in ["id", "phone", "expires_at"] {
            invite.as_object_mut().unwrap().remove(own);
        }
        answers.push(invite);
    }
    assert_eq!(answers[0], answers[1]);
    let boss = shop.boss(&server);
    let seen = async || {
        let staff = boss.get(&shop.path("/staff")).await.ok();
        let open = boss.get(&shop.path("/staff-invites")).await.ok();
        format!("{staff}{open}")
    };
    let before = seen().await;
    assert!(!before.contains("Ada") && !before.contains(&ada.id.to_string()));

    let rest = server.rest().by(&ada);
    let mine = rest.get("/staff-invites").await.ok()["invites"][0].clone();
    assert_eq!(
        (&mine["shop_name"], &mine["role"]),
        (&json!("Tea house"), &json!("agent"))
    );
    let accept = format!("/staff-invites/{}/accept", mine["id"].as_str().unwrap());
    let mut line = ada.connect(&server).await;
    rest.post(&accept, json!({})).await.ok();
    assert!(seen().await.contains("Ada"));
    let customer = Person::customer(&server, "Ann").await;
    let conversation = shop.consult(&server, &customer).await;
    line.say(conversation, "on the same socket").await;
    assert_eq!(
        rest.post(&accept, json!({})).await.refused(),
        "invite_invalid"
    );
    let again =
        json!({ "phone": known, "name": "x", "role_id": shop.role(&server, "agent").await });
    assert_eq!(
        boss.post(&shop.path("/staff-invites"), again)
            .await
            .refused(),
        "conflict"
    );
}

/// STAFF-01: an invitation is one number's, and ends by time, by hand, by its maker's end and by a better one.
#[tokio::test]
async fn an_invitation_to_the_staff_ends() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let phone = new_phone();
    let id = |invite: &serde_json::Value| invite["id"].as_str().unwrap().to_owned();
    let first = id(&shop.invite(&server, &phone, "agent").await);
    let ada = merchant_of(&server, &phone).await;
    let rest = server.rest().by(&ada);
    let accept = async |rest: &crate::support::Rest, invite: &str| {
        let path = format!("/staff-invites/{invite}/accept");
        rest.post(&path, json!({})).await
    };
    let rival = server.rest().by(&TestShop::open(&server).await.owner);
    assert_eq!(accept(&rival, &first).await.refused(), "invite_invalid");
    let customer = server.rest().by(&Person::customer(&server, "Ann").await);
    assert_eq!(accept(&customer, &first).await.refused(), "forbidden");

    let second = id(&shop.invite(&server, &phone, "operator").await);
    assert_eq!(accept(&rest, &first).await.refused(), "invite_invalid");
    let path = shop.path(&format!("/staff-invites/{second}"));
    boss.delete(&path).await.ok();
    assert_eq!(boss.delete(&path).await.refused(), "not_found");
    assert_eq!(accept(&rest, &second).await.refused(), "invite_invalid");

    let admin = shop.hire(&server, "administrator").await;
    let newcomer =
        json!({ "phone": phone, "name": "x", "role_id": shop.role(&server, "agent").await });
    let by_admin = server.rest().by(&admin);
    let third = by_admin
        .post(&shop.path("/staff-invites"), newcomer)
        .await
        .ok();
    shop.change(&server, admin.id, json!({ "disabled": true }))
        .await;
    assert_eq!(accept(&rest, &id(&third)).await.refused(), "invite_invalid");

    let fourth = id(&shop.invite(&server, &phone, "agent").await);
    let mine = format!("/staff-invites/{fourth}");
    rest.delete(&mine).await.ok();
    assert_eq!(accept(&rest, &fourth).await.refused(), "invite_invalid");
    let fifth = id(&shop.invite(&server, &phone, "agent").await);
    server
        .clock
        .advance(jiff::SignedDuration::from_hours(7 * 24));
    let ada = Person::log_in(&server, ada.id).await;
    let rest = server.rest().by(&ada);
    assert_eq!(rest.get("/staff-invites").await.ok()["invites"], json!([]));
    assert_eq!(accept(&rest, &fifth).await.refused(), "invite_invalid");
}

/// STAFF-01: who works for two shops and is disabled in one goes on in the other, on the same socket.
#[tokio::test]
async fn a_second_post_outlives_the_first() {
    let server = TestServer::start().await;
    let (one, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let phone = new_phone();
    one.hire_by(&server, &phone, "agent").await;
    let agent = other.hire_by(&server, &phone, "agent").await;
    let customer = Person::customer(&server, "Ann").await;
    let (first, second) = (
        one.consult(&server, &customer).await,
        other.consult(&server, &customer).await,
    );
    let mut line = agent.connect(&server).await;
    assert_eq!(line.say(first, "hello").await.number, 1);

    one.change(&server, agent.id, json!({ "disabled": true }))
        .await;
    let hi = Request::SendMessage(words(first, "still here?"));
    assert_eq!(line.refused(hi).await, Refusal::NotAMember);
    assert_eq!(line.say(second, "hello").await.number, 1);
    let contact = one.path(&format!("/customers/{}", customer.id));
    assert_eq!(
        server.rest().by(&agent).get(&contact).await.refused(),
        "forbidden"
    );
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

fn alert(shop: &TestShop, text: &str) -> Alert {
    Alert {
        kind: AlertKind::NewOrder.into(),
        shop_id: shop.id.to_string(),
        text: text.to_owned(),
        ..Alert::default()
    }
}

fn publish(server: &TestServer, shop: &TestShop, text: &str) {
    let entitled = Audience::Staff(shop.id, Permission::ManageOrders);
    let event = event::Event::alert(entitled, alert(shop, text));
    server.server.app.store.bus().publish(&event);
}

async fn next_alert(line: &mut Line) -> String {
    loop {
        if let Event::Alert(alert) = line.client.next_push().await.expect("a push") {
            return alert.text;
        }
    }
}

fn follows(server: &TestServer, shop: &TestShop, who: &Person, permission: Permission) -> bool {
    let lines = server.server.hub.lines_of(who.id);
    let audience = Audience::Staff(shop.id, permission);
    lines
        .iter()
        .any(|line| line.audiences().contains(&audience))
}

/// STAFF-06: a new-order alert reaches entitled colleagues and never the others, also after a role changed under an open
/// socket.
#[tokio::test]
async fn alerts_reach_only_the_entitled() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (agent, operator) = (
        shop.hire(&server, "agent").await,
        shop.hire(&server, "operator").await,
    );
    let mut without = agent.connect(&server).await;
    let mut with = operator.connect(&server).await;
    publish(&server, &shop, "first");
    assert_eq!(next_alert(&mut with).await, "first");

    let agents = json!({ "role_id": shop.role(&server, "agent").await });
    let operators = json!({ "role_id": shop.role(&server, "operator").await });
    shop.change(&server, operator.id, agents).await;
    shop.change(&server, agent.id, operators).await;
    until(|| follows(&server, &shop, &agent, Permission::ManageOrders)).await;
    until(|| !follows(&server, &shop, &operator, Permission::ManageOrders)).await;
    publish(&server, &shop, "second");
    assert_eq!(next_alert(&mut without).await, "second", "not the first");
    with.ask(Request::Ping(proto::Ping {})).await;
    assert_eq!(with.client.pushes_so_far(), [], "not the second");
}

/// STAFF-06, CHAT-02: a customer's phone number is masked for those who may not see customers; strangers are no
/// customers.
#[tokio::test]
async fn phone_numbers_are_masked() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    sqlx::query("update users set phone = '+8613812345678' where id = $1")
        .bind(ann.id)
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    let contact = shop.path(&format!("/customers/{}", ann.id));
    assert_eq!(
        shop.boss(&server).get(&contact).await.refused(),
        "not_found"
    );
    shop.consult(&server, &ann).await;

    let (agent, operator) = (
        shop.hire(&server, "agent").await,
        shop.hire(&server, "operator").await,
    );
    let masked = server.rest().by(&agent).get(&contact).await.ok();
    assert_eq!(
        (&masked["phone"], &masked["source"]),
        (&json!("138****5678"), &json!("nearby"))
    );
    let clear = server.rest().by(&operator).get(&contact).await.ok();
    assert_eq!(clear["phone"], "+8613812345678");
    let other = TestShop::open(&server).await;
    let foreign = other.path(&format!("/customers/{}", ann.id));
    assert_eq!(
        other.boss(&server).get(&foreign).await.refused(),
        "not_found"
    );
}

/// STAFF-08: a disabled agent's conversation goes to another one; the customer goes on in the same conversation.
#[tokio::test]
async fn conversations_stay_when_agents_go() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (old, new) = (
        shop.hire(&server, "agent").await,
        shop.hire(&server, "agent").await,
    );
    let ann = Person::customer(&server, "Ann").await;
    let conversation = shop.consult(&server, &ann).await;
    let (mut customer, mut colleague) = (ann.connect(&server).await, new.connect(&server).await);
    let path = shop.path(&format!("/conversations/{conversation}/assignee"));
    let to = |who: &Person| json!({ "assignee_id": who.id });
    let boss = shop.boss(&server);
    boss.patch(&path, to(&old)).await.ok();
    old.connect(&server)
        .await
        .say(conversation, "I see to it")
        .await;
    shop.change(&server, old.id, json!({ "disabled": true }))
        .await;

    assert_eq!(
        boss.patch(&path, to(&old)).await.status,
        200,
        "it is theirs, nothing to do"
    );
    boss.patch(&path, to(&new)).await.ok();
    assert_eq!(
        boss.patch(&path, to(&old)).await.refused(),
        "not_found",
        "may not chat any more"
    );
    assert_eq!(boss.patch(&path, to(&ann)).await.refused(), "not_found");
    assert_eq!(customer.say(conversation, "thanks").await.number, 4);
    for line in [&mut customer, &mut colleague] {
        let mut seen = vec![];
        for _ in 0..4 {
            seen.push(line.hears().await);
        }
        let notice = seen[2].notice.clone().expect("a notice");
        assert_eq!(notice.kind(), NoticeKind::StaffAssigned);
        assert_eq!(notice.subjects[0].id, new.id.to_string());
        assert_eq!(seen[3].text, "thanks");
    }
    let other = TestShop::open(&server).await;
    let foreign = other.path(&format!("/conversations/{conversation}/assignee"));
    let theirs = other
        .boss(&server)
        .patch(&foreign, json!({ "assignee_id": null }))
        .await;
    assert_eq!(theirs.refused(), "not_found");
}

/// SEC-03, revocation by ban: a banned customer is heard by nobody in that shop, and may speak again when it is lifted.
#[tokio::test]
async fn a_banned_customer_is_not_heard() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let ann = Person::customer(&server, "Ann").await;
    let (here, elsewhere) = (
        shop.consult(&server, &ann).await,
        other.consult(&server, &ann).await,
    );
    let group = shop.group(&server, &ann).await;
    let mut line = ann.connect(&server).await;
    let ban = shop.path(&format!("/bans/{}", ann.id));
    let boss = shop.boss(&server);
    boss.put(&ban, json!({ "reason": "insults" })).await.ok();
    for conversation in [here, group] {
        let hi = Request::SendMessage(words(conversation, "hi"));
        assert_eq!(line.refused(hi).await, Refusal::Banned);
    }
    line.say(elsewhere, "hi").await;

    boss.delete(&ban).await.ok();
    line.say(here, "sorry").await;
    assert_eq!(boss.delete(&ban).await.refused(), "not_found");
    let stranger = Person::customer(&server, "Eve").await;
    let ban = shop.path(&format!("/bans/{}", stranger.id));
    assert_eq!(
        boss.put(&ban, json!({ "reason": "x" })).await.refused(),
        "not_found"
    );
    let colleague = shop.path(&format!("/bans/{}", shop.owner.id));
    assert_eq!(
        boss.put(&colleague, json!({ "reason": "x" }))
            .await
            .refused(),
        "not_found"
    );
}

/// Revocation by ban: a customer whom the shop's own site logged in is out altogether while the ban lasts.
#[tokio::test]
async fn a_banned_embedded_customer_is_out() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    sqlx::query("update users set home_id = $2, external_id = 'ann' where id = $1")
        .bind(ann.id)
        .bind(shop.id)
        .execute(server.server.app.store.pool())
        .await
        .unwrap();
    let mut line = ann.connect(&server).await;
    let ban = shop.path(&format!("/bans/{}", ann.id));
    shop.boss(&server)
        .put(&ban, json!({ "reason": "spam" }))
        .await
        .ok();
    assert_eq!(line.client.closed().await.expect("closed").code, 4102);
    let rest = server.rest().by(&ann);
    assert_eq!(rest.get("/me/alerts").await.refused(), "session_revoked");
    shop.boss(&server).delete(&ban).await.ok();
    ann.connect(&server).await;
}

/// ALRT-04: who switched new-order alerts off is not alerted, on sockets that are open and on new ones; colleagues are.
#[tokio::test]
async fn everybody_chooses_their_alerts() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (one, other) = (
        shop.hire(&server, "operator").await,
        shop.hire(&server, "operator").await,
    );
    let mut open = one.connect(&server).await;
    let mut colleague = other.connect(&server).await;
    let rest = server.rest().by(&one);
    let all = rest.get("/me/alerts").await.ok();
    assert!(
        all["wanted"]
            .as_array()
            .unwrap()
            .contains(&json!("new_order"))
    );
    let chosen = json!({ "wanted": ["new_message", "after_sale"] });
    assert_eq!(
        rest.put("/me/alerts", chosen.clone()).await.ok(),
        rest.get("/me/alerts").await.ok()
    );
    assert_eq!(
        rest.put("/me/alerts", json!({ "wanted": ["earthquake"] }))
            .await
            .refused(),
        "invalid_argument"
    );

    let unwanted = || {
        let lines = server.server.hub.lines_of(one.id);
        lines.iter().all(|line| !line.wants(AlertKind::NewOrder))
    };
    until(unwanted).await;
    let mut new = one.connect(&server).await;
    publish(&server, &shop, "an order");
    assert_eq!(next_alert(&mut colleague).await, "an order");
    for line in [&mut open, &mut new] {
        line.ask(Request::Ping(proto::Ping {})).await;
        assert_eq!(line.client.pushes_so_far(), []);
    }
}
