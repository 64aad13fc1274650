//! Come back with one's cursors and get exactly what was missed: no hole, no repeat, in pages.
//!
//! What is missing needs no search: the log is dense, so a cursor and a seat say which numbers come next. Changes in
//! place are found by revision. The conversations' state is read first and the messages after it, so that what changes in
//! between is at worst shown as it is already. However many cursors: one query for the seats, one for changes if any are
//! due, one for messages if any are due.

use std::{collections::HashMap, vec};

use proto::{CatchUp, Cursor, Message, Resume, Resumed};
use sqlx::PgConnection;

use super::{
    Seat, load,
    queries::resume::{self as queries, Changed, Due},
    seat::{conversation_id, seats},
};
use crate::{
    actor::Actor,
    app::App,
    error::{Result, refused_argument},
    id::ConversationId,
    store::page,
};

/// Cursors of one request at most.
const CURSORS: usize = 500;

/// What was missed after each cursor. A page has at most `limit` messages in all and is cut short when they are long; the
/// rest comes for the cursors moved on. A cursor ahead of the log is taken as the log's end. Whoever has left gets what
/// they missed while in it, then `left`; so does, with nothing, a stranger, who cannot tell the conversation from none.
///
/// Refuses with `invalid_argument` what is malformed, more than 500 cursors, and two for one conversation.
pub async fn resume(app: &App, actor: &Actor, request: Resume) -> Result<Resumed> {
    let limit = usize::try_from(page::limit(request.limit, 500, 1_000)?).unwrap_or(1_000);
    let stops = stops(&request.cursors)?;
    let ids: Vec<ConversationId> = stops.iter().map(|stop| stop.conversation).collect();
    let mut sql = app.store.pool().acquire().await?;
    let seats = seats(&mut sql, actor, &ids).await?;
    let mut room = limit;
    let mut plans: Vec<Plan<'_>> = stops
        .into_iter()
        .map(|stop| Plan::new(stop, seats.get(&stop.conversation), &mut room))
        .collect();
    find_changes(&mut sql, &mut plans).await?;
    let names: Vec<load::Name> = plans.iter().flat_map(Plan::names).collect();
    let mut messages = load::page(&mut sql, &names).await?.into_iter();
    let conversations: Vec<CatchUp> = plans
        .into_iter()
        .map(|plan| plan.catch_up(&mut messages))
        .collect();
    let more = conversations.iter().any(|one| one.more);
    Ok(Resumed {
        conversations,
        more,
    })
}

/// Where a client stopped.
#[derive(Clone, Copy, Debug)]
struct Stop {
    conversation: ConversationId,
    number: u64,
    revision: u64,
}

fn stops(cursors: &[Cursor]) -> Result<Vec<Stop>> {
    if cursors.len() > CURSORS {
        return Err(refused_argument("cursors", "are at most 500"));
    }
    let mut stops = HashMap::with_capacity(cursors.len());
    let read = |(position, cursor): (usize, &Cursor)| {
        let conversation = conversation_id(&cursor.conversation_id)?;
        if stops.insert(conversation, position).is_some() {
            return Err(refused_argument("cursors", "name a conversation twice"));
        }
        Ok(Stop {
            conversation,
            number: cursor.number,
            revision: cursor.revision,
        })
    };
    cursors.iter().enumerate().map(read).collect()
}

/// What one conversation contributes to the page.
struct Plan<'a> {
    stop: Stop,
    seat: Option<&'a Seat>,
    /// Changes that may have happened since: each raised the revision by one.
    lag: u64,
    /// Of these, how many this page looks at.
    looks_at: u64,
    /// What was found, by rising revision, and how far the looking has come.
    changed: Vec<Changed>,
    revision: u64,
    /// New messages, rising.
    numbers: Vec<u64>,
}

impl<'a> Plan<'a> {
    /// Takes from the page's `room` what is due here.
    fn new(stop: Stop, seat: Option<&'a Seat>, room: &mut usize) -> Self {
        let mut plan = Plan {
            stop,
            seat,
            lag: 0,
            looks_at: 0,
            changed: vec![],
            revision: stop.revision,
            numbers: vec![],
        };
        let Some(seat) = seat else { return plan };
        plan.stop.number = stop.number.min(seat.horizon());
        plan.stop.revision = stop.revision.min(seat.revision);
        let holds_any = seat
            .ranges()
            .first()
            .is_some_and(|(first, _)| *first <= plan.stop.number);
        if holds_any {
            plan.lag = seat.revision - plan.stop.revision;
        }
        plan.looks_at = plan.lag.min(*room as u64);
        plan.revision = if plan.looks_at == plan.lag {
            seat.revision
        } else {
            plan.stop.revision
        };
        *room -= usize::try_from(plan.looks_at).unwrap_or(*room);
        plan.numbers = seat.above(plan.stop.number, *room);
        *room -= plan.numbers.len();
        plan
    }

    fn due(&self, plan: usize) -> Option<Due> {
        let seat = self.seat.filter(|_| self.looks_at > 0)?;
        Some(Due {
            plan,
            conversation: self.stop.conversation,
            after: self.stop.revision,
            until: seat.revision,
            number: self.stop.number,
            limit: self.looks_at,
        })
    }

    /// The looking is over: `found` holds what changed, all of it if there is less than was looked for.
    fn note_changes(&mut self, found: Vec<Changed>) {
        let Some(seat) = self.seat else { return };
        let all = self.looks_at == self.lag || (found.len() as u64) < self.looks_at;
        let last = found
            .last()
            .map_or(self.stop.revision, |changed| changed.revision);
        self.revision = if all { seat.revision } else { last };
        self.changed = found
            .into_iter()
            .filter(|changed| seat.sees(changed.number))
            .collect();
    }

    fn names(&self) -> impl Iterator<Item = load::Name> {
        let changed = self.changed.iter().map(|changed| changed.number);
        changed
            .chain(self.numbers.iter().copied())
            .map(|number| (self.stop.conversation, number))
    }

    /// Takes its messages from the page, which may end before them.
    fn catch_up(self, page: &mut vec::IntoIter<Message>) -> CatchUp {
        let conversation_id = self.stop.conversation.to_string();
        let Some(seat) = self.seat else {
            return CatchUp {
                conversation_id,
                left: true,
                ..CatchUp::default()
            };
        };
        let changed: Vec<Message> = page.take(self.changed.len()).collect();
        let revision = match self.changed.get(changed.len()) {
            None => self.revision,
            Some(_) if changed.is_empty() => self.stop.revision,
            Some(_) => self.changed[changed.len() - 1].revision,
        };
        let messages: Vec<Message> = page.take(self.numbers.len()).collect();
        let number = messages
            .last()
            .map_or(self.stop.number, |message| message.number);
        let more = self.lag > 0 && revision < seat.revision || !seat.above(number, 1).is_empty();
        CatchUp {
            cursor: Some(Cursor {
                conversation_id: conversation_id.clone(),
                number,
                revision,
            }),
            conversation_id,
            messages,
            changed,
            head: Some(seat.head()),
            read: seat.read,
            more,
            left: !more && !seat.present(),
        }
    }
}

/// Looks for the changes that are due, in one query for all conversations.
async fn find_changes(sql: &mut PgConnection, plans: &mut [Plan<'_>]) -> Result<()> {
    let due: Vec<Due> = plans
        .iter()
        .enumerate()
        .filter_map(|(index, plan)| plan.due(index))
        .collect();
    if due.is_empty() {
        return Ok(());
    }
    let mut found: HashMap<usize, Vec<Changed>> = HashMap::new();
    for (plan, changed) in queries::changed(sql, &due).await? {
        found.entry(plan).or_default().push(changed);
    }
    for due in due {
        plans[due.plan].note_changes(found.remove(&due.plan).unwrap_or_default());
    }
    Ok(())
}
