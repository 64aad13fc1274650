//! One step of a case: the locks before, and what follows from it after. Every verb goes through here, so that none forgets the
//! history, the card or the other side.
//!
//! Locks are taken in this order: the shop's rights, the order, the case, the conversation, the goods.

use proto::{AlertKind, CaseDeed, CaseState, Message, Notice, NoticeKind, Permission};

use super::{Case, card, queries};
use crate::{
    actor::{Customer, Right, Staff},
    alert::{self, NewAlert},
    app::App,
    conversation::{Draft, log, redraw},
    error::{Refusal, Result},
    fact::Fact,
    id::{CaseId, FileId, ShopId, UserId},
    media::{self, Carrier},
    order::{
        Order,
        after_sale::{self, By},
    },
    rights,
    store::Tx,
};

/// A case that is worked on, with its order: nobody else changes either until this work ends.
pub(super) struct Work {
    pub tx: Tx,
    pub order: Order,
    pub case: Case,
}

/// What was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done<'a> {
    pub by: &'a By,
    pub deed: CaseDeed,
    /// For both sides.
    pub remark: &'a str,
}

impl<'a> Done<'a> {
    pub(super) fn new(by: &'a By, deed: CaseDeed) -> Self {
        Self {
            by,
            deed,
            remark: "",
        }
    }

    #[must_use]
    pub(super) fn remark(self, remark: &'a str) -> Self {
        Self { remark, ..self }
    }
}

/// Begins work of staff on a case of their shop: their right holds while it lasts. Refuses with `forbidden`, `not_found`.
pub(super) async fn of_staff<R: Right>(app: &App, by: &Staff<R>, case: CaseId) -> Result<Work> {
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    hold(tx, case).await
}

/// Begins work of a customer on a case of theirs. Refuses with `not_found`.
pub(super) async fn of_customer(app: &App, by: &Customer, case: CaseId) -> Result<Work> {
    let shop = queries::shop_of(app.store.pool(), by.0.user, case).await?;
    hold(app.store.begin(shop.ok_or(Refusal::NotFound)?).await?, case).await
}

/// Begins work of the server itself.
pub(super) async fn of_system(app: &App, shop: ShopId, case: CaseId) -> Result<Work> {
    hold(app.store.begin(shop).await?, case).await
}

async fn hold(mut tx: Tx, case: CaseId) -> Result<Work> {
    let order = queries::order_of(&mut tx, case).await?;
    let order = after_sale::hold(&mut tx, order.ok_or(Refusal::NotFound)?).await?;
    let case = queries::lock(&mut tx, case).await?;
    let case = case.ok_or(Refusal::NotFound)?;
    Ok(Work { tx, order, case })
}

impl Work {
    /// Writes down what was done: the row, the history, the card, words in the conversation, and the fact.
    pub(super) async fn write(
        &mut self,
        app: &App,
        was: CaseState,
        done: Done<'_>,
        said: &[&str],
    ) -> Result<()> {
        let now = app.clock.now();
        self.case.version += 1;
        queries::save(&mut self.tx, &self.case).await?;
        queries::note(&mut self.tx, &self.case, Some(was), &done, now).await?;
        let place = (
            self.case.conversation_id,
            self.case.card_number.cast_unsigned(),
        );
        redraw::redraw(&mut self.tx, app, place, &card::draw(&self.case)).await?;
        self.say(app, said).await?;
        self.remember(app, Some(was), done.deed).await
    }

    /// A new case: its card in the conversation, its row, and the first entry of its history.
    pub(super) async fn begin(&mut self, app: &App, done: Done<'_>, said: &[&str]) -> Result<()> {
        self.post_card(app).await?;
        queries::add(&mut self.tx, &self.case).await?;
        queries::note(&mut self.tx, &self.case, None, &done, app.clock.now()).await?;
        self.say(app, said).await?;
        self.remember(app, None, done.deed).await
    }

    /// The server posts it, whoever began the case: somebody whom the shop has banned can still have their money back.
    async fn post_card(&mut self, app: &App) -> Result<()> {
        let drawn = card::draw(&self.case);
        let message = Message {
            text: drawn.summary.clone(),
            card: Some(drawn),
            ..self.notice()
        };
        let draft = self.draft(message);
        let posted = log::append(&mut self.tx, &app.clock, draft).await?;
        self.case.card_number = posted.number.cast_signed();
        Ok(())
    }

    async fn say(&mut self, app: &App, said: &[&str]) -> Result<()> {
        if said.is_empty() {
            return Ok(());
        }
        let message = |words: &&str| Message {
            text: (*words).to_owned(),
            ..self.notice()
        };
        let drafts = said.iter().map(message).map(|said| self.draft(said));
        let drafts = drafts.collect();
        log::append_all(&mut self.tx, &app.clock, drafts).await?;
        Ok(())
    }

    fn notice(&self) -> Message {
        Message {
            conversation_id: self.case.conversation_id.to_string(),
            notice: Some(Notice {
                kind: NoticeKind::CaseMoved.into(),
                ..Notice::default()
            }),
            ..Message::default()
        }
    }

    fn draft(&self, message: Message) -> Draft {
        Draft::of_server(self.case.conversation_id, message)
    }

    async fn remember(&mut self, app: &App, was: Option<CaseState>, deed: CaseDeed) -> Result<()> {
        let case = &self.case;
        let fact = Fact::CaseMoved {
            case_id: case.id,
            order_id: case.order_id,
            conversation_id: case.conversation_id,
            customer_id: case.customer_id,
            case_kind: case.kind,
            deed,
            state_before: was,
            state: case.state,
            amount: case.amount.in_minor(),
        };
        self.tx.remember(&fact, app.clock.now()).await
    }

    /// Whoever sees the card may fetch these pictures. Refuses with `invalid_argument` what is no picture of `by`'s own.
    pub(super) async fn show_pictures(&mut self, by: UserId, pictures: &[FileId]) -> Result<()> {
        if !media::all_owned(&mut self.tx, by, pictures).await? {
            return Err(crate::error::refused_argument(
                "pictures",
                "names a file that is not a picture of your own",
            ));
        }
        let carrier = |file: &FileId| Carrier {
            file: *file,
            conversation: self.case.conversation_id,
            number: self.case.card_number,
        };
        let carriers: Vec<Carrier> = pictures.iter().map(carrier).collect();
        Ok(media::grant(self.tx.sql(), &carriers).await?)
    }

    /// Alerts staff who manage orders.
    pub(super) async fn tell_staff(&mut self, app: &App, text: &str) -> Result<()> {
        let alert = NewAlert::new(AlertKind::AfterSale, Permission::ManageOrders, text)
            .in_conversation(self.case.conversation_id)
            .about_order(self.case.order_id)
            .about_case(self.case.id);
        alert::raise(&mut self.tx, alert, app.clock.now()).await?;
        Ok(())
    }

    /// The case has ended: its lines are free.
    pub(super) async fn let_go(&mut self, app: &App, by: &By) -> Result<()> {
        after_sale::let_go(app, &mut self.tx, &mut self.order, self.case.id, by).await
    }
}
