//! Say how far an order is, in words and in pictures, in its conversation and in its history (CHAT-11, ORD-12).

use proto::{Message, OrderDeed, Picture};
use serde::Deserialize;
use serde_json::json;

use super::{
    show::{Shown, Viewer},
    step::{self, By, Done},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    conversation::{attachment::own_picture, log},
    error::{Result, refused_argument},
    id::{FileId, OrderId},
    store::Tx,
    words,
};

/// Pictures of one note at most.
const PICTURES: usize = 9;

/// How far it is.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// 1 to 500 characters.
    pub text: String,
    /// At most 9 of one's own; whoever takes part in the conversation may fetch them.
    #[serde(default)]
    pub pictures: Vec<FileId>,
}

/// Says it, and shows each picture in a message of its own. Refuses with `order_state` what is over, with `invalid_argument` what is no
/// picture of one's own.
pub async fn note(
    app: &App,
    by: &Staff<ManageOrders>,
    order: OrderId,
    note: &Note,
) -> Result<Shown> {
    note.check()?;
    let (mut tx, mut order) = step::of_staff(app, by, order).await?;
    let (who, was) = (By::from(by), order.state);
    order.require(OrderDeed::Note, who.party)?;
    let pictures = note.own_pictures(&mut tx, by).await?;
    let done = Done {
        after: (!pictures.is_empty()).then(|| json!({ "pictures": note.pictures })),
        ..Done::new(&who, OrderDeed::Note).remark(&note.text)
    };
    let said = [note.text.clone()];
    step::write(app, &mut tx, &mut order, was, done, &said).await?;
    let shown = |picture| Message {
        picture: Some(picture),
        ..step::notice(order.conversation_id)
    };
    let drafts = pictures.into_iter().map(shown);
    let drafts = drafts.map(|message| step::said_by_server(order.conversation_id, message));
    log::append_all(&mut tx, &app.clock, drafts.collect()).await?;
    let shown = Shown::load(app, &mut tx, order, Viewer::of(&by.actor, by.shop)).await?;
    tx.commit().await?;
    Ok(shown)
}

impl Note {
    fn check(&self) -> Result<()> {
        words::text("text", &self.text, 1..=500)?;
        let mut seen = std::collections::BTreeSet::new();
        if self.pictures.len() > PICTURES || !self.pictures.iter().all(|one| seen.insert(*one)) {
            return Err(refused_argument("pictures", "has at most 9, each once"));
        }
        Ok(())
    }

    async fn own_pictures(&self, tx: &mut Tx, by: &Staff<ManageOrders>) -> Result<Vec<Picture>> {
        let mut pictures = Vec::with_capacity(self.pictures.len());
        for file in &self.pictures {
            let id = file.to_string();
            pictures.push(own_picture(tx.sql(), &by.actor, "pictures", &id).await?);
        }
        Ok(pictures)
    }
}
