//! Everybody at once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use souk::id::ConversationId;
use uuid::Uuid;

use super::{but, giving::group, ten_off};
use crate::{
    order::Market,
    support::{Person, TestServer, eventually, rest::Said},
};

/// One try at one node: what it says, unless the line broke.
async fn tries(client: &Client, url: &str, who: &Person, key: &str) -> Option<String> {
    let ask = client
        .post(url)
        .bearer_auth(&who.token)
        .header("idempotency-key", key)
        .json(&json!({}));
    let answer = ask.send().await.ok()?;
    if answer.status().is_success() {
        return Some("claimed".to_owned());
    }
    let problem: Value = answer.json().await.ok()?;
    Some(problem["code"].as_str()?.to_owned())
}

/// Tries at one node and at the other, with one key, until something certain is said.
async fn insists(client: &Client, urls: [&str; 2], who: &Person) -> String {
    let key = Uuid::new_v4().to_string();
    for url in urls.into_iter().cycle().take(200) {
        match tries(client, url, who, &key).await.as_deref() {
            None | Some("conflict" | "overloaded" | "unavailable" | "shutting_down") => {
                tokio::task::yield_now().await;
            }
            Some(said) => return said.to_owned(),
        }
    }
    "nothing".to_owned()
}

async fn count(market: &Market, sql: &'static str) -> i64 {
    let pool = market.server.server.app.store.pool();
    sqlx::query_scalar(sql)
        .fetch_one(pool)
        .await
        .expect("a number")
}

/// CPN-06, CPN-15: 500 customers claim 100 coupons at once over two nodes, one of which dies midway; whoever hears nothing asks the other
/// one. Exactly 100 are granted, each to somebody else, the others hear that they are sold out, and the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_claims_on_a_hundred_coupons_while_a_node_dies() {
    let one = TestServer::start().await;
    let other = TestServer::on(one.database.clone(), |_| ()).await;
    let market = Market::on(one, 1).await;
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 100 })))
        .await;
    let mut people = vec![];
    for place in 0..500 {
        people.push(Person::customer(&market.server, &format!("C{place}")).await);
    }
    let path = format!("/api/v1{}", market.templates(&format!("/{template}/claim")));
    let urls = [market.server.url(&path), other.url(&path)];
    let client = TestServer::http();
    let claims = join_all(people.iter().enumerate().map(|(place, who)| {
        let (first, second) = (&urls[place % 2], &urls[(place + 1) % 2]);
        insists(&client, [first, second], who)
    }));
    let death = async {
        eventually(async || count(&market, "select count(*) from coupons").await >= 30).await;
        drop(other);
    };
    let (said, ()) = tokio::join!(claims, death);

    let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
    for word in &said {
        *answers.entry(word).or_default() += 1;
    }
    let sold_out = answers.remove("coupon_sold_out").unwrap_or_default();
    let lost = answers.remove("outcome_unknown").unwrap_or_default();
    let claimed = answers.remove("claimed").unwrap_or_default();
    assert!(answers.is_empty(), "{answers:?}");
    assert_eq!((claimed + lost, sold_out), (100, 400));
    assert_eq!(
        count(&market, "select count(distinct customer_id) from coupons").await,
        100
    );
    assert_eq!(
        market.report(&template).await["template"]["state"],
        "sold_out"
    );
    assert_eq!(market.differences().await, [""; 0]);
}

/// Customers in one group of the shop.
struct Crowd {
    market: Market,
    people: Vec<Person>,
    group: ConversationId,
}

impl Crowd {
    async fn of(size: usize) -> Self {
        let market = Market::with(1).await;
        let mut people = vec![];
        for place in 0..size {
            people.push(Person::customer(&market.server, &format!("C{place}")).await);
        }
        let group = group(&market, &people.iter().collect::<Vec<_>>()).await;
        Self {
            market,
            people,
            group,
        }
    }

    /// Drops so many coupons of a template into the group, and all of these press at once: what each hears, in their order.
    async fn presses(
        &self,
        template: &str,
        pieces: u32,
        who: impl IntoIterator<Item = &Person>,
    ) -> Vec<Said> {
        let form =
            json!({ "template_id": template, "conversation_id": self.group, "pieces": pieces });
        let gifts = self.market.shop.path("/coupon-gifts");
        let gift = self.market.boss().post(&gifts, form).await.ok();
        let path = format!(
            "/coupon-gifts/{}/claim",
            gift["id"].as_str().expect("an id")
        );
        let rest = self.market.server.rest();
        let press = async |who| rest.by(who).post(&path, json!({})).await;
        join_all(who.into_iter().map(press)).await
    }
}

fn granted(said: &[Said]) -> usize {
    said.iter().filter(|said| said.status == 201).count()
}

/// CPN-07: forty members press for twenty coupons of a gift: twenty have one, and every screen shows in the end that none is left.
#[tokio::test(flavor = "multi_thread")]
async fn forty_members_press_for_twenty() {
    let crowd = Crowd::of(40).await;
    let (market, people) = (&crowd.market, &crowd.people);
    let mut screens = [
        people[0].connect(&market.server).await,
        people[39].connect(&market.server).await,
    ];
    let template = market
        .issues(but(ten_off(), json!({ "quantity": 20 })))
        .await;
    let said = crowd.presses(&template, 20, people).await;
    assert_eq!(granted(&said), 20);
    let mut refused = said.iter().filter(|said| said.status != 201);
    assert!(
        refused.all(|said| said.refused() == "coupon_sold_out"),
        "{said:?}"
    );
    for screen in &mut screens {
        let mut pictures = 0;
        loop {
            pictures += 1;
            let card = crate::order::next_card(screen).await.card.expect("a card");
            if card.coupon.expect("of a coupon").left == 0 {
                break;
            }
        }
        assert!(pictures <= 21, "one picture for each claim at most");
    }
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-07, CPN-15: those who are served together are judged one by one. Who presses four times at once has one coupon and hears of the same one
/// each time; of seven others on one device two have one; nobody takes away what somebody else is refused.
#[tokio::test(flavor = "multi_thread")]
async fn who_press_together_are_judged_one_by_one() {
    let crowd = Crowd::of(8).await;
    let market = &crowd.market;
    let terms = but(ten_off(), json!({ "quantity": 20, "per_device": 3 }));
    let template = market.issues(terms).await;
    let first = &crowd.people[0];
    let presses = (0..4).map(|_| first).chain(&crowd.people);
    let said = crowd.presses(&template, 20, presses).await;
    let (granted, refused): (Vec<_>, Vec<_>) = said.iter().partition(|said| said.status == 201);
    let coupons: BTreeMap<String, usize> = granted.iter().fold(BTreeMap::new(), |mut all, said| {
        *all.entry(said.body["id"].to_string()).or_default() += 1;
        all
    });
    assert_eq!(coupons.len(), 3, "{said:?}");
    assert!(
        refused
            .iter()
            .all(|said| said.refused() == "coupon_device_limit"),
        "{said:?}"
    );
    assert!(
        coupons.values().all(|times| [1, 5].contains(times)),
        "{coupons:?}"
    );
    assert_eq!(count(market, "select claimed from coupon_gifts").await, 3);
    assert_eq!(market.differences().await, [""; 0]);
}

/// CPN-07, CPN-15: ten who have their one coupon already press before two who have none, on a gift with one piece: one of the two has it, and
/// everybody hears their own reason.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_have_no_more_keep_nothing_from_others() {
    let crowd = Crowd::of(12).await;
    let terms = but(ten_off(), json!({ "quantity": 20, "per_person": 1 }));
    let template = crowd.market.issues(terms).await;
    let first = crowd.presses(&template, 10, &crowd.people[..10]).await;
    assert_eq!(granted(&first), 10, "{first:?}");
    let said = crowd.presses(&template, 1, &crowd.people).await;
    let (spent, fresh) = said.split_at(10);
    assert_eq!(granted(fresh), 1, "{said:?}");
    let own = ["coupon_limit_reached", "coupon_sold_out"];
    assert!(
        spent.iter().all(|said| own.contains(&said.refused())),
        "{said:?}"
    );
    assert_eq!(crowd.market.differences().await, [""; 0]);
}
