//! RSA keys: ours, to sign with, and the providers', to believe by. SHA-256 with PKCS #1 v1.5, 2048 bits or more.

use std::fs;

use anyhow::{Context as _, anyhow, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer, pem::PemObject as _,
};
use webpki::{EndEntityCert, RawPublicKeyEntity, ring::RSA_PKCS1_2048_8192_SHA256};

const ARMOUR: &str = "-----BEGIN ";

/// A key of ours. It is never printed.
pub(super) struct SigningKey(KeyPair);

/// A provider's key.
pub(super) struct VerifyingKey(SubjectPublicKeyInfoDer<'static>);

impl SigningKey {
    /// From a setting: PEM, or a file that holds PEM or only the base64 of it; PKCS #8 or PKCS #1.
    pub(super) fn read(setting: &str) -> anyhow::Result<Self> {
        let text = text_of(setting)?;
        let pair = if text.contains(ARMOUR) {
            match PrivateKeyDer::from_pem_slice(text.as_bytes()).context("no private key in it")? {
                PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
                PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
                _ => bail!("not an RSA key"),
            }
        } else {
            let der = bare(&text)?;
            KeyPair::from_pkcs8(&der).or_else(|_| KeyPair::from_der(&der))
        };
        let pair = pair.map_err(|why| anyhow!("not an RSA key of 2048 to 4096 bits ({why})"))?;
        Ok(Self(pair))
    }

    /// The signature in base64.
    pub(super) fn sign(&self, text: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text,
                &mut signature,
            )
            .expect("a signature has the length of its modulus");
        STANDARD.encode(signature)
    }
}

impl VerifyingKey {
    /// From a setting: PEM of a public key or of a certificate, or a file that holds it, or only the base64 of a public key.
    pub(super) fn read(setting: &str) -> anyhow::Result<Self> {
        let text = text_of(setting)?;
        let key = if text.contains("-----BEGIN CERTIFICATE") {
            let der = CertificateDer::from_pem_slice(text.as_bytes()).context("no certificate")?;
            let certificate =
                EndEntityCert::try_from(&der).map_err(|why| anyhow!("no certificate ({why})"))?;
            certificate.subject_public_key_info()
        } else if text.contains(ARMOUR) {
            SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes())
                .context("no public key in it")?
        } else {
            SubjectPublicKeyInfoDer::from(bare(&text)?)
        };
        let key = Self(key);
        // Of a key of another kind `webpki` says so; of an RSA key, that this is no signature of it.
        let said = key.verdict(b"", &[0; 256]);
        ensure!(
            matches!(said, Err(webpki::Error::InvalidSignatureForPublicKey)),
            "not a public RSA key"
        );
        Ok(key)
    }

    /// Is this the key's signature, in base64, of the text?
    pub(super) fn signed(&self, text: &[u8], signature: &str) -> bool {
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| self.verdict(text, &signature).is_ok())
    }

    /// Is it the other half of a key of ours? Then somebody set the wrong one.
    pub(super) fn belongs_to(&self, key: &SigningKey) -> bool {
        self.signed(b"whose?", &key.sign(b"whose?"))
    }

    fn verdict(&self, text: &[u8], signature: &[u8]) -> Result<(), webpki::Error> {
        RawPublicKeyEntity::try_from(&self.0)?.verify_signature(
            RSA_PKCS1_2048_8192_SHA256,
            text,
            signature,
        )
    }
}

/// What a setting says itself, or the file that it names.
fn text_of(setting: &str) -> anyhow::Result<String> {
    if setting.contains(ARMOUR) {
        return Ok(setting.to_owned());
    }
    // Without its name: whoever puts the key itself there by mistake does not find it in the log.
    fs::read_to_string(setting).context("cannot read the file that it names")
}

/// Base64 without PEM's armour, as Alipay's tools write keys.
fn bare(text: &str) -> anyhow::Result<Vec<u8>> {
    let letters: String = text.split_whitespace().collect();
    let der = STANDARD.decode(letters);
    der.map_err(|_| anyhow!("neither PEM nor base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The key, text and signature of RFC 7515, A.2: everybody knows them.
    const TEXT: &[u8] = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB//dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh+0Qc/lF5YKt/O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB++f/nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB/eSN9383LcOLn6/dO++xi12jzDwusC+eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN/IoypGlUPQGe77Rw==";
    const PRIVATE: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXOjS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxLaYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNnjuygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkftoaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHgVFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/GO+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0KpLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqElMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAPrq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNwkgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds29+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcGyoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZjOYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A5603k2+ZQwVK0JKSHuLFkuQ3U=";
    const PUBLIC: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQAB";

    /// A file that holds this.
    fn file(text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, text).unwrap();
        (folder, file.display().to_string())
    }

    fn armoured(name: &str, letters: &str) -> String {
        format!("-----BEGIN {name}-----\n{letters}\n-----END {name}-----\n")
    }

    /// PAY-01: we sign as the RFC's example does, and believe its signature and no other.
    #[test]
    fn the_example_of_the_rfc_has_the_signature_we_compute() {
        let key = SigningKey::read(&armoured("PRIVATE KEY", PRIVATE)).unwrap();
        assert_eq!(key.sign(TEXT), SIGNATURE);
        let public = VerifyingKey::read(&armoured("PUBLIC KEY", PUBLIC)).unwrap();
        assert!(public.signed(TEXT, SIGNATURE) && public.belongs_to(&key));
        for (text, signature) in [
            (&TEXT[1..], SIGNATURE),
            (TEXT, &SIGNATURE[4..]),
            (TEXT, ""),
            (TEXT, "!"),
            (TEXT, &SIGNATURE.replacen('c', "d", 1)),
        ] {
            assert!(!public.signed(text, signature), "{signature}");
        }
    }

    /// PAY-01: keys are read in every form that the providers' tools write them in.
    #[test]
    fn keys_are_read_in_the_forms_they_come_in() {
        // Within PKCS #8 lies PKCS #1, behind 26 bytes.
        let inner = STANDARD.encode(&STANDARD.decode(PRIVATE).unwrap()[26..]);
        let wrapped = format!("{}\n{}\n", &PRIVATE[..64], &PRIVATE[64..]);
        for text in [
            armoured("PRIVATE KEY", PRIVATE),
            armoured("RSA PRIVATE KEY", &inner),
            PRIVATE.to_owned(),
            inner,
            wrapped,
        ] {
            let (_folder, file) = file(&text);
            assert_eq!(SigningKey::read(&file).unwrap().sign(TEXT), SIGNATURE);
        }
        for text in [armoured("PUBLIC KEY", PUBLIC), PUBLIC.to_owned()] {
            let (_folder, file) = file(&text);
            assert!(VerifyingKey::read(&file).unwrap().signed(TEXT, SIGNATURE));
        }
    }

    /// PAY-01: what is no key is refused, and not shown.
    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        const ELLIPTIC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8M6dAGvadpqUC4PhjNbjZnBrWg+xigTYoCNYrDa9mEGr47Te/HrdG9ocH+s/m35r7C1ef9vcDtU+jmaMFGG7Jg==";
        let half = armoured("PRIVATE KEY", &PRIVATE[..400]);
        for text in [&half, &armoured("PUBLIC KEY", PUBLIC), "", "no key", PUBLIC] {
            let (_folder, file) = file(text);
            let said = format!("{:#}", SigningKey::read(&file).err().unwrap());
            assert!(!said.contains(&PRIVATE[40..60]), "{said}");
        }
        let private = armoured("PRIVATE KEY", PRIVATE);
        for text in [
            &private,
            &armoured("PUBLIC KEY", ELLIPTIC),
            ELLIPTIC,
            "",
            PRIVATE,
        ] {
            let (_folder, file) = file(text);
            assert!(VerifyingKey::read(&file).is_err(), "{text}");
        }
        assert!(SigningKey::read("/nowhere/key.pem").is_err());
    }
}
