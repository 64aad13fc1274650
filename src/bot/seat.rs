//! Where bots sit in groups. The notice of coming or going is appended first: its number, taken under the conversation's
//! lock, is where the time of taking part begins or ends.

use proto::{Message, Notice, NoticeKind, User};

use super::queries;
use crate::{
    actor::Actor,
    app::App,
    conversation::{Draft, log},
    error::Result,
    id::ConversationId,
    store::Tx,
};

/// A bot becomes a member.
pub(super) async fn take(
    app: &App,
    tx: &mut Tx,
    group: ConversationId,
    by: &Actor,
    bot: &User,
) -> Result<()> {
    let number = say(app, tx, group, by, bot, NoticeKind::MembersJoined).await?;
    queries::sit_down(tx, group, bot.id.parse()?, number, app.clock.now()).await
}

/// A bot leaves every group that it is in.
pub(super) async fn leave_all(
    app: &App,
    tx: &mut Tx,
    by: &Actor,
    bot: &User,
    why: NoticeKind,
) -> Result<()> {
    for group in queries::groups_of(tx, bot.id.parse()?).await? {
        let number = say(app, tx, group, by, bot, why).await?;
        queries::stand_up(tx, group, bot.id.parse()?, number).await?;
    }
    Ok(())
}

async fn say(
    app: &App,
    tx: &mut Tx,
    group: ConversationId,
    by: &Actor,
    bot: &User,
    kind: NoticeKind,
) -> Result<i64> {
    let notice = Notice {
        kind: kind.into(),
        actor: Some(User {
            id: by.user.to_string(),
            kind: by.kind.into(),
            name: by.name.to_string(),
            avatar: String::new(),
        }),
        subjects: vec![bot.clone()],
        inviter: None,
    };
    let message = Message {
        conversation_id: group.to_string(),
        notice: Some(notice),
        ..Message::default()
    };
    let draft = Draft {
        conversation: group,
        sender: None,
        message,
        fingerprint: None,
    };
    let posted = log::append(tx, &app.clock, draft).await?;
    Ok(posted.number.cast_signed())
}
