//! How it is tried.

use rand::RngExt as _;
use serde_json::{Value, json};
use souk::{money::Money, order::hear, payment::Paid};

use super::{
    Story,
    tries::Try::{self, self as T},
};
use crate::{order::id, support::rest::Said};

impl Story {
    /// One to three of the goods, one to four of each.
    fn basket(&mut self) -> Value {
        let first = self.chance.random_range(0..self.goods.len());
        let lines: Vec<Value> = (0..self.chance.random_range(1..=3))
            .map(|place| {
                let variant = self.goods[(first + place) % self.goods.len()];
                json!({ "variant_id": variant, "units": self.chance.random_range(1..=4) })
            })
            .collect();
        json!({ "lines": lines })
    }

    /// Units of one or two lines, now and then more than there are.
    fn some_of(&mut self, order: &Value) -> Value {
        let lines = order["lines"].as_array().expect("lines").clone();
        let first = self.chance.random_range(0..lines.len());
        let number = self.chance.random_range(1..=lines.len().min(2));
        let some = (0..number).map(|place| {
            let line = &lines[(first + place) % lines.len()];
            let most = line["units"].as_u64().expect("units");
            let units = self.chance.random_range(1..=most);
            json!({ "line": line["line"], "units": units })
        });
        some.collect::<Vec<_>>().into()
    }

    /// Units that are with the customer and that nobody argues about, as a rule.
    fn some_sent(&mut self, order: &Value) -> Value {
        let lines = order["lines"].as_array().expect("lines").clone();
        let with_customer = |line: &&Value| {
            let count = |name: &str| line[name].as_i64().expect("a number");
            let back = count("refunded") - count("dropped");
            line["case_id"].is_null() && count("shipped") > back
        };
        let sent: Vec<&Value> = lines.iter().filter(with_customer).collect();
        if sent.is_empty() || self.chance.random_ratio(1, 8) {
            return self.some_of(order);
        }
        let line = sent[self.chance.random_range(0..sent.len())];
        json!([{ "line": line["line"], "units": 1 }])
    }

    /// One of the customer's coupons, whatever has become of it, or none.
    fn some_coupon(&mut self) -> Value {
        let place = self.chance.random_range(0..2 * self.coupons.len());
        self.coupons.get(place).cloned().unwrap_or_default()
    }

    fn agreement(&mut self) -> Value {
        let terms = ["pay_first", "pay_later"][self.chance.random_range(0..2)];
        json!({
            "basket": self.basket(), "delivery_method": "express", "terms": terms, "coupon_id": self.some_coupon(),
        })
    }

    fn parcel(&mut self) -> Value {
        self.last += 1;
        json!({ "carrier": "shunfeng", "tracking_number": format!("P{}", self.last) })
    }

    /// Does what is tried.
    pub async fn attempt(&mut self, what: Try, order: &Value, case: &Value) -> Said {
        if what.of_case().is_some() {
            return self.attempt_with(what, case).await;
        }
        match what {
            T::Place
            | T::Draft
            | T::Redraft
            | T::Confirm
            | T::Edit
            | T::AskChange
            | T::AnswerChange => self.agree(what, order).await,
            T::Apply | T::ApplySent | T::Give | T::GiveSent => self.want(what, order).await,
            T::MoneyGoes | T::HoursPass | T::Restock | T::HearOfMoney => {
                self.happen(what, order).await
            }
            _ => self.bring(what, order).await,
        }
    }

    /// What is ordered, and changes of that; now and then to the very same.
    async fn agree(&mut self, what: Try, order: &Value) -> Said {
        let (agreement, yes) = (self.agreement(), self.chance.random_bool(0.7));
        let basket = match what {
            T::Edit | T::AskChange if self.chance.random_bool(0.5) => same(order),
            _ => agreement["basket"].clone(),
        };
        let market = &self.market;
        let basket = json!({ "basket": basket });
        match what {
            T::Place => {
                let form = json!({
                    "basket": agreement["basket"], "delivery_method": "express", "coupon_id": agreement["coupon_id"],
                });
                market.place(form).await
            }
            T::Draft => {
                let opened = json!({ "shop_id": market.shop.id });
                let opened = market.customer().post("/conversations", opened).await.ok();
                let form = json!({ "conversation_id": opened["id"], "agreement": agreement });
                market.boss().post(&market.shop.path("/orders"), form).await
            }
            T::Redraft => {
                let path = market.shop.path(&format!("/orders/{}", id(order)));
                market.boss().put(&path, agreement).await
            }
            T::Confirm => {
                let agreed = json!({ "revision": order["revision"], "hash": order["hash"] });
                market.mine(order, "confirm", agreed).await
            }
            T::Edit => {
                let path = format!("/orders/{}", id(order));
                market.customer().patch(&path, basket).await
            }
            T::AskChange => {
                let wish = json!({ "edit": basket });
                market.mine(order, "changes", wish).await
            }
            _ => {
                let answer = json!({ "approved": yes });
                market.staff(order, "answer-change", answer).await
            }
        }
    }

    /// What brings an order on, or ends it.
    async fn bring(&mut self, what: Try, order: &Value) -> Said {
        let (mut parcel, some) = (self.parcel(), self.some_of(order));
        let market = &self.market;
        let (nothing, why) = (json!({}), json!({ "reason": "不想要了" }));
        match what {
            T::Decline => market.mine(order, "decline", why).await,
            T::Cancel => market.mine(order, "cancel", why).await,
            T::Pay => market.mine(order, "pay-in-sandbox", nothing).await,
            T::Extend => market.mine(order, "extend", nothing).await,
            T::Receive => market.mine(order, "receive", nothing).await,
            T::Withdraw => market.staff(order, "withdraw", why).await,
            T::CancelByStaff => market.staff(order, "cancel", why).await,
            T::GiveExtraBack => market.staff(order, "give-back-extra", why).await,
            T::Accept => market.accept(order).await,
            T::Prepare => market.staff(order, "prepare", nothing).await,
            T::Note => market.staff(order, "notes", json!({ "text": "好" })).await,
            T::ShipAll => market.staff(order, "ship", parcel).await,
            T::ShipSome => {
                parcel["units"] = some;
                market.staff(order, "ship", parcel).await
            }
            _ => {
                let reference = json!({ "reference": parcel["tracking_number"] });
                market.staff(order, "confirm-payment", reference).await
            }
        }
    }

    /// Money or goods are wanted back.
    async fn want(&mut self, what: Try, order: &Value) -> Said {
        let lines = match what {
            T::ApplySent | T::GiveSent => self.some_sent(order),
            _ if self.chance.random_bool(0.4) => all_left(order),
            _ => self.some_of(order),
        };
        let kinds = [
            "refund_only",
            "return_and_refund",
            "return_and_refund",
            "exchange",
            "exchange",
        ];
        let kind = kinds[self.chance.random_range(0..kinds.len())];
        let mut wish = json!({ "lines": lines, "reason": "不想要了" });
        match what {
            T::Apply => self.market.apply(order, wish).await,
            T::ApplySent => {
                wish["kind"] = kind.into();
                self.market.apply(order, wish).await
            }
            _ => {
                wish["sent"] = (what == T::GiveSent).into();
                self.market.staff(order, "cases", wish).await
            }
        }
    }

    async fn attempt_with(&mut self, what: Try, case: &Value) -> Said {
        if case.is_null() {
            return refused("case_state");
        }
        let (parcel, nothing) = (self.parcel(), json!({}));
        let market = &self.market;
        match what {
            T::Approve => market.decide(case, "approve", nothing).await,
            T::Reject => {
                market
                    .decide(case, "reject", json!({ "reason": "不符" }))
                    .await
            }
            T::RefundReturn => market.decide(case, "refund", nothing).await,
            T::ShipExchange => market.decide(case, "ship-exchange", parcel).await,
            T::EnterReturn => market.follow(case, "enter-return", parcel).await,
            T::CloseExchange => market.follow(case, "close", nothing).await,
            _ => market.follow(case, "withdraw", nothing).await,
        }
    }

    /// What nobody on either side does.
    async fn happen(&mut self, what: Try, order: &Value) -> Said {
        match what {
            T::MoneyGoes => self.market.on_time().await,
            T::HoursPass => {
                let hours = [1, 25, 11 * 24, 16 * 24][self.chance.random_range(0..4)];
                self.market.time_passes(hours).await;
            }
            T::HearOfMoney => return self.hear_of_money(order).await,
            _ => return self.restock().await,
        }
        done()
    }

    async fn restock(&mut self) -> Said {
        let variant = self.goods[self.chance.random_range(0..self.goods.len())];
        let (kind, units) = match self.chance.random_range(0..3) {
            0 => ("received", self.chance.random_range(1..=6)),
            1 => ("written_off", self.chance.random_range(1..=6)),
            _ => ("counted", self.chance.random_range(0..=25)),
        };
        let path = self.market.shop.path(&format!("/variants/{variant}/stock"));
        let movement = json!({ "kind": kind, "units": units });
        self.market.boss().post(&path, movement).await
    }

    async fn hear_of_money(&mut self, order: &Value) -> Said {
        let app = &self.market.server.server.app;
        let total = order["total"].as_i64().expect("a sum");
        let (amount, number) = (
            total - i64::from(self.chance.random_ratio(1, 4)),
            self.chance.random_range(0..3u8),
        );
        if order["number"].is_null() || amount <= 0 {
            return done();
        }
        let paid = Paid {
            order: id(order).parse().expect("an id"),
            method: "alipay".into(),
            charge: None,
            transaction: format!("{}:{number}", id(order)),
            amount: Money::minor(amount),
            at: app.clock.now(),
        };
        let told = hear::told(app, self.market.shop.id, &paid).await;
        told.expect("money is never refused");
        done()
    }
}

/// Every unit of an order that was not sent.
fn all_left(order: &Value) -> Value {
    let lines = order["lines"].as_array().expect("lines").iter();
    let left = lines.map(|line| {
        let count = |name: &str| line[name].as_i64().expect("a number");
        (
            &line["line"],
            count("units") - count("shipped") - count("dropped"),
        )
    });
    let left = left.filter(|(_, left)| *left > 0);
    let left = left.map(|(line, left)| json!({ "line": line, "units": left }));
    left.collect::<Vec<_>>().into()
}

/// The lines of an order as they are.
fn same(order: &Value) -> Value {
    let lines = order["lines"].as_array().expect("lines").iter();
    let lines =
        lines.map(|line| json!({ "variant_id": line["variant_id"], "units": line["units"] }));
    json!({ "lines": lines.collect::<Vec<_>>() })
}

fn done() -> Said {
    Said {
        status: 200,
        body: Value::Null,
    }
}

fn refused(code: &str) -> Said {
    Said {
        status: 409,
        body: json!({ "code": code }),
    }
}
