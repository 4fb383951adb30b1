//! Certificates and private keys from PEM files (RFC 7468).

use std::fs;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsError;

/// What marks an encrypted private key: the label of PKCS#8 (RFC 7468 §11), and
/// the header of the older forms (RFC 1421 §4.6.1.1).
const ENCRYPTED: [&[u8]; 2] = [b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED"];

/// All certificates of a file, at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| damaged(path, &error))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(path.to_owned()));
    }
    Ok(certificates)
}

/// The first private key of a file, in PKCS#8, PKCS#1 or SEC1.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        if ENCRYPTED.iter().any(|mark| text.windows(mark.len()).any(|part| part == *mark)) {
            return TlsError::EncryptedKey(path.to_owned());
        }
        match error {
            pem::Error::NoItemsFound => TlsError::NoKey(path.to_owned()),
            error => damaged(path, &error),
        }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error })
}

fn damaged(path: &Path, error: &pem::Error) -> TlsError {
    let error = match error {
        pem::Error::MissingSectionEnd { .. } => "a section without its END line".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line that does not end".to_owned(),
        error => error.to_string(),
    };
    TlsError::Pem { path: path.to_owned(), error }
}
