//! What they do.

use anyhow::{Context as _, bail};
use proto::{
    ClaimCoupon, MarkRead, OpenConversation, SendMessage, Type, client_frame::Request,
    reply::Answer,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    customer::{Customer, Errand},
    mind::{ANSWERS, CHATTER, COMPLAINTS, QUESTIONS},
};

/// How many of something are asked about at most.
const UNITS: u64 = 2;

impl Customer<'_> {
    pub(super) async fn see_to(&mut self, errand: Errand) -> anyhow::Result<()> {
        match errand {
            Errand::Answer => self.answer().await,
            Errand::Confirm {
                order,
                revision,
                hash,
            } => self.confirm(order, revision, hash).await,
            Errand::Pay { order } => self.pay(&order).await,
            Errand::TakeGift { gift } => self.take_gift(gift).await,
        }
    }

    /// Comes from the page of something, and asks about it.
    pub(super) async fn ask_about_goods(&mut self) -> anyhow::Result<()> {
        let Some(goods) = self.something().await? else {
            return self.say_to_shop(QUESTIONS[0]).await;
        };
        let product = goods["product"]["id"].as_str().unwrap_or_default();
        let request = OpenConversation {
            shop_id: self.shop.clone(),
            source: "product".to_owned(),
            product_id: product.to_owned(),
            ..OpenConversation::default()
        };
        self.line.ask(Request::OpenConversation(request)).await?;
        let words = self.mind.words(&QUESTIONS);
        self.say(self.chat.clone(), words).await?;
        self.did(&format!("asks about {}: {words}", title(&goods)));
        Ok(())
    }

    /// Orders one or two of something that is there; the money follows.
    pub(super) async fn order(&mut self) -> anyhow::Result<()> {
        let Some((goods, variant)) = self.something_there().await? else {
            return self.say_to_shop("什么时候有货？").await;
        };
        let there = u64::try_from(variant["available"].as_i64().unwrap_or(1)).unwrap_or(1);
        let units = self.mind.within(&(1..=there.clamp(1, UNITS)));
        let basket = json!({ "lines": [{ "variant_id": variant["id"], "units": units }] });
        let wish = json!({ "basket": basket, "delivery_method": "express", "recipient": self.recipient() });
        let path = format!("/shops/{}/checkout", self.shop);
        let placed = self.door.post(&path, wish).await?;
        let order = id(&placed)?;
        self.did(&format!("orders {units} × {}", title(&goods)));
        self.plan(Errand::Pay { order });
        Ok(())
    }

    /// Agrees to what the shop has drafted, as it was shown.
    async fn confirm(&mut self, order: String, revision: u32, hash: String) -> anyhow::Result<()> {
        let agreed = json!({ "revision": revision, "hash": hash });
        let path = format!("/orders/{order}");
        let placed = self.door.post(&format!("{path}/confirm"), agreed).await?;
        if placed["delivery_method"] == "express" {
            let recipient = self.recipient();
            self.door
                .put(&format!("{path}/recipient"), recipient)
                .await?;
        }
        self.did("confirms the order that the shop has drafted");
        self.plan(Errand::Pay { order });
        Ok(())
    }

    async fn pay(&mut self, order: &str) -> anyhow::Result<()> {
        let path = format!("/orders/{order}/pay-in-sandbox");
        let paid = self.door.post(&path, json!({})).await?;
        let number = paid["number"].as_str().unwrap_or_default();
        self.did(&format!("pays for {number} with play money"));
        Ok(())
    }

    async fn take_gift(&mut self, gift_id: String) -> anyhow::Result<()> {
        let request = Request::ClaimCoupon(ClaimCoupon { gift_id });
        let Answer::Coupon(coupon) = self.line.ask(request).await? else {
            bail!("a coupon was expected")
        };
        self.did(&format!("claims a coupon from a card: {}", coupon.title));
        Ok(())
    }

    /// Claims one of what the shop offers to everybody.
    pub(super) async fn claim_offer(&mut self) -> anyhow::Result<()> {
        let shop = format!("/shops/{}", self.shop);
        let found = self.door.get(&format!("{shop}/coupons")).await?;
        let Some(offer) = self.mind.one_of(list(&found, "offers")) else {
            return self.say_to_shop("最近有优惠券吗？").await;
        };
        let path = format!("{shop}/coupon-templates/{}/claim", id(offer)?);
        self.door.post(&path, json!({})).await?;
        let title = offer["terms"]["title"].as_str().unwrap_or_default();
        self.did(&format!("claims a coupon in the shop: {title}"));
        Ok(())
    }

    /// Says that something came; else wants money back for what can be given back; else asks where it is.
    pub(super) async fn look_after(&mut self) -> anyhow::Result<()> {
        let found = self.door.get("/orders?limit=10").await?;
        let orders = list(&found, "orders");
        if let Some(order) = orders.iter().find(|order| may(order, "receive")) {
            let path = format!("/orders/{}/receive", id(order)?);
            self.door.post(&path, json!({})).await?;
            self.did("has received an order");
            return Ok(());
        }
        match orders.iter().find(|order| may(order, "apply")) {
            Some(order) => self.give_back(order).await,
            None if orders.is_empty() => self.ask_about_goods().await,
            None => self.say_to_shop("我的订单到哪里了？").await,
        }
    }

    async fn give_back(&mut self, order: &Value) -> anyhow::Result<()> {
        let path = format!("/orders/{}", id(order)?);
        let form = self.door.get(&format!("{path}/after-sale")).await?;
        let free = |line: &&Value| line["unsent"] != 0 || !list(line, "kinds").is_empty();
        let Some(line) = list(&form, "lines").iter().find(free) else {
            return self.say_to_shop("售后怎么申请？").await;
        };
        // What was not sent has no kind: it is refunded at once.
        let kind = (line["unsent"] == 0).then(|| &line["kinds"][0]);
        let reason = self.mind.words(&COMPLAINTS);
        let lines = json!([{ "line": line["line"], "units": 1 }]);
        let wish = json!({ "lines": lines, "kind": kind, "reason": reason });
        self.door.post(&format!("{path}/cases"), wish).await?;
        self.did(&format!("wants money back: {reason}"));
        Ok(())
    }

    /// Says something in a group.
    pub(super) async fn chat(&mut self) -> anyhow::Result<()> {
        let Some(group) = self.group.clone() else {
            return self.ask_about_goods().await;
        };
        let words = self.mind.words(&CHATTER);
        self.say(group, words).await?;
        self.did(&format!("says in the group: {words}"));
        Ok(())
    }

    /// Reads what the shop has said, writes for a moment, and answers.
    async fn answer(&mut self) -> anyhow::Result<()> {
        let request = OpenConversation {
            shop_id: self.shop.clone(),
            ..OpenConversation::default()
        };
        let Answer::Conversation(chat) = self.line.ask(Request::OpenConversation(request)).await?
        else {
            bail!("a conversation was expected")
        };
        let read = MarkRead {
            conversation_id: self.chat.clone(),
            number: chat.head.map(|head| head.number).unwrap_or_default(),
        };
        self.line.ask(Request::MarkRead(read)).await?;
        let conversation_id = self.chat.clone();
        let typing = Request::Type(Type { conversation_id });
        self.line.ask(typing).await?;
        let words = self.mind.words(&ANSWERS);
        self.say(self.chat.clone(), words).await?;
        self.did(&format!("answers: {words}"));
        Ok(())
    }

    async fn say_to_shop(&mut self, words: &str) -> anyhow::Result<()> {
        self.say(self.chat.clone(), words).await?;
        self.did(&format!("says to the shop: {words}"));
        Ok(())
    }

    async fn say(&mut self, conversation_id: String, text: &str) -> anyhow::Result<()> {
        let words = SendMessage {
            conversation_id,
            client_message_id: Uuid::now_v7().to_string(),
            text: text.to_owned(),
            ..SendMessage::default()
        };
        self.line.ask(Request::SendMessage(words)).await?;
        Ok(())
    }

    fn did(&self, what: &str) {
        self.tally.did(&self.name, what);
    }

    /// Something that the shop sells.
    async fn something(&mut self) -> anyhow::Result<Option<Value>> {
        let found = self.catalogue().await?;
        Ok(self.mind.one_of(&found).cloned())
    }

    /// Something that is there, with the variant of which there is some.
    async fn something_there(&mut self) -> anyhow::Result<Option<(Value, Value)>> {
        let mut there = vec![];
        for goods in self.catalogue().await? {
            let some = |variant: &&Value| variant["available"].as_i64().unwrap_or(0) > 0;
            for variant in list(&goods, "variants").iter().filter(some) {
                there.push((goods.clone(), variant.clone()));
            }
        }
        Ok(self.mind.one_of(&there).cloned())
    }

    async fn catalogue(&self) -> anyhow::Result<Vec<Value>> {
        let path = format!("/shops/{}/products", self.shop);
        Ok(list(&self.door.get(&path).await?, "products").to_vec())
    }

    fn recipient(&self) -> Value {
        json!({ "name": self.name, "phone": self.phone, "address": "杭州市西湖区文三路 1 号" })
    }
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

fn id(of: &Value) -> anyhow::Result<String> {
    let id = of["id"].as_str().context("something without an id")?;
    Ok(id.to_owned())
}

fn title(goods: &Value) -> &str {
    goods["product"]["title"].as_str().unwrap_or_default()
}

fn may(order: &Value, deed: &str) -> bool {
    list(order, "may").iter().any(|may| may == deed)
}
