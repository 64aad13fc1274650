//! The pages, as browsers get them.

use crate::support::TestServer;

/// CON-01: what the server does not have is not there: no page swallows it, whatever was asked for.
#[tokio::test]
async fn what_is_not_there_is_refused_as_ever() {
    let server = TestServer::start().await;
    for path in [
        "/nothing",
        "/desk/",
        "/desk.html",
        "/centre/",
        "/centre.html",
        "/verify/",
        "/verify.html",
        "/index.html",
        "/embed.html",
        "/assets/none.js",
        "/assets/..%2findex.html",
        "/api/v1/none",
    ] {
        let answer = server
            .browser()
            .get(server.url(path))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{path}"
        );
    }
    let answer = server
        .browser()
        .post(server.url("/"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 405);
}
