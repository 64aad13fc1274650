//! Statements about who is in a group and who may come.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use proto::{GroupRole, User, UserKind, json::Word as _};
use sqlx::PgPool;
use uuid::Uuid;

use super::role;
use crate::{
    error::Result,
    group::Candidate,
    id::{ConversationId, ShopId, UserId},
    store::Tx,
};

/// Somebody who is in a group.
#[derive(Debug)]
pub(in crate::group) struct Member {
    pub user: User,
    pub id: UserId,
    pub role: GroupRole,
    pub inviter: Option<UserId>,
    pub joined_number: i64,
    pub joined_at: Timestamp,
    pub muted_until: Option<Timestamp>,
}

/// A user as others see them.
pub(super) fn user(id: UserId, kind: &str, name: String, avatar: Option<Uuid>) -> User {
    User {
        id: id.to_string(),
        kind: UserKind::from_word(kind).unwrap_or_default().into(),
        name,
        avatar: avatar.map(|avatar| avatar.to_string()).unwrap_or_default(),
    }
}

/// One person, as others see them.
pub(in crate::group) async fn person(tx: &mut Tx, id: UserId) -> Result<Option<User>> {
    let row = sqlx::query!("select kind, name, avatar from users where id = $1", id.0)
        .fetch_optional(tx.sql())
        .await?;
    Ok(row.map(|row| user(id, &row.kind, row.name, row.avatar)))
}

/// How these people stand towards the group and its shop; those who do not exist are left out.
pub(in crate::group) async fn candidates(
    tx: &mut Tx,
    group: ConversationId,
    people: &[UserId],
) -> Result<Vec<Candidate>> {
    let shop = tx.shop()?;
    let ids: Vec<Uuid> = people.iter().map(|user| user.0).collect();
    let rows = sqlx::query!(
        r#"
        select u.id as "id: UserId", u.kind, u.name, u.avatar, u.home_id as "home: ShopId",
          exists (select 1 from posts p where p.shop_id = $1 and p.user_id = u.id) as "works_here!",
          exists (
            select 1 from conversations c where c.kind = 'shop' and c.shop_id = $1 and c.person_a = u.id
          ) as "buys_here!",
          exists (select 1 from bans b where b.shop_id = $1 and b.user_id = u.id) as "banned!",
          exists (
            select 1 from memberships m where m.conversation_id = $2 and m.user_id = u.id and m.left_number is null
          ) as "member!"
        from users u
        where u.id = any ($3)
        order by u.id
        "#,
        shop.0,
        group.0,
        &ids,
    )
    .fetch_all(tx.sql())
    .await?;
    let candidates = rows.into_iter().map(|row| Candidate {
        user: user(row.id, &row.kind, row.name, row.avatar),
        id: row.id,
        home: row.home,
        works_here: row.works_here,
        buys_here: row.buys_here,
        banned: row.banned,
        member: row.member,
    });
    Ok(candidates.collect())
}

/// Takes places for so many people, all or none. Gives how many there are then; nothing: the group is full.
pub(in crate::group) async fn take_places(
    tx: &mut Tx,
    group: ConversationId,
    people: usize,
    most: i64,
) -> Result<Option<i32>> {
    let shop = tx.shop()?;
    let members = sqlx::query_scalar!(
        "
        update groups
        set members = members + $3
        where conversation_id = $1 and shop_id = $2 and members + $3 <= $4
        returning members
        ",
        group.0,
        shop.0,
        i32::try_from(people).unwrap_or(i32::MAX / 2),
        i32::try_from(most).unwrap_or(i32::MAX) as _,
    );
    Ok(members.fetch_optional(tx.sql()).await?)
}

/// Nobody else takes one of these people into a group until this work ends. Comes after the lock of the group.
pub(in crate::group) async fn hold_people(tx: &mut Tx, people: &[UserId]) -> Result<()> {
    let ids: Vec<Uuid> = people.iter().map(|user| user.0).collect();
    sqlx::query!(
        "select from users where id = any ($1) order by id for no key update",
        &ids
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Is one of these people in as many groups of the shop as they may be? `most` for a customer, and for whoever acts for it.
pub(in crate::group) async fn in_too_many_groups(
    tx: &mut Tx,
    people: &[UserId],
    most: (i64, i64),
) -> Result<bool> {
    let shop = tx.shop()?;
    let ids: Vec<Uuid> = people.iter().map(|user| user.0).collect();
    let some = sqlx::query_scalar!(
        r#"
        select exists (
          select from users u
          where u.id = any ($2) and (
            select count(*) from memberships m
            join groups g on g.conversation_id = m.conversation_id
            where m.user_id = u.id and m.left_number is null and g.shop_id = $1
          ) >= case when u.kind = 'customer' then $3::bigint else $4 end
        ) as "some!"
        "#,
        shop.0,
        &ids,
        most.0,
        most.1,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(some)
}

/// One person has gone.
pub(in crate::group) async fn give_place_back(tx: &mut Tx, group: ConversationId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "update groups set members = members - 1 where conversation_id = $1 and shop_id = $2",
        group.0,
        shop.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// These people see what is said from `number` on. Who was muted still is. Gives those who had been there before; nothing
/// if one of them may not be here: a merchant account or a bot needs a post in the shop, or is the voice of a hook of
/// this group.
pub(in crate::group) async fn begin_intervals(
    tx: &mut Tx,
    group: ConversationId,
    people: &[UserId],
    inviter: Option<UserId>,
    number: u64,
    now: Timestamp,
) -> Result<Option<Vec<UserId>>> {
    let shop = tx.shop()?;
    let ids: Vec<Uuid> = people.iter().map(|user| user.0).collect();
    let returned = sqlx::query_scalar!(
        r#"
        insert into memberships (conversation_id, user_id, joined_number, inviter_id, muted_until, joined_at)
        select $1, u.id, $3, $4, f.muted_until, $5
        from users u
        left join lateral (
          select max(m.muted_until) as muted_until
          from memberships m
          where m.conversation_id = $1 and m.user_id = u.id and m.muted_until > $5
        ) f on true
        where u.id = any ($2)
          and (
            u.kind = 'customer'
            or exists (select from posts p where p.shop_id = $6 and p.user_id = u.id)
            or exists (select from hooks h where h.conversation_id = $1 and h.bot_id = u.id and h.revoked_at is null)
          )
        returning case when exists (
          select from memberships m where m.conversation_id = $1 and m.user_id = memberships.user_id and m.joined_number < $3
        ) then user_id end as "user: UserId"
        "#,
        group.0,
        &ids,
        number.cast_signed(),
        inviter.map(|user| user.0),
        now.to_sqlx() as _,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let all = returned.len() == people.len();
    Ok(all.then(|| returned.into_iter().flatten().collect()))
}

/// The groups of the shop that somebody is in now, in order of id.
pub(in crate::group) async fn groups_of(tx: &mut Tx, user: UserId) -> Result<Vec<ConversationId>> {
    let shop = tx.shop()?;
    let groups = sqlx::query_scalar!(
        r#"
        select m.conversation_id as "group: ConversationId"
        from memberships m
        join groups g on g.conversation_id = m.conversation_id
        where m.user_id = $2 and m.left_number is null and g.shop_id = $1
        order by m.conversation_id
        "#,
        shop.0,
        user.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(groups)
}

/// Somebody has nothing to do with the shop's groups any more: their times in them are gone, their places free, the ways
/// in that they made or were given closed. The groups that they are in must be locked.
pub(in crate::group) async fn forget_member(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with gone as (
          delete from memberships m
          using groups g
          where g.shop_id = $1 and m.conversation_id = g.conversation_id and m.user_id = $2
          returning m.conversation_id, m.left_number
        ),
        closed as (
          update invites i
          set revoked_at = $3
          from groups g
          where g.shop_id = $1 and i.conversation_id = g.conversation_id and $2 in (i.inviter_id, i.invitee_id)
            and i.revoked_at is null
        ),
        waits_no_more as (
          delete from join_requests r
          using groups g
          where g.shop_id = $1 and r.conversation_id = g.conversation_id and r.user_id = $2
        )
        update groups g
        set members = g.members - 1
        from gone
        where g.shop_id = $1 and g.conversation_id = gone.conversation_id and gone.left_number is null
        ",
        shop.0,
        user.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Message `number` is the last that this person sees. False: they were not in it.
pub(in crate::group) async fn end_interval(
    tx: &mut Tx,
    group: ConversationId,
    user: UserId,
    number: u64,
) -> Result<bool> {
    let ended = sqlx::query!(
        "
        update memberships m
        set left_number = $3, known_as = g.name, changed_at = clock_timestamp()
        from groups g
        where m.conversation_id = $1 and m.user_id = $2 and m.left_number is null and g.conversation_id = $1
        ",
        group.0,
        user.0,
        number.cast_signed(),
    )
    .execute(tx.sql())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Somebody who is in the group now.
pub(in crate::group) async fn member(
    tx: &mut Tx,
    group: ConversationId,
    id: UserId,
) -> Result<Option<Member>> {
    let row = sqlx::query!(
        r#"
        select u.kind, u.name, u.avatar, m.role, m.inviter_id as "inviter: UserId", m.joined_number,
          m.joined_at as "joined_at: jiff_sqlx::Timestamp", m.muted_until as "muted_until: jiff_sqlx::Timestamp"
        from memberships m
        join users u on u.id = m.user_id
        where m.conversation_id = $1 and m.user_id = $2 and m.left_number is null
        "#,
        group.0,
        id.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| Member {
        user: user(id, &row.kind, row.name, row.avatar),
        id,
        role: role(Some(row.role)),
        inviter: row.inviter,
        joined_number: row.joined_number,
        joined_at: row.joined_at.to_jiff(),
        muted_until: row.muted_until.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}

/// Who is in the group now, after the member with this place and id, in order of joining.
pub(in crate::group) async fn members(
    pool: &PgPool,
    group: ConversationId,
    after: Option<(i64, UserId)>,
    limit: i64,
) -> Result<Vec<Member>> {
    let (number, last) = after.unwrap_or((0, UserId(Uuid::nil())));
    let rows = sqlx::query!(
        r#"
        select u.id as "id: UserId", u.kind, u.name, u.avatar, m.role, m.inviter_id as "inviter: UserId", m.joined_number,
          m.joined_at as "joined_at: jiff_sqlx::Timestamp", m.muted_until as "muted_until: jiff_sqlx::Timestamp"
        from memberships m
        join users u on u.id = m.user_id
        where m.conversation_id = $1 and m.left_number is null and (m.joined_number, m.user_id) > ($2, $3)
        order by m.joined_number, m.user_id
        limit $4
        "#,
        group.0,
        number,
        last.0,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let members = rows.into_iter().map(|row| Member {
        user: user(row.id, &row.kind, row.name, row.avatar),
        id: row.id,
        role: role(Some(row.role)),
        inviter: row.inviter,
        joined_number: row.joined_number,
        joined_at: row.joined_at.to_jiff(),
        muted_until: row.muted_until.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(members.collect())
}

/// Somebody may not speak until then; nothing: they may.
pub(in crate::group) async fn mute(
    tx: &mut Tx,
    group: ConversationId,
    user: UserId,
    until: Option<Timestamp>,
) -> Result<()> {
    // Former intervals too: coming back takes over the longest mute of them.
    sqlx::query!(
        "update memberships set muted_until = $3 where conversation_id = $1 and user_id = $2",
        group.0,
        user.0,
        until.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Gives a member a role.
pub(in crate::group) async fn give_role(
    tx: &mut Tx,
    group: ConversationId,
    user: UserId,
    role: GroupRole,
) -> Result<()> {
    sqlx::query!(
        "
        update memberships
        set role = $3, changed_at = clock_timestamp()
        where conversation_id = $1 and user_id = $2 and left_number is null
        ",
        group.0,
        user.0,
        i16::try_from(role as i32).unwrap_or_default(),
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Who owns the group.
pub(in crate::group) async fn owner(tx: &mut Tx, group: ConversationId) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        r#"
        select user_id as "user: UserId" from memberships
        where conversation_id = $1 and role = 3 and left_number is null
        "#,
        group.0
    );
    Ok(owner.fetch_optional(tx.sql()).await?)
}

/// The owner becomes a manager.
pub(in crate::group) async fn step_down(tx: &mut Tx, group: ConversationId) -> Result<()> {
    sqlx::query!(
        "
        update memberships
        set role = 2, changed_at = clock_timestamp()
        where conversation_id = $1 and role = 3 and left_number is null
        ",
        group.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A member becomes the owner, where there is none.
pub(in crate::group) async fn make_owner(
    tx: &mut Tx,
    group: ConversationId,
    user: UserId,
) -> Result<()> {
    give_role(tx, group, user, GroupRole::Owner).await
}
