//! The evidence for a dispute about an order (CHAT-08): what was agreed, done, paid and said, in one signed file that checks itself.

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Order, history,
    show::{self, Shown, Viewer},
};
use crate::{
    actor::{Customer, ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    conversation::record::{self, Record},
    error::Result,
    id::OrderId,
    payment,
    store::Tx,
    vault,
};

/// Messages before the order's card that belong to the evidence, at most.
const BEFORE: i64 = 500;
/// Versions of messages in one file, at most.
const MOST: i64 = 5_000;

/// A signed file.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Order, what was agreed, history, payments, refunds, messages with all their versions; `whole`: none is missing at their end, for a file has
    /// at most 5,000 of them and 4 MiB.
    #[schema(value_type = Object)]
    pub evidence: Value,
    /// SHA-256 of the evidence as compact JSON with sorted names, in hexadecimal.
    pub sha256: String,
    /// Ed25519, in hexadecimal.
    pub public_key: String,
    /// Of the hash's 32 bytes, by that key, in hexadecimal.
    pub signature: String,
}

/// For the customer whose order it is. Refuses with `not_found`.
pub async fn to_customer(app: &App, customer: &Customer, order: OrderId) -> Result<Evidence> {
    let shown = show::to_customer(app, customer, order).await?;
    let mut tx = app.store.begin(shown.order.shop_id).await?;
    collect(app, &mut tx, shown, Viewer::Customer).await
}

/// For staff (recorded). Refuses with `not_found`.
pub async fn to_staff(app: &App, by: &Staff<ManageOrders>, order: OrderId) -> Result<Evidence> {
    let shown = show::to_staff(app, by, order).await?;
    let mut tx = app.store.begin(by.shop).await?;
    let deed = Deed::new(by.actor.user, "order.evidence_read", order);
    audit::record(&mut tx, deed, app.clock.now()).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    let evidence = collect(app, &mut tx, shown, viewer).await?;
    tx.commit().await?;
    Ok(evidence)
}

async fn collect(app: &App, tx: &mut Tx, shown: Shown, viewer: Viewer) -> Result<Evidence> {
    let Order {
        id,
        conversation_id,
        card_number,
        ..
    } = shown.order;
    let from = (card_number - BEFORE).max(1);
    let Record {
        mut messages,
        whole,
    } = record::record(tx, conversation_id, from, MOST).await?;
    if viewer == Viewer::Customer {
        // What was recalled or edited away is for staff, who are recorded when they look.
        messages.retain(|said| said.replaced_at.is_none());
    }
    let evidence = json!({
        "made_at": app.clock.now(),
        "agreed": shown.order.agreed(),
        "history": history::read(app, tx, id, viewer).await?,
        "money": payment::of_order(tx, id).await?,
        "messages": messages,
        "whole": whole,
        "order": shown,
    });
    Ok(sign(&app.vault, evidence))
}

fn sign(vault: &vault::Vault, evidence: Value) -> Evidence {
    let hash = Sha256::digest(evidence.to_string());
    let (public_key, signature) = vault.sign(&hash);
    Evidence {
        evidence,
        sha256: hex::encode(hash),
        public_key: hex::encode(public_key),
        signature: hex::encode(signature),
    }
}

/// Checks a file by itself: its signature, and that what was agreed is what the order's hash says. Gives the order's number and the key that
/// signed. Whose key that is must be known from elsewhere: the server prints its own at `/api/v1/evidence-key`.
pub fn verify(file: &[u8]) -> anyhow::Result<(String, String)> {
    let file: Evidence = serde_json::from_slice(file).context("it is no evidence")?;
    let hash = Sha256::digest(file.evidence.to_string());
    ensure!(
        hex::encode(hash) == file.sha256,
        "its contents were changed"
    );
    let (key, signature) = (
        hex::decode(&file.public_key)?,
        hex::decode(&file.signature)?,
    );
    ensure!(
        vault::signed_by(&key, &hash, &signature),
        "its signature is not by its key"
    );
    let agreed = hex::encode(Sha256::digest(file.evidence["agreed"].to_string()));
    ensure!(
        file.evidence["order"]["hash"] == json!(agreed),
        "what was agreed is not what the order's hash says"
    );
    let number = file.evidence["order"]["number"]
        .as_str()
        .unwrap_or("a preview");
    Ok((number.to_owned(), file.public_key))
}
