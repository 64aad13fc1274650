//! Whoever is invited to a shop's staff and has no account yet.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    Person, TestServer, TestShop, register::merchant_form, rest::Said, team::new_phone,
};

/// How many rows of a table have this number.
async fn rows(server: &TestServer, table: &str, phone: &str) -> i64 {
    let rows = format!("select count(*) from {table} where phone = $1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(rows))
        .bind(format!("+86{phone}"))
        .fetch_one(server.server.app.store.pool())
        .await
        .expect("a number")
}

fn contact(phone: &str) -> Value {
    json!({ "phone": format!("+86{phone}") })
}

/// Logs in by code alone, with a proof that was asked for before.
async fn come(server: &TestServer, phone: &str, proof: &Value) -> Said {
    let form =
        json!({ "account": "merchant", "phone": phone, "proof": proof, "device_id": "phone" });
    server.rest().post_as("", "/sessions", form).await
}

async fn withdraw(server: &TestServer, shop: &TestShop, invite: &Value) {
    let path = shop.path(&format!(
        "/staff-invites/{}",
        invite["id"].as_str().unwrap()
    ));
    shop.boss(server).delete(&path).await.ok();
}

/// STAFF-01, ACC-02, ACC-07: an invitation opens no account on somebody else's number, and one that was taken back leaves
/// nothing: the number registers as if nobody had ever named it.
#[tokio::test]
async fn an_invitation_opens_no_account() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let (ada, eve) = (new_phone(), new_phone());
    let invite = shop.invite(&server, &ada, "agent").await;
    assert_eq!(rows(&server, "users", &ada).await, 0);
    withdraw(&server, &shop, &invite).await;
    assert_eq!(rows(&server, "staff_invites", &ada).await, 0);
    Person::registered_merchant(&server, &format!("+86{ada}")).await;

    let invite = other.invite(&server, &eve, "agent").await;
    let proof = server.proof("merchant", contact(&eve), "register").await;
    let form = merchant_form(&format!("+86{eve}"), &proof);
    let said = server.rest().post("/registrations/merchant", form).await;
    let eve = Person::of(&said.ok()["session"]);
    let rest = server.rest().by(&eve);
    let mine = rest.get("/staff-invites").await.ok();
    assert_eq!(mine["invites"][0]["id"], invite["id"]);
    let accept = format!("/staff-invites/{}/accept", invite["id"].as_str().unwrap());
    rest.post(&accept, json!({})).await.ok();
    assert_eq!(eve.connect(&server).await.welcome.posts.len(), 2);
}

/// STAFF-01, ACC-02: whoever proves an invited number by a code has its account from then on, under the name that the shop
/// gave, and decides whether to come; proving it twice at once opens one account.
#[tokio::test]
async fn whoever_proves_an_invited_number_opens_its_account() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let phone = new_phone();
    let invite = shop.invite(&server, &phone, "agent").await;
    let proofs = [
        server.proof("merchant", contact(&phone), "log_in").await,
        server.proof("merchant", contact(&phone), "log_in").await,
    ];
    let wrong = json!({ "request_id": proofs[0]["request_id"], "code": "x" });
    let refused = come(&server, &phone, &wrong).await;
    assert_eq!(refused.refused(), "code_wrong");
    assert_eq!(rows(&server, "users", &phone).await, 0, "not proved yet");
    let (one, other) = tokio::join!(
        come(&server, &phone, &proofs[0]),
        come(&server, &phone, &proofs[1])
    );
    let (one, other) = (one.ok(), other.ok());
    assert_eq!(one["user"], other["user"]);
    assert_eq!(
        (&one["user"]["name"], &one["posts"]),
        (&json!("agent"), &json!([]))
    );
    let rest = server.rest().by(&Person::of(&one));
    let mine = rest.get("/staff-invites").await.ok();
    assert_eq!(mine["invites"][0]["id"], invite["id"]);
    let accept = format!("/staff-invites/{}/accept", invite["id"].as_str().unwrap());
    let post = rest.post(&accept, json!({})).await.ok();
    assert_eq!(
        (&post["role"], &post["phone"]),
        (&json!("agent"), &contact(&phone)["phone"])
    );
}

/// STAFF-01, ACC-03: a code lets nobody in where there is no invitation (any more), and none is sent there.
#[tokio::test]
async fn without_an_invitation_a_code_lets_nobody_in() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (withdrawn, expired) = (new_phone(), new_phone());
    let invite = shop.invite(&server, &withdrawn, "agent").await;
    shop.invite(&server, &expired, "agent").await;
    let proof = server
        .proof("merchant", contact(&withdrawn), "log_in")
        .await;
    withdraw(&server, &shop, &invite).await;
    let said = come(&server, &withdrawn, &proof).await;
    assert_eq!(said.refused(), "wrong_credentials");
    let texts = server.texts_to(&contact(&withdrawn)).await;
    let asked = server.request_code("merchant", contact(&withdrawn), "log_in");
    asked.await.ok();
    assert_eq!(server.texts_to(&contact(&withdrawn)).await, texts);
    assert_eq!(rows(&server, "users", &withdrawn).await, 0);
    // An invitation is to a shop's staff: a customer's account on the same number has nothing to do with it.
    let asked = server.request_code("customer", contact(&expired), "log_in");
    asked.await.ok();
    assert_eq!(server.texts_to(&contact(&expired)).await, [""; 0]);

    server.clock.advance(SignedDuration::from_hours(7 * 24));
    let asked = server.request_code("merchant", contact(&expired), "log_in");
    asked.await.ok();
    assert_eq!(server.texts_to(&contact(&expired)).await, [""; 0]);
    let forgotten = souk::job::forget::expired(&server.server.app).await;
    forgotten.expect("forgets");
    assert_eq!(rows(&server, "staff_invites", &expired).await, 0);
}

/// STAFF-01, SEC-02: a shop invites at a pace, and no number again and again; whoever is refused hears when to come back,
/// the same of every number, and no other shop pays for it.
#[tokio::test]
async fn invitations_have_a_pace() {
    let server = TestServer::with(|config| {
        config.limits.staff_invites_per_day = 4;
        config.limits.staff_invites_per_number = 2;
    })
    .await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let (known, unknown) = (new_phone(), new_phone());
    Person::registered_merchant(&server, &format!("+86{known}")).await;
    let role = shop.role(&server, "agent").await;
    let (boss, path) = (shop.boss(&server), shop.path("/staff-invites"));
    let invite = async |phone: &str| {
        let newcomer = json!({ "phone": phone, "name": "x", "role_id": role });
        boss.post(&path, newcomer).await
    };
    for phone in [&known, &unknown] {
        for _ in 0..2 {
            let made = invite(phone).await.ok();
            withdraw(&server, &shop, &made).await;
        }
    }
    for phone in [&known, &unknown, &new_phone()] {
        let refused = invite(phone).await;
        assert_eq!(refused.refused(), "rate_limited");
        assert!(refused.body["retry_after_ms"].as_u64().unwrap() > 23 * 3_600_000);
    }
    other.invite(&server, &unknown, "agent").await;
    server.clock.advance(SignedDuration::from_hours(24));
    let boss = Person::log_in(&server, shop.owner.id).await;
    let newcomer = json!({ "phone": known, "name": "x", "role_id": role });
    let rest = server.rest().by(&boss);
    for _ in 0..2 {
        rest.post(&path, newcomer.clone()).await.ok();
    }
    let again = rest.post(&path, newcomer).await;
    assert_eq!(again.refused(), "rate_limited", "only this number");
    let newcomer = json!({ "phone": unknown, "name": "x", "role_id": role });
    rest.post(&path, newcomer).await.ok();
}
