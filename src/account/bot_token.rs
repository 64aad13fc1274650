//! A bot's token: a session that is never refreshed, so that everything that asks about sessions (REST, sockets, tickets,
//! revocation) knows bots as well.

use jiff::{SignedDuration, Timestamp};

use super::{
    queries::bot_token as queries,
    session::revoke_all,
    token::{Token, TokenKind},
};
use crate::{error::Result, id::UserId, store::Tx};

/// As good as for ever: 100 years.
const FOR_EVER: SignedDuration = SignedDuration::from_hours(100 * 365 * 24);

/// Gives a bot a new token and ends all that it had; open sockets are closed.
pub async fn renew(tx: &mut Tx, bot: UserId, now: Timestamp) -> Result<Token> {
    revoke_all(tx, bot, "token_renewed", now).await?;
    let token = Token::generate(TokenKind::Bot, &mut rand::rng());
    let unknown = Token::generate(TokenKind::Refresh, &mut rand::rng());
    let times = (now, now + FOR_EVER);
    queries::add_session(tx, bot, &token.hash().0, &unknown.hash().0, times).await?;
    Ok(token)
}
