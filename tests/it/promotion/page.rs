//! Links and QR codes of promotions.

use serde_json::json;

use super::eighty_percent;
use crate::order::Market;

/// PRO-06, SHOP-05: one link opens the promotion's page before it starts, while it runs and after it has ended or was stopped, and the visit is
/// recorded with channel and sharer.
#[tokio::test]
async fn a_link_leads_to_not_started_running_and_ended() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let (from, until) = (market.in_seconds(3_600), market.in_seconds(7_200));
    let terms = eighty_percent(&cake);
    let promotion = market
        .promotes(terms.clone(), true, (from, until))
        .await
        .ok();
    let form = json!({ "promotion_id": promotion["id"], "channel": "poster" });
    let link = market
        .boss()
        .post(&market.shop.path("/links"), form.clone())
        .await
        .ok();
    assert_eq!(link["promotion_id"], promotion["id"]);
    let again = market
        .boss()
        .post(&market.shop.path("/links"), form)
        .await
        .ok();
    assert_eq!(again["code"], link["code"]);
    let path = format!("/l/{}", link["code"].as_str().expect("a code"));
    let page = market.promotions(&format!("/{}/page", promotion["id"].as_str().unwrap()));
    for (moment, stage) in [
        (from - 300 * super::SECOND, "not_started"),
        (from, "running"),
        (until - 300 * super::SECOND, "running"),
        (until, "ended"),
    ] {
        market.until(moment).await;
        let landing = market.customer().get(&path).await.ok();
        let shown = &landing["promotion"];
        assert_eq!(
            (&shown["stage"], &shown["name"]),
            (&json!(stage), &json!("双十一"))
        );
        let straight = market.customer().get(&page).await.ok();
        assert_eq!(
            (&straight["stage"], &straight["terms"]),
            (&shown["stage"], &shown["terms"])
        );
        let seen = if stage == "running" {
            terms.clone()
        } else {
            json!(null)
        };
        assert_eq!(shown["terms"], seen, "{stage}");
        assert_eq!(shown["ends_at"], promotion["ends_at"]);
    }
    let visits = market.boss().get(&market.shop.path("/visits")).await.ok();
    let visits = visits["visits"].as_array().unwrap();
    assert_eq!(visits.len(), 4);
    assert_eq!(
        (
            &visits[0]["channel"],
            &visits[0]["promotion_id"],
            &visits[0]["visitor_id"]
        ),
        (&json!("poster"), &promotion["id"], &json!(market.ann.id))
    );
}

/// PRO-06: stopped, it is ended at once, on its page as in its prices; other shops' promotions have no links here.
#[tokio::test]
async fn a_stopped_promotion_has_ended() {
    let market = Market::with(1).await;
    let cake = market.puts_up("cake", 8_000, 9).await;
    let promotion = market.tries(eighty_percent(&cake), true).await.ok();
    let path = market.promotions(&format!("/{}", promotion["id"].as_str().unwrap()));
    assert_eq!(market.quotes(&cake, 1).await["total"], 6_400);
    market
        .boss()
        .post(&format!("{path}/stop"), json!({}))
        .await
        .ok();
    assert_eq!(market.quotes(&cake, 1).await["total"], 8_000);
    let page = market.customer().get(&format!("{path}/page")).await.ok();
    assert_eq!(
        (&page["stage"], &page["terms"]),
        (&json!("ended"), &json!(null))
    );
    let twice = market.boss().post(&format!("{path}/stop"), json!({})).await;
    assert_eq!(twice.refused(), "promotion_state");

    let links = market.shop.path("/links");
    let both =
        json!({ "promotion_id": promotion["id"], "product_id": cake.product, "channel": "x" });
    assert_eq!(
        market.boss().post(&links, both).await.refused(),
        "invalid_argument"
    );
    let nobodys = json!({ "promotion_id": cake.product, "channel": "x" });
    assert_eq!(
        market.boss().post(&links, nobodys).await.refused(),
        "not_found"
    );
}
