//! Cards that many people change at once are drawn by one hand on each node, and not once for every change: whoever comes while it
//! draws only leaves word, and it looks again.

use std::collections::{HashMap, hash_map::Entry};

use parking_lot::Mutex;

use super::load::Name;

/// Which cards are being drawn on this node.
#[derive(Debug, Default)]
pub struct Easel {
    /// With true: something has changed since the hand looked.
    drawing: Mutex<HashMap<Name, bool>>,
}

impl Easel {
    /// True: nobody draws this card, so the caller does, until [`Easel::again`] says no.
    pub(crate) fn begin(&self, card: Name) -> bool {
        match self.drawing.lock().entry(card) {
            Entry::Occupied(mut drawn) => {
                drawn.insert(true);
                false
            }
            Entry::Vacant(free) => {
                free.insert(false);
                true
            }
        }
    }

    /// True: something has changed since, look once more. False: the hand is off the card.
    pub(crate) fn again(&self, card: Name) -> bool {
        let mut drawing = self.drawing.lock();
        let again = drawing.get_mut(&card).is_some_and(std::mem::take);
        if !again {
            drawing.remove(&card);
        }
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConversationId;

    /// CPN-07: five hundred changes while one hand draws are one more picture.
    #[test]
    fn one_hand_draws_and_looks_again() {
        let (easel, card) = (Easel::default(), (ConversationId::new(), 7));
        assert!(easel.begin(card));
        assert!((0..500).all(|_| !easel.begin(card)));
        assert!(easel.again(card) && !easel.again(card));
        assert!(easel.begin(card), "the hand was off the card");
    }
}
