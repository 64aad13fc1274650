//! Every statement about bots and hooks, and what a shop's own bot answers.

mod answer;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgExecutor;

pub(super) use self::answer::*;
use super::{Bot, hook::Hook, voice::Voice as ShopVoice};
use crate::{
    actor::Permissions,
    clock::millis,
    error::Result,
    id::{ConversationId, HookId, ShopId, UserId},
    store::Tx,
};

/// A new user of kind bot that belongs to the shop.
pub(super) async fn add(
    tx: &mut Tx,
    name: &str,
    scopes: Permissions,
    by: UserId,
    now: Timestamp,
) -> Result<Bot> {
    let (shop, user) = (tx.shop()?, UserId::new());
    sqlx::query!(
        "
        with born as (
          insert into users (id, kind, name, home_id, created_at)
          values ($2, 'bot', $3, $1, $5)
          returning id
        )
        insert into bots (user_id, shop_id, created_by, created_at)
        select id, $1, $4, $5
        from born
        ",
        shop.0,
        user.0,
        name,
        by.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(Bot {
        user_id: user,
        name: name.to_owned(),
        scopes: scopes.words(),
        disabled: false,
    })
}

/// Puts a bot on the staff, by its scopes.
pub(super) async fn put_on_staff(tx: &mut Tx, bot: &Bot, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into staff (shop_id, user_id, scopes, created_at) values ($1, $2, $3, $4)",
        shop.0,
        bot.user_id.0,
        &bot.scopes,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// How many bots the shop has, hooks apart.
pub(super) async fn count(tx: &mut Tx) -> Result<i64> {
    let shop = tx.shop()?;
    let bots = sqlx::query_scalar!(
        r#"select count(*) as "count!" from staff where shop_id = $1 and scopes is not null"#,
        shop.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(bots)
}

/// The shop's bots, the oldest first.
pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Bot>> {
    let shop = tx.shop()?;
    let bots = sqlx::query_as!(
        Bot,
        r#"
        select s.user_id as "user_id: UserId", u.name, s.scopes as "scopes!", s.disabled_at is not null as "disabled!"
        from staff s
        join users u on u.id = s.user_id
        where s.shop_id = $1 and s.scopes is not null
        order by s.user_id
        "#,
        shop.0,
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(bots)
}

/// A bot of the shop.
pub(super) async fn bot(tx: &mut Tx, bot: UserId) -> Result<Option<Bot>> {
    let shop = tx.shop()?;
    let found = sqlx::query_as!(
        Bot,
        r#"
        select s.user_id as "user_id: UserId", u.name, s.scopes as "scopes!", s.disabled_at is not null as "disabled!"
        from staff s
        join users u on u.id = s.user_id
        where s.shop_id = $1 and s.user_id = $2 and s.scopes is not null
        "#,
        shop.0,
        bot.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found)
}

/// The bot as it is to be.
pub(super) async fn change(tx: &mut Tx, bot: &Bot, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with named as (
          update users set name = $3 where id = $2
        )
        update staff
        set scopes = $4, disabled_at = case when $5 then coalesce(disabled_at, $6) end
        where shop_id = $1 and user_id = $2
        ",
        shop.0,
        bot.user_id.0,
        bot.name,
        &bot.scopes,
        bot.disabled,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A bot or a hook's voice is no more; its name stays for what it said.
pub(super) async fn retire(tx: &mut Tx, bot: UserId, now: Timestamp) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        with gone as (
          delete from staff where shop_id = $1 and user_id = $2
        )
        update bots set retired_at = $3 where shop_id = $1 and user_id = $2
        ",
        shop.0,
        bot.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Is it a group of the shop?
pub(super) async fn has_group(tx: &mut Tx, group: ConversationId) -> Result<bool> {
    let shop = tx.shop()?;
    let has = sqlx::query_scalar!(
        r#"select exists (select from conversations where id = $2 and shop_id = $1 and kind = 'group') as "has!""#,
        shop.0,
        group.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(has)
}

/// How many hooks a group has.
pub(super) async fn count_hooks(tx: &mut Tx, group: ConversationId) -> Result<i64> {
    let shop = tx.shop()?;
    let hooks = sqlx::query_scalar!(
        r#"select count(*) as "count!" from hooks where shop_id = $1 and conversation_id = $2 and revoked_at is null"#,
        shop.0,
        group.0
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(hooks)
}

/// A new hook, by the hash of its token.
pub(super) async fn add_hook(
    tx: &mut Tx,
    group: ConversationId,
    bot: &Bot,
    hash: &[u8],
    by: UserId,
    now: Timestamp,
) -> Result<Hook> {
    let (shop, hook) = (tx.shop()?, HookId::new());
    sqlx::query!(
        "
        insert into hooks (id, shop_id, conversation_id, bot_id, token_hash, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
        hook.0,
        shop.0,
        group.0,
        bot.user_id.0,
        hash,
        by.0,
        now.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    Ok(Hook {
        id: hook,
        name: bot.name.clone(),
        bot_id: bot.user_id,
        created_at: millis(now),
    })
}

/// The hooks of a group, the oldest first.
pub(super) async fn hooks(tx: &mut Tx, group: ConversationId) -> Result<Vec<Hook>> {
    let shop = tx.shop()?;
    let rows = sqlx::query!(
        r#"
        select h.id as "id: HookId", u.name, h.bot_id as "bot: UserId", h.created_at as "created_at: jiff_sqlx::Timestamp"
        from hooks h
        join users u on u.id = h.bot_id
        where h.shop_id = $1 and h.conversation_id = $2 and h.revoked_at is null
        order by h.id
        "#,
        shop.0,
        group.0,
    )
    .fetch_all(tx.sql())
    .await?;
    let hooks = rows.into_iter().map(|row| Hook {
        id: row.id,
        name: row.name,
        bot_id: row.bot,
        created_at: millis(row.created_at.to_jiff()),
    });
    Ok(hooks.collect())
}

/// Revokes a hook that is not revoked yet.
pub(super) async fn revoke_hook(
    tx: &mut Tx,
    group: ConversationId,
    hook: HookId,
    now: Timestamp,
) -> Result<Option<Hook>> {
    let shop = tx.shop()?;
    let row = sqlx::query!(
        r#"
        update hooks h
        set revoked_at = $4
        from users u
        where h.id = $3 and h.shop_id = $1 and h.conversation_id = $2 and h.revoked_at is null and u.id = h.bot_id
        returning u.name, h.bot_id as "bot: UserId", h.created_at as "created_at: jiff_sqlx::Timestamp"
        "#,
        shop.0,
        group.0,
        hook.0,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.map(|row| Hook {
        id: hook,
        name: row.name,
        bot_id: row.bot,
        created_at: millis(row.created_at.to_jiff()),
    }))
}

/// Who speaks through a hook, and where.
#[derive(Debug)]
pub(super) struct Voice {
    pub bot: UserId,
    pub name: String,
    pub shop: ShopId,
    pub group: ConversationId,
}

/// The hook of a token, by its hash.
pub(super) async fn voice(
    sql: impl PgExecutor<'_>,
    hash: &[u8],
) -> Result<Option<Voice>, sqlx::Error> {
    sqlx::query_as!(
        Voice,
        r#"
        select h.bot_id as "bot: UserId", u.name, h.shop_id as "shop: ShopId", h.conversation_id as "group: ConversationId"
        from hooks h
        join users u on u.id = h.bot_id
        where h.token_hash = $1 and h.revoked_at is null
        "#,
        hash,
    )
    .fetch_optional(sql)
    .await
}

/// The shop's own bot, unless it was retired.
pub(super) async fn shop_voice(tx: &mut Tx) -> Result<Option<ShopVoice>> {
    let shop = tx.shop()?;
    let voice = sqlx::query_as!(
        ShopVoice,
        r#"
        select u.id as "user: UserId", u.name, s.disabled_at is not null or not ('chat' = any (s.scopes)) as "disabled!"
        from shop_voices v
        join users u on u.id = v.bot_id
        join staff s on s.shop_id = v.shop_id and s.user_id = v.bot_id
        where v.shop_id = $1
        "#,
        shop.0,
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(voice)
}

/// This bot is the shop's own from now on.
pub(super) async fn set_shop_voice(tx: &mut Tx, bot: UserId) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "insert into shop_voices (shop_id, bot_id) values ($1, $2) on conflict (shop_id) do update set bot_id = excluded.bot_id",
        shop.0,
        bot.0,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Is a bot in a group of the shop now?
pub(super) async fn is_in(tx: &mut Tx, bot: UserId, group: ConversationId) -> Result<bool> {
    let shop = tx.shop()?;
    let is = sqlx::query_scalar!(
        r#"
        select exists (
          select
          from memberships m
          join conversations c on c.id = m.conversation_id
          where c.shop_id = $1 and m.user_id = $2 and m.conversation_id = $3 and m.left_number is null
        ) as "is!"
        "#,
        shop.0,
        bot.0,
        group.0,
    )
    .fetch_one(tx.sql())
    .await?;
    Ok(is)
}
