//! Codes and registrations.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use souk::config::{Networks, Profile};

use crate::support::{
    Person, TestServer,
    register::{PASSWORD, merchant_form, phone},
};

fn customer_form(number: &str, proof: &Value) -> Value {
    json!({ "phone": number, "proof": proof, "name": "Ann", "device_id": "d" })
}

/// ACC-03: six digits, once, for ten minutes; every other code is refused.
#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let server = TestServer::start().await;
    let (rest, ann) = (server.rest(), phone(1));
    let contact = json!({ "phone": ann });
    let proof = server.proof("customer", contact.clone(), "register").await;
    let right = proof["code"].as_str().unwrap().to_owned();
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    let with = |code: &str| json!({ "request_id": proof["request_id"], "code": code });
    for bad in [wrong, "12345", "１２３４５６", ""] {
        let said = rest
            .post("/registrations/customer", customer_form(&ann, &with(bad)))
            .await;
        assert_eq!(said.refused(), "code_wrong", "{bad}");
    }
    rest.post("/registrations/customer", customer_form(&ann, &proof))
        .await
        .ok();
    let again = rest
        .post("/registrations/customer", customer_form(&ann, &proof))
        .await;
    assert_eq!(again.refused(), "code_expired", "used");

    let late = server
        .proof("customer", json!({ "phone": phone(2) }), "register")
        .await;
    server.clock.advance(SignedDuration::from_secs(601));
    let said = rest
        .post("/registrations/customer", customer_form(&phone(2), &late))
        .await;
    assert_eq!(said.refused(), "code_expired");
}

/// ACC-03: a million codes cannot be tried: the fifth wrong one voids the right one, also when they come at once.
#[tokio::test]
async fn five_wrong_codes_void_the_right_one() {
    let server = TestServer::start().await;
    let (rest, ann) = (server.rest(), phone(1));
    let proof = server
        .proof("customer", json!({ "phone": ann }), "register")
        .await;
    let right: u32 = proof["code"].as_str().unwrap().parse().unwrap();
    let tries = (1..=20).map(|step| {
        let code = format!("{:06}", (right + step) % 1_000_000);
        let form = customer_form(
            &ann,
            &json!({ "request_id": proof["request_id"], "code": code }),
        );
        let rest = rest.clone();
        async move {
            rest.post("/registrations/customer", form)
                .await
                .refused()
                .to_owned()
        }
    });
    let mut heard = join_all(tries).await;
    heard.sort();
    assert_eq!(heard[..15], vec!["code_expired"; 15]);
    assert_eq!(heard[15..], vec!["code_wrong"; 5]);
    let said = rest
        .post("/registrations/customer", customer_form(&ann, &proof))
        .await;
    assert_eq!(said.refused(), "code_expired");
}

/// ACC-03: a code proves one contact, one kind of account and one purpose.
#[tokio::test]
async fn a_code_proves_nothing_else() {
    let server = TestServer::start().await;
    let rest = server.rest();
    let contact = json!({ "phone": phone(1) });
    let mine = server.proof("customer", contact.clone(), "register").await;
    let said = rest
        .post("/registrations/customer", customer_form(&phone(2), &mine))
        .await;
    assert_eq!(said.refused(), "code_expired", "another phone");
    let said = rest
        .post("/registrations/merchant", merchant_form(&phone(1), &mine))
        .await;
    assert_eq!(said.refused(), "code_expired", "another kind");
    let log_in =
        json!({ "account": "customer", "phone": phone(1), "proof": mine, "device_id": "d" });
    assert_eq!(
        rest.post("/sessions", log_in).await.refused(),
        "code_expired",
        "another purpose"
    );
    rest.post("/registrations/customer", customer_form(&phone(1), &mine))
        .await
        .ok();
}

/// ACC-03: so many codes a day to a phone, so many an hour from an address.
#[tokio::test]
async fn codes_are_limited_by_contact_and_by_address() {
    let server = TestServer::with(|config| {
        config.login.codes_per_day = 3;
        config.login.codes_per_address = 11;
        config.limits.exempt_networks = Networks::default();
        config.limits.handshakes_per_address = 0;
        config.limits.connections_per_address = 0;
    })
    .await;
    let ask = async |number| {
        server
            .request_code("customer", json!({ "phone": phone(number) }), "register")
            .await
    };
    let all = join_all((0..8).map(|_| ask(1))).await;
    assert_eq!(
        all.iter().filter(|said| said.status == 200).count(),
        3,
        "at once or not"
    );
    let refused = ask(1).await;
    assert_eq!(refused.refused(), "rate_limited");
    assert!(refused.body["retry_after_ms"].as_u64().unwrap() > 3_600_000);
    ask(2).await.ok();
    ask(3).await.ok();
    for _ in 0..3 {
        assert_eq!(
            ask(4).await.refused(),
            "rate_limited",
            "spends nothing of theirs"
        );
    }
    assert_eq!(ask(4).await.refused(), "rate_limited", "the address");
    server.clock.advance(SignedDuration::from_hours(1));
    for _ in 0..3 {
        ask(4).await.ok();
    }
    assert_eq!(ask(1).await.refused(), "rate_limited", "still the same day");
    server.clock.advance(SignedDuration::from_hours(23));
    ask(1).await.ok();
}

/// ACC-03: addresses are counted as the networks that one subscriber has: IPv6 by its /64, IPv4 alone, however written.
#[tokio::test]
async fn codes_are_limited_by_the_network_of_an_address() {
    let server = TestServer::with(|config| {
        config.login.codes_per_address = 2;
        config.limits.exempt_networks = Networks::default();
        config.limits.trusted_proxies = Networks::loopback();
    })
    .await;
    let mut number = 0;
    let mut ask = async |from: &str| {
        number += 1;
        let body = json!({ "account": "customer", "phone": phone(number), "purpose": "register" });
        let request = TestServer::http().post(server.url("/api/v1/codes"));
        let request = request.header("x-forwarded-for", from).json(&body);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(ask("2001:db8:1:2::1").await, 200);
    assert_eq!(ask("2001:db8:1:2:ffff:ffff:ffff:ffff").await, 200);
    assert_eq!(ask("2001:db8:1:2:abcd::").await, 429, "the same /64");
    assert_eq!(ask("2001:db8:1:3::1").await, 200, "the neighbours");
    assert_eq!(ask("203.0.113.7").await, 200);
    assert_eq!(ask("::ffff:203.0.113.7").await, 200);
    assert_eq!(ask("203.0.113.7").await, 429, "one address");
    assert_eq!(ask("203.0.113.8").await, 200, "another");
}

/// ACC-04: 8 to 16 characters with letters, digits and symbols; a field error for each fault.
#[tokio::test]
async fn a_merchants_password_keeps_the_rule() {
    let server = TestServer::start().await;
    let proof = json!({ "request_id": uuid::Uuid::nil(), "code": "000000" });
    for (password, fault) in [
        ("abc12!x", "password_too_short"),
        ("abcdefgh12345!!!x", "password_too_long"),
        ("12345678!", "password_needs_letter"),
        ("abcdefgh!", "password_needs_digit"),
        ("abcdefg12", "password_needs_symbol"),
        ("abcd123!", "code_expired"),
        ("abcdefgh1234!!!x", "code_expired"),
    ] {
        let mut form = merchant_form(&phone(1), &proof);
        form["password"] = password.into();
        let said = server.rest().post("/registrations/merchant", form).await;
        assert_eq!(said.refused(), fault, "{password}");
        let field = if fault == "code_expired" {
            ""
        } else {
            "password"
        };
        assert_eq!(said.body["field"], field);
    }
}

/// ACC-02: no third-party sign-up, no e-mail; one person's two accounts on one number are two users.
#[tokio::test]
async fn a_merchant_account_stays_with_the_business() {
    let server = TestServer::start().await;
    for form in [
        json!({ "third_party": { "provider": "wechat", "token": "t" } }),
        json!({ "third_party": { "provider": "alipay", "token": "t" }, "shop_name": "x", "device_id": "d" }),
    ] {
        let said = server.rest().post("/registrations/merchant", form).await;
        assert_eq!((said.status, said.refused()), (403, "third_party_sign_up"));
    }
    let mut form = merchant_form(
        &phone(1),
        &json!({ "request_id": uuid::Uuid::nil(), "code": "000000" }),
    );
    form["email"] = "ann@example.com".into();
    assert_eq!(
        server
            .rest()
            .post("/registrations/merchant", form)
            .await
            .refused(),
        "invalid_argument"
    );

    let (merchant, _) = Person::registered_merchant(&server, &phone(1)).await;
    let customer = Person::registered_customer(&server, json!({ "phone": phone(1) })).await;
    assert_ne!(merchant.id, customer.id);
}

/// ACC-06: registering logs in at once and asks for certification; the shop has its name and its owner.
#[tokio::test]
async fn a_new_merchant_is_logged_in_and_asked_for_certification() {
    let server = TestServer::start().await;
    let proof = server
        .proof("merchant", json!({ "phone": phone(1) }), "register")
        .await;
    let form = merchant_form(&phone(1), &proof);
    let answer = server
        .rest()
        .post("/registrations/merchant", form)
        .await
        .ok();
    assert_eq!(answer["certification"], "uncertified");
    assert_eq!(answer["prompt"], "请完成商家认证,解锁全部功能");
    let merchant = Person::of(&answer["session"]);
    let me = server.rest().by(&merchant).get("/me").await.ok();
    assert_eq!(
        (&me["kind"], &me["phone"]),
        (&json!("merchant"), &json!(phone(1)))
    );
    assert_eq!(me["posts"][0]["shop_name"], "南街茶铺");
    assert_eq!(me["posts"][0]["role"], "owner");
    assert!(merchant.connect(&server).await.welcome.posts.len() == 1);
}

/// ACC-07: the same phone or e-mail twice at once: one account, and conflicts.
#[tokio::test]
async fn a_phone_or_address_is_one_account_only() {
    let server = TestServer::start().await;
    for (contact, number) in [
        json!({ "phone": phone(1) }),
        json!({ "email": "Ann@Example.com" }),
    ]
    .into_iter()
    .zip(1_i64..)
    {
        let mut proofs = vec![];
        for _ in 0..4 {
            proofs.push(server.proof("customer", contact.clone(), "register").await);
        }
        let forms = proofs.iter().map(|proof| {
            let mut form = json!({ "proof": proof, "name": "Ann", "device_id": "d" });
            form.as_object_mut()
                .unwrap()
                .extend(contact.as_object().unwrap().clone());
            let rest = server.rest();
            async move { rest.post("/registrations/customer", form).await }
        });
        let said = join_all(forms).await;
        assert_eq!(said.iter().filter(|said| said.status == 201).count(), 1);
        let refused = said
            .iter()
            .filter(|said| said.status != 201)
            .map(|said| said.refused().to_owned());
        assert!(refused.eq(["account_taken"; 3]), "{said:?}");
        let users: i64 = sqlx::query_scalar("select count(*) from users")
            .fetch_one(server.server.app.store.pool())
            .await
            .unwrap();
        assert_eq!(users, number);
    }
    let other_case = json!({ "email": "ann@EXAMPLE.com" });
    let proof = server.proof("customer", other_case, "register").await;
    let form = json!({ "email": "ann@EXAMPLE.com", "proof": proof, "name": "Ann", "device_id": "d", "password": PASSWORD });
    assert_eq!(
        server
            .rest()
            .post("/registrations/customer", form)
            .await
            .refused(),
        "account_taken"
    );
}

/// Codes are shown in development only.
#[tokio::test]
async fn the_outbox_does_not_exist_in_production() {
    let server = TestServer::with(|config| config.server.profile = Profile::Production).await;
    assert_eq!(
        server.rest().get("/dev/outbox").await.refused(),
        "not_found"
    );
    let page = reqwest::get(server.url("/dev/outbox")).await.unwrap();
    assert_eq!(page.status(), 404);

    let server = TestServer::start().await;
    server
        .proof("customer", json!({ "phone": phone(1) }), "register")
        .await;
    let page = reqwest::get(server.url("/dev/outbox")).await.unwrap();
    assert!(
        page.text()
            .await
            .unwrap()
            .contains(&server.newest_code(&json!({ "phone": phone(1) })).await)
    );
}
