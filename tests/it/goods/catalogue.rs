//! Products: what they must be, who sees them, how they are found.

use serde_json::{Value, json};

use super::{dress, make, order_one, pictures, thing, variant};
use crate::support::{Person, TestServer, TestShop};

async fn titles(server: &TestServer, shop: &TestShop, who: &Person, query: &str) -> Vec<String> {
    let path = shop.path(&format!("/products{query}"));
    let page = server.rest().by(who).get(&path).await.ok();
    let products = page["products"].as_array().expect("products").clone();
    let title = |goods: &Value| {
        goods["product"]["title"]
            .as_str()
            .expect("a title")
            .to_owned()
    };
    products.iter().map(title).collect()
}

/// PROD-01: a product needs all its fields, is read back as it was written, and is not sold above its original price.
#[tokio::test]
async fn a_product_is_whole() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (boss, path) = (shop.boss(&server), shop.path("/products"));
    let form = dress(&pictures(&server, &shop, 1).await);
    for field in [
        "title",
        "category",
        "description",
        "list_price",
        "price",
        "variants",
    ] {
        let mut lacking = form.clone();
        lacking.as_object_mut().unwrap().remove(field);
        let refused = boss.post(&path, lacking).await;
        assert_eq!(refused.refused(), "invalid_argument");
        assert!(
            refused.body["detail"].as_str().unwrap().contains(field),
            "{refused:?}"
        );
    }
    let mut dear = form.clone();
    dear["price"] = json!(19_901);
    let refused = boss.post(&path, dear).await;
    assert_eq!(
        (refused.refused(), &refused.body["field"]),
        ("invalid_argument", &json!("price"))
    );

    let made = make(&server, &shop, form.clone()).await;
    let one = format!("{path}/{}", made["product"]["id"].as_str().unwrap());
    let read = boss.get(&one).await.ok();
    assert_eq!(read, made);
    for field in [
        "title",
        "category",
        "description",
        "pictures",
        "list_price",
        "price",
        "options",
    ] {
        assert_eq!(read["product"][field], form[field], "{field}");
    }
    assert_eq!(read["variants"][1]["available"], 30);
    let agent = shop.hire(&server, "agent").await;
    let tried = server.rest().by(&agent).post(&path, form).await;
    assert_eq!(tried.refused(), "forbidden");
}

/// PROD-02: with two pictures it cannot be listed, with three it can; they are real pictures of the shop, and customers see them.
#[tokio::test]
async fn three_pictures_are_needed_on_the_shelf() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let three = pictures(&server, &shop, 3).await;
    let made = make(&server, &shop, dress(&three[..2])).await;
    let one = shop.path(&format!(
        "/products/{}",
        made["product"]["id"].as_str().unwrap()
    ));
    let listed = json!({ "listed": true });
    assert_eq!(
        boss.patch(&one, listed.clone()).await.refused(),
        "pictures_missing"
    );
    let picture = format!("/files/{}", three[2].as_str().unwrap());
    let ann = Person::customer(&server, "Ann").await;
    let customer = server.rest().by(&ann);
    assert_eq!(customer.get(&picture).await.refused(), "not_found");

    let with_three = json!({ "listed": true, "pictures": three });
    assert_eq!(boss.patch(&one, with_three).await.ok()["listed"], true);
    assert_eq!(customer.get(&picture).await.status, 200);
    let fewer = json!({ "pictures": three[..2] });
    assert_eq!(boss.patch(&one, fewer).await.refused(), "pictures_missing");

    let operator = shop.hire(&server, "operator").await;
    let colleague = server.rest().by(&operator);
    let turned = json!({ "pictures": [three[2], three[1], three[0]] });
    assert_eq!(
        colleague.patch(&one, turned).await.ok()["pictures"][0],
        three[2]
    );
    let stranger = TestShop::open(&server).await;
    let stolen = stranger
        .boss(&server)
        .post(&stranger.path("/products"), dress(&three))
        .await;
    assert_eq!(
        (stolen.refused(), &stolen.body["field"]),
        ("invalid_argument", &json!("pictures"))
    );
}

/// PROD-03: each combination has its own stock: an order of one takes nothing from the other. Combinations and numbers are not taken twice.
#[tokio::test]
async fn each_variant_has_its_own_stock() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let made = make(&server, &shop, dress(&[])).await;
    order_one(&server, &shop, variant(&made, 1)).await.unwrap();
    let one = shop.path(&format!(
        "/products/{}",
        made["product"]["id"].as_str().unwrap()
    ));
    let read = boss.get(&one).await.ok();
    assert_eq!(
        (
            &read["variants"][0]["available"],
            &read["variants"][1]["available"]
        ),
        (&json!(20), &json!(29))
    );

    let more = format!("{one}/variants");
    let field = async |new: Value| boss.post(&more, new).await.body["field"].clone();
    assert_eq!(
        field(json!({ "choice": ["M", "蓝"], "stock": 1 })).await,
        "choice"
    );
    assert_eq!(
        field(json!({ "choice": ["L", "蓝"], "sku": "D-M", "stock": 1 })).await,
        "sku"
    );
    assert_eq!(
        field(json!({ "choice": ["L"], "stock": 1 })).await,
        "choice"
    );
    assert_eq!(
        field(json!({ "choice": ["L", "蓝"], "stock": -1 })).await,
        "stock"
    );
    let grown = boss
        .post(&more, json!({ "choice": ["L", "蓝"], "stock": 7 }))
        .await
        .ok();
    assert_eq!(grown["variants"][2]["available"], 7);
    let unsaid = json!({ "title": "x", "category": ["x"], "description": "x", "list_price": 1, "price": 1, "variants": [] });
    assert_eq!(
        boss.post(&shop.path("/products"), unsaid).await.body["field"],
        "variants"
    );
}

/// PROD-04: what is saved and listed is in the catalogue at once, what is delisted vanishes from it; staff see both.
#[tokio::test]
async fn the_catalogue_shows_what_is_listed() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let ann = Person::customer(&server, "Ann").await;
    let made = thing(&server, &shop, 100, 1).await;
    make(&server, &shop, dress(&[])).await;
    assert_eq!(titles(&server, &shop, &ann, "").await, ["thing"]);
    assert_eq!(
        titles(&server, &shop, &shop.owner, "?unlisted=true").await,
        ["连衣裙", "thing"]
    );
    let customer = server.rest().by(&ann);
    assert_eq!(
        customer
            .get(&shop.path("/products?unlisted=true"))
            .await
            .refused(),
        "forbidden"
    );

    let one = shop.path(&format!(
        "/products/{}",
        made["product"]["id"].as_str().unwrap()
    ));
    assert_eq!(customer.get(&one).await.ok()["product"]["title"], "thing");
    boss.patch(&one, json!({ "listed": false })).await.ok();
    assert!(titles(&server, &shop, &ann, "").await.is_empty());
    assert_eq!(customer.get(&one).await.refused(), "not_found");
    assert_eq!(boss.get(&one).await.status, 200);
    let other = TestShop::open(&server).await;
    let foreign = other.path(&format!(
        "/products/{}",
        made["product"]["id"].as_str().unwrap()
    ));
    assert_eq!(
        other.boss(&server).get(&foreign).await.refused(),
        "not_found"
    );
    assert_eq!(
        other
            .boss(&server)
            .patch(&foreign, json!({ "price": 1 }))
            .await
            .refused(),
        "not_found"
    );
}

/// PROD-05: products are found by label and by any part of their category's path, page by page.
#[tokio::test]
async fn labels_and_categories_find_products() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let shown = pictures(&server, &shop, 3).await;
    for (title, label, kind) in [
        ("a", "新品", "连衣裙"),
        ("b", "爆款", "外套"),
        ("c", "新品", "外套"),
    ] {
        let mut form = dress(&shown);
        (form["title"], form["labels"], form["listed"]) =
            (json!(title), json!([label]), json!(true));
        form["category"][2] = json!(kind);
        form["variants"] = json!([{ "choice": ["S", "粉"], "stock": 1 }]);
        make(&server, &shop, form).await;
    }
    let ann = Person::customer(&server, "Ann").await;
    assert_eq!(
        titles(&server, &shop, &ann, "?label=新品").await,
        ["c", "a"]
    );
    assert_eq!(
        titles(&server, &shop, &ann, "?category=服饰>女装>外套").await,
        ["c", "b"]
    );
    assert_eq!(
        titles(&server, &shop, &ann, "?category=服饰&label=爆款").await,
        ["b"]
    );
    assert!(
        titles(&server, &shop, &ann, "?category=女装")
            .await
            .is_empty()
    );
    let rest = server.rest().by(&ann);
    let page = rest.get(&shop.path("/products?limit=2")).await.ok();
    let next = page["next_cursor"].as_str().unwrap();
    assert_eq!(
        titles(&server, &shop, &ann, &format!("?limit=2&cursor={next}")).await,
        ["a"]
    );
}

/// SEC-03: what is done to goods leaves one row each, with before and after; what changes nothing leaves none.
#[tokio::test]
async fn what_is_done_to_goods_is_recorded() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let made = thing(&server, &shop, 100, 5).await;
    let one = shop.path(&format!(
        "/products/{}",
        made["product"]["id"].as_str().unwrap()
    ));
    for change in [
        json!({ "price": 90 }),
        json!({ "price": 90 }),
        json!({ "listed": false }),
        json!({ "listed": true }),
    ] {
        boss.patch(&one, change).await.ok();
    }
    let stock = shop.path(&format!("/variants/{}/stock", variant(&made, 0)));
    boss.post(
        &stock,
        json!({ "kind": "counted", "units": 4, "note": "one was wet" }),
    )
    .await
    .ok();
    for _ in 0..2 {
        boss.put(&format!("{stock}/alert"), json!({ "alert_below": 2 }))
            .await
            .ok();
    }
    let record = boss.get(&shop.path("/audit?limit=200")).await.ok();
    let rows = record["entries"].as_array().unwrap();
    let goods = |row: &&Value| !row["action"].as_str().unwrap().starts_with("shop.");
    let actions: Vec<_> = rows
        .iter()
        .filter(goods)
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "stock.alert_set",
            "stock.counted",
            "product.listed",
            "product.delisted",
            "product.changed",
            "product.created"
        ]
    );
    assert_eq!(
        (&rows[1]["before"]["on_hand"], &rows[1]["after"]["on_hand"]),
        (&json!(5), &json!(4))
    );
    assert_eq!(
        (&rows[4]["before"]["price"], &rows[4]["after"]["price"]),
        (&json!(100), &json!(90))
    );
}
