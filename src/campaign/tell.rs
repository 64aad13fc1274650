//! The next batch of a campaign: whether they may hear it, their coupon, their message, and that they have it, in one unit of work. Who dies on the way has
//! told nobody.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::Timestamp;

use super::{
    message_id, queries,
    run::{Fate, Recipient, Under, refused, skipped},
};
use crate::{
    conversation::{Draft, log, open},
    coupon::packed::{self, Packed, Supply, To},
    error::{Refusal, Result},
    id::{ConversationId, CouponTemplateId, UserId},
    store::Tx,
};

/// Recipients of one unit of work: their conversations are held meanwhile.
const BATCH: i64 = 250;
/// The same where coupons go with it: their templates are held as well.
const FEW: i64 = 50;

/// Tells the next batch. Says how many it has got on with: 0 when nobody waits whom nobody else is about to tell.
pub(super) async fn tell(under: &Under<'_>) -> Result<usize> {
    let most = if under.plan.gives() { FEW } else { BATCH };
    match batch(under, most, &mut vec![]).await {
        Err(error) => {
            refused(error)?;
            one_by_one(under, most).await
        }
        told => told,
    }
}

/// Not all of them can be told: each by itself, and who cannot is passed over.
async fn one_by_one(under: &Under<'_>, most: i64) -> Result<usize> {
    let mut count = 0;
    for _ in 0..most {
        let mut places = vec![];
        match batch(under, 1, &mut places).await {
            Ok(0) => break,
            Ok(told) => count += told,
            Err(error) => {
                pass_over(under, &places, refused(error)?).await?;
                count += places.len();
            }
        }
    }
    Ok(count)
}

/// These and nobody else: who is next by now may be another one.
async fn pass_over(under: &Under<'_>, places: &[i64], because: Refusal) -> Result<()> {
    let fates: Vec<_> = places
        .iter()
        .map(|place| (*place, skipped(because)))
        .collect();
    let mut tx = under.app.store.begin(under.shop).await?;
    queries::settle(&mut tx, under.id, &fates, under.app.clock.now()).await?;
    tx.commit().await
}

/// One who is about to hear it.
struct Going {
    place: i64,
    conversation: ConversationId,
    words: String,
    packed: Option<Packed>,
}

/// One unit of work; says in `places` whose. Refuses if the log does not take the messages, or the coupons are gone: then nobody has anything.
async fn batch(under: &Under<'_>, most: i64, places: &mut Vec<i64>) -> Result<usize> {
    let mut tx = under.app.store.begin(under.shop).await?;
    if let Err(error) = hand_out(under, &mut tx, most, places).await {
        // Whoever comes next passes over rows that are held: these must not be any more.
        tx.undo().await?;
        return Err(error);
    }
    tx.commit().await?;
    Ok(places.len())
}

async fn hand_out(under: &Under<'_>, tx: &mut Tx, most: i64, places: &mut Vec<i64>) -> Result<()> {
    let now = under.app.clock.now();
    let next = queries::next(tx, under.id, most, now).await?;
    if next.is_empty() {
        return Ok(());
    }
    places.extend(next.iter().map(|one| one.place));
    let mut batch = Batch::new(under, now);
    for one in next {
        match &one.because {
            Some(because) => batch
                .fates
                .push((one.place, Fate::Skipped(because.clone()))),
            None => batch.ready(tx, &one).await?,
        }
    }
    batch.say(tx).await?;
    queries::settle(tx, under.id, &batch.fates, now).await?;
    for (supply, pieces) in batch.coupons.values().filter(|(_, pieces)| *pieces > 0) {
        supply.take(tx, *pieces, now).await?;
    }
    Ok(())
}

/// Recipients between waiting and told.
struct Batch<'a> {
    under: &'a Under<'a>,
    now: Timestamp,
    going: Vec<Going>,
    fates: Vec<(i64, Fate)>,
    /// What there is of each template, and how many of it are gone.
    coupons: BTreeMap<CouponTemplateId, (Supply, i64)>,
}

impl<'a> Batch<'a> {
    fn new(under: &'a Under<'a>, now: Timestamp) -> Self {
        Self {
            under,
            now,
            going: vec![],
            fates: vec![],
            coupons: BTreeMap::new(),
        }
    }

    /// One gets what there is for them, or is skipped for what speaks against it.
    async fn ready(&mut self, tx: &mut Tx, one: &Recipient) -> Result<()> {
        match self.going(tx, one).await {
            Ok(going) => self.going.push(going),
            Err(error) => self.fates.push((one.place, skipped(refused(error)?))),
        }
        Ok(())
    }

    async fn going(&mut self, tx: &mut Tx, one: &Recipient) -> Result<Going> {
        let offer = self.under.offer(one).ok_or(Refusal::NotFound)?;
        let conversation = match one.conversation {
            Some(conversation) => conversation,
            None => open::by_itself(self.under.app, tx, one.customer)
                .await?
                .ok_or(Refusal::Banned)?,
        };
        let packed = match offer.template_id {
            Some(template) => Some(self.pack(tx, template, conversation, one.customer).await?),
            None => None,
        };
        Ok(Going {
            place: one.place,
            conversation,
            words: offer.words(&one.name),
            packed,
        })
    }

    async fn pack(
        &mut self,
        tx: &mut Tx,
        template: CouponTemplateId,
        conversation: ConversationId,
        customer: UserId,
    ) -> Result<Packed> {
        let (supply, pieces) = match self.coupons.entry(template) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert((packed::supply(tx, template).await?, 0)),
        };
        let packed = supply
            .pack(tx, conversation, To::Customer(customer), self.now)
            .await?;
        *pieces += 1;
        Ok(packed)
    }

    /// All messages by one statement; what was packed is kept with them.
    async fn say(&mut self, tx: &mut Tx) -> Result<()> {
        let app = self.under.app;
        let drafts = self.going.iter().map(|one| self.under.draft(one));
        let said = log::append_all(tx, &app.clock, drafts.collect()).await?;
        for (one, posted) in self.going.iter().zip(said) {
            let gift = match &one.packed {
                Some(packed) => {
                    let by = self.under.voice.user;
                    Some(packed::keep(tx, packed, posted.number, by, self.now).await?)
                }
                None => None,
            };
            let told = Fate::Told(one.conversation, posted.number, gift);
            self.fates.push((one.place, told));
        }
        Ok(())
    }
}

impl Under<'_> {
    fn draft(&self, one: &Going) -> Draft {
        let card = one.packed.as_ref().map(|packed| packed.card.clone());
        let id = message_id(self.id);
        self.draft_as(id, one.conversation, one.words.clone(), card)
    }
}
