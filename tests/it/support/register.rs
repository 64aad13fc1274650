//! Accounts the way people get them: a code on the phone, a form, a log-in.

use serde_json::{Value, json};
use souk::id::ShopId;

use super::{Person, TestServer, rest::Said};

/// A password that both rules accept.
pub const PASSWORD: &str = "g00d-Enough!";

/// A number nobody else in this test has.
pub fn phone(number: u32) -> String {
    format!("+86138{number:08}")
}

impl TestServer {
    /// Asks for a code; gives the request's id.
    pub async fn request_code(&self, account: &str, contact: Value, purpose: &str) -> Said {
        let mut body = contact;
        body["account"] = account.into();
        body["purpose"] = purpose.into();
        self.rest().post("/codes", body).await
    }

    /// Asks for a code and reads it on the phone or in the mailbox.
    pub async fn proof(&self, account: &str, contact: Value, purpose: &str) -> Value {
        let asked = self.request_code(account, contact.clone(), purpose).await;
        let request_id = asked.ok()["request_id"].clone();
        json!({ "request_id": request_id, "code": self.newest_code(&contact).await })
    }

    /// The newest code that came to a contact.
    pub async fn newest_code(&self, contact: &Value) -> String {
        let text = self.texts_to(contact).await.swap_remove(0);
        let digits = |run: &&str| run.len() == 6 && run.bytes().all(|b| b.is_ascii_digit());
        let mut runs = text.split(|c: char| !c.is_ascii_digit()).filter(digits);
        let code = runs.next().expect("six digits in the text").to_owned();
        assert_eq!(runs.next(), None, "one code a text");
        code
    }

    /// Texts that came to a contact, newest first.
    pub async fn texts_to(&self, contact: &Value) -> Vec<String> {
        let (field, value) = contact
            .as_object()
            .expect("one field")
            .iter()
            .next()
            .expect("one");
        let value = value.as_str().expect("text").replace('+', "%2B");
        let said = self
            .rest()
            .get(&format!("/dev/outbox?{field}={value}"))
            .await;
        let messages = said.ok()["messages"].as_array().expect("a list").clone();
        messages
            .iter()
            .map(|message| message["text"].as_str().expect("text").to_owned())
            .collect()
    }
}

/// The form of a merchant.
pub fn merchant_form(phone: &str, proof: &Value) -> Value {
    json!({ "phone": phone, "proof": proof, "password": PASSWORD, "shop_name": "南街茶铺", "device_id": "pc" })
}

impl Person {
    /// Whoever an answer logs in.
    pub fn of(answer: &Value) -> Self {
        Self {
            id: answer["user"]["id"]
                .as_str()
                .expect("an id")
                .parse()
                .expect("an id"),
            token: answer["access_token"].as_str().expect("a token").to_owned(),
        }
    }

    /// A merchant and their shop, registered on the device `pc`.
    pub async fn registered_merchant(server: &TestServer, phone: &str) -> (Self, ShopId) {
        let proof = server
            .proof("merchant", json!({ "phone": phone }), "register")
            .await;
        let form = merchant_form(phone, &proof);
        let answer = server
            .rest()
            .post("/registrations/merchant", form)
            .await
            .ok();
        let shop = answer["shop_id"].as_str().expect("an id").parse();
        (Self::of(&answer["session"]), shop.expect("an id"))
    }

    /// A customer, registered on the device `phone` with [`PASSWORD`].
    pub async fn registered_customer(server: &TestServer, contact: Value) -> Self {
        let proof = server.proof("customer", contact.clone(), "register").await;
        let mut form =
            json!({ "proof": proof, "name": "Ann", "password": PASSWORD, "device_id": "phone" });
        for (field, value) in contact.as_object().expect("one field") {
            form[field] = value.clone();
        }
        Self::of(
            &server
                .rest()
                .post("/registrations/customer", form)
                .await
                .ok(),
        )
    }
}
