//! TLS from the two PEM files that every certificate tool writes.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// TLS 1.2 and 1.3 with the certificate chain in `certificates` (the server's own first) and its private `key`.
///
/// Fails when a file cannot be read, holds nothing of its kind, or the key does not belong to the certificate.
pub fn from_pem(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = read_chain(certificates)
        .with_context(|| format!("certificates in {}", certificates.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("private key in {}", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and private key")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(file)?.collect::<Result<_, _>>()?;
    anyhow::ensure!(!chain.is_empty(), "no certificate found");
    Ok(chain)
}
