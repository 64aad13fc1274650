//! Taking part.

use proto::{DrawGrade, Refusal};
use serde_json::json;

use super::Club;
use crate::{
    order::next_card,
    support::{
        Person,
        asking::{asked, refused},
        eventually,
        people::Line,
    },
};

const NONCE: &str = "0123456789abcdef";

/// The next card that shows so many tickets.
async fn card_with(line: &mut Line, tickets: u32) -> proto::DrawCard {
    loop {
        let card = next_card(line).await.card.expect("a card");
        let card = *card.draw.expect("of a draw");
        if card.tickets == tickets {
            return card;
        }
    }
}

/// LOT-04: who enters has a receipt, the same however often they press; the card says how many take part, and that somebody has thrown something in.
#[tokio::test]
async fn entering_gives_a_receipt() {
    let club = Club::open().await;
    let (ann, bob) = (club.member("Ann").await, club.member("Bob").await);
    let mut watcher = bob.connect(&club.server).await;
    let draw = club.publishes(json!({})).await;
    let mut line = ann.connect(&club.server).await;
    let receipt =
        asked!(line, EnterDraw { draw_id: draw.clone(), nonce: NONCE.to_owned() } => DrawReceipt);
    let again = asked!(line, EnterDraw { draw_id: draw.clone() } => DrawReceipt);
    assert_eq!(receipt, again);
    assert_eq!(
        (
            receipt.nonce.as_str(),
            receipt.tickets.len(),
            receipt.tickets[0].number
        ),
        (NONCE, 1, 1)
    );
    let card = card_with(&mut watcher, 1).await;
    assert_eq!(card.grade(), DrawGrade::Participants);
    let second = club.enters(&bob, &draw, "").await.ok();
    assert_eq!(second["tickets"][0]["number"], 2);
    assert_eq!(card_with(&mut watcher, 2).await.people, 2);
    let shown = club
        .server
        .rest()
        .by(&ann)
        .get(&format!("/draws/{draw}"))
        .await
        .ok();
    assert_eq!(shown["receipt"]["salt"], receipt.salt);

    for nonce in [
        "0123",
        "0123456789ABCDEF",
        "zzzzzzzzzzzzzzzz",
        &"a".repeat(65),
    ] {
        let said = refused!(
            line,
            EnterDraw {
                draw_id: draw.clone(),
                nonce: nonce.to_owned()
            }
        );
        assert_eq!(said, Refusal::InvalidArgument, "{nonce}");
    }
    assert_eq!(club.differences().await, [""; 0]);
}

/// LOT-04, part 4.3: outsiders do not see it, the shop's staff do not win, not with another account on the same number either, nor whoever
/// is banned; and after the end nobody enters.
#[tokio::test]
async fn not_everybody_may_enter() {
    let club = Club::open().await;
    let draw = club.publishes(json!({ "target": null })).await;
    let outsider = club.stranger("Eve").await;
    assert_eq!(
        club.enters(&outsider, &draw, "").await.refused(),
        "not_found"
    );
    assert_eq!(
        club.enters(&club.shop.owner, &draw, "").await.refused(),
        "forbidden"
    );
    let agent = club
        .shop
        .hire_by(&club.server, "13912345678", "agent")
        .await;
    let same = club.member("Al").await;
    let pool = club.server.server.app.store.pool();
    sqlx::query("update users set phone = (select phone from users where id = $1) where id = $2")
        .bind(agent.id)
        .bind(same.id)
        .execute(pool)
        .await
        .expect("the same number");
    assert_eq!(
        club.enters(&same, &draw, "").await.refused(),
        "draw_not_eligible"
    );
    let ann = club.member("Ann").await;
    club.enters(&ann, &draw, "").await.ok();
    club.later(25).await;
    let bob = club.member("Bob").await;
    assert_eq!(club.enters(&bob, &draw, "").await.refused(), "draw_state");
    let shown = club.seen(&draw).await;
    let places = shown["places"].as_array().expect("places");
    assert!(
        places
            .iter()
            .all(|place| place["customer_id"] != json!(same.id)),
        "{places:?}"
    );
}

async fn chances(club: &Club, who: &Person, draw: &str) -> usize {
    let shown = club
        .server
        .rest()
        .by(who)
        .get(&format!("/draws/{draw}"))
        .await
        .ok();
    shown["receipt"]["tickets"].as_array().map_or(0, Vec::len)
}

/// LOT-03, RISK-02: two friends are two chances more, whether they came before or after one has entered. Who leaves and comes back, who was
/// here before the draw, and who uses one's own device is none.
#[tokio::test]
async fn friends_are_chances() {
    let club = Club::open().await;
    let (ann, bob) = (club.member("Ann").await, club.member("Bob").await);
    let early = club.stranger("Early").await;
    club.brings(&ann, &early).await;
    let draw = club.publishes(json!({})).await;
    club.enters(&ann, &draw, NONCE).await.ok();
    let (one, two) = (club.stranger("One").await, club.stranger("Two").await);
    club.brings(&ann, &one).await;
    club.brings(&ann, &two).await;
    eventually(async || chances(&club, &ann, &draw).await == 3).await;

    let leave = format!("/groups/{}/leave", club.group);
    for old in [&one, &early] {
        club.server
            .rest()
            .by(old)
            .post(&leave, json!({}))
            .await
            .ok();
        club.brings(&bob, old).await;
    }
    let double = club.stranger("Double").await;
    club.gives_device(&double, "Bob").await;
    club.brings(&bob, &double).await;
    club.enters(&bob, &draw, "").await.ok();
    assert_eq!(chances(&club, &bob, &draw).await, 1);
    let third = club.stranger("Third").await;
    club.brings(&bob, &third).await;
    eventually(async || chances(&club, &bob, &draw).await == 2).await;
    assert_eq!(chances(&club, &ann, &draw).await, 3, "what was given stays");
    assert_eq!(club.differences().await, [""; 0]);
}
