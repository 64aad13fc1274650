//! What a card that somebody sends must look like. Cards of other kinds are drawn by their nouns.

use proto::{Card, CardLink, LinkCard};
use url::Url;

use crate::{
    error::{Result, refused_argument},
    words,
};

/// Lines of a link card at most.
const LINES: usize = 20;
/// Links of a link card at most.
const LINKS: usize = 5;
/// Bytes of a link's address at most.
const URL_BYTES: usize = 2_000;

/// Refuses with `invalid_argument` a card that is not within the limits of `card.proto`.
pub(super) fn check(card: &Card) -> Result<()> {
    words::text("card.summary", &card.summary, 1..=200)?;
    let link = card
        .link
        .as_ref()
        .ok_or_else(|| refused_argument("card", "needs exactly one body"))?;
    // What a noun draws nobody sends, not even beside a link.
    let sent = Card {
        summary: card.summary.clone(),
        link: Some(link.clone()),
        ..Card::default()
    };
    if *card != sent {
        return Err(refused_argument("card", "has no body but a link"));
    }
    check_link_card(link)
}

fn check_link_card(card: &LinkCard) -> Result<()> {
    words::text("card.link.title", &card.title, 1..=100)?;
    if card.lines.len() > LINES {
        return Err(refused_argument("card.link.lines", "are at most 20"));
    }
    for line in &card.lines {
        words::text("card.link.lines", line, 0..=200)?;
    }
    if card.links.len() > LINKS {
        return Err(refused_argument("card.link.links", "are at most 5"));
    }
    card.links.iter().try_for_each(check_link)
}

fn check_link(link: &CardLink) -> Result<()> {
    words::text("card.link.links.label", &link.label, 1..=40)?;
    if link.url.len() > URL_BYTES {
        return Err(refused_argument(
            "card.link.links.url",
            "is longer than 2000 bytes",
        ));
    }
    let https = Url::parse(&link.url).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if !https || link.url.contains(char::is_control) {
        return Err(refused_argument(
            "card.link.links.url",
            "is not an https address",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(change: impl FnOnce(&mut Card, &mut LinkCard)) -> Result<()> {
        let mut card = Card {
            summary: "Sale".into(),
            ..Card::default()
        };
        let mut link = LinkCard {
            title: "Sale".into(),
            lines: vec!["until Sunday".into()],
            picture: String::new(),
            links: vec![CardLink {
                label: "Look".into(),
                url: "https://shop.example/sale".into(),
            }],
        };
        change(&mut card, &mut link);
        check(&Card {
            link: Some(link),
            ..card
        })
    }

    /// CHAT-04: a card within its limits passes, one beyond any of them is refused.
    #[test]
    fn a_card_keeps_its_limits() {
        assert!(card(|_, _| ()).is_ok());
        assert!(card(|card, _| card.summary = " ".into()).is_err());
        assert!(card(|card, _| card.summary = "x".repeat(201)).is_err());
        assert!(card(|_, link| link.title = String::new()).is_err());
        assert!(card(|_, link| link.title = "x".repeat(101)).is_err());
        assert!(card(|_, link| link.lines = vec!["x".into(); 21]).is_err());
        assert!(card(|_, link| link.lines = vec!["x".repeat(201)]).is_err());
        assert!(card(|_, link| link.links = vec![link.links[0].clone(); 6]).is_err());
        assert!(card(|_, link| link.links[0].label = "a\0".into()).is_err());
        for url in ["http://shop.example", "javascript:alert(1)", "", "https://"] {
            assert!(card(|_, link| link.links[0].url = url.into()).is_err());
        }
        let empty = Card {
            summary: "Sale".into(),
            ..Card::default()
        };
        assert!(check(&empty).is_err(), "a card needs a body");
        assert!(
            card(|card, _| card.coupon = Some(Box::default())).is_err(),
            "nobody sends what a noun draws"
        );
    }
}
