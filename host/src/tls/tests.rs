//! What files TLS is spoken with, and what is said about those that do not do.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Certificate, Tls, TlsError, TlsSettings, self_signed};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

fn files(chain: PathBuf, key: PathBuf) -> TlsSettings {
    TlsSettings { certificate: Certificate::Files { chain, key }, client_authorities: None }
}

fn load(chain: &str, key: &str) -> Result<Tls, TlsError> {
    Tls::load(files(data(chain), data(key)))
}

/// What a server says that cannot speak TLS: one line, which names the file.
fn refusal(settings: TlsSettings, file: &Path) -> String {
    let text = Tls::load(settings).err().unwrap().to_string();
    assert!(text.contains(file.to_str().unwrap()), "{text}");
    assert!(!text.contains('\n'), "{text}");
    text
}

#[test]
fn a_private_key_may_be_in_pkcs8_or_pkcs1_or_sec1() {
    for (chain, key) in [
        ("rsa.crt", "rsa-pkcs8.key"),
        ("rsa.crt", "rsa-pkcs1.key"),
        ("ec.crt", "ec-pkcs8.key"),
        ("ec.crt", "ec-sec1.key"),
    ] {
        load(chain, key).unwrap();
    }
}

#[test]
fn one_file_may_hold_both_certificate_and_key() {
    let directory = tempfile::tempdir().unwrap();
    let both = directory.path().join("both.pem");
    let parts = ["ec-sec1.key", "ec.crt"].map(|name| fs::read_to_string(data(name)).unwrap());
    fs::write(&both, parts.concat()).unwrap();
    Tls::load(files(both.clone(), both)).unwrap();
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    for (chain, key) in [("rsa.crt", "ec-pkcs8.key"), ("ec.crt", "rsa-pkcs1.key")] {
        let text = refusal(files(data(chain), data(key)), &data(key));
        assert!(text.contains("not that of the first certificate"), "{text}");
        assert!(text.contains(chain), "{text}");
    }
}

#[test]
fn an_encrypted_key_is_refused_as_such() {
    for key in ["rsa-pkcs8-encrypted.key", "rsa-pkcs1-encrypted.key"] {
        let text = refusal(files(data("rsa.crt"), data(key)), &data(key));
        assert!(text.contains("is encrypted"), "{text}");
    }
}

#[test]
fn a_file_that_does_not_hold_what_it_should_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = fs::read_to_string(data("ec.crt")).unwrap();
    let key = fs::read_to_string(data("ec-pkcs8.key")).unwrap();
    let cases: [(&str, &str, &str); 7] = [
        ("empty", "", "no certificate"),
        ("not PEM", "no PEM at all\n", "no certificate"),
        ("a key alone", &key, "no certificate"),
        ("cut", &certificate[..200], "without its END line"),
        ("no base64", &certificate.replace("MII", "!!!"), "damaged PEM: base64"),
        ("a bad BEGIN", "-----BEGIN CERTIFICATE\n", "BEGIN line that does not end"),
        (
            "no X.509",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "not a certificate that can be used",
        ),
    ];
    for (name, text, words) in cases {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let text = refusal(files(path.clone(), data("ec-pkcs8.key")), &path);
        assert!(text.contains(words), "{name}: {text}");
    }
}

#[test]
fn a_file_without_a_usable_key_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let text = refusal(files(data("ec.crt"), data("ec.crt")), &data("ec.crt"));
    assert!(text.contains("no private key"), "{text}");

    let unusable = directory.path().join("unusable.key");
    fs::write(&unusable, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    let text = refusal(files(data("ec.crt"), unusable.clone()), &unusable);
    assert!(text.contains("not a private key that can be used"), "{text}");
}

#[test]
fn a_missing_file_is_named_whichever_it_is() {
    let missing = data("missing.pem");
    let with = |chain: &Path, key: &Path, authorities: Option<&Path>| TlsSettings {
        client_authorities: authorities.map(Path::to_owned),
        ..files(chain.to_owned(), key.to_owned())
    };
    let (chain, key) = (data("ec.crt"), data("ec-sec1.key"));
    for settings in [
        with(&missing, &key, None),
        with(&chain, &missing, None),
        with(&chain, &key, Some(&missing)),
    ] {
        assert!(refusal(settings, &missing).starts_with("cannot read "));
    }
}

#[test]
fn client_authorities_must_be_certificates() {
    let key = data("ec-sec1.key");
    let settings =
        TlsSettings { certificate: Certificate::SelfSigned, client_authorities: Some(key.clone()) };
    assert!(refusal(settings, &key).contains("no certificate"));
}

#[test]
fn reloading_takes_what_is_good_and_leaves_what_is_bad() {
    let directory = tempfile::tempdir().unwrap();
    let (chain, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
    let put = |from: &str, to: &Path| {
        fs::copy(data(from), to).unwrap();
    };
    put("rsa.crt", &chain);
    put("rsa-pkcs1.key", &key);
    let tls = Tls::load(files(chain.clone(), key.clone())).unwrap();
    let current = || Arc::clone(&tls.config.read().unwrap());
    let first = current();

    // Half way through a renewal, and with a file that went missing.
    put("ec.crt", &chain);
    assert!(matches!(tls.reload(), Err(TlsError::Mismatch { .. })));
    fs::remove_file(&key).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Read { .. })));
    assert!(Arc::ptr_eq(&first, &current()));

    put("ec-sec1.key", &key);
    tls.clone().reload().unwrap();
    assert!(!Arc::ptr_eq(&first, &current()));
}

#[test]
fn a_self_signed_certificate_is_made_anew_each_time() {
    let [first, second] = [(); 2].map(|()| self_signed::certificate().unwrap());
    assert_ne!(first, second);
}
