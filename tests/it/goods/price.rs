//! What things cost together.

use serde_json::json;
use souk::product::price::Basket;

use super::{level, order, thing, variant};
use crate::support::{Person, TestServer, TestShop};

/// PROD-08: the tier applies from its number of pieces on.
#[tokio::test]
async fn a_tier_applies_from_its_pieces_on() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let made = thing(&server, &shop, 15_900, 10).await;
    let one = shop.path(&format!(
        "/products/{}",
        made["product"]["id"].as_str().unwrap()
    ));
    let tiers = json!({ "tiers": [{ "from": 2, "off": 1_000 }] });
    shop.boss(&server).patch(&one, tiers).await.ok();
    let ann = Person::customer(&server, "Ann").await;
    let (rest, path) = (server.rest().by(&ann), shop.path("/quotes"));
    let basket = |units| json!({ "lines": [{ "variant_id": variant(&made, 0), "units": units }] });
    let quote = rest.post(&path, basket(1)).await.ok();
    assert_eq!(
        (&quote["total"], &quote["currency"]),
        (&json!(15_900), &json!("CNY"))
    );
    assert_eq!(rest.post(&path, basket(2)).await.ok()["total"], 28_620);
}

/// PROD-09: a bundle costs its saving less than its parts, and holding it takes stock of both. Baskets that cannot be are refused.
#[tokio::test]
async fn a_bundle_is_cheaper_and_takes_from_both() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let boss = shop.boss(&server);
    let (dress, jacket) = (
        thing(&server, &shop, 15_900, 5).await,
        thing(&server, &shop, 29_900, 5).await,
    );
    let part =
        |goods: &serde_json::Value| json!({ "product_id": goods["product"]["id"], "pieces": 1 });
    let form = |saving: i64| json!({ "title": "set", "parts": [part(&dress), part(&jacket)], "saving": saving, "listed": true });
    let bundles = shop.path("/bundles");
    for saving in [0, -1, 45_800] {
        assert_eq!(
            boss.post(&bundles, form(saving)).await.body["field"],
            "saving"
        );
    }
    let bundle = boss.post(&bundles, form(1_000)).await.ok();
    let ann = Person::customer(&server, "Ann").await;
    let (rest, quotes) = (server.rest().by(&ann), shop.path("/quotes"));
    assert_eq!(rest.get(&bundles).await.ok()["bundles"][0], bundle);

    let chosen = [variant(&dress, 0), variant(&jacket, 0)];
    let basket = |variants: &[_]| json!({ "bundles": [{ "bundle_id": bundle["id"], "units": 2, "variant_ids": variants }] });
    assert_eq!(
        rest.post(&quotes, basket(&chosen)).await.ok()["total"],
        2 * (15_900 + 29_900 - 1_000)
    );
    assert_eq!(
        rest.post(&quotes, basket(&chosen[..1])).await.body["field"],
        "variant_ids"
    );
    assert_eq!(
        rest.post(&quotes, basket(&[chosen[1], chosen[0]]))
            .await
            .body["field"],
        "variant_ids"
    );

    let mut tx = server.server.app.store.begin(shop.id).await.unwrap();
    let basket_read: Basket = serde_json::from_value(basket(&chosen)).unwrap();
    let quote = souk::product::price::price(&mut tx, &basket_read, None, server.clock.now())
        .await
        .unwrap();
    drop(tx);
    order(&server, &shop, &quote.units()).await.unwrap();
    for part in chosen {
        assert_eq!(level(&server, &shop, part).await, [5, 2, 3]);
    }

    let one = format!("{bundles}/{}", bundle["id"].as_str().unwrap());
    boss.patch(&one, json!({ "listed": false })).await.ok();
    assert_eq!(
        rest.post(&quotes, basket(&chosen)).await.refused(),
        "not_on_sale"
    );
    assert_eq!(rest.get(&bundles).await.ok()["bundles"], json!([]));
    let other = TestShop::open(&server).await;
    let foreign = rest.post(&other.path("/quotes"), basket(&chosen)).await;
    assert_eq!(foreign.refused(), "not_found");
    for odd in [
        json!({}),
        json!({ "lines": [{ "variant_id": chosen[0], "units": 0 }] }),
        json!({ "lines": [{ "variant_id": chosen[0], "units": -1 }] }),
    ] {
        assert_eq!(rest.post(&quotes, odd).await.refused(), "invalid_argument");
    }
}

/// PROD-01: a shop's amounts are in the one currency that it was opened with.
#[tokio::test]
async fn a_shop_has_one_currency() {
    let server = TestServer::start().await;
    let owner = Person::merchant(&server, "Kei").await;
    let rest = server.rest().by(&owner);
    let open = async |currency: &str| {
        rest.post("/shops", json!({ "name": "Tea", "currency": currency }))
            .await
    };
    assert_eq!(open("XXX").await.body["field"], "currency");
    let shop = open("JPY").await.ok();
    assert_eq!(shop["currency"], "JPY");
    let shop = TestShop {
        id: shop["id"].as_str().unwrap().parse().unwrap(),
        owner,
    };
    let cup = thing(&server, &shop, 500, 1).await;
    let basket = json!({ "lines": [{ "variant_id": variant(&cup, 0), "units": 1 }] });
    let quote = rest.post(&shop.path("/quotes"), basket).await.ok();
    assert_eq!(
        (&quote["currency"], &quote["total"]),
        (&json!("JPY"), &json!(500))
    );
}
