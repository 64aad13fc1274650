//! Many people in one group, and one notice for many.

use std::collections::HashSet;

use jiff_sqlx::ToSqlx as _;
use proto::{Card, ListMembers, NoticeKind, client_frame::Request, reply::Answer};
use serde_json::json;
use souk::id::{ConversationId, UserId};

use super::shop::{Shop, notice, pool, post};
use crate::support::{Person, TestServer, people::Line};

/// Customers of the shop, straight into the database.
async fn crowd(server: &TestServer, shop: &Shop, count: i64) -> Vec<UserId> {
    let now = server.clock.now().to_sqlx();
    sqlx::query_scalar(
        "with people as (
           insert into users (id, kind, name, created_at)
           select gen_random_uuid(), 'customer', 'C' || place, $2 from generate_series(1, $1) place
           returning id
         ),
         known as (
           insert into conversations (id, kind, shop_id, person_a, active_at, created_at)
           select gen_random_uuid(), 'shop', $3, id, $2, $2 from people
         )
         select id from people",
    )
    .bind(count)
    .bind(now)
    .bind(shop.id)
    .fetch_all(pool(server))
    .await
    .expect("a crowd")
}

async fn page(line: &mut Line, group: ConversationId, cursor: String) -> proto::MemberPage {
    let request = ListMembers {
        conversation_id: group.to_string(),
        cursor,
        limit: 200,
    };
    match line.ask(Request::ListMembers(request)).await {
        Answer::MemberPage(page) => page,
        other => panic!("expected members, got {other:?}"),
    }
}

/// GRP-01: ten thousand members. People come by hundreds with one notice each time, what is said is heard, and pages of
/// members are bounded, in order and without repetition.
#[tokio::test]
async fn ten_thousand_members() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let mut line = ann.connect(&server).await;
    let crowd = crowd(&server, &shop, 10_000).await;
    let path = format!("/groups/{group}/members");
    for some in crowd.chunks(500) {
        let added = post(&server, &shop.owner, &path, json!({ "user_ids": some })).await;
        assert_eq!(added.expect("added")["added"], 500);
        let (kind, message) = notice(&mut line).await;
        let subjects = message.notice.expect("a notice").subjects.len();
        assert_eq!((kind, subjects), (NoticeKind::MembersJoined, 500));
    }
    let too_many = post(
        &server,
        &shop.owner,
        &path,
        json!({ "user_ids": &crowd[..501] }),
    )
    .await;
    assert_eq!(too_many, Err("invalid_argument".into()));

    let mut owner = shop.owner.connect(&server).await;
    let said = owner.say(group, "to ten thousand").await;
    assert_eq!((said.number, line.hears().await.number), (22, 22));

    let (mut seen, mut cursor, mut pages) = (HashSet::new(), String::new(), 0);
    loop {
        let page = page(&mut line, group, cursor).await;
        assert!(page.members.len() <= 200);
        seen.extend(
            page.members
                .into_iter()
                .filter_map(|one| one.user)
                .map(|user| user.id),
        );
        pages += 1;
        if page.next_cursor.is_empty() {
            break;
        }
        cursor = page.next_cursor;
    }
    assert_eq!((seen.len(), pages), (10_002, 51));
    let nonsense = Request::ListMembers(ListMembers {
        conversation_id: group.to_string(),
        cursor: "nonsense".into(),
        limit: 0,
    });
    assert_eq!(
        line.refused(nonsense).await,
        proto::Refusal::InvalidArgument
    );
}

/// GRP-05, CHAT-04: a notice with a card, posted to two groups by the merchant, reaches every member who is on the line.
#[tokio::test]
async fn a_card_reaches_every_member_of_both_groups() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let people = shop.sells_to_many(&server, 6).await;
    let all: Vec<&Person> = people.iter().collect();
    let groups = [
        shop.gathers(&server, &all[..3]).await,
        shop.gathers(&server, &all[3..]).await,
    ];
    let mut lines = vec![];
    for person in &people {
        lines.push(person.connect(&server).await);
    }
    let card = Card {
        summary: "周五福利：领券".to_owned(),
        link: Some(proto::LinkCard {
            title: "双十一".to_owned(),
            links: vec![proto::CardLink {
                label: "去看看".to_owned(),
                url: "https://shop.example/sale".to_owned(),
            }],
            ..Default::default()
        }),
        ..Default::default()
    };
    for group in groups {
        let path = format!("/conversations/{group}/messages");
        let notice = json!({ "client_message_id": "notice", "card": card });
        post(&server, &shop.owner, &path, notice)
            .await
            .expect("posted");
    }
    for (place, line) in lines.iter_mut().enumerate() {
        let heard = line.hears().await;
        assert_eq!(heard.conversation_id, groups[place / 3].to_string());
        assert_eq!(heard.card, Some(card.clone()));
    }
}
