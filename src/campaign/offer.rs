//! Coupons to many: each in its customer's wallet, on a card in their conversation, and written down as sent, in one unit of work of a few.

use super::{
    queries,
    run::{Fate, Recipient, Under},
    say::{place, refused, settle, skipped},
};
use crate::{
    conversation::log,
    coupon::packed::{self, Packed, To},
    error::{Refusal, Result},
    id::{ConversationId, CouponTemplateId, UserId},
    store::Tx,
};

/// Recipients of one unit of work.
const FEW: usize = 50;

/// Gives these their coupons. False: some could not be served now, and will be later.
pub(super) async fn give(under: &Under<'_>, batch: Vec<Recipient>) -> Result<bool> {
    let mut all = true;
    for few in batch.chunks(FEW) {
        match give_few(under, few).await {
            Ok(()) => {}
            Err(error) if error.is_weather() => all = false,
            Err(error) => {
                let code = refused(error)?;
                all &= one_by_one(under, few, code).await?;
            }
        }
    }
    Ok(all)
}

/// Not all of them can have one: each by itself.
async fn one_by_one(under: &Under<'_>, few: &[Recipient], code: Refusal) -> Result<bool> {
    if let [one] = few {
        settle(under, &[(one.customer, skipped(code))]).await?;
        return Ok(true);
    }
    let mut all = true;
    for one in few {
        let one = std::slice::from_ref(one);
        match give_few(under, one).await {
            Ok(()) => {}
            Err(error) if error.is_weather() => all = false,
            Err(error) => settle(under, &[(one[0].customer, skipped(refused(error)?))]).await?,
        }
    }
    Ok(all)
}

/// One unit of work. Refuses if one of them cannot be told, or the coupons are gone: then nobody has anything.
async fn give_few(under: &Under<'_>, few: &[Recipient]) -> Result<()> {
    let mut places = vec![];
    for one in few {
        let place = place(under, one).await?;
        places.push((one, place.ok_or(Refusal::Banned)?));
    }
    places.sort_by_key(|(_, conversation)| *conversation);
    for template in templates(under, few) {
        let of_it = places.iter().filter(|(one, _)| {
            let offer = under.offer(one);
            offer.is_some_and(|offer| offer.template_id == Some(template))
        });
        serve(under, template, &of_it.copied().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

async fn serve(
    under: &Under<'_>,
    template: CouponTemplateId,
    people: &[(&Recipient, ConversationId)],
) -> Result<()> {
    let now = under.app.clock.now();
    let mut tx = under.app.store.begin(under.shop).await?;
    let supply = packed::supply(&mut tx, template).await?;
    let customers: Vec<_> = people.iter().map(|(one, _)| one.customer).collect();
    let waiting = queries::hold(&mut tx, under.id, &customers).await?;
    let (mut going, mut fates) = (vec![], vec![]);
    for (one, place) in people {
        if !waiting.contains(&one.customer) {
            continue;
        }
        let packed = supply.pack(&mut tx, *place, To::Customer(one.customer), now);
        match packed.await {
            Ok(packed) => going.push((*one, *place, packed)),
            Err(error) => fates.push((one.customer, skipped(refused(error)?))),
        }
    }
    let pieces = i64::try_from(going.len()).unwrap_or(i64::MAX);
    fates.extend(hand_over(under, &mut tx, going).await?);
    queries::settle(&mut tx, under.id, &fates, now).await?;
    if pieces > 0 {
        supply.take(&mut tx, pieces, now).await?;
    }
    tx.commit().await
}

/// The cards are said, and what was packed is kept.
async fn hand_over(
    under: &Under<'_>,
    tx: &mut Tx,
    going: Vec<(&Recipient, ConversationId, Packed)>,
) -> Result<Vec<(UserId, Fate)>> {
    let (by, now) = (under.voice.user, under.app.clock.now());
    let drafts = going.iter().map(|(one, place, packed)| {
        let words = under.offer(one).map(|offer| offer.words(&one.name));
        let card = Some(packed.card.clone());
        under.draft(one, *place, words.unwrap_or_default(), card)
    });
    let said = log::append_all(tx, &under.app.clock, drafts.collect()).await?;
    let mut fates = vec![];
    for ((one, place, packed), posted) in going.iter().zip(said) {
        let gift = packed::keep(tx, packed, posted.number, by, now).await?;
        queries::note_gift(tx, under.id, one.customer, gift).await?;
        fates.push((one.customer, Fate::Sent(*place, posted.number)));
    }
    Ok(fates)
}

fn templates(under: &Under<'_>, few: &[Recipient]) -> Vec<CouponTemplateId> {
    let offers = few.iter().filter_map(|one| under.offer(one));
    let mut templates: Vec<_> = offers.filter_map(|offer| offer.template_id).collect();
    templates.sort_unstable();
    templates.dedup();
    templates
}
