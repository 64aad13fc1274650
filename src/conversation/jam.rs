//! Conversations that somebody else holds: a lane passes them by, so that nobody waits for a stranger's conversation.
//!
//! A verb may hold a conversation for long, for instance together with hundreds of others. The first batch that comes upon
//! it waits for `database.send_lock_ms`; from then on its drafts are refused at once, until it is free.

use std::{
    borrow::Borrow,
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use parking_lot::Mutex;
use sqlx::PgPool;

use super::{Draft, queries};
use crate::id::ConversationId;

/// Conversations found held, by whichever lane.
#[derive(Clone, Debug, Default)]
pub(super) struct Jam(Arc<Mutex<HashSet<ConversationId>>>);

impl Jam {
    /// Those of these drafts' conversations that are held still. Asks nothing while none is known to be.
    pub(super) async fn of(
        &self,
        pool: &PgPool,
        drafts: impl IntoIterator<Item = &Draft>,
    ) -> HashSet<ConversationId> {
        let asked = self.known(drafts);
        self.look(pool, &asked).await
    }

    fn known<'a>(&self, drafts: impl IntoIterator<Item = &'a Draft>) -> Vec<ConversationId> {
        let jam = self.0.lock();
        if jam.is_empty() {
            return vec![];
        }
        let asked = conversations(drafts).into_iter();
        asked.filter(|one| jam.contains(one)).collect()
    }

    /// A statement has waited in vain for one of these drafts' conversations: which are held?
    pub(super) async fn found(
        &self,
        pool: &PgPool,
        drafts: &[impl Borrow<Draft>],
    ) -> HashSet<ConversationId> {
        let asked: Vec<_> = conversations(drafts.iter().map(Borrow::borrow))
            .into_iter()
            .collect();
        self.look(pool, &asked).await
    }

    /// What the database does not answer is not held: the next write will tell.
    async fn look(&self, pool: &PgPool, asked: &[ConversationId]) -> HashSet<ConversationId> {
        if asked.is_empty() {
            return HashSet::new();
        }
        let held = queries::held(pool, asked).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known which conversations are held");
            vec![]
        });
        let mut jam = self.0.lock();
        for one in asked {
            jam.remove(one);
        }
        jam.extend(&held);
        drop(jam);
        held.into_iter().collect()
    }
}

fn conversations<'a>(drafts: impl IntoIterator<Item = &'a Draft>) -> BTreeSet<ConversationId> {
    let each = drafts.into_iter().map(|draft| draft.conversation);
    each.collect()
}
