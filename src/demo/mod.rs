//! Something to look at: shops, people and conversations for an empty database, made by the ordinary verbs; and what to
//! print so that somebody can try them at once. Only in the development profile, whose texts to phones can be read.

mod fill;
mod people;
mod reduce;
mod sell;
mod welfare;

use std::fmt::Write as _;

use proto::{ConversationKind, ListConversations};

use crate::{
    account::session::LoggedIn,
    app::App,
    conversation::list,
    error::{Error, Refusal, Result},
    shop,
};
pub use people::{COME_BY_CODE, come_by_code};
use people::{PASSWORD, PEOPLE, Role};

/// Fills an empty database and tells how to begin: addresses, log-ins, a token and a conversation.
///
/// A database with shops is left alone; where the demo's people are not in it, only the addresses are told.
pub async fn begin(app: &App) -> Result<String> {
    if !shop::any(app).await? {
        fill::fill(app).await?;
    }
    let mut page = addresses(app);
    match people::CUSTOMER.log_in(app).await {
        Ok(customer) => {
            log_ins(&mut page);
            visitors(app, &mut page);
            first_message(app, &mut page, &customer).await?;
        }
        Err(Error::Refused(reason)) if reason.code == Refusal::WrongCredentials => {
            page += "\nThis database has shops of its own, so the demo's were not added.\n\n";
        }
        Err(broken) => return Err(broken),
    }
    Ok(page)
}

fn addresses(app: &App) -> String {
    let url = app.config.public_url();
    let socket = url.replacen("http", "ws", 1);
    format!(
        "\nSouk is open.\n\n  \
           Customers   {url}/\n  \
           Desk        {url}/desk\n  \
           Centre      {url}/centre\n  \
           WebSocket   {socket}/socket\n  \
           REST        {url}/api/v1\n  \
           OpenAPI     {url}/api/openapi.json\n  \
           Outbox      {url}/dev/outbox   (codes that would have gone to phones)\n"
    )
}

fn log_ins(page: &mut String) {
    let _ = write!(
        page,
        "\nEverybody's password is {PASSWORD}; on a new device a code is asked for too.\n\n"
    );
    for person in PEOPLE {
        let account = match person.role {
            Role::Customer => "customer",
            _ => "merchant",
        };
        let _ = writeln!(page, "  {:28}{:16}{account}", person.name, person.phone);
    }
    let (first, last) = (*people::BY_CODE.start(), *people::BY_CODE.end());
    let phones = [first, last].map(people::phone_of);
    let _ = writeln!(
        page,
        "\nCustomers {first} to {last} have no password, a code is enough: {} to {}.\n\
           Customer 1 is invited to the welfare group: 79 people are there, and with the 80th a draw is held.",
        phones[0], phones[1]
    );
}

/// How customers come by themselves (`visitors`): by the same program.
fn visitors(app: &App, page: &mut String) {
    let program = std::env::args().next();
    let (program, url) = (
        program.as_deref().unwrap_or("souk"),
        app.config.public_url(),
    );
    let _ = write!(
        page,
        "\nSo that they chat, order and claim by themselves, in a second terminal:\n\n{program} demo --url {url}\n"
    );
}

/// What the README's first lines use: the customer's oldest conversation with a shop is the one about the dress.
async fn first_message(app: &App, page: &mut String, customer: &LoggedIn) -> Result<()> {
    let actor = people::actor(app, customer).await?;
    let mine = list::list(app, &actor, ListConversations::default()).await?;
    let with_shops = mine.conversations.into_iter();
    let oldest = with_shops
        .filter(|one| one.kind() == ConversationKind::Shop)
        .min_by(|one, other| one.id.cmp(&other.id));
    let chat = oldest.map(|one| one.id).unwrap_or_default();
    let token = customer.access.reveal();
    let _ = write!(
        page,
        "\nTo write as {} to the clothes shop:\n\nexport TOKEN={token}\nexport CHAT={chat}\n\n",
        people::CUSTOMER.name
    );
    Ok(())
}
