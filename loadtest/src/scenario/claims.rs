//! Coupons in a group: gift after gift is dropped, everybody presses, and there are fewer than people.
//!
//! Exactly as many as there were are granted, each to somebody else, the shop counts as many, and in the end every screen shows what is
//! left: also that of somebody who read nothing meanwhile, who is shown the newest pictures and not one for each claim.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use tokio::{task::JoinSet, time::Instant};

use super::Stage;
use crate::{
    check::Faults,
    figures::{Figures, Times},
    front_door::FrontDoor,
    market::{Market, coupon::Pressed},
    people::{Person, Source},
    screen::{Cards, Screen},
};

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Rush {
    /// Who press, in one group: at most as many as a group holds.
    pub customers: usize,
    /// Gifts, one after the other.
    pub gifts: usize,
}

impl Rush {
    /// Coupons of each gift: every fifth goes away without one.
    fn pieces(self) -> u64 {
        (self.customers as u64 * 4 / 5).max(1)
    }
}

/// Plays it.
pub async fn run(stage: &Stage, url: &str, rush: Rush) -> anyhow::Result<Figures> {
    let door = match &stage.source {
        Source::FrontDoor(door) => door.clone(),
        _ => Arc::new(FrontDoor::of(url)?),
    };
    stage.bar.set_message("opening a shop");
    let market = Arc::new(Market::open(door, 1).await?);
    let customers = stage.source.people(rush.customers).await?;
    for some in customers.chunks(16) {
        let consulting = some.iter().map(|customer| market.consult(customer));
        futures_util::future::try_join_all(consulting).await?;
    }
    let group = market.group(&customers).await?;
    let sockets = stage.connect(&customers).await?;
    let screens = sockets.into_iter().enumerate();
    let screens: Vec<Screen> = screens
        .map(|(place, socket)| Screen::of(socket, place == 0))
        .collect();
    let template = market.issue().await?;
    let mut gifts = vec![];
    for _ in 0..rush.gifts {
        gifts.push(market.give(&template, &group, rush.pieces()).await?);
    }
    stage.bar.set_message("everybody presses");
    let pressed = press(&market, &customers, gifts.into()).await?;
    let mut figures = Figures::of("claims", rush.customers);
    figures.seconds = pressed.took.as_secs_f64();
    let wallets = market.in_wallets(&template).await?;
    figures.blame(pressed.faults(rush, wallets));
    let left = pressed.left(rush);
    for (place, screen) in screens.into_iter().enumerate() {
        let cards = screen.shows(&left).await?;
        note(&mut figures, rush, place == 0, (&left, &cards));
    }
    pressed.note(&mut figures);
    Ok(figures)
}

/// Everybody presses on one gift after the other.
async fn press(
    market: &Arc<Market>,
    customers: &[Person],
    gifts: Arc<[String]>,
) -> anyhow::Result<Outcome> {
    let (start, mut pressing) = (Instant::now(), JoinSet::new());
    for customer in customers {
        let (customer, market, gifts) = (customer.clone(), market.clone(), gifts.clone());
        pressing.spawn(async move {
            let (mut granted, mut times) = (vec![], Times::default());
            for gift in gifts.iter() {
                let asked = Instant::now();
                if let Pressed::Granted(coupon) = market.claim(&customer, gift).await? {
                    granted.push((gift.clone(), coupon));
                }
                times.record(asked.elapsed());
            }
            anyhow::Ok((granted, times))
        });
    }
    let mut outcome = Outcome::of(&gifts);
    while let Some(one) = pressing.join_next().await {
        let (granted, times) = one??;
        outcome.times.merge(&times);
        for (gift, coupon) in granted {
            let coupons = outcome.granted.get_mut(&gift).context("a gift of ours")?;
            coupons.push(coupon);
        }
    }
    outcome.took = start.elapsed();
    Ok(outcome)
}

/// Who was answered what.
struct Outcome {
    /// Coupons of each gift.
    granted: BTreeMap<String, Vec<String>>,
    times: Times,
    took: Duration,
}

impl Outcome {
    fn of(gifts: &[String]) -> Self {
        Self {
            granted: gifts.iter().map(|gift| (gift.clone(), vec![])).collect(),
            times: Times::default(),
            took: Duration::ZERO,
        }
    }

    fn coupons(&self) -> u64 {
        self.granted.values().map(|all| all.len() as u64).sum()
    }

    /// Fewer or more than there were, one coupon for two people, and what the shop counts otherwise.
    fn faults(&self, rush: Rush, wallets: u64) -> Faults {
        let mut faults = Faults::default();
        for coupons in self.granted.values() {
            let all = coupons.len() as u64;
            faults.lost += rush.pieces().saturating_sub(all);
            faults.doubled += all.saturating_sub(rush.pieces());
        }
        let different: BTreeSet<&String> = self.granted.values().flatten().collect();
        faults.doubled += self.coupons() - different.len() as u64;
        faults.lost += self.coupons().saturating_sub(wallets);
        faults.doubled += wallets.saturating_sub(self.coupons());
        faults
    }

    /// What is left of each gift.
    fn left(&self, rush: Rush) -> HashMap<String, u64> {
        let left = |all: &Vec<String>| rush.pieces().saturating_sub(all.len() as u64);
        let gifts = self.granted.iter();
        gifts.map(|(gift, all)| (gift.clone(), left(all))).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of coupons")]
    fn note(&self, figures: &mut Figures) {
        let granted = self.coupons() as f64;
        figures.note("granted", granted);
        figures.note("claims_per_s", granted / self.took.as_secs_f64());
        if let Some(times) = self.times.percentiles() {
            figures.note("claim_p50_ms", times.p50);
            figures.note("claim_p99_ms", times.p99);
        }
    }
}

/// One screen: what it should show and does not is lost, what went back is misordered, and more than a picture for each second claim is a
/// picture for each.
#[expect(clippy::cast_precision_loss, reason = "counts of pictures")]
fn note(
    figures: &mut Figures,
    rush: Rush,
    slow: bool,
    (left, cards): (&HashMap<String, u64>, &Cards),
) {
    let mut most = 0;
    for (gift, left) in left {
        let seen = cards.get(gift).copied().unwrap_or_default();
        most = most.max(seen.pictures);
        let wrong = seen.pictures == 0 || seen.left != *left;
        figures.blame(Faults {
            lost: u64::from(wrong),
            doubled: u64::from(seen.pictures > rush.pieces() / 2 + 2),
            misordered: seen.backwards,
        });
    }
    let name = if slow {
        "slow_pictures_most"
    } else {
        "pictures_most"
    };
    let before = figures.details.get(name).copied().unwrap_or_default();
    figures.note(name, before.max(most as f64));
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSH: Rush = Rush {
        customers: 5,
        gifts: 1,
    };

    fn granted(coupons: &[&str]) -> Outcome {
        let mut outcome = Outcome::of(&["gift".to_owned()]);
        let all = coupons.iter().map(ToString::to_string).collect();
        outcome.granted.insert("gift".to_owned(), all);
        outcome
    }

    /// What is granted too little, too much or twice, and what the shop counts otherwise, is found.
    #[test]
    fn what_is_wrong_with_grants_is_found() {
        let faults = |coupons: &[&str], wallets| {
            let faults = granted(coupons).faults(RUSH, wallets);
            (faults.lost, faults.doubled)
        };
        assert_eq!(faults(&["a", "b", "c", "d"], 4), (0, 0));
        assert_eq!(faults(&["a", "b", "c"], 3), (1, 0));
        assert_eq!(faults(&["a", "b", "c", "d", "e"], 5), (0, 1));
        assert_eq!(faults(&["a", "b", "c", "c"], 4), (0, 1));
        assert_eq!(faults(&["a", "b", "c", "d"], 3), (1, 0));
        assert_eq!(faults(&["a", "b", "c", "d"], 5), (0, 1));
    }

    /// A screen that says something else in the end, that never showed a gift, that was drawn for every claim, or backwards, is found.
    #[test]
    fn what_is_wrong_with_screens_is_found() {
        let left = granted(&["a", "b", "c", "d"]).left(RUSH);
        let found = |seen: Option<(u64, u64, u64)>| {
            let cards = seen.into_iter().map(|(pictures, left, backwards)| {
                let seen = crate::screen::Seen {
                    pictures,
                    left,
                    backwards,
                };
                ("gift".to_owned(), seen)
            });
            let mut figures = Figures::of("claims", 5);
            note(&mut figures, RUSH, false, (&left, &cards.collect()));
            (figures.lost, figures.doubled, figures.misordered)
        };
        assert_eq!(found(Some((4, 0, 0))), (0, 0, 0));
        assert_eq!(found(Some((4, 1, 0))), (1, 0, 0));
        assert_eq!(found(None), (1, 0, 0));
        assert_eq!(found(Some((5, 0, 0))), (0, 1, 0));
        assert_eq!(found(Some((4, 0, 2))), (0, 0, 2));
    }
}
