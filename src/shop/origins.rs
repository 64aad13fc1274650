//! Where a shop's chat may be shown: the origins of the sites that embed it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Host, Url};

use super::queries;
use crate::{
    actor::{ManageShop, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument},
    id::ShopId,
    rights,
};

/// Sites that may embed one shop.
const MOST: usize = 20;
/// Characters of one origin: all of them go into one header.
const LONGEST: usize = 120;

/// The sites that may show a shop's chat in a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbedOrigins {
    /// At most 20: `https://shop.example`, with a port if it has one, without a path; `http` only for one's own machine.
    pub origins: Vec<String>,
}

/// The sites that may embed the shop, as they were given.
pub async fn show(app: &App, by: &Staff<ManageShop>) -> Result<EmbedOrigins> {
    let mut tx = app.store.begin(by.shop).await?;
    let origins = queries::embed_origins(&mut tx).await?;
    Ok(EmbedOrigins { origins })
}

/// Sets them (recorded); they hold for every frame that is loaded from now on. Refuses with `invalid_argument` what is no origin,
/// and more than 20.
pub async fn set(app: &App, by: &Staff<ManageShop>, wanted: &EmbedOrigins) -> Result<EmbedOrigins> {
    let origins = parsed(&wanted.origins)?;
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    queries::lock(&mut tx).await?.ok_or(Refusal::NotFound)?;
    let former = queries::embed_origins(&mut tx).await?;
    if former != origins {
        queries::set_embed_origins(&mut tx, &origins).await?;
        let deed = Deed::new(by.actor.user, "shop_embed_origins.changed", by.shop)
            .before(json!({ "origins": former }))
            .after(json!({ "origins": origins }));
        audit::record(&mut tx, deed, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(EmbedOrigins { origins })
}

/// Who may show a shop's chat in a frame, for whoever asks. Refuses with `not_found` a shop that is not there.
pub async fn framers(app: &App, shop: ShopId) -> Result<Vec<String>> {
    let origins = queries::framers(app.store.pool(), shop).await?;
    Ok(origins.ok_or(Refusal::NotFound)?)
}

/// Each once, in the order given.
fn parsed(wanted: &[String]) -> Result<Vec<String>> {
    if wanted.len() > MOST {
        return Err(refused_argument("origins", "are more than 20"));
    }
    let mut seen = BTreeSet::new();
    let mut origins = Vec::new();
    for text in wanted {
        let origin = origin(text.trim()).ok_or_else(|| {
            refused_argument("origins", "are addresses like https://shop.example, without a path; http only for your own machine")
        })?;
        if seen.insert(origin.clone()) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

/// An origin as browsers spell it. It becomes part of a header that says who may frame a page, so that its host has nothing
/// in it but letters, digits, hyphens and dots: the standard of URLs also allows `*` and `;`.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    let host = match url.host()? {
        Host::Domain(name) => name,
        Host::Ipv4(_) => url.host_str()?,
        Host::Ipv6(_) => return None,
    };
    let here = host == "localhost" || host == "127.0.0.1";
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here);
    let spelt = url.origin().ascii_serialization();
    (bare && nobody && safe && is_host(host) && spelt.len() <= LONGEST).then_some(spelt)
}

fn is_host(host: &str) -> bool {
    host.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ACC-01: an origin is kept as browsers spell it.
    #[test]
    fn origins_are_spelt_as_browsers_do() {
        for (typed, kept) in [
            ("https://shop.example", "https://shop.example"),
            ("https://Shop.Example:443/", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            ("https://茶.example", "https://xn--cl1a.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1", "http://127.0.0.1"),
        ] {
            assert_eq!(origin(typed).as_deref(), Some(kept), "{typed}");
        }
    }

    /// ACC-01: nothing else gets into the header that says who may frame the chat.
    #[test]
    fn what_is_no_single_site_is_refused() {
        for typed in [
            "",
            "*",
            "null",
            "shop.example",
            "//shop.example",
            "http://shop.example",
            "http://localhost.evil.test",
            "https://",
            "https://*",
            "https://*.example",
            "https://a;script-src",
            "https://a,b",
            "https://a'b",
            "https://a b",
            "https://shop.example.",
            "https://shop..example",
            "https://shop_1.example",
            "https://[::1]",
            "https://user@shop.example",
            "https://shop.example/path",
            "https://shop.example?q",
            "https://shop.example#f",
            "data:text/html,x",
            "javascript:alert(1)",
            "blob:https://shop.example/1",
            "ftp://shop.example",
            "https://shop.example\nx: y",
        ] {
            assert_eq!(origin(typed), None, "{typed:?}");
        }
        assert_eq!(
            origin(&format!("https://{}.example", "a".repeat(120))),
            None
        );
    }
}
