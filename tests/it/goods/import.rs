//! A catalogue from a spreadsheet.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use super::pictures;
use crate::support::{Person, TestServer, TestShop};

const HEADING: &str = "product,title,category,list_price,price,description,labels,pictures,options,sku,stock,alert_below";

/// Sends a file; the status and the answer.
async fn send(
    server: &TestServer,
    shop: &TestShop,
    who: &Person,
    file: impl Into<Vec<u8>>,
) -> (u16, Value) {
    let request = TestServer::http()
        .post(server.url(&format!("/api/v1{}", shop.path("/products/import"))))
        .bearer_auth(&who.token)
        .header("idempotency-key", Uuid::new_v4().to_string())
        .header(CONTENT_TYPE, "text/csv")
        .body(file.into());
    let response = request.send().await.expect("an answer");
    (
        response.status().as_u16(),
        response.json().await.expect("JSON"),
    )
}

async fn catalogue(server: &TestServer, shop: &TestShop) -> Vec<Value> {
    let page = shop
        .boss(server)
        .get(&shop.path("/products?unlisted=true"))
        .await
        .ok();
    page["products"].as_array().expect("products").clone()
}

/// PROD-01, PROD-03: a file with a mark of its encoding, quotes and line breaks becomes products with variants, not yet listed.
#[tokio::test]
async fn a_whole_catalogue_comes_in() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let shown = pictures(&server, &shop, 2).await;
    let [first, second] = [0, 1].map(|place: usize| shown[place].as_str().unwrap());
    let file = format!(
        "\u{feff}{HEADING}\r\n\
         1,连衣裙,服饰 > 女装 > 连衣裙,199,159.00,\"夏季, \"\"新款\"\"\n两行\",新品 | 爆款,{first}|{second},尺码=S | 颜色=粉,D-S,20,5\r\n\
         1,,,,,,,,尺码=M|颜色=蓝,D-M,30,\r\n\
         ,Cup,things,1.5,0.99,a cup,,,,,7,\r\n"
    );
    let (status, answer) = send(&server, &shop, &shop.owner, file).await;
    assert_eq!(
        (status, answer),
        (201, json!({ "products": 2, "variants": 3, "errors": [] }))
    );
    let products = catalogue(&server, &shop).await;
    let (cup, dress) = (&products[0], &products[1]);
    assert_eq!(
        dress["product"]["category"],
        json!(["服饰", "女装", "连衣裙"])
    );
    assert_eq!(dress["product"]["description"], "夏季, \"新款\"\n两行");
    assert_eq!(
        (&dress["product"]["list_price"], &dress["product"]["price"]),
        (&json!(19_900), &json!(15_900))
    );
    assert_eq!(
        (&dress["product"]["labels"], &dress["product"]["listed"]),
        (&json!(["新品", "爆款"]), &json!(false))
    );
    assert_eq!(
        (&dress["product"]["pictures"], &dress["product"]["options"]),
        (&json!(shown), &json!(["尺码", "颜色"]))
    );
    assert_eq!(
        (
            &dress["variants"][1]["choice"],
            &dress["variants"][1]["available"]
        ),
        (&json!(["M", "蓝"]), &json!(30))
    );
    assert_eq!(
        (&cup["product"]["price"], &cup["variants"][0]["choice"]),
        (&json!(99), &json!([]))
    );
}

/// PROD-01: each wrong row is named with its line, its column and what is wrong; then nothing is written at all.
#[tokio::test]
async fn wrong_rows_are_named_and_nothing_comes_in() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let rows = [
        "1,Good,things,2,1,fine,,,size=S,,1,",
        "1,,,,,,,,colour=red,,1,",
        "1,Again,things,2,1,fine,,,size=M,,1,",
        ",,,,,,,,,,1,",
        ",Dear,things,1,2,fine,,,,,1,",
        ",Float,things,1.999,1,fine,,,,,1,",
        ",Minus,things,2,-1,fine,,,,,1,",
        ",Many,things,2,1,fine,,,,,many,",
        ",None,things,2,1,fine,,,,,-1,",
        ",Picture,things,2,1,fine,,cat.png,,,1,",
        ",Short,things,2,1",
        ",Option,things,2,1,fine,,,S,,1,",
        ",Mute,things,2,1,,,,,,1,",
    ];
    let file = format!("{HEADING}\n{}\n", rows.join("\n"));
    let (status, answer) = send(&server, &shop, &shop.owner, file).await;
    assert_eq!((status, &answer["products"]), (200, &json!(0)));
    let errors = answer["errors"].as_array().unwrap().iter();
    let named: Vec<_> = errors
        .map(|error| {
            (
                error["line"].as_u64().unwrap(),
                error["column"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        (3, "options"),
        (4, "title"),
        (5, "title"),
        (6, "price"),
        (7, "list_price"),
        (8, "price"),
        (9, "stock"),
        (10, "stock"),
        (11, "pictures"),
        (12, ""),
        (13, "options"),
        (14, "description"),
    ];
    assert_eq!(named, expected);
    assert_eq!(
        answer["errors"][4]["sentence"],
        "`list_price` is not an amount in CNY, such as 159 or 159.00."
    );
    assert!(catalogue(&server, &shop).await.is_empty());

    let twice =
        format!("{HEADING}\n,A,things,2,1,fine,,,,same,1,\n,B,things,2,1,fine,,,,same,1,\n");
    let (_, answer) = send(&server, &shop, &shop.owner, twice).await;
    let first = &answer["errors"][0];
    assert_eq!(
        (&first["line"], &first["column"]),
        (&json!(3), &json!("sku"))
    );
    let (agent, strange) = (shop.hire(&server, "agent").await, Uuid::new_v4());
    let foreign = format!("{HEADING}\n,A,things,2,1,fine,,{strange},,,1,\n");
    assert_eq!(
        send(&server, &shop, &shop.owner, foreign.clone()).await.1["errors"][0]["column"],
        "pictures"
    );
    assert_eq!(send(&server, &shop, &agent, foreign).await.0, 403);
    assert!(catalogue(&server, &shop).await.is_empty());
}

/// PROD-01: files that are no table, or too much, are refused as a whole.
#[tokio::test]
async fn a_file_that_is_no_table_is_refused() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let many = format!("{HEADING}\n{}", ",,,,,,,,,,1,\n".repeat(1_001));
    for file in [
        vec![0xC1, 0xAC, 0xD2, 0xC2],
        b"".to_vec(),
        HEADING.as_bytes().to_vec(),
        b"title,cost\nCup,1\n".to_vec(),
        many.into_bytes(),
    ] {
        let (status, answer) = send(&server, &shop, &shop.owner, file).await;
        assert_eq!(
            (status, &answer["field"]),
            (422, &json!("file")),
            "{answer}"
        );
    }
    let (status, answer) = send(&server, &shop, &shop.owner, vec![b'x'; 300_000]).await;
    assert_eq!((status, &answer["code"]), (413, &json!("too_large")));
    let bomb = format!("{HEADING}\n,A\u{0},things,2,1,fine,,,,,1,\n");
    assert_eq!(
        send(&server, &shop, &shop.owner, bomb).await.1["errors"][0]["column"],
        "title"
    );
}
