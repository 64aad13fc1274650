//! Changes in place, by revision; and where a conversation stands, for filling holes.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{conversation::Address, error::Result, id::ConversationId};

/// Which changes of one conversation are asked for.
#[derive(Clone, Copy)]
pub(in crate::conversation) struct Due {
    /// The caller's name for it.
    pub plan: usize,
    pub conversation: ConversationId,
    /// Revisions above this one and up to that one.
    pub after: u64,
    pub until: u64,
    /// Of messages up to this number.
    pub number: u64,
    pub limit: u64,
}

/// A message that changed in place, and when it last did.
#[derive(Clone, Copy)]
pub(in crate::conversation) struct Changed {
    pub number: u64,
    pub revision: u64,
}

/// What changed, in order of revision in each plan.
pub(in crate::conversation) async fn changed(
    sql: &mut PgConnection,
    due: &[Due],
) -> sqlx::Result<Vec<(usize, Changed)>> {
    let column = |of: fn(&Due) -> u64| -> Vec<i64> {
        due.iter()
            .map(|due| i64::try_from(of(due)).unwrap_or(i64::MAX))
            .collect()
    };
    let rows = sqlx::query!(
        r#"
        select n.place as "place!", c.number as "number!", c.revision as "revision!"
        from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) with ordinality
          as n (conversation_id, after, until, number, most, place)
        cross join lateral (
          select m.number, m.revision
          from messages m
          where m.conversation_id = n.conversation_id and m.revision > 0 and m.revision > n.after and m.revision <= n.until
            and m.number <= n.number
          order by m.revision
          limit n.most
        ) c
        order by n.place, c.revision
        "#,
        &due.iter().map(|due| due.conversation.0).collect::<Vec<Uuid>>(),
        &column(|due| due.after),
        &column(|due| due.until),
        &column(|due| due.number),
        &column(|due| due.limit),
    )
    .fetch_all(sql)
    .await?;
    let found = rows.into_iter().filter_map(|row| {
        let due = due.get(usize::try_from(row.place - 1).ok()?)?;
        Some((
            due.plan,
            Changed {
                number: row.number.cast_unsigned(),
                revision: row.revision.cast_unsigned(),
            },
        ))
    });
    Ok(found.collect())
}

/// Where a conversation's events go and how far it has come; nothing if there is none.
pub(in crate::conversation) async fn standing(
    sql: &mut PgConnection,
    conversation: ConversationId,
) -> Result<Option<(Address, u64, u64)>> {
    let row = sqlx::query!(
        "select kind, shop_id, person_a, person_b, number, revision from conversations where id = $1",
        conversation.0,
    )
    .fetch_optional(sql)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let address = super::address(
        conversation,
        &row.kind,
        row.shop_id,
        row.person_a,
        row.person_b,
    )?;
    Ok(Some((
        address,
        row.number.cast_unsigned(),
        row.revision.cast_unsigned(),
    )))
}
