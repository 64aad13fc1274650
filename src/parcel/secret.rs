//! What tells a parcel's own news from a stranger's: an unguessable part of the address that they are posted to, and the salt of their
//! signatures. Both are made once, for a subscription that is asked for twice keeps its first address.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::queries;
use crate::{
    app::App,
    error::Result,
    id::PackageId,
    vault::{Vault, renew::renew},
};

/// Characters of an address's unguessable part: 32 bytes in base64.
const TOKEN: usize = 43;

/// The secret of one parcel.
pub(super) struct Secret {
    pub(super) token: String,
    pub(super) salt: String,
}

impl Secret {
    /// Another one than all before.
    pub(super) fn new() -> Self {
        Self {
            token: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()),
            salt: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 18]>()),
        }
    }

    /// By what the parcel is found.
    pub(super) fn hash(token: &str) -> Vec<u8> {
        Sha256::digest(token).to_vec()
    }

    pub(super) fn seal(&self, vault: &Vault, package: PackageId) -> String {
        vault.seal(&row(package), &format!("{}{}", self.token, self.salt))
    }

    /// Breaks when its key is not among the settings.
    pub(super) fn unseal(vault: &Vault, package: PackageId, sealed: &str) -> Result<Self> {
        let text = vault
            .unseal(&row(package), sealed)
            .map_err(anyhow::Error::from)?;
        let parts = text.split_at_checked(TOKEN);
        let (token, salt) =
            parts.ok_or_else(|| anyhow::anyhow!("a parcel's secret is too short"))?;
        Ok(Self {
            token: token.to_owned(),
            salt: salt.to_owned(),
        })
    }
}

/// Parcels that are sealed anew before the next are looked for.
const AT_A_TIME: i64 = 500;

/// Seals with the current key whatever is not, at every start, so that a former key is needed no more when all nodes have started anew. Fails
/// if a key is missing.
pub async fn seal_anew(app: &App) -> anyhow::Result<()> {
    let pool = app.store.pool();
    renew(
        &app.vault,
        row,
        async |mark: &str| queries::sealed_otherwise(pool, mark, AT_A_TIME).await,
        async |package, kept: &str, renewed: &str| {
            queries::reseal(pool, package, kept, renewed).await
        },
    )
    .await
}

fn row(package: PackageId) -> String {
    format!("parcels/{package}")
}
