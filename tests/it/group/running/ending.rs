//! Groups whose people go: owners, staff, and the group itself.

use jiff::SignedDuration;
use proto::{NoticeKind, Refusal, client_frame::Request};
use serde_json::json;

use super::{
    super::shop::{Shop, audited, come, delete, get, link, listed, notice, patch, post, put},
    refused,
};
use crate::support::{Person, TestServer, people::words};

/// I-9: whoever has left knows the group by the name that it had then, with the life that it had then, and nothing of its
/// present.
#[tokio::test]
async fn who_has_left_learns_nothing_of_the_present() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let path = format!("/groups/{group}");
    patch(&server, &shop.owner, &path, json!({ "announcement": "x" }))
        .await
        .expect("changed");
    let leave = format!("{path}/members/{}", ann.id);
    delete(&server, &shop.owner, &leave).await.expect("removed");
    server.clock.advance(SignedDuration::from_secs(60));
    patch(&server, &shop.owner, &path, json!({ "name": "秋季" }))
        .await
        .expect("renamed");
    let past = get(&server, &ann, &format!("/conversations/{group}")).await;
    let past = past.expect("their past");
    let (face, last) = (&past["group"], &past["last_message"]);
    assert_eq!(last["notice"]["kind"], "member_removed");
    assert_eq!(
        (&past["title"], &face["name"], &past["active_at"]),
        (&json!("福利群"), &json!("福利群"), &last["sent_at"])
    );
    assert_eq!(
        (&face["announcement"], &face["members"]),
        (&json!(""), &json!(0))
    );
}

/// GRP-01: the owner cannot just go; the heir works for the shop.
#[tokio::test]
async fn a_group_keeps_an_owner() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let heir = shop.hires(&server, "Hugo", "operator").await;
    let group = shop.gathers(&server, &[&ann, &heir]).await;
    let path = format!("/groups/{group}");
    let leave =
        async |person: &Person| post(&server, person, &format!("{path}/leave"), json!({})).await;
    let hand_over = async |by: &Person, to: &Person| {
        put(
            &server,
            by,
            &format!("{path}/owner"),
            json!({ "user_id": to.id }),
        )
        .await
    };
    assert_eq!(refused(leave(&shop.owner).await), "last_owner");
    assert_eq!(refused(hand_over(&heir, &heir).await), "forbidden");
    assert_eq!(
        refused(hand_over(&shop.owner, &ann).await),
        "invalid_argument"
    );
    hand_over(&shop.owner, &heir).await.expect("handed over");
    let role = async |person: &Person| {
        listed(&server, &ann, group, person).await.expect("listed")["role"].clone()
    };
    assert_eq!(
        (role(&heir).await, role(&shop.owner).await),
        (json!("owner"), json!("manager"))
    );
    leave(&shop.owner).await.expect("may go now");
    assert_eq!(refused(leave(&heir).await), "last_owner");
    assert_eq!(
        audited(&server, &shop).await,
        ["group.created", "group.owner_changed"]
    );
}

/// GRP-01: who is sent away by the shop runs its groups no more; the shop hands them over.
#[tokio::test]
async fn former_staff_run_nothing() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let hugo = shop.hires(&server, "Hugo", "operator").await;
    let group = shop.gathers(&server, &[&hugo]).await;
    let path = format!("/groups/{group}");
    let hand_over = async |to: &Person| {
        let body = json!({ "user_id": to.id });
        put(&server, &shop.owner, &format!("{path}/owner"), body).await
    };
    hand_over(&hugo).await.expect("handed over");
    let of_hugo = format!("/shops/{}/staff/{}", shop.id, hugo.id);
    patch(&server, &shop.owner, &of_hugo, json!({ "disabled": true }))
        .await
        .expect("disabled");
    let hugo = Person::log_in(&server, hugo.id).await;
    let rename = json!({ "name": "mine" });
    assert_eq!(
        refused(patch(&server, &hugo, &path, rename).await),
        "not_found"
    );
    assert_eq!(refused(delete(&server, &hugo, &path).await), "not_found");
    hand_over(&shop.owner).await.expect("taken back");
}

/// GRP-01: a dissolved group tells everybody, and is silent.
#[tokio::test]
async fn a_dissolved_group_is_silent() {
    let server = TestServer::start().await;
    let shop = Shop::open(&server).await;
    let ann = shop.sells_to(&server, "Ann").await;
    let group = shop.gathers(&server, &[&ann]).await;
    let token = link(&server, &ann, group).await;
    let mut line = ann.connect(&server).await;
    let path = format!("/groups/{group}");
    delete(&server, &shop.owner, &path)
        .await
        .expect("dissolved");
    delete(&server, &shop.owner, &path)
        .await
        .expect("is already");
    assert_eq!(notice(&mut line).await.0, NoticeKind::Dissolved);
    let spoken = line.refused(Request::SendMessage(words(group, "hi"))).await;
    assert_eq!(spoken, Refusal::ConversationClosed);
    let eve = Person::customer(&server, "Eve").await;
    assert_eq!(refused(come(&server, &eve, &token).await), "invite_invalid");
    assert_eq!(
        refused(patch(&server, &shop.owner, &path, json!({ "name": "x" })).await),
        "conversation_closed"
    );
    assert_eq!(
        get(&server, &ann, &path).await.expect("the group")["dissolved"],
        true
    );
    post(&server, &ann, &format!("{path}/leave"), json!({}))
        .await
        .expect("may go");
    assert_eq!(
        audited(&server, &shop).await,
        ["group.created", "group.invite_made", "group.dissolved"]
    );
}
