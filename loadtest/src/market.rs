//! A shop that sells one thing: what a flash event needs of it, over REST as everybody asks it.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    front_door::{Busy, FrontDoor, text},
    people::{Circle, Person},
};

pub(crate) mod coupon;

/// The smallest picture.
const PICTURE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];
/// Pictures without which nothing is listed.
const PICTURES: usize = 3;
/// So long somebody waits who was told that the server is busy.
const BUSY: Duration = Duration::from_millis(500);

/// The shop of this run with the one thing that it sells.
pub(crate) struct Market {
    door: Arc<FrontDoor>,
    shop: String,
    /// Who owns it, as they log in.
    pub(crate) owner: String,
    variant: String,
}

/// An order as its customer is answered.
pub(crate) struct Placed {
    /// Its id.
    pub(crate) id: String,
    /// `WS20250101001`.
    pub(crate) number: String,
    /// The place of its card in the customer's conversation with the shop.
    pub(crate) card: u64,
    /// How often the server was too busy first.
    pub(crate) busy: u64,
}

impl Market {
    /// Opens it: the thing is listed and so many of it lie there.
    pub(crate) async fn open(door: Arc<FrontDoor>, stock: u64) -> anyhow::Result<Self> {
        let shop = door.shop().await?;
        let (id, owner) = (shop.id.clone(), shop.owner.clone());
        let mut pictures = vec![];
        for _ in 0..PICTURES {
            pictures.push(door.upload(&owner, PICTURE).await?);
        }
        let form = json!({
            "title": "连衣裙", "category": ["服饰"], "description": "限时抢购", "pictures": pictures, "list_price": 19_900, "price": 15_900,
            "variants": [{ "stock": stock }], "listed": true,
        });
        let path = format!("/shops/{id}/products");
        let made = door.post(&path, &owner, &form).await?;
        let variant = text(&made["variants"][0], "id")?;
        Ok(Self {
            door,
            shop: id,
            owner,
            variant,
        })
    }

    /// A customer's conversation with the shop, which knows them from now on.
    pub(crate) async fn consult(&self, customer: &Person) -> anyhow::Result<String> {
        let wish = json!({ "shop_id": self.shop });
        let opened = self
            .door
            .post("/conversations", &customer.token, &wish)
            .await?;
        text(&opened, "id")
    }

    /// A group of such customers.
    pub(crate) async fn group(&self, people: &[Person]) -> anyhow::Result<Circle> {
        self.door.group(people).await
    }

    /// Everybody in a group is told.
    pub(crate) async fn announce(&self, group: &Circle, words: &str) -> anyhow::Result<()> {
        let path = format!("/groups/{}", group.conversation);
        let change = json!({ "announcement": words });
        self.door.patch(&path, &self.owner, &change).await?;
        Ok(())
    }

    /// Orders one, and asks again with the same key while the server is busy.
    pub(crate) async fn order(&self, customer: &Person) -> anyhow::Result<Placed> {
        let (path, key) = (self.path("/checkout"), Uuid::new_v4().to_string());
        let form = json!({
            "basket": { "lines": [{ "variant_id": self.variant, "units": 1 }] }, "delivery_method": "express",
            "recipient": { "name": "王小明", "phone": "13800138000", "address": "上海市静安区南京西路1266号" },
        });
        let mut busy = 0;
        loop {
            let said = self.door.post_once(&path, &customer.token, &form, &key);
            match said.await {
                Ok(order) => return Placed::read(&order, busy),
                Err(error) if error.is::<Busy>() => busy += 1,
                Err(error) => return Err(error.context("ordering")),
            }
            tokio::time::sleep(BUSY.mul_f64(0.5 + rand::random::<f64>())).await;
        }
    }

    /// On hand, held, available.
    pub(crate) async fn level(&self) -> anyhow::Result<[i64; 3]> {
        let path = self.path(&format!("/variants/{}/stock", self.variant));
        let level = self.door.read(&path, &self.owner).await?["level"].clone();
        let number = |field: &str| level[field].as_i64().context("a number in the level");
        Ok([number("on_hand")?, number("held")?, number("available")?])
    }

    fn path(&self, rest: &str) -> String {
        format!("/shops/{}{rest}", self.shop)
    }
}

impl Placed {
    fn read(order: &Value, busy: u64) -> anyhow::Result<Self> {
        Ok(Self {
            id: text(order, "id")?,
            number: text(order, "number")?,
            card: order["card_number"]
                .as_u64()
                .context("`card_number` is missing")?,
            busy,
        })
    }
}
