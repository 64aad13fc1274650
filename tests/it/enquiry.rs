//! What customers ask about.

use proto::{Message, Refusal, push::Event};
use serde_json::{Value, json};

use crate::{
    goods::{pictures, thing},
    support::{
        Person, TestServer, TestShop,
        asking::{asked, refused},
        people::Line,
    },
};

/// The next message that somebody is shown.
async fn next_message(line: &mut Line) -> Message {
    loop {
        if let Event::MessagePosted(posted) = line.client.next_push().await.expect("a push") {
            return posted.message.expect("a message");
        }
    }
}

fn id(goods: &Value) -> String {
    goods["product"]["id"].as_str().expect("an id").to_owned()
}

async fn enquiries(server: &TestServer, shop: &TestShop, ann: &Person, query: &str) -> Value {
    let path = shop.path(&format!("/customers/{}/enquiries{query}", ann.id));
    shop.boss(server).get(&path).await.ok()
}

/// CHAT-03: who opens a chat from a product's page begins it with a card of the product, as it costs then; pressing twice asks once, and
/// what was asked about stands under the customer's enquiries.
#[tokio::test]
async fn a_chat_from_a_products_page_begins_with_the_product() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let dress = thing(&server, &shop, 15_900, 5).await;
    let mut boss = shop.owner.connect(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    let mut phone = ann.connect(&server).await;

    let from = (shop.id.to_string(), id(&dress));
    let ask = || (from.0.clone(), from.1.clone());
    let (shop_id, product_id) = ask();
    let opened = asked!(phone, OpenConversation { shop_id, product_id } => Conversation);
    for line in [&mut phone, &mut boss] {
        assert!(next_message(line).await.notice.is_some(), "it was opened");
        let first = next_message(line).await;
        assert_eq!(first.sender.unwrap().user_id, ann.id.to_string());
        let card = first.card.unwrap();
        assert_eq!(card.summary, "thing · 159.00 CNY");
        let card = card.product.unwrap();
        assert_eq!((&card.product_id, card.price), (&from.1, 15_900));
        assert_eq!(json!(card.picture), dress["product"]["pictures"][0]);
    }

    let change = json!({ "price": 14_900 });
    let path = shop.path(&format!("/products/{}", from.1));
    shop.boss(&server).patch(&path, change).await.ok();
    let twice = json!({ "shop_id": from.0, "product_id": from.1 });
    let rest = server.rest().by(&ann);
    let again = rest.post("/conversations", twice.clone()).await.ok();
    assert_eq!(
        (&again["id"], &again["head"]["number"]),
        (&json!(opened.id), &json!(2))
    );
    server.clock.advance(jiff::SignedDuration::from_mins(10));
    let later = rest.post("/conversations", twice).await.ok();
    assert_eq!(later["last_message"]["card"]["product"]["price"], 14_900);

    let page = enquiries(&server, &shop, &ann, "").await;
    let asked = &page["enquiries"][0];
    assert_eq!(
        (&asked["product_id"], &asked["times"]),
        (&json!(from.1), &json!(2))
    );
    assert_eq!(
        (&asked["card_number"], &asked["price"]),
        (&json!(3), &json!(14_900))
    );
    assert_eq!(page["enquiries"].as_array().unwrap().len(), 1);
}

/// CHAT-03: the latest comes first, page by page; staff of other shops see nothing of it, and neither does the customer.
#[tokio::test]
async fn the_latest_enquiry_comes_first() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let ann = Person::customer(&server, "Ann").await;
    let rest = server.rest().by(&ann);
    let mut asked = vec![];
    for _ in 0..3 {
        let product = id(&thing(&server, &shop, 100, 1).await);
        let from = json!({ "shop_id": shop.id, "product_id": product });
        rest.post("/conversations", from).await.ok();
        server.clock.advance(jiff::SignedDuration::from_secs(1));
        asked.insert(0, json!(product));
    }
    let first = enquiries(&server, &shop, &ann, "?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest_of_it = enquiries(&server, &shop, &ann, &format!("?cursor={cursor}")).await;
    let pages = [&first, &rest_of_it].map(|page| page["enquiries"].as_array().unwrap().clone());
    let found: Vec<Value> = pages
        .concat()
        .iter()
        .map(|one| one["product_id"].clone())
        .collect();
    assert_eq!((found, &rest_of_it["next_cursor"]), (asked, &json!("")));

    let path = shop.path(&format!("/customers/{}/enquiries", ann.id));
    assert_eq!(rest.get(&path).await.refused(), "forbidden");
    let other = TestShop::open(&server).await;
    assert_eq!(other.boss(&server).get(&path).await.refused(), "forbidden");
    let nothing = enquiries(&server, &other, &ann, "").await;
    assert_eq!(nothing["enquiries"], json!([]));
}

/// CHAT-03: what another shop sells, what is not listed and what nobody sells cannot be asked about, and leave no conversation behind.
#[tokio::test]
async fn only_what_the_shop_shows_can_be_asked_about() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let other = TestShop::open(&server).await;
    let foreign = id(&thing(&server, &other, 100, 1).await);
    let hidden = json!({
        "title": "soon", "category": ["things"], "description": "it is", "pictures": pictures(&server, &shop, 1).await,
        "list_price": 100, "price": 100, "variants": [{ "stock": 1 }],
    });
    let hidden = id(&crate::goods::make(&server, &shop, hidden).await);
    let mut ann = Person::customer(&server, "Ann")
        .await
        .connect(&server)
        .await;
    for product_id in [foreign, hidden, uuid::Uuid::now_v7().to_string()] {
        let shop_id = shop.id.to_string();
        assert_eq!(
            refused!(
                ann,
                OpenConversation {
                    shop_id,
                    product_id
                }
            ),
            Refusal::NotFound
        );
    }
    for (shop_id, user_id, product_id) in [
        (shop.id.to_string(), String::new(), "?".to_owned()),
        (
            String::new(),
            String::new(),
            uuid::Uuid::now_v7().to_string(),
        ),
        (
            shop.id.to_string(),
            shop.owner.id.to_string(),
            uuid::Uuid::now_v7().to_string(),
        ),
    ] {
        assert_eq!(
            refused!(
                ann,
                OpenConversation {
                    shop_id,
                    user_id,
                    product_id
                }
            ),
            Refusal::InvalidArgument
        );
    }
    let opened: i64 = sqlx::query_scalar("select count(*) from conversations")
        .fetch_one(server.server.app.store.pool())
        .await
        .unwrap();
    assert_eq!(opened, 0);
}

/// CHAT-03: many presses at once, on a conversation that is not there yet, open one and ask once.
#[tokio::test(flavor = "multi_thread")]
async fn many_presses_at_once_ask_once() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let dress = thing(&server, &shop, 15_900, 5).await;
    let ann = Person::customer(&server, "Ann").await;
    let rest = server.rest().by(&ann);
    let from = json!({ "shop_id": shop.id, "product_id": id(&dress) });
    let presses = (0..6).map(|_| rest.post("/conversations", from.clone()));
    for said in futures_util::future::join_all(presses).await {
        said.ok();
    }
    let opened = rest.post("/conversations", from.clone()).await.ok();
    assert_eq!(opened["head"]["number"], 2, "a notice and one card");
    let page = enquiries(&server, &shop, &ann, "").await;
    assert_eq!(page["enquiries"][0]["times"], 1);
}

/// Whoever is shown it sees the same card, from the shop this time: it is nobody's enquiry.
async fn show(server: &TestServer, shop: &TestShop, conversation: &str, product: &str) -> Value {
    let asked = json!({ "conversation_id": conversation, "product_id": product });
    let path = shop.path("/product-cards");
    shop.boss(server).post(&path, asked).await.ok()
}

/// CHAT-04: staff show a product in a conversation as it costs now; only what the shop shows, only in conversations of their shop.
#[tokio::test]
async fn staff_show_a_product() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let other = TestShop::open(&server).await;
    let dress = id(&thing(&server, &shop, 15_900, 5).await);
    let ann = Person::customer(&server, "Ann").await;
    let mut phone = ann.connect(&server).await;
    let shop_id = shop.id.to_string();
    let opened = asked!(phone, OpenConversation { shop_id } => Conversation);
    assert!(next_message(&mut phone).await.notice.is_some());

    let shown = show(&server, &shop, &opened.id, &dress).await;
    let message = next_message(&mut phone).await;
    assert_eq!(shown["number"], json!(message.number));
    assert_eq!(message.sender.unwrap().user_id, shop.owner.id.to_string());
    let card = message.card.unwrap();
    assert_eq!(card.product.unwrap().price, 15_900);
    let page = enquiries(&server, &shop, &ann, "").await;
    assert_eq!(page["enquiries"], json!([]), "nobody asked");

    let foreign = id(&thing(&server, &other, 100, 1).await);
    let nobodys = uuid::Uuid::now_v7().to_string();
    for (by, conversation, product) in [
        (&shop, &opened.id, &foreign),
        (&shop, &nobodys, &dress),
        (&other, &opened.id, &foreign),
    ] {
        let asked = json!({ "conversation_id": conversation, "product_id": product });
        let path = by.path("/product-cards");
        let answer = by.boss(&server).post(&path, asked).await;
        assert_eq!(answer.refused(), "not_found");
    }
}
