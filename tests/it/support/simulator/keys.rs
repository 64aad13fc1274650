//! The simulator's cryptography is not the server's: signatures are made and judged by the `openssl` program, where the server
//! has `ring`. (What is sealed is sealed by `ring`, too, which opens a published example in `src/pay/wechat/seal.rs`.)

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use tempfile::TempDir;

/// Everybody's keys, made once for all stories.
pub struct Keys {
    folder: TempDir,
}

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// We, at WeChat Pay.
    Merchant,
    /// WeChat Pay, by its public key.
    Wechat,
    /// WeChat Pay, by its older certificate.
    WechatCertificate,
    /// We, at Alipay.
    App,
    /// Alipay.
    Alipay,
    /// Nobody whom anybody knows.
    Stranger,
}

/// The keys.
pub fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::make)
}

impl Keys {
    fn make() -> Self {
        use Owner::{Alipay, App, Merchant, Stranger, Wechat, WechatCertificate};
        let keys = Self {
            folder: TempDir::new().expect("a folder for keys"),
        };
        for owner in [Merchant, Wechat, WechatCertificate, App, Alipay, Stranger] {
            let [private, public] = [keys.private(owner), keys.public(owner)];
            openssl(&["genrsa", "-out", &private, "2048"], b"");
            openssl(&["rsa", "-in", &private, "-pubout", "-out", &public], b"");
        }
        let (key, certificate) = (keys.private(WechatCertificate), keys.certificate());
        let subject = "/CN=Simulator";
        openssl(
            &[
                "req",
                "-x509",
                "-new",
                "-key",
                &key,
                "-out",
                &certificate,
                "-subj",
                subject,
            ],
            b"",
        );
        // Alipay's tools write keys without PEM's armour.
        for file in [keys.private(App), keys.public(Alipay)] {
            let text = fs::read_to_string(&file).expect("PEM");
            let letters = text.lines().filter(|line| !line.starts_with("-----"));
            fs::write(file + ".bare", letters.collect::<String>()).expect("written");
        }
        keys
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.display().to_string()
    }

    /// The file of a private key.
    pub fn private(&self, owner: Owner) -> String {
        self.path(&format!("{owner:?}.key"))
    }

    /// The file of a public key.
    pub fn public(&self, owner: Owner) -> String {
        self.path(&format!("{owner:?}.pub"))
    }

    /// The file of WeChat Pay's certificate.
    pub fn certificate(&self) -> String {
        self.path("Wechat.crt")
    }

    /// A signature in base64.
    pub fn sign(&self, owner: Owner, text: &[u8]) -> String {
        let key = self.private(owner);
        let (_, signature) = openssl(&["dgst", "-sha256", "-sign", &key], text);
        STANDARD.encode(signature)
    }

    /// Did the owner sign this?
    pub fn signed(&self, owner: Owner, text: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), signature).expect("written");
        let (key, file) = (self.public(owner), file.path().display().to_string());
        openssl(
            &["dgst", "-sha256", "-verify", &key, "-signature", &file],
            text,
        )
        .0
    }
}

/// Seals with AES-256-GCM; base64.
pub fn seal(key: &str, nonce: &str, about: &str, text: &str) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).expect("32 bytes"));
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("12 bytes");
    let mut sealed = text.as_bytes().to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(about.as_bytes()), &mut sealed)
        .expect("it is short");
    STANDARD.encode(sealed)
}

/// Whether it went well, and what it printed.
fn openssl(arguments: &[&str], input: &[u8]) -> (bool, Vec<u8>) {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is installed");
    let mut stdin = child.stdin.take().expect("its input");
    // One that does not read has said no already.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("openssl ends");
    (output.status.success(), output.stdout)
}
