//! Everybody at once, over two nodes.

use std::time::Duration;

use proto::{Alert, AlertKind, CaseState, OrderState, client_frame::Request, push::Event};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Market, seen};
use crate::{
    aftersale::SEND_BACK,
    goods::{level, thing, variant},
    support::{Person, Redis, TestServer, people::Line},
    two_nodes::two_nodes,
};

/// Where the order stands, and what of it was given back: all that its cards show from the first draft to the end.
const WAY: [(OrderState, i64); 8] = [
    (OrderState::AwaitingCustomer, 0),
    (OrderState::PendingPayment, 0),
    (OrderState::PendingAcceptance, 0),
    (OrderState::Accepted, 0),
    (OrderState::PartiallyShipped, 0),
    (OrderState::Shipped, 0),
    (OrderState::Completed, 0),
    (OrderState::Completed, 15_900),
];

/// The same of the return of one line.
const WAY_BACK: [CaseState; 5] = [
    CaseState::PendingReview,
    CaseState::AwaitingReturn,
    CaseState::ReturnInTransit,
    CaseState::Refunding,
    CaseState::Refunded,
];

/// What the conversation says by itself meanwhile, word for word.
const SAID: [&str; 8] = [
    "订单已付款,金额:259.01 元",
    "订单已确认,正在备货",
    "订单已发货,物流单号:SF1,可在‘我的订单’中查看物流进度",
    "订单已发货,物流单号:SF2,可在‘我的订单’中查看物流进度",
    "订单已完成",
    SEND_BACK,
    "商家已收到退货,退款金额:159 元",
    "退款成功,金额:159 元",
];

/// What somebody is shown of an order.
#[derive(Default)]
struct Screen {
    order: Vec<(OrderState, i64)>,
    case: Vec<CaseState>,
    said: Vec<String>,
    alerts: Vec<Alert>,
}

impl Screen {
    fn show(&mut self, event: Event) {
        match event {
            Event::Alert(alert) => self.alerts.push(alert),
            Event::MessagePosted(posted) => self.message(posted.message.expect("a message"), true),
            Event::MessageChanged(changed) => {
                self.message(changed.message.expect("a message"), false);
            }
            _ => {}
        }
    }

    fn message(&mut self, message: proto::Message, new: bool) {
        let card = message.card.unwrap_or_default();
        if let Some(order) = &card.order {
            self.order.push((order.state(), order.refunded));
        }
        if let Some(case) = &card.case {
            self.case.push(case.state());
        }
        if new && card.order.is_none() && card.case.is_none() && !message.text.is_empty() {
            self.said.push(message.text);
        }
    }

    fn over(&self, alerts: usize) -> bool {
        self.order.last() == WAY.last()
            && self.case.last() == WAY_BACK.last()
            && self.said.len() >= SAID.len()
            && self.alerts.len() >= alerts
    }

    /// Watches a line until the story is over there, and a little longer: what comes twice comes then.
    async fn watched(line: &mut Line, alerts: usize) -> Self {
        let mut screen = Self::default();
        let story = async {
            while !screen.over(alerts) {
                screen.show(line.client.next_push().await.expect("a push"));
            }
        };
        let seen = timeout(Duration::from_secs(20), story).await;
        line.ask(Request::Ping(proto::Ping {})).await;
        let rest = line.client.pushes_so_far();
        for event in rest {
            screen.show(event);
        }
        assert!(seen.is_ok(), "{:?} {:?}", screen.order, screen.said);
        screen.alerts.sort_by(|one, other| one.id.cmp(&other.id));
        screen
    }
}

/// A card that waits in a queue may give way to a newer one: what is shown is in order, and ends where the way does.
fn follows<S: PartialEq>(shown: &[S], way: &[S]) -> bool {
    let mut rest = way.iter().peekable();
    shown.iter().all(|one| {
        while rest.next_if(|next| *next != one).is_some() {}
        rest.peek().is_some()
    })
}

/// Two lines are agreed, paid, sent one by one and received.
async fn sold(market: &Market, other: &TestServer, operator: &Person) -> Value {
    let opened = json!({ "shop_id": market.shop.id });
    let conversation = market.customer().post("/conversations", opened).await.ok()["id"].clone();
    let cup = variant(&thing(&market.server, &market.shop, 10_001, 5).await, 0);
    let lines =
        json!([{ "variant_id": market.thing, "units": 1 }, { "variant_id": cup, "units": 1 }]);
    let agreement =
        json!({ "basket": { "lines": lines }, "delivery_method": "express", "terms": "pay_first" });
    let form = json!({ "conversation_id": conversation, "agreement": agreement });
    let path = market.shop.path("/orders");
    let order = market.boss().post(&path, form).await.ok();
    let agreed = json!({ "revision": 1, "hash": order["hash"] });
    let order = market.mine(&order, "confirm", agreed).await.ok();
    market.mine(&order, "pay-in-sandbox", json!({})).await.ok();
    let operator = other.rest().by(operator);
    let accepted = market.staff_as(&operator, &order, "accept", seen(&order));
    accepted.await.ok();
    for (line, number) in [(1, "SF1"), (2, "SF2")] {
        let units = json!([{ "line": line, "units": 1 }]);
        let parcel = json!({ "carrier": "shunfeng", "tracking_number": number, "units": units });
        market.staff(&order, "ship", parcel).await.ok();
    }
    market.mine(&order, "receive", json!({})).await.ok()
}

/// The first of its lines comes back, and its money goes.
async fn returned(market: &Market, order: &Value) {
    let lines = json!([{ "line": 1, "units": 1 }]);
    let wish = json!({ "lines": lines, "kind": "return_and_refund", "reason": "尺寸不合适" });
    let case = market.apply(order, wish).await.ok();
    market.decide(&case, "approve", json!({})).await.ok();
    let parcel = json!({ "carrier": "中通", "tracking_number": "ZT1" });
    market.follow(&case, "enter-return", parcel).await.ok();
    market.decide(&case, "refund", json!({})).await.ok();
    market.money_arrives(&case).await;
}

/// What staff are alerted to who may do everything: to a new customer, to the order, to the return and to its parcel.
fn alerts(number: &str) -> [(AlertKind, String); 4] {
    [
        (AlertKind::NewConversation, "Ann".to_owned()),
        (
            AlertKind::NewOrder,
            format!("订单号:{number},客户:Ann,商品:thing、thing,金额:259.01 元"),
        ),
        (
            AlertKind::AfterSale,
            format!(
                "售后申请提醒:订单号:{number},客户:Ann,商品:thing×1,类型:退款退货,原因:尺寸不合适,金额:159 元"
            ),
        ),
        (
            AlertKind::AfterSale,
            format!("售后寄回提醒:订单号:{number},客户:Ann,物流单号:ZT1"),
        ),
    ]
}

/// ALRT-01, ORD-05, ORD-13, AFS-08, CHAT-05, CHAT-06, CHAT-13: a chat order drafted, confirmed, paid, accepted, sent in two packages,
/// completed, and one line of it refunded, while the customer, two agents, an operator and the owner are on two nodes: every screen's
/// cards follow, each text stands there once and word for word, each alert reaches the entitled once and nobody else.
#[tokio::test]
async fn every_screen_follows_over_two_nodes() {
    let redis = Redis::start().await;
    let (one, other) = two_nodes(&redis, 600_000).await;
    let market = Market::on(one, 20).await;
    let operator = market.shop.hire(&market.server, "operator").await;
    let kim = market.shop.hire(&market.server, "agent").await;
    let lee = market.shop.hire(&market.server, "agent").await;
    let mut screens = [
        (market.ann.connect(&market.server).await, 0),
        (market.shop.owner.connect(&other).await, 4),
        (operator.connect(&market.server).await, 4),
        (kim.connect(&other).await, 1),
        (lee.connect(&market.server).await, 1),
    ];
    let order = sold(&market, &other, &operator).await;
    returned(&market, &order).await;

    let all = alerts(order["number"].as_str().expect("a number"));
    for (line, entitled) in &mut screens {
        let screen = Screen::watched(line, *entitled).await;
        assert!(follows(&screen.order, &WAY), "{:?}", screen.order);
        assert!(follows(&screen.case, &WAY_BACK), "{:?}", screen.case);
        assert_eq!(screen.said, SAID);
        let alerted = screen.alerts.iter();
        let alerted: Vec<_> = alerted.map(|one| (one.kind(), one.text.clone())).collect();
        assert_eq!(alerted, all[..*entitled]);
    }
    let left = level(&market.server, &market.shop, market.thing).await;
    assert_eq!(left, [20, 0, 20], "what came back can be sold again");
    assert_eq!(market.differences().await, [""; 0]);
}
