//! A shop's face: what it tells of itself, who follows it, the links that lead there.

use serde_json::{Value, json};

use crate::{
    file::{picture, upload},
    goods::thing,
    support::{Person, Rest, TestServer, TestShop, eventually},
};

/// SHOP-01: a profile needs no phone, but somebody who answers; customers read it.
#[tokio::test]
async fn a_profile_needs_a_service_account_and_no_phone() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (path, ann) = (
        shop.path("/profile"),
        Person::customer(&server, "Ann").await,
    );
    let customer = server.rest().by(&ann);
    assert_eq!(customer.get(&path).await.refused(), "not_found");
    let (_, logo) = upload(&server, &shop.owner, "logo.png", picture(4, 4)).await;
    let agent = shop.hire(&server, "agent").await;
    let mut profile = json!({
        "logo": logo["file_id"], "introduction": "二十年老茶馆", "service_hours": "每天 9:00–21:00",
        "phone": null, "service_account_id": null,
    });
    let said = shop.boss(&server).put(&path, profile.clone()).await;
    assert_eq!(
        (said.refused(), &said.body["field"]),
        ("invalid_argument", &json!("service_account_id"))
    );
    for stranger in [&ann, &TestShop::open(&server).await.owner] {
        profile["service_account_id"] = json!(stranger.id);
        let said = shop.boss(&server).put(&path, profile.clone()).await;
        assert_eq!(
            said.refused(),
            "invalid_argument",
            "nobody who may chat for the shop"
        );
    }
    assert_eq!(
        customer.get(&path).await.refused(),
        "not_found",
        "nothing was kept"
    );
    profile["service_account_id"] = json!(agent.id);
    shop.boss(&server).put(&path, profile.clone()).await.ok();
    assert_eq!(customer.get(&path).await.ok(), profile);
    let said = server.rest().by(&agent).put(&path, profile).await;
    assert_eq!(said.refused(), "forbidden");
}

/// SHOP-01: a picture in the profile is one's own, and everybody may fetch it.
#[tokio::test]
async fn a_logo_is_a_picture_of_ones_own() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    let (_, theirs) = upload(&server, &ann, "ann.png", picture(4, 4)).await;
    let profile = |logo: &Value| json!({ "logo": logo, "service_account_id": shop.owner.id });
    let path = shop.path("/profile");
    let said = shop
        .boss(&server)
        .put(&path, profile(&theirs["file_id"]))
        .await;
    assert_eq!(
        (said.refused(), &said.body["field"]),
        ("invalid_argument", &json!("logo"))
    );
}

/// How many facts say that somebody follows the shop.
async fn remembered(server: &TestServer) -> i64 {
    sqlx::query_scalar("select count(*) from facts where kind = 'shop_followed'")
        .fetch_one(server.server.app.store.pool())
        .await
        .expect("facts")
}

/// SHOP-07: following counts once and is remembered once, however often it is done, also at once and after a while away.
#[tokio::test]
async fn whoever_follows_counts_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let [ann, bob] = [
        Person::customer(&server, "Ann").await,
        Person::customer(&server, "Bob").await,
    ];
    let [ann, bob] = [server.rest().by(&ann), server.rest().by(&bob)];
    let path = shop.path("/follow");
    assert_eq!(
        ann.get(&path).await.ok(),
        json!({ "following": false, "followers": 0 })
    );
    let press = || ann.put(&path, json!({}));
    let (one, two, three) = tokio::join!(press(), press(), press());
    for said in [one, two, three] {
        assert_eq!(said.ok(), json!({ "following": true, "followers": 1 }));
    }
    assert_eq!(remembered(&server).await, 1);
    assert_eq!(bob.put(&path, json!({})).await.ok()["followers"], 2);
    assert_eq!(
        ann.delete(&path).await.ok(),
        json!({ "following": false, "followers": 1 })
    );
    assert_eq!(
        ann.put(&path, json!({})).await.ok(),
        json!({ "following": true, "followers": 2 })
    );
    assert_eq!(
        remembered(&server).await,
        2,
        "Ann came back, and is nobody new"
    );
    let boss = shop.boss(&server);
    assert_eq!(
        boss.put(&path, json!({})).await.refused(),
        "forbidden",
        "only customers follow"
    );
    let nowhere = format!("/shops/{}/follow", souk::id::ShopId::new());
    assert_eq!(ann.put(&nowhere, json!({})).await.refused(), "not_found");
}

/// What was said to somebody in their conversation with the shop.
async fn heard(customer: &Rest, shop: &TestShop) -> Vec<Value> {
    let opened = json!({ "shop_id": shop.id });
    let opened = customer.post("/conversations", opened).await.ok();
    let id = opened["id"].as_str().expect("an id");
    let path = format!("/conversations/{id}/messages");
    let page = customer.get(&path).await.ok();
    let messages = page["messages"].as_array().expect("messages").iter();
    let words = messages.map(|message| message["text"].clone());
    words
        .filter(|text| *text != "" && !text.is_null())
        .collect()
}

/// SHOP-07: whoever follows is welcomed, by what the shop wrote, once: not again when they come back, and nobody by an empty text.
#[tokio::test]
async fn new_followers_are_welcomed_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let (path, welcome) = (shop.path("/follow"), shop.path("/welcome"));
    let mut people = vec![];
    for name in ["Ann", "Bob"] {
        people.push(server.rest().by(&Person::customer(&server, name).await));
    }
    let [ann, bob] = &people[..] else {
        unreachable!()
    };
    ann.put(&path, json!({})).await.ok();
    // Until then her following has not been looked at, and the text below would be said to her too.
    eventually(async || waiting_facts(&server).await == 0).await;
    let text = json!({ "text": "欢迎关注,新品九折" });
    assert_eq!(boss.put(&welcome, text.clone()).await.ok(), text);
    assert_eq!(ann.get(&welcome).await.refused(), "forbidden");
    bob.put(&path, json!({})).await.ok();
    eventually(async || heard(bob, &shop).await == [text["text"].clone()]).await;
    assert_eq!(heard(ann, &shop).await, [Value::Null; 0], "she came before");
    bob.delete(&path).await.ok();
    bob.put(&path, json!({})).await.ok();
    let app = &server.server.app;
    let followed = souk::fact::Fact::ShopFollowed {
        customer_id: bob.get("/me").await.ok()["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
    };
    let mut again = app.store.begin(shop.id).await.unwrap();
    again.remember(&followed, app.clock.now()).await.unwrap();
    again.commit().await.unwrap();
    eventually(async || waiting_facts(&server).await == 0).await;
    assert_eq!(heard(bob, &shop).await, [text["text"].clone()]);
    let long = json!({ "text": "茶".repeat(501) });
    assert_eq!(boss.put(&welcome, long).await.refused(), "invalid_argument");
    let silent = json!({ "text": "" });
    boss.put(&welcome, silent.clone()).await.ok();
    assert_eq!(
        boss.get(&welcome).await.ok(),
        silent,
        "nothing is said any more"
    );
}

/// How many facts nobody has read yet.
async fn waiting_facts(server: &TestServer) -> i64 {
    sqlx::query_scalar("select count(*) from facts where done_at is null")
        .fetch_one(server.server.app.store.pool())
        .await
        .expect("facts")
}

/// SHOP-05: a new customer opens a shared link and has the product in one step; the visit knows channel and sharer.
#[tokio::test]
async fn a_shared_link_leads_there_in_one_step() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let goods = thing(&server, &shop, 15_900, 5).await;
    let ann = Person::customer(&server, "Ann").await;
    let sharer = server.rest().by(&ann);
    let links = shop.path("/links");
    let new = json!({ "product_id": goods["product"]["id"], "channel": "wechat_group" });
    let link = sharer.post(&links, new.clone()).await.ok();
    assert_eq!(
        sharer.post(&links, new).await.ok(),
        link,
        "shared twice it is one link"
    );
    let to_shop = sharer
        .post(&links, json!({ "channel": "poster" }))
        .await
        .ok();
    let bob = Person::customer(&server, "Bob").await;
    let visitor = server.rest().by(&bob);
    let open = |link: &Value| format!("/l/{}", link["code"].as_str().expect("a code"));
    let landing = visitor.get(&open(&link)).await.ok();
    assert_eq!(
        (&landing["shop"]["id"], &landing["product"]["product"]["id"]),
        (&json!(shop.id), &goods["product"]["id"])
    );
    let landing = visitor.get(&open(&to_shop)).await.ok();
    assert_eq!(
        (&landing["shop"]["name"], &landing["product"]),
        (&json!("Tea house"), &Value::Null)
    );
    let visits = shop.boss(&server).get(&shop.path("/visits")).await.ok();
    let visits = visits["visits"].as_array().unwrap();
    let came =
        |visit: &Value| ["channel", "sharer_id", "visitor_id"].map(|field| visit[field].clone());
    let by = |channel: &str| [json!(channel), json!(ann.id), json!(bob.id)];
    let came: Vec<_> = visits.iter().map(came).collect();
    assert_eq!(came, [by("poster"), by("wechat_group")]);
}

/// SHOP-05: what leads nowhere is refused and recorded nowhere; visits are for who may see figures, of their own shop.
#[tokio::test]
async fn links_that_lead_nowhere_are_refused() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let goods = thing(&server, &shop, 15_900, 5).await;
    let ann = Person::customer(&server, "Ann").await;
    let ann = server.rest().by(&ann);
    let foreign = json!({ "product_id": goods["product"]["id"], "channel": "poster" });
    assert_eq!(
        ann.post(&other.path("/links"), foreign).await.refused(),
        "not_found"
    );
    for channel in ["", " ", "a\nb", &"x".repeat(41)] {
        let said = ann
            .post(&shop.path("/links"), json!({ "channel": channel }))
            .await;
        assert_eq!(said.refused(), "invalid_argument", "{channel:?}");
    }
    for code in ["nothing", "AAAAAAAAAAA", "%27"] {
        assert_eq!(ann.get(&format!("/l/{code}")).await.refused(), "not_found");
    }
    let link = ann
        .post(&shop.path("/links"), json!({ "channel": "poster" }))
        .await
        .ok();
    let open = format!("/l/{}", link["code"].as_str().unwrap());
    assert_eq!(
        server.rest().get(&open).await.refused(),
        "not_authenticated"
    );
    assert_eq!(ann.get(&shop.path("/visits")).await.refused(), "forbidden");
    let visits = other.boss(&server).get(&other.path("/visits")).await.ok();
    assert_eq!(visits["visits"], json!([]));
    assert_eq!(
        shop.boss(&server).get(&shop.path("/visits")).await.ok()["visits"],
        json!([])
    );
}
