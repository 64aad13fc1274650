//! Who is inside: seats in all, seats by address, and how fast an address comes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use metrics::{Gauge, gauge};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::limits::Limits;
use super::turned::Turned;
use crate::pace::{
    bucket::{Bucket, Rate},
    neighbourhood,
};

/// Gives out seats and takes them back. One for each listener.
pub(super) struct Doorman {
    limits: Arc<Limits>,
    connections: Gauge,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    seated: usize,
    neighbours: HashMap<IpAddr, Neighbour>,
}

/// One address, for as long as it has a seat or its coming in is still remembered by the rate limit.
#[derive(Debug)]
struct Neighbour {
    seated: u32,
    /// A token for each arrival.
    arrivals: Bucket,
}

/// A place inside, given back when dropped.
#[must_use = "dropping the seat gives it back"]
pub(super) struct Seat {
    doorman: Arc<Doorman>,
    counts_in_all: bool,
    neighbour: Option<IpAddr>,
}

impl Doorman {
    /// A doorman with nobody inside.
    pub(super) fn new(limits: Arc<Limits>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            connections: gauge!("souk_connections"),
            book: Mutex::default(),
        })
    }

    /// A seat for a connection that has just been accepted from `peer`.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr, now: Instant) -> Result<Seat, Turned> {
        let spared = self.limits.exempts(peer) || self.limits.trusts(peer);
        let neighbour = (!spared).then(|| neighbourhood(peer));
        let mut book = self.book.lock();
        if book.seated >= self.limits.connections {
            return Err(Turned::Full);
        }
        if let Some(key) = neighbour {
            book.seat_neighbour(key, &self.limits, now)?;
        }
        book.seated += 1;
        self.connections.increment(1);
        Ok(self.seat(true, neighbour))
    }

    /// A seat for a client whom a trusted proxy names on a connection that has its own seat already.
    pub(super) fn admit_guest(
        self: &Arc<Self>,
        client: IpAddr,
        now: Instant,
    ) -> Result<Seat, Turned> {
        let spared = self.limits.exempts(client) || self.limits.trusts(client);
        let neighbour = (!spared).then(|| neighbourhood(client));
        if let Some(key) = neighbour {
            self.book.lock().seat_neighbour(key, &self.limits, now)?;
        }
        Ok(self.seat(false, neighbour))
    }

    /// Forgets the addresses that have left and whose rate has recovered, and gives their memory back.
    pub(super) fn forget_rested(&self, now: Instant) {
        let mut book = self.book.lock();
        book.neighbours
            .retain(|_, neighbour| !neighbour.forgettable(now));
        let roomy = book.neighbours.len() * 2;
        book.neighbours.shrink_to(roomy);
    }

    fn seat(self: &Arc<Self>, counts_in_all: bool, neighbour: Option<IpAddr>) -> Seat {
        let doorman = self.clone();
        Seat {
            doorman,
            counts_in_all,
            neighbour,
        }
    }
}

impl Book {
    fn seat_neighbour(&mut self, key: IpAddr, limits: &Limits, now: Instant) -> Result<(), Turned> {
        let neighbour = self.neighbours.entry(key).or_insert(Neighbour {
            seated: 0,
            arrivals: Bucket::full(now),
        });
        let turned = neighbour.sit(limits, now);
        if turned.is_err() && neighbour.forgettable(now) {
            self.neighbours.remove(&key);
        }
        turned
    }

    fn leave(&mut self, key: IpAddr, now: Instant) {
        if let Entry::Occupied(mut entry) = self.neighbours.entry(key) {
            entry.get_mut().seated -= 1;
            if entry.get().forgettable(now) {
                entry.remove();
            }
        }
    }
}

impl Neighbour {
    fn sit(&mut self, limits: &Limits, now: Instant) -> Result<(), Turned> {
        if self.seated >= limits.connections_per_address {
            return Err(Turned::Crowd);
        }
        let (fast, burst) = (limits.handshakes_per_second, limits.handshake_burst);
        let rate = Rate::new(fast.get(), burst.get());
        self.arrivals.take(rate, now).map_err(Turned::Rush)?;
        self.seated += 1;
        Ok(())
    }

    fn forgettable(&self, now: Instant) -> bool {
        self.seated == 0 && self.arrivals.is_full(now)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut book = self.doorman.book.lock();
        if self.counts_in_all {
            book.seated -= 1;
            self.doorman.connections.decrement(1);
        }
        if let Some(key) = self.neighbour {
            book.leave(key, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::*;

    const ANN: &str = "192.0.2.1";

    fn doorman(change: impl FnOnce(&mut Limits)) -> Arc<Doorman> {
        let mut limits = Limits::default();
        change(&mut limits);
        Doorman::new(Arc::new(limits))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_crowd_is_turned_away_until_one_leaves() {
        let doorman = doorman(|l| l.connections_per_address = 2);
        let now = Instant::now();
        let first = doorman.admit(ip(ANN), now).unwrap();
        let _second = doorman.admit(ip(ANN), now).unwrap();
        assert_eq!(doorman.admit(ip(ANN), now).err().unwrap(), Turned::Crowd);
        let _other = doorman.admit(ip("192.0.2.2"), now).unwrap();
        drop(first);
        let _third = doorman.admit(ip(ANN), now).unwrap();
        assert_eq!(doorman.book.lock().seated, 3);
    }

    #[test]
    fn a_rush_is_slowed_to_the_rate_after_its_burst() {
        let doorman = doorman(|l| {
            l.handshakes_per_second = NonZeroU32::new(10).unwrap();
            l.handshake_burst = NonZeroU32::new(3).unwrap();
        });
        let now = Instant::now();
        for _ in 0..3 {
            drop(doorman.admit(ip(ANN), now).unwrap());
        }
        let tenth = Duration::from_millis(100);
        assert_eq!(
            doorman.admit(ip(ANN), now).err().unwrap(),
            Turned::Rush(tenth)
        );
        drop(doorman.admit(ip(ANN), now + tenth).unwrap());
        assert_eq!(
            doorman.admit(ip(ANN), now + tenth).err().unwrap(),
            Turned::Rush(tenth)
        );
    }

    #[test]
    fn the_whole_house_has_an_end_for_the_exempt_too() {
        let doorman = doorman(|l| {
            l.connections = 2;
            l.connections_per_address = 1;
            l.exempt = vec!["192.0.2.0/24".parse().unwrap()];
        });
        let now = Instant::now();
        let _seats = [
            doorman.admit(ip(ANN), now).unwrap(),
            doorman.admit(ip(ANN), now).unwrap(),
        ];
        assert_eq!(doorman.admit(ip(ANN), now).err().unwrap(), Turned::Full);
    }

    #[test]
    fn an_ipv6_subscriber_is_one_neighbour_and_a_mapped_address_is_its_ipv4_self() {
        let doorman = doorman(|l| l.connections_per_address = 1);
        let now = Instant::now();
        let _v6 = doorman.admit(ip("2001:db8:1:2::1"), now).unwrap();
        assert_eq!(
            doorman
                .admit(ip("2001:db8:1:2:ffff::9"), now)
                .err()
                .unwrap(),
            Turned::Crowd
        );
        let _next_door = doorman.admit(ip("2001:db8:1:3::1"), now).unwrap();
        let _v4 = doorman.admit(ip("::ffff:192.0.2.1"), now).unwrap();
        assert_eq!(doorman.admit(ip(ANN), now).err().unwrap(), Turned::Crowd);
    }

    #[test]
    fn addresses_are_forgotten_once_they_have_left_and_rested() {
        let doorman = doorman(|_| ());
        let now = Instant::now();
        let staying = doorman.admit(ip(ANN), now).unwrap();
        for last in 2..100 {
            drop(doorman.admit(IpAddr::from([192, 0, 2, last]), now).unwrap());
        }
        assert_eq!(doorman.book.lock().neighbours.len(), 99);
        doorman.forget_rested(now + Duration::from_secs(10));
        assert_eq!(doorman.book.lock().neighbours.len(), 1);
        drop(staying);
        doorman.forget_rested(now + Duration::from_secs(10));
        let book = doorman.book.lock();
        assert_eq!((book.neighbours.len(), book.seated), (0, 0));
    }
}
