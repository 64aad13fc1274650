//! Delivery notes and tables.

use serde_json::{Value, json};

use super::{Market, id};
use crate::support::Person;

/// What the server answers, as it is: status, a header, the text.
async fn raw(
    market: &Market,
    who: &Person,
    path: &str,
    body: Option<Value>,
) -> (reqwest::header::HeaderMap, String) {
    souk::tls::install_provider();
    let url = market
        .server
        .url(&format!("/api/v1{}", market.shop.path(path)));
    let client = reqwest::Client::new();
    let request = match body {
        Some(body) => client.post(url).json(&body),
        None => client.get(url),
    };
    let response = request
        .bearer_auth(&who.token)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    (headers, response.text().await.expect("text"))
}

/// An order whose words would like to be something else.
async fn wicked(market: &Market, name: &str) -> Value {
    let mut form = market.basket(1);
    form["recipient"]["name"] = json!(name);
    form["requests"] = json!("</td><script>steal()</script>");
    let order = market.place(form).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok()
}

/// ORD-24: of five orders, four have a delivery note on a sheet each, and one is named with what is against it; nothing on the page can do
/// anything.
#[tokio::test]
async fn delivery_notes_are_printed() {
    let market = Market::with(20).await;
    let mut ids = vec![];
    let order = wicked(&market, "<b>王</b>").await;
    let accepted = market.accept(&order).await.ok();
    ids.push(id(&accepted).to_owned());
    for _ in 0..3 {
        ids.push(id(&market.accepted(1).await).to_owned());
    }
    ids.push(id(&market.paid(1).await).to_owned());
    let several = json!({ "order_ids": ids });
    let owner = &market.shop.owner;
    let (headers, page) = raw(
        &market,
        owner,
        "/orders/delivery-notes",
        Some(several.clone()),
    )
    .await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(page.matches("<section>").count(), 4);
    assert!(page.contains("&lt;b&gt;王&lt;/b&gt;") && page.contains("上海市静安区南京西路1266号"));
    assert!(!page.contains("<script") && !page.contains("<b>"));
    let (sheets, refused) = page.split_once("<footer>").unwrap();
    assert!(
        refused.contains(&ids[4]) && refused.contains("pending_acceptance"),
        "{refused}"
    );
    assert!(sheets.contains(accepted["number"].as_str().unwrap()));

    let packer = packer(&market).await;
    let (_, page) = raw(&market, &packer, "/orders/delivery-notes", Some(several)).await;
    assert!(
        !page.contains("13800138000") && !page.contains("1266"),
        "masked"
    );
    let path = market.shop.path("/orders/delivery-notes");
    let none = json!({ "order_ids": [] });
    assert_eq!(
        market.boss().post(&path, none).await.refused(),
        "invalid_argument"
    );
    let record = market.boss().get(&market.shop.path("/audit")).await.ok();
    assert!(record.to_string().contains("orders.printed"));
}

/// Somebody who works on orders and may not see customers.
async fn packer(market: &Market) -> Person {
    let role = json!({ "name": "packer", "permissions": ["manage_orders"] });
    market
        .boss()
        .post(&market.shop.path("/roles"), role)
        .await
        .ok();
    market.shop.hire(&market.server, "packer").await
}

/// ORD-24: orders are exported, a row for each line; no cell is a formula, and phones are masked for whoever may not see them.
#[tokio::test]
async fn orders_are_exported() {
    let market = Market::with(20).await;
    let plain = market.paid(2).await;
    let wicked = wicked(&market, "=cmd|' /C calc'!A0,\"x\"").await;
    let (headers, table) = raw(&market, &market.shop.owner, "/orders/export", None).await;
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(headers["souk-next-cursor"], "");
    let table = table.strip_prefix('\u{feff}').expect("a mark");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        let place = columns.iter().position(|column| column == name).unwrap();
        rows[row][place].to_owned()
    };
    assert_eq!(rows.len(), 2);
    assert_eq!(cell(0, "number"), wicked["number"].as_str().unwrap());
    assert_eq!(cell(0, "recipient"), "'=cmd|' /C calc'!A0,\"x\"");
    assert_eq!(cell(1, "number"), plain["number"].as_str().unwrap());
    assert_eq!([cell(1, "units"), cell(1, "order_total")], ["2", "318.00"]);
    assert_eq!(cell(1, "phone"), "13800138000");

    let packer = packer(&market).await;
    let (_, masked) = raw(&market, &packer, "/orders/export?status=已付款", None).await;
    assert!(
        !masked.contains("13800138000") && !masked.contains("1266"),
        "{masked}"
    );
    let wrong = market
        .boss()
        .get(&market.shop.path("/orders/export?status=x"))
        .await;
    assert_eq!(wrong.refused(), "invalid_argument");
    let record = market.boss().get(&market.shop.path("/audit")).await.ok();
    assert!(record.to_string().contains("orders.exported"));
}
