//! How far an order is.

use serde_json::json;

use super::{Market, conversation, id};

/// ORD-12, CHAT-11: a remark and a progress note stand in the conversation and in the history.
#[tokio::test]
async fn staff_say_how_far_it_is() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    market
        .staff(&order, "prepare", json!({ "remark": "今天打包" }))
        .await
        .ok();
    market
        .staff(&order, "notes", json!({ "text": "快递员已取件" }))
        .await
        .ok();
    let said = market.said(&order).await;
    assert!(
        said.contains(&"订单备货中:今天打包".to_owned())
            && said.contains(&"快递员已取件".to_owned()),
        "{said:?}"
    );
    assert_eq!(market.deeds(&order).await[3..], ["prepare", "note"]);
    let history = format!("/orders/{}/history", id(&order));
    let history = market.customer().get(&history).await.ok();
    assert_eq!(history["entries"][3]["remark"], "今天打包");
    assert_eq!(conversation(&order).to_string(), order["conversation_id"]);
}

/// CHAT-11: a progress note carries pictures: they are seen in the chat and in the order's history, and only who takes part may fetch them.
#[tokio::test]
async fn staff_show_how_far_it_is() {
    let market = Market::with(20).await;
    let order = market.accepted(1).await;
    let pictures = crate::goods::pictures(&market.server, &market.shop, 2).await;
    let note = json!({ "text": "正在打包", "pictures": pictures });
    market.staff(&order, "notes", note).await.ok();
    let path = format!("/conversations/{}/messages", conversation(&order));
    let page = market.customer().get(&path).await.ok();
    let shown = page["messages"].as_array().unwrap().iter();
    let mut shown: Vec<_> = shown
        .filter_map(|said| said["picture"].get("file_id"))
        .collect();
    shown.sort_by_key(|file| pictures.iter().position(|picture| picture == *file));
    assert_eq!(shown, pictures.iter().collect::<Vec<_>>());
    let history = format!("/orders/{}/history", id(&order));
    let history = market.customer().get(&history).await.ok();
    let last = history["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["deed"], &last["after"]["pictures"]),
        (&json!("note"), &json!(pictures))
    );

    let bob = crate::support::Person::customer(&market.server, "Bob").await;
    let file = format!("/files/{}", pictures[0].as_str().unwrap());
    assert_eq!(market.customer().get(&file).await.status, 200);
    assert_eq!(
        market.server.rest().by(&bob).get(&file).await.refused(),
        "not_found"
    );
    let own = crate::file::upload(&market.server, &bob, "a.png", crate::file::picture(4, 4)).await;
    for pictures in [
        json!([own.1["file_id"]]),
        json!([pictures[0], pictures[0]]),
        json!([uuid::Uuid::now_v7()]),
    ] {
        let note = json!({ "text": "正在打包", "pictures": pictures });
        assert_eq!(
            market.staff(&order, "notes", note).await.refused(),
            "invalid_argument"
        );
    }
    assert_eq!(market.deeds(&order).await[3..], ["note"]);
}
