//! A certificate for development, which vouches for itself.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsError;

/// The names and addresses of the machine that a client itself runs on.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A new certificate, and its private key, which is kept nowhere.
pub(super) fn certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
    generate().map_err(|error| TlsError::SelfSigned(error.to_string()))
}

fn generate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "sandsock, for development");
    let certificate = params.self_signed(&key)?;
    Ok((certificate.into(), key.into()))
}
