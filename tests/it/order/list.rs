//! Lists, counts and batches.

use proto::push::Event;
use serde_json::{Value, json};

use super::{Market, id, seen};
use crate::support::rest::Said;

impl Market {
    /// A page of the shop's orders, as the owner asks for it.
    async fn page(&self, query: &str) -> Said {
        let path = self.shop.path(&format!("/orders{query}"));
        self.boss().get(&path).await
    }

    /// The orders on it.
    async fn listed(&self, query: &str) -> Vec<Value> {
        let page = self.page(query).await.ok();
        page["orders"].as_array().expect("orders").clone()
    }

    /// One order that is paid, one to be sent, and one of somebody else's that is not paid.
    async fn three_orders(&self) -> [Value; 3] {
        let (paid, to_send) = (self.paid(1).await, self.accepted(2).await);
        let mut form = self.basket(1);
        form["recipient"]["phone"] = json!("13900139000");
        [paid, to_send, self.place(form).await.ok()]
    }
}

/// ORD-09, ORD-10: the list is filtered by the documents' labels, by state and by whole phone numbers; rows have what is needed.
#[tokio::test]
async fn orders_are_found() {
    let market = Market::with(20).await;
    let [paid, to_send, unpaid] = market.three_orders().await;
    assert_eq!(market.listed("").await.len(), 3);
    let found = market.listed("?status=待发货").await;
    assert_eq!((found.len(), id(&found[0])), (1, id(&to_send)));
    for field in [
        "placed_at",
        "lines",
        "total",
        "recipient",
        "delivery_method",
        "number",
    ] {
        assert!(!found[0][field].is_null(), "{field}");
    }
    assert_eq!(id(&market.listed("?status=待付款").await[0]), id(&unpaid));
    assert_eq!(id(&market.listed("?status=已付款").await[0]), id(&paid));
    let known = market.listed("?phone=%2B86%20138-0013-8000").await;
    assert_eq!(known.len(), 2);
    let both = "?phone=13900139000&status=pending_payment";
    assert_eq!(market.listed(both).await.len(), 1);
    assert_eq!(market.listed("?phone=1390013").await.len(), 0);
}

/// ORD-09, STAFF-02: the list comes page by page, for staff who manage orders; what is no status is refused.
#[tokio::test]
async fn orders_come_page_by_page() {
    let market = Market::with(20).await;
    market.three_orders().await;
    let page = market.page("?limit=2").await.ok();
    assert_eq!(page["orders"].as_array().unwrap().len(), 2);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = market.listed(&format!("?cursor={next}")).await;
    assert_eq!(rest.len(), 1);
    let wrong = market.page("?status=whatever").await;
    assert_eq!(wrong.refused(), "invalid_argument");
    let agent = market.shop.hire(&market.server, "agent").await;
    let agents = market.server.rest().by(&agent);
    let refused = agents.get(&market.shop.path("/orders")).await;
    assert_eq!(refused.refused(), "forbidden");
}

/// ALRT-05: three orders wait, one is accepted: staff see 3 and then 2, live.
#[tokio::test]
async fn staff_see_how_many_orders_wait() {
    let market = Market::with(20).await;
    let mut boss = market.shop.owner.connect(&market.server).await;
    let first = market.paid(1).await;
    market.paid(1).await;
    market.paid(1).await;
    let mut until = async |wanted: u32| {
        loop {
            if let Event::WorkCounts(counts) = boss.client.next_push().await.unwrap()
                && counts.pending_orders == wanted
            {
                return;
            }
        }
    };
    until(3).await;
    market.accept(&first).await.ok();
    until(2).await;
    let page = market.boss().get(&market.shop.path("/orders")).await.ok();
    assert_eq!(page["waiting"], 2);
}

/// ORD-24: of five orders one may not be accepted: four are, and one is refused with its reason.
#[tokio::test]
async fn a_batch_is_done_one_by_one() {
    let market = Market::with(20).await;
    let mut orders = vec![];
    for _ in 0..4 {
        orders.push(market.paid(1).await);
    }
    orders.push(market.place(market.basket(1)).await.ok());
    let named = |order: &Value| json!({ "order_id": id(order), "seen": seen(order) });
    let named: Vec<Value> = orders.iter().map(named).collect();
    let form = json!({ "orders": named, "deed": "accept" });
    let outcomes = market
        .boss()
        .post(&market.shop.path("/orders/batch"), form)
        .await
        .ok();
    let outcomes = outcomes["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.iter().filter(|one| one["done"] == true).count(), 4);
    assert_eq!(
        (&outcomes[4]["code"], &outcomes[4]["order_id"]),
        (&json!("order_state"), &json!(id(&orders[4])))
    );
    for unsound in [json!([]), json!([{ "order_id": id(&orders[4]) }])] {
        let form = json!({ "orders": unsound, "deed": "accept" });
        let path = market.shop.path("/orders/batch");
        let refused = market.boss().post(&path, form).await;
        assert_eq!(refused.refused(), "invalid_argument");
    }
}

/// The published graph is the one that the server goes by, with its ends marked.
#[tokio::test]
async fn the_graph_is_published() {
    let market = Market::with(1).await;
    let graph = market.customer().get("/order-graph").await.ok();
    assert_eq!(graph["terminal"], json!(["completed", "cancelled"]));
    let moves = graph["moves"].as_array().unwrap();
    let accept = moves.iter().find(|row| row["deed"] == "accept").unwrap();
    assert_eq!(
        (&accept["from"], &accept["to"], &accept["who"]),
        (
            &json!(["pending_acceptance"]),
            &json!(["accepted"]),
            &json!(["staff"])
        )
    );
}
