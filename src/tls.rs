//! The one choice of cryptography for every TLS connection, in and out.

/// Makes ring the process's TLS cryptography; safe to call again.
///
/// `run` calls it first, before anything opens a connection; whatever builds an HTTP client of its own
/// (`egress::call`, `media::shelf`) calls it again, so that tests need not remember it.
pub fn install_provider() {
    // An error only says that a provider is installed already: ours, for nobody else installs one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
