//! Conversations as they look from one seat: title, partner, how far they have come, how much is unread.

use std::collections::HashMap;

use proto::{Conversation, Group, Head, Message, User, UserKind, json::Word as _};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Address, Seat, load,
    queries::{self, list::Face},
    seat::seats,
};
use crate::{actor::Actor, clock::millis, error::Result, id::ConversationId};

/// Unread messages are counted up to here.
const COUNTED: i64 = 1_000;

/// The conversations with these ids, in this order, from the first on as many as fit into one page; nothing in the
/// place of one where the actor has no seat.
pub(crate) async fn overview(
    sql: &mut PgConnection,
    actor: &Actor,
    ids: &[ConversationId],
) -> Result<Vec<Option<Conversation>>> {
    let seats = seats(sql, actor, ids).await?;
    let seen = ids
        .iter()
        .filter_map(|id| seats.get(id))
        .filter(|seat| seat.newest() > 0);
    let names: Vec<load::Name> = seen
        .map(|seat| (seat.conversation, seat.newest()))
        .collect();
    let messages = load::page(sql, &names).await?;
    let cut = names
        .get(messages.len())
        .and_then(|(cut, _)| ids.iter().position(|id| id == cut));
    let ids = &ids[..cut.unwrap_or(ids.len())];
    let mut last: HashMap<String, Message> = messages
        .into_iter()
        .map(|message| (message.conversation_id.clone(), message))
        .collect();
    let keys: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let faces = queries::list::faces(sql, &keys, actor.user).await?;
    let faces: HashMap<ConversationId, Face> =
        faces.into_iter().map(|face| (face.id, face)).collect();
    let views: HashMap<ConversationId, View> = ids
        .iter()
        .filter_map(|id| {
            Some((
                *id,
                View {
                    seat: seats.get(id)?,
                    face: faces.get(id)?,
                },
            ))
        })
        .collect();
    let unread = unread(sql, actor, &views).await?;
    let conversations = ids.iter().map(|id| {
        let view = views.get(id)?;
        let last_message = last.remove(&id.to_string());
        Some(Conversation {
            unread: unread.get(id).copied().unwrap_or_default(),
            active_at: view.active_at(last_message.as_ref()),
            last_message,
            ..view.conversation()
        })
    });
    Ok(conversations.collect())
}

/// For each conversation the messages of others that the actor may see and has not read.
async fn unread(
    sql: &mut PgConnection,
    actor: &Actor,
    views: &HashMap<ConversationId, View<'_>>,
) -> Result<HashMap<ConversationId, u32>> {
    let (mut ids, mut first, mut last) = (vec![], vec![], vec![]);
    for view in views.values() {
        let read = view.seat.read.cast_signed();
        for (start, end) in view.seat.ranges() {
            if end.cast_signed() > read {
                ids.push(view.seat.conversation.0);
                first.push(start.cast_signed().max(read + 1));
                last.push(end.cast_signed());
            }
        }
    }
    let counts = queries::list::of_others(sql, &ids, &first, &last, actor.user).await?;
    let mut unread: HashMap<ConversationId, i64> = HashMap::new();
    for (id, count) in ids.into_iter().zip(counts) {
        *unread.entry(ConversationId(id)).or_default() += count;
    }
    let capped = unread
        .into_iter()
        .map(|(id, count)| (id, u32::try_from(count.min(COUNTED)).unwrap_or_default()));
    Ok(capped.collect())
}

/// One seat's view of one conversation.
#[derive(Clone, Copy)]
struct View<'a> {
    seat: &'a Seat,
    face: &'a Face,
}

impl View<'_> {
    /// All but what takes the log.
    fn conversation(self) -> Conversation {
        let seat = self.seat;
        let group = self.group_parts();
        Conversation {
            id: seat.conversation.to_string(),
            kind: seat.address.kind().into(),
            shop_id: seat
                .address
                .shop()
                .map(|shop| shop.to_string())
                .unwrap_or_default(),
            title: self.title(group.as_ref()),
            head: Some(seat.head()),
            read: seat.read,
            partner: self.partner(),
            group,
            ..Conversation::default()
        }
    }

    /// Whoever has left knows of no life after the last message that they saw.
    fn active_at(self, last: Option<&Message>) -> i64 {
        if self.seat.present() {
            millis(self.face.active_at.to_jiff())
        } else {
            last.map_or(0, |message| message.sent_at)
        }
    }

    fn title(self, group: Option<&Group>) -> String {
        let title = match self.seat.address {
            Address::Shop { .. } if !self.seat.staff => self.face.shop_name.clone(),
            Address::Shop { .. } | Address::Direct(..) => self.face.partner_name.clone(),
            Address::Group { .. } => group.map(|group| group.name.clone()),
        };
        title.unwrap_or_default()
    }

    fn partner(self) -> Option<User> {
        let face = self.face;
        let kind = face.partner_kind.as_deref().and_then(UserKind::from_word);
        Some(User {
            id: face.partner?.to_string(),
            kind: kind.unwrap_or_default().into(),
            name: face.partner_name.clone().unwrap_or_default(),
            avatar: face
                .partner_avatar
                .map(|file| file.to_string())
                .unwrap_or_default(),
        })
    }

    /// What only groups have.
    fn group_parts(self) -> Option<Group> {
        let Address::Group { group, shop } = self.seat.address else {
            return None;
        };
        let (id, shop_id) = (group.to_string(), shop.to_string());
        let name = self.face.group_name.clone().unwrap_or_default();
        // Whoever has left knows the group by the name that it had then, and nothing of its present.
        if !self.seat.present() {
            return Some(Group {
                id,
                shop_id,
                name,
                ..Group::default()
            });
        }
        Some(Group {
            id,
            shop_id,
            name,
            announcement: self.face.announcement.clone().unwrap_or_default(),
            members: self.face.members.map_or(0, i32::unsigned_abs),
            join_approval: self.face.join_approval.unwrap_or_default(),
            all_muted: self.face.all_muted,
            role: self.seat.role.into(),
            dissolved: self.seat.closed,
            muted_until: self
                .face
                .muted_until
                .map_or(0, |until| millis(until.to_jiff())),
        })
    }
}

impl Seat {
    /// How far the conversation has come, as far as it may be known from here: for whoever has left it stands still.
    pub fn head(&self) -> Head {
        Head {
            conversation_id: self.conversation.to_string(),
            number: self.horizon(),
            revision: if self.present() { self.revision } else { 0 },
        }
    }
}
