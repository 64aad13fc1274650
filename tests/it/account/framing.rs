//! A shop's chat in a frame: which sites may show it, and who says so.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::support::{Person, TestServer, TestShop};

/// What a page says of the frames that may show it: its policy's part about that, and the older header.
fn frames(headers: &HeaderMap) -> (String, Option<String>) {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let policy = text("content-security-policy").expect("a policy");
    let part = policy
        .split(';')
        .find(|part| part.contains("frame-ancestors"));
    (
        part.expect("who frames it").trim().to_owned(),
        text("x-frame-options"),
    )
}

async fn page(server: &TestServer, path: &str) -> reqwest::Response {
    let asked = server.browser().get(server.url(path));
    asked.send().await.expect("an answer")
}

/// ACC-01: the chat of a shop is shown in frames of the sites that this shop has listed, from then on, and of nobody else.
#[tokio::test]
async fn a_shop_is_framed_by_the_sites_that_it_lists() {
    let server = TestServer::start().await;
    let (tea, cake) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let (of_tea, of_cake) = (format!("/embed/{}", tea.id), format!("/embed/{}", cake.id));
    let nobody = ("frame-ancestors 'none'".to_owned(), Some("DENY".to_owned()));
    assert_eq!(frames(page(&server, &of_tea).await.headers()), nobody);

    let sites = json!({ "origins": ["https://Tea.example/", "https://tea.example:8443", "https://tea.example"] });
    let kept = tea
        .boss(&server)
        .put(&tea.path("/embed-origins"), sites)
        .await
        .ok();
    assert_eq!(
        kept["origins"],
        json!(["https://tea.example", "https://tea.example:8443"])
    );
    let shown = page(&server, &of_tea).await;
    let listed = "frame-ancestors https://tea.example https://tea.example:8443";
    assert_eq!(frames(shown.headers()), (listed.to_owned(), None));
    assert_eq!(
        shown.headers()["cache-control"],
        "no-store",
        "no browser keeps whom it was for"
    );
    assert_eq!(shown.headers()["referrer-policy"], "no-referrer");
    assert_eq!(
        frames(page(&server, &of_cake).await.headers()),
        nobody,
        "another shop's is its own"
    );

    tea.boss(&server)
        .put(&tea.path("/embed-origins"), json!({ "origins": [] }))
        .await
        .ok();
    assert_eq!(frames(page(&server, &of_tea).await.headers()), nobody);
    for none in [
        "/embed/018f0000-0000-7000-8000-000000000000",
        "/embed/x",
        "/embed/",
        "/embed.html",
    ] {
        assert_eq!(page(&server, none).await.status(), 404, "{none}");
    }
}

/// ACC-01: the pages for people are framed by nobody, whatever a shop lists.
#[tokio::test]
async fn the_pages_are_framed_by_nobody() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let sites = json!({ "origins": ["https://tea.example"] });
    shop.boss(&server)
        .put(&shop.path("/embed-origins"), sites)
        .await
        .ok();
    for path in ["/", "/desk", "/centre", "/verify"] {
        let shown = page(&server, path).await;
        // A program that was built without its pages has nothing that could be framed.
        if shown.status() == 200 {
            let nobody = ("frame-ancestors 'none'".to_owned(), Some("DENY".to_owned()));
            assert_eq!(frames(shown.headers()), nobody, "{path}");
        }
    }
}

/// ACC-01: the sites are for those who manage the shop to say; each change is written down.
#[tokio::test]
async fn who_manages_the_shop_says_which_sites() {
    let server = TestServer::start().await;
    let (shop, other) = (TestShop::open(&server).await, TestShop::open(&server).await);
    let path = shop.path("/embed-origins");
    let agent = shop.hire(&server, "agent").await;
    let ann = Person::customer(&server, "Ann").await;
    let sites = json!({ "origins": ["https://tea.example"] });
    for stranger in [&agent, &ann, &other.owner] {
        let rest = server.rest().by(stranger);
        for said in [rest.get(&path).await, rest.put(&path, sites.clone()).await] {
            assert_eq!((said.status, said.refused()), (403, "forbidden"));
        }
    }
    let boss = shop.boss(&server);
    assert_eq!(boss.get(&path).await.ok(), json!({ "origins": [] }));
    for _ in 0..2 {
        boss.put(&path, sites.clone()).await.ok();
    }
    assert_eq!(boss.get(&path).await.ok(), sites);
    let deeds = boss.get(&shop.path("/audit")).await.ok();
    let deeds: Vec<&Value> = deeds["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .collect();
    let of_sites: Vec<_> = deeds
        .iter()
        .filter(|one| one["action"] == "shop_embed_origins.changed")
        .collect();
    assert_eq!(of_sites.len(), 1, "what changes nothing is no deed");
    assert_eq!(
        (&of_sites[0]["before"], &of_sites[0]["after"]),
        (&json!({ "origins": [] }), &sites)
    );
}

/// ACC-01: what is no site, or too many of them, is refused by the name of the field, and nothing of it is kept.
#[tokio::test]
async fn what_is_no_site_is_refused() {
    let server = TestServer::start().await;
    let shop = TestShop::open(&server).await;
    let (boss, path) = (shop.boss(&server), shop.path("/embed-origins"));
    let many: Vec<_> = (0..21)
        .map(|at| format!("https://tea{at}.example"))
        .collect();
    for wrong in [
        json!(["*"]),
        json!(["https://*.example"]),
        json!(["http://tea.example"]),
        json!(["https://tea.example/shop"]),
        json!(["https://tea.example", "https://a;script-src"]),
        json!(many),
    ] {
        let said = boss.put(&path, json!({ "origins": wrong })).await;
        assert_eq!(
            (said.refused(), &said.body["field"]),
            ("invalid_argument", &json!("origins")),
            "{wrong}"
        );
    }
    assert_eq!(boss.get(&path).await.ok(), json!({ "origins": [] }));
    boss.put(&path, json!({ "origins": many[..20] })).await.ok();
}
