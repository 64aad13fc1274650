//! Taking a share.

use proto::Refusal;
use serde_json::json;

use super::{Treat, amount};
use crate::support::{
    asking::{asked, refused},
    people::Line,
};

/// Red packets: a share is taken on the socket and over REST; pressing again gives the same share; what was taken is on one's list and in one's balance, and
/// the shop's books say that it owes it.
#[tokio::test]
async fn a_share_is_taken_once() {
    let treat = Treat::with(1_000).await;
    let (ann, bob) = (
        treat.club.member("Ann").await,
        treat.club.member("Bob").await,
    );
    let id = treat
        .sends(json!({ "kind": "equal", "total": 20, "shares": 3 }))
        .await;
    let mut line = ann.connect(&treat.club.server).await;
    let share = asked!(line, TakeRedPacket { red_packet_id: id.clone() } => RedPacketShare);
    assert_eq!((share.place, share.currency.as_str()), (1, "CNY"));
    let again = treat.takes(&ann, &id).await.ok();
    assert_eq!(json!(share), again, "the same share");
    let second = treat.takes(&bob, &id).await.ok();
    assert_eq!(second["place"], 2);
    assert!((6..=7).contains(&amount(&second)));
    assert_ne!(second["person"], json!(share.person));

    let mine = treat.reads(&ann, "/red-packets").await.ok();
    assert_eq!(mine["shares"][0]["amount"], share.amount);
    let balances = treat.reads(&ann, "/balances").await.ok();
    assert_eq!(balances["balances"][0]["amount"], share.amount);
    let shown = treat.reads(&ann, &format!("/red-packets/{id}")).await.ok();
    assert_eq!((&shown["share"], &shown["taken"]), (&again, &json!(2)));
    let both = share.amount + amount(&second);
    assert_eq!(treat.balances().await["customers"], both);
    let open = treat.reads(&ann, &format!("/red-packets/{id}/file")).await;
    assert_eq!(open.refused(), "red_packet_open", "nobody learns the seed");
    assert_eq!(treat.club.differences().await, [""; 0]);
}

/// Red packets: nobody takes a share who is not in the group, works for the shop (with a merchant's account, or a customer's on the same number), is banned, or whose
/// device has taken one; what is empty or over gives nothing, and each hears which it is.
#[tokio::test]
async fn who_takes_nothing() {
    let treat = Treat::with(1_000).await;
    let club = &treat.club;
    let id = treat.sends(json!({ "shares": 2 })).await;
    let stranger = club.stranger("Eve").await;
    assert_eq!(treat.takes(&stranger, &id).await.refused(), "not_found");
    let owner = &club.shop.owner;
    assert_eq!(treat.takes(owner, &id).await.refused(), "forbidden");
    let agent = club
        .shop
        .hire_by(&club.server, "13912345678", "agent")
        .await;
    let same = club.member("Al").await;
    sqlx::query("update users set phone = (select phone from users where id = $1) where id = $2")
        .bind(agent.id)
        .bind(same.id)
        .execute(club.server.server.app.store.pool())
        .await
        .expect("the same number");
    let staff = treat.takes(&same, &id).await;
    assert_eq!(staff.refused(), "red_packet_not_eligible");
    let ann = club.member("Ann").await;
    treat.takes(&ann, &id).await.ok();
    let sister = club.member("Anna").await;
    club.gives_device(&sister, "Ann").await;
    let device = treat.takes(&sister, &id).await;
    assert_eq!(device.refused(), "red_packet_taken");
    let gone = club.member("Gus").await;
    let leave = format!("/groups/{}/leave", club.group);
    club.server
        .rest()
        .by(&gone)
        .post(&leave, json!({}))
        .await
        .ok();
    assert_eq!(treat.takes(&gone, &id).await.refused(), "not_a_member");
    treat.takes(&club.member("Bob").await, &id).await.ok();
    let late = club.member("Cleo").await;
    assert_eq!(treat.takes(&late, &id).await.refused(), "red_packet_empty");
    let mut line = late.connect(&club.server).await;
    let mut says = async |id: &str| {
        refused!(
            line,
            TakeRedPacket {
                red_packet_id: id.to_owned()
            }
        )
    };
    assert_eq!(says(&id).await, Refusal::RedPacketEmpty);
    assert_eq!(says("x").await, Refusal::InvalidArgument);
    let nothing = souk::id::RedPacketId::new().to_string();
    assert_eq!(says(&nothing).await, Refusal::NotFound);
    assert_eq!(club.differences().await, [""; 0]);
}

/// The next pictures of a red packet, until it shows so many taken.
pub async fn shows(line: &mut Line, taken: u32) -> (usize, proto::RedPacketCard) {
    for pictures in 1.. {
        let card = crate::order::next_card(line).await.card.expect("a card");
        let card = *card.red_packet.expect("of a red packet");
        if card.taken == taken {
            return (pictures, card);
        }
    }
    unreachable!("it counts")
}

/// Red packets: everybody's screen shows how many were taken, and the seed when the last one was.
#[tokio::test(flavor = "multi_thread")]
async fn the_card_counts() {
    let treat = Treat::with(1_000).await;
    let (ann, bob) = (
        treat.club.member("Ann").await,
        treat.club.member("Bob").await,
    );
    let mut screens = [
        ann.connect(&treat.club.server).await,
        bob.connect(&treat.club.server).await,
    ];
    let id = treat.sends(json!({ "shares": 2 })).await;
    treat.takes(&ann, &id).await.ok();
    for screen in &mut screens {
        shows(screen, 1).await;
    }
    treat.takes(&bob, &id).await.ok();
    for screen in &mut screens {
        let (_, card) = shows(screen, 2).await;
        assert_eq!(card.state(), proto::RedPacketState::Emptied);
        assert_eq!((card.taken_amount, card.seed.len()), (1_000, 64));
    }
}
