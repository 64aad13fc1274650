//! Tags: set by hand, kept by themselves.

use serde_json::{Value, json};

use crate::{
    order::Market,
    support::{Person, eventually},
};

fn tag(dimension: &str, name: &str) -> Value {
    json!({ "dimension": dimension, "name": name })
}

impl Market {
    async fn tag(&self, tag: Value, people: &[&Person]) -> crate::support::rest::Said {
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let form = json!({ "tag": tag, "customer_ids": ids });
        self.boss()
            .post(&self.shop.path("/customer-tags"), form)
            .await
    }

    async fn carriers(&self, dimension: &str, name: &str) -> Vec<Value> {
        let path = format!("/customers?dimension={dimension}&name={name}");
        let page = self.boss().get(&self.shop.path(&path)).await.ok();
        let customers = page["customers"].as_array().expect("customers").iter();
        customers
            .map(|customer| customer["user_id"].clone())
            .collect()
    }
}

/// CRM-02, CRM-04: one tag of each kind, each found by; ten at once are ten carriers, again they are no more; a stranger among them and nobody is
/// tagged; what the server keeps is not set by hand.
#[tokio::test]
async fn many_are_tagged_at_once() {
    let market = Market::with(1).await;
    let mut people = vec![];
    for place in 0..10 {
        let person = Person::customer(&market.server, &format!("C{place}")).await;
        market.shop.consult(&market.server, &person).await;
        people.push(person);
    }
    let all: Vec<&Person> = people.iter().collect();
    let apple = tag("preference", "苹果");
    assert_eq!(market.tag(apple.clone(), &all).await.ok()["tagged"], 10);
    assert_eq!(market.tag(apple.clone(), &all).await.ok()["tagged"], 0);
    assert_eq!(market.carriers("preference", "苹果").await.len(), 10);
    for (place, dimension) in ["spending", "frequency", "preference", "source"]
        .into_iter()
        .enumerate()
    {
        let own = tag(dimension, "特别");
        market.tag(own, &all[place..=place]).await.ok();
        assert_eq!(
            market.carriers(dimension, "特别").await,
            [json!(people[place].id)]
        );
    }
    let stranger = Person::customer(&market.server, "Nobody").await;
    let tried = market
        .tag(tag("preference", "梨"), &[all[0], &stranger])
        .await;
    assert_eq!(tried.refused(), "not_found");
    assert_eq!(market.carriers("preference", "梨").await, [json!(null); 0]);
    let kept = market.tag(tag("spending", "高消费"), &all).await;
    assert_eq!(kept.refused(), "invalid_argument");
    let path = format!(
        "/customers/{}/tags?dimension=preference&name=苹果",
        people[0].id
    );
    let path = market.shop.path(&path);
    market.boss().delete(&path).await.ok();
    assert_eq!(market.boss().delete(&path).await.refused(), "not_found");
    assert_eq!(market.carriers("preference", "苹果").await.len(), 9);
}

/// CRM-03: on both sides of each limit: 50.00 and 50.01, 99.99 and 100.00, two and three purchases; who has only asked is new. Money that goes back
/// does not count, after a month three purchases are too long ago, and other thresholds count for everybody.
#[tokio::test]
async fn tags_follow_what_is_bought() {
    let market = Market::with(9).await;
    let (_, fifty) = market.another(5_000).await;
    let (_, cent) = market.another(1).await;
    let (_, less) = market.another(4_999).await;
    let mut people = vec![];
    for name in ["low", "more", "nearly", "high", "new"] {
        people.push(Person::customer(&market.server, name).await);
    }
    market.enquires(&people[4]).await;
    market.sells(&people[0], &[(fifty, 1)]).await;
    market.sells(&people[1], &[(fifty, 1), (cent, 1)]).await;
    market.sells(&people[2], &[(fifty, 1), (less, 1)]).await;
    market.sells(&people[3], &[(fifty, 1)]).await;
    let last = market.sells(&people[3], &[(fifty, 1)]).await;
    let spending = ["低消费", "中消费", "中消费", "高消费", "低消费"];
    for (person, name) in people.iter().zip(spending) {
        market.comes_to_carry(person, "spending", name).await;
    }
    market.comes_to_carry(&people[4], "frequency", "新客").await;
    market
        .comes_to_carry(&people[3], "frequency", "低复购")
        .await;
    for _ in 0..2 {
        market.sells(&people[0], &[(cent, 1)]).await;
    }
    market
        .comes_to_carry(&people[0], "frequency", "高复购")
        .await;

    let cancel = format!("/orders/{}/cancel", crate::order::id(&last));
    let rest = market.server.rest().by(&people[3]);
    rest.post(&cancel, json!({ "reason": "不想要了" }))
        .await
        .ok();
    market
        .comes_to_carry(&people[3], "spending", "低消费")
        .await;

    let rules =
        json!({ "low_at_most": 4_000, "high_from": 5_000, "repeat_from": 1, "repeat_days": 30 });
    let path = market.shop.path("/tag-rules");
    market.boss().put(&path, rules.clone()).await.ok();
    assert_eq!(market.tags_of(&people[3], "spending").await, ["高消费"]);
    assert_eq!(market.tags_of(&people[3], "frequency").await, ["高复购"]);
    market.time_passes(24 * 31).await;
    let keep = souk::crm::keep::due(&market.server.server.app);
    let kept = market.server.in_turn("keep_tags", keep).await;
    kept.expect("kept");
    assert_eq!(market.tags_of(&people[3], "frequency").await, ["低复购"]);
    let bad = json!({ "low_at_most": 2, "high_from": 2, "repeat_from": 1, "repeat_days": 30 });
    assert_eq!(
        market.boss().put(&path, bad).await.refused(),
        "invalid_argument"
    );
}

/// GRP-04: who comes into a group by a friend's invitation carries 来源:群聊裂变 and is counted in that channel; who is added by hand does not.
#[tokio::test]
async fn who_comes_by_an_invitation_is_tagged() {
    let market = Market::with(1).await;
    let (bob, carl) = (
        Person::customer(&market.server, "Bob").await,
        Person::customer(&market.server, "Carl").await,
    );
    market.shop.consult(&market.server, &carl).await;
    let group = market.shop.group(&market.server, &market.shop.owner).await;
    crate::support::scene::join(&market.server, group, &market.ann, 1).await;
    let invites = format!("/groups/{group}/invites");
    let invite = market.customer().post(&invites, json!({})).await.ok();
    let form = json!({ "token": invite["token"] });
    let rest = market.server.rest();
    rest.by(&bob).post("/invites/accept", form).await.ok();
    let add = json!({ "user_ids": [carl.id] });
    market
        .boss()
        .post(&format!("/groups/{group}/members"), add)
        .await
        .ok();
    market.comes_to_carry(&bob, "source", "群聊裂变").await;
    market.comes_to_carry(&carl, "frequency", "新客").await;
    assert_eq!(market.tags_of(&carl, "source").await, [""; 0]);
    eventually(async || {
        let tags = market.shop.path("/customer-tags");
        let tags = market.boss().get(&tags).await.ok();
        let tags = tags["tags"].as_array().expect("tags").clone();
        let counted = json!({ "dimension": "source", "name": "群聊裂变", "customers": 1 });
        tags.contains(&counted)
    })
    .await;
}
