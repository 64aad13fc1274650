//! What has to be said before a draw begins.

use proto::{DrawGrade, DrawState};
use serde_json::json;

use super::Club;
use crate::{order::next_card, support::TestShop};

/// LOT-01: the shop starts a lottery: everybody in the group sees its card, with what the server has committed itself to; a member cannot, nor
/// can another shop.
#[tokio::test]
async fn a_merchant_starts_a_lottery() {
    let club = Club::open().await;
    let ann = club.member("Ann").await;
    let mut line = ann.connect(&club.server).await;
    let draw = club.tries(json!({})).await.ok();
    let card = next_card(&mut line).await.card.expect("a card");
    assert_eq!(card.summary, "抽奖 · 周末茶会 · 满80人开奖");
    let card = card.draw.expect("of a draw");
    assert_eq!(
        (
            card.state(),
            card.target,
            card.prizes[0].quantity,
            card.tickets
        ),
        (DrawState::Open, 80, 2, 0)
    );
    assert_eq!(json!(card.commitment), draw["commitment"]);
    assert_eq!((card.grade(), card.beacon), (DrawGrade::OperatorOnly, None));
    assert!(card.seed.is_empty() && draw["seed"].is_null());

    let draws = club.shop.path("/draws");
    let tried = club
        .server
        .rest()
        .by(&ann)
        .post(&draws, club.form(json!({})))
        .await;
    assert_eq!(tried.refused(), "forbidden");
    let other = TestShop::open(&club.server).await;
    let tried = other
        .boss(&club.server)
        .post(&other.path("/draws"), club.form(json!({})))
        .await;
    assert_eq!(tried.refused(), "not_found");
    let listed = club.shop.boss(&club.server).get(&draws).await.ok();
    assert_eq!(listed["draws"][0]["id"], draw["id"]);
    let audit = club
        .shop
        .boss(&club.server)
        .get(&club.shop.path("/audit"))
        .await
        .ok();
    assert!(audit.to_string().contains("draw.published"), "{audit}");
}

/// LOT-01, part 4.3: a draw without its particulars is refused before anything is sent, and all that is missing is named; a prize above 50,000 yuan
/// as well.
#[tokio::test]
async fn a_draw_without_its_particulars_is_not_published() {
    let club = Club::open().await;
    let said = club.count("select count(*) from messages").await;
    let prize = |change| {
        crate::coupon::but(
            json!({ "name": "茶", "value": 3_000, "quantity": 1 }),
            change,
        )
    };
    let claim = |change| {
        let whole = json!({ "how": "回复", "days": 7, "delivery": "快递", "forfeiture": "候补" });
        json!({ "claim": crate::coupon::but(whole, change) })
    };
    let lacking = [
        (json!({ "title": "" }), "title"),
        (json!({ "organiser": "" }), "organiser"),
        (json!({ "contact": "" }), "contact"),
        (json!({ "prizes": [] }), "prizes"),
        (
            json!({ "prizes": [prize(json!({ "name": "" }))] }),
            "prizes.name",
        ),
        (
            json!({ "prizes": [prize(json!({ "value": 0 }))] }),
            "prizes.value",
        ),
        (
            json!({ "prizes": [prize(json!({ "quantity": 0 }))] }),
            "prizes.quantity",
        ),
        (json!({ "conditions": "" }), "conditions"),
        (json!({ "ends_at": null }), "ends_at"),
        (claim(json!({ "how": "" })), "claim.how"),
        (claim(json!({ "days": 0 })), "claim.days"),
        (claim(json!({ "delivery": "" })), "claim.delivery"),
        (claim(json!({ "forfeiture": "" })), "claim.forfeiture"),
    ];
    for (changes, field) in lacking {
        let tried = club.tries(changes).await;
        assert_eq!(
            (tried.refused(), &tried.body["field"]),
            ("draw_incomplete", &json!(field))
        );
    }
    let tried = club.tries(json!({ "organiser": "", "contact": "" })).await;
    let sentence = tried.body["detail"].as_str().expect("a sentence");
    assert!(sentence.contains("organiser, contact"), "{sentence}");
    let wrong = [
        (
            json!({ "prizes": [prize(json!({ "value": 5_000_001 }))] }),
            "prizes.value",
        ),
        (
            json!({ "prizes": [prize(json!({ "quantity": 101 }))] }),
            "prizes",
        ),
        (json!({ "target": 1 }), "target"),
        (json!({ "ends_at": "2001-01-01T00:00:00Z" }), "ends_at"),
    ];
    for (changes, field) in wrong {
        let tried = club.tries(changes).await;
        assert_eq!(
            (tried.refused(), &tried.body["field"]),
            ("invalid_argument", &json!(field))
        );
    }
    club.fill(79).await;
    assert_eq!(club.tries(json!({})).await.body["field"], "target");
    assert_eq!(club.count("select count(*) from messages").await, said);
    assert_eq!(club.count("select count(*) from draws").await, 0);
}

/// LOT-01: what was published cannot be changed, not even behind the server's back.
#[tokio::test]
async fn published_rules_stay_as_they_are() {
    let club = Club::open().await;
    club.publishes(json!({})).await;
    let pool = club.server.server.app.store.pool();
    for change in [
        "rules = '{}'",
        "target = 90",
        "ends_at = now()",
        "commitment = 'x'",
    ] {
        let tried = sqlx::query(sqlx::AssertSqlSafe(format!("update draws set {change}")));
        assert!(tried.execute(pool).await.is_err(), "{change}");
    }
}
