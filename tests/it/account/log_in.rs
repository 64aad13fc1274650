//! Logging in: devices, codes, guesses.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::config::Networks;

use crate::support::{
    Person, TestServer, TestShop,
    register::{PASSWORD, phone},
    rest::Said,
};

fn credentials(device: &str, password: &str) -> Value {
    json!({ "account": "merchant", "phone": phone(1), "password": password, "device_id": device })
}

async fn log_in(server: &TestServer, device: &str, password: &str) -> Said {
    server
        .rest()
        .post_as("", "/sessions", credentials(device, password))
        .await
}

async fn log_in_with_code(server: &TestServer, device: &str) -> Said {
    let proof = server
        .proof("merchant", json!({ "phone": phone(1) }), "log_in")
        .await;
    let mut form = credentials(device, PASSWORD);
    form["proof"] = proof;
    server.rest().post_as("", "/sessions", form).await
}

/// ACC-09: a new device is challenged, a code passes it, and from then on the password is enough there.
#[tokio::test]
async fn a_new_device_needs_a_code_once() {
    let server = TestServer::start().await;
    Person::registered_merchant(&server, &phone(1)).await;
    log_in(&server, "pc", PASSWORD).await.ok();

    let said = log_in(&server, "phone", PASSWORD).await;
    assert_eq!((said.status, said.refused()), (403, "challenge_required"));
    assert_eq!(said.body["field"], "proof");
    assert!(
        said.body["detail"]
            .as_str()
            .unwrap()
            .contains("138****0001")
    );
    let mut wrong = credentials("phone", PASSWORD);
    wrong["proof"] = server
        .proof("merchant", json!({ "phone": phone(1) }), "log_in")
        .await;
    wrong["proof"]["code"] = "x".into();
    assert_eq!(
        server.rest().post("/sessions", wrong).await.refused(),
        "code_wrong"
    );

    let person = Person::of(&log_in_with_code(&server, "phone").await.ok());
    person.connect(&server).await;
    log_in(&server, "phone", PASSWORD).await.ok();
    assert_eq!(
        log_in(&server, "tablet", PASSWORD).await.refused(),
        "challenge_required"
    );
}

/// ACC-10: with two factors no token is issued for the right password alone, not even on a known device.
#[tokio::test]
async fn with_two_factors_the_password_is_never_enough() {
    let server = TestServer::start().await;
    let (merchant, _) = Person::registered_merchant(&server, &phone(1)).await;
    let rest = server.rest().by(&merchant);
    let bare = rest.patch("/me", json!({ "two_factor": true })).await;
    assert_eq!(bare.refused(), "invalid_argument", "it wants the password");
    let me = rest
        .patch(
            "/me",
            json!({ "two_factor": true, "current_password": PASSWORD }),
        )
        .await
        .ok();
    assert_eq!(me["two_factor"], true);
    assert_eq!(
        log_in(&server, "pc", PASSWORD).await.refused(),
        "challenge_required"
    );
    log_in_with_code(&server, "pc").await.ok();
    assert_eq!(
        log_in(&server, "pc", PASSWORD).await.refused(),
        "challenge_required"
    );
}

/// Whether a number has an account is not told: not by the answer to a wrong password, not by asking for a code.
#[tokio::test]
async fn strangers_are_not_told_who_has_an_account() {
    let server = TestServer::start().await;
    Person::registered_merchant(&server, &phone(1)).await;
    let known = log_in(&server, "x", "wrong-Passw0rd").await;
    let mut form = credentials("x", "wrong-Passw0rd");
    form["phone"] = phone(2).into();
    let unknown = server.rest().post("/sessions", form).await;
    assert_eq!(known.refused(), "wrong_credentials");
    assert_eq!(known.body, unknown.body);
    let nobody = json!({ "phone": phone(2) });
    server
        .request_code("merchant", nobody.clone(), "log_in")
        .await
        .ok();
    assert!(
        server.texts_to(&nobody).await.is_empty(),
        "nothing is sent to nobody"
    );
}

/// Customers may log in by a code alone; merchants may not.
#[tokio::test]
async fn a_customer_logs_in_by_code_alone() {
    let server = TestServer::start().await;
    let mail = json!({ "email": "ann@example.com" });
    let ann = Person::registered_customer(&server, mail.clone()).await;
    let proof = server.proof("customer", mail, "log_in").await;
    let form = json!({ "account": "customer", "email": "Ann@example.com", "proof": proof, "device_id": "new" });
    let again = Person::of(&server.rest().post("/sessions", form).await.ok());
    assert_eq!(again.id, ann.id);

    Person::registered_merchant(&server, &phone(1)).await;
    let proof = server
        .proof("merchant", json!({ "phone": phone(1) }), "log_in")
        .await;
    let form =
        json!({ "account": "merchant", "phone": phone(1), "proof": proof, "device_id": "pc" });
    assert_eq!(
        server.rest().post("/sessions", form).await.refused(),
        "invalid_argument"
    );
}

/// Guesses wait longer and longer, and do not lock the owner out of a device that is known.
#[tokio::test]
async fn guessing_waits_and_does_not_lock_the_owner_out() {
    let server = TestServer::start().await;
    Person::registered_merchant(&server, &phone(1)).await;
    let quarter = SignedDuration::from_mins(15);
    let wrong = async || log_in(&server, "stranger", "wrong-Passw0rd").await;
    for _ in 0..12 {
        server.clock.advance(quarter);
        assert_eq!(wrong().await.refused(), "wrong_credentials");
    }
    let waits = log_in(&server, "stranger", PASSWORD).await;
    assert_eq!(waits.refused(), "rate_limited", "even the right one");
    assert!(waits.body["retry_after_ms"].as_u64().unwrap() > 60_000);
    log_in(&server, "pc", PASSWORD).await.ok();

    server.clock.advance(quarter);
    let said = join_all((0..10).map(|_| wrong())).await;
    let passed = said
        .iter()
        .filter(|said| said.refused() == "wrong_credentials");
    assert_eq!(passed.count(), 1, "many at once are no way around");
    server.clock.advance(quarter);
    assert_eq!(
        log_in(&server, "stranger", PASSWORD).await.refused(),
        "challenge_required"
    );
    for _ in 0..4 {
        assert_eq!(
            wrong().await.refused(),
            "wrong_credentials",
            "the failures are forgotten"
        );
    }
}

/// One address may fail so often in an hour, over all accounts; what succeeds does not count.
#[tokio::test]
async fn failures_are_limited_by_address() {
    let server = TestServer::with(|config| config.login.failures_per_address = 3).await;
    Person::registered_merchant(&server, &phone(1)).await;
    let limited = TestServer::on(server.database.clone(), |config| {
        config.login.failures_per_address = 3;
        config.limits.exempt_networks = Networks::default();
    })
    .await;
    for _ in 0..5 {
        log_in(&limited, "pc", PASSWORD).await.ok();
    }
    for number in 2..5 {
        let mut form = credentials("x", PASSWORD);
        form["phone"] = phone(number).into();
        assert_eq!(
            limited.rest().post("/sessions", form).await.refused(),
            "wrong_credentials"
        );
    }
    assert_eq!(
        log_in(&limited, "pc", PASSWORD).await.refused(),
        "rate_limited"
    );
    log_in(&server, "pc", PASSWORD).await.ok();
}

/// STAFF-01, ACC-09: a colleague invited by phone has no password yet: a code lets them in, and once they have set a
/// password, a code alone does not.
#[tokio::test]
async fn a_colleague_without_a_password_logs_in_by_code() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let invite = shop.invite(&server, &phone(1), "agent").await;
    let by_code = async || {
        let contact = json!({ "phone": phone(1) });
        let proof = server.proof("merchant", contact, "log_in").await;
        let form =
            json!({ "account": "merchant", "phone": phone(1), "proof": proof, "device_id": "pc" });
        server.rest().post_as("", "/sessions", form).await
    };
    let answer = by_code().await.ok();
    assert_eq!(answer["posts"], json!([]), "invited, and not asked yet");
    let accept = format!("/staff-invites/{}/accept", invite["id"].as_str().unwrap());
    let rest = server.rest().by(&Person::of(&answer));
    rest.post(&accept, json!({})).await.ok();
    assert_eq!(by_code().await.ok()["posts"][0]["role"], "agent");

    let contact = json!({ "phone": phone(1) });
    let proof = server.proof("merchant", contact, "set_password").await;
    let change = json!({ "proof": proof, "new_password": PASSWORD });
    let rest = server.rest().by(&Person::of(&answer));
    rest.patch("/me", change).await.ok();
    assert_eq!(by_code().await.refused(), "invalid_argument");
    log_in(&server, "pc", PASSWORD).await.ok();
}

/// ACC-03: wrong codes are counted over the day, not only for each code. Strangers who use up their share keep new devices
/// out, and not the owner from where they are known.
#[tokio::test]
async fn a_number_is_not_guessed_at_all_day() {
    let server = TestServer::with(|config| config.login.wrong_codes_per_day = 3).await;
    let (merchant, _) = Person::registered_merchant(&server, &phone(1)).await;
    let contact = json!({ "phone": phone(1) });
    let with = async |device: &str, right: bool| {
        let mut form = credentials(device, PASSWORD);
        form["proof"] = server.proof("merchant", contact.clone(), "log_in").await;
        if !right {
            let code = form["proof"]["code"].as_str().unwrap();
            form["proof"]["code"] = if code == "000000" { "000001" } else { "000000" }.into();
        }
        server.rest().post_as("", "/sessions", form).await
    };
    with("tablet", true).await.ok();
    for _ in 0..3 {
        assert_eq!(with("stranger's", false).await.refused(), "code_wrong");
    }
    let said = with("laptop", true).await;
    assert_eq!((said.status, said.refused()), (429, "rate_limited"));
    log_in(&server, "pc", PASSWORD).await.ok();
    with("pc", true).await.ok();
    let proof = server
        .proof("merchant", contact.clone(), "set_password")
        .await;
    let change = json!({ "two_factor": true, "proof": proof });
    server.rest().by(&merchant).patch("/me", change).await.ok();

    server.clock.advance(SignedDuration::from_hours(24));
    with("laptop", true).await.ok();
}

/// ACC-09: failures are counted by network: IPv6 by its /64, which is what one subscriber is given.
#[tokio::test]
async fn failures_are_counted_by_the_network_of_an_address() {
    let server = TestServer::with(|config| {
        config.login.failures_per_address = 2;
        config.limits.exempt_networks = Networks::default();
        config.limits.trusted_proxies = Networks::loopback();
    })
    .await;
    let mut number = 10;
    let mut fail = async |from: &str| {
        number += 1;
        let mut body = credentials("x", "wrong-Passw0rd");
        body["phone"] = phone(number).into();
        let request = TestServer::http().post(server.url("/api/v1/sessions"));
        let request = request.header("x-forwarded-for", from).json(&body);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(fail("2001:db8:1:2::1").await, 401);
    assert_eq!(fail("2001:db8:1:2:ffff::").await, 401);
    assert_eq!(fail("2001:db8:1:2:abcd::1").await, 429, "the same /64");
    assert_eq!(fail("2001:db8:1:3::1").await, 401, "the neighbours");
}
