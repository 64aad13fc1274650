//! Red packets themselves.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use proto::json::Word as _;
use sqlx::PgPool;

use super::super::RedPacket;
use crate::{
    error::{Refusal, Result},
    id::{ConversationId, RedPacketId, ShopId, UserId},
    money::Money,
    store::Tx,
};

/// A group that a red packet can be sent into.
pub(in crate::red_packet) struct Place {
    pub closed: bool,
    /// How many are open there.
    pub open: i64,
}

/// A group of the shop. Nobody else sends there until this work ends.
pub(in crate::red_packet) async fn place(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Option<Place>> {
    let shop = tx.shop()?;
    let locked = sqlx::query!(
        "select from conversations where shop_id = $1 and id = $2 and kind = 'group' for no key update",
        shop.0,
        conversation.0,
    );
    if locked.fetch_optional(tx.sql()).await?.is_none() {
        return Ok(None);
    }
    let place = sqlx::query_as!(
        Place,
        r#"
        select c.closed_at is not null as "closed!",
          (select count(*) from red_packets p where p.conversation_id = c.id and p.state = 'open') as "open!"
        from conversations c
        where c.shop_id = $1 and c.id = $2
        "#,
        shop.0,
        conversation.0,
    );
    Ok(place.fetch_optional(tx.sql()).await?)
}

/// The currency of the shop.
pub(in crate::red_packet) async fn currency(tx: &mut Tx) -> Result<String> {
    let shop = tx.shop()?;
    let currency = sqlx::query_scalar!("select currency from shops where id = $1", shop.0);
    Ok(currency.fetch_one(tx.sql()).await?)
}

/// A new red packet, and its shares.
pub(in crate::red_packet) async fn add(
    tx: &mut Tx,
    red_packet: &RedPacket,
    shares: &[Money],
    by: UserId,
) -> Result<()> {
    let shop = tx.shop()?;
    sqlx::query!(
        "
        insert into red_packets (id, shop_id, conversation_id, card_number, state, rules, rules_hash, commitment, sealed_seed, total, shares,
          ends_at, last_link, sent_by, sent_at)
        values ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11, $7, $12, $13)
        ",
        red_packet.id.0,
        shop.0,
        red_packet.conversation_id.0,
        red_packet.card_number,
        red_packet.rules_text,
        red_packet.rules_hash,
        red_packet.commitment,
        red_packet.sealed_seed,
        red_packet.rules.total.in_minor(),
        red_packet.rules.shares.cast_signed(),
        red_packet.rules.ends_at.to_sqlx() as _,
        by.0,
        red_packet.sent_at.to_sqlx() as _,
    )
    .execute(tx.sql())
    .await?;
    let amounts: Vec<i64> = shares.iter().map(|share| share.in_minor()).collect();
    sqlx::query!(
        "
        insert into red_packet_shares (red_packet_id, place, amount)
        select $1, place, amount from unnest($2::bigint[]) with ordinality as s (amount, place)
        ",
        red_packet.id.0,
        &amounts,
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A red packet as it lies there.
struct Row {
    id: RedPacketId,
    conversation_id: ConversationId,
    card_number: i64,
    state: String,
    rules: String,
    rules_hash: String,
    commitment: String,
    sealed_seed: String,
    seed: Option<String>,
    taken: i32,
    taken_amount: Money,
    last_link: String,
    sent_at: SqlTimestamp,
    closed_at: Option<SqlTimestamp>,
    kept_until: Option<SqlTimestamp>,
}

impl Row {
    fn red_packet(self) -> Result<RedPacket> {
        let state = proto::RedPacketState::from_word(&self.state);
        Ok(RedPacket {
            id: self.id,
            conversation_id: self.conversation_id,
            card_number: self.card_number,
            state: state.ok_or_else(|| anyhow::anyhow!("no state: {}", self.state))?,
            rules: serde_json::from_str(&self.rules).map_err(anyhow::Error::from)?,
            rules_hash: self.rules_hash,
            commitment: self.commitment,
            seed: self.seed,
            taken: self.taken,
            taken_amount: self.taken_amount,
            last_link: self.last_link,
            sent_at: self.sent_at.to_jiff(),
            closed_at: self.closed_at.map(SqlTimestamp::to_jiff),
            kept_until: self.kept_until.map(SqlTimestamp::to_jiff),
            rules_text: self.rules,
            sealed_seed: self.sealed_seed,
        })
    }
}

/// In which shop a red packet was sent.
pub(in crate::red_packet) async fn shop_of(
    pool: &PgPool,
    red_packet: RedPacketId,
) -> Result<Option<ShopId>> {
    let shop = sqlx::query_scalar!(
        r#"select shop_id as "shop: ShopId" from red_packets where id = $1"#,
        red_packet.0
    );
    Ok(shop.fetch_optional(pool).await?)
}

/// A red packet of the shop.
pub(in crate::red_packet) async fn red_packet(
    tx: &mut Tx,
    red_packet: RedPacketId,
) -> Result<Option<RedPacket>> {
    let shop = tx.shop()?;
    let row = sqlx::query_as!(
        Row,
        r#"
        select id as "id: RedPacketId", conversation_id as "conversation_id: ConversationId", card_number, state, rules, rules_hash,
          commitment, sealed_seed, seed, taken, taken_amount as "taken_amount: Money", last_link, sent_at as "sent_at: SqlTimestamp",
          closed_at as "closed_at: SqlTimestamp", kept_until as "kept_until: SqlTimestamp"
        from red_packets
        where shop_id = $1 and id = $2
        "#,
        shop.0,
        red_packet.0,
    );
    let row = row.fetch_optional(tx.sql()).await?;
    row.map(Row::red_packet).transpose()
}

/// The same, where it must be there.
pub(in crate::red_packet) async fn required(tx: &mut Tx, id: RedPacketId) -> Result<RedPacket> {
    Ok(red_packet(tx, id).await?.ok_or(Refusal::NotFound)?)
}

/// The shop's red packets, the newest first.
pub(in crate::red_packet) async fn red_packets(
    tx: &mut Tx,
    before: Option<RedPacketId>,
    limit: i64,
) -> Result<Vec<RedPacket>> {
    let shop = tx.shop()?;
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: RedPacketId", conversation_id as "conversation_id: ConversationId", card_number, state, rules, rules_hash,
          commitment, sealed_seed, seed, taken, taken_amount as "taken_amount: Money", last_link, sent_at as "sent_at: SqlTimestamp",
          closed_at as "closed_at: SqlTimestamp", kept_until as "kept_until: SqlTimestamp"
        from red_packets
        where shop_id = $1 and ($2::uuid is null or id < $2)
        order by id desc
        limit $3
        "#,
        shop.0,
        before.map(|id| id.0),
        limit,
    );
    let rows = rows.fetch_all(tx.sql()).await?;
    rows.into_iter().map(Row::red_packet).collect()
}
