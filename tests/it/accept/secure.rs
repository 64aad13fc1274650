//! TLS from PEM files.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use souk::door::tls;

use super::*;

#[tokio::test]
async fn a_client_who_trusts_our_certificate_is_served_and_a_silent_one_is_not_waited_for() {
    let files = tempfile::tempdir().unwrap();
    let (chain, key) = (files.path().join("chain.pem"), files.path().join("key.pem"));
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["souk.test".into()]).unwrap();
    std::fs::write(&chain, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let limits = Limits {
        header_deadline: SHORT * 5,
        ..Limits::default()
    };
    let open = open_with(limits, Some(tls::from_pem(&chain, &key).unwrap())).await;

    let mut silent = open.connect().await;
    let mut secure = connect_tls(&open, cert.der().clone()).await;
    let answer = ask(&mut secure, HELLO).await;
    assert!(answer.ends_with("hello"), "{answer}");
    // Plain HTTP is no handshake.
    let mut plain = open.connect().await;
    plain.write_all(HELLO.as_bytes()).await.unwrap();
    assert!(!rest(&mut plain).await.contains("HTTP"));
    assert_eq!(rest(&mut silent).await, "");

    assert!(
        tls::from_pem(&key, &chain).is_err(),
        "files given the wrong way round"
    );
}

async fn connect_tls(
    open: &Open,
    root: CertificateDer<'static>,
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("souk.test").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name, open.connect().await).await.unwrap()
}
