//! What the TLS library is told: versions, certificate, client authorities.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};

use super::error::TlsError;
use super::{Certificate, TlsSettings, pem, self_signed};

/// The only protocol that an opening handshake is made in (§1.2), for clients
/// that name those they speak (RFC 7301 §3.2).
const HTTP_1_1: &[u8] = b"http/1.1";

/// Reads what the settings name, and puts it together.
pub(super) fn read(settings: &TlsSettings) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let certified_key = match &settings.certificate {
        Certificate::Files { chain, key } => certified_key(chain, key, &provider)?,
        Certificate::SelfSigned => self_signed_key(&provider)?,
    };
    let verifier = match &settings.client_authorities {
        Some(path) => verifier(path, &provider)?,
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified_key)));
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(config)
}

fn certified_key(
    chain: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let certificates = pem::certificates(chain)?;
    let signing_key = signing_key(pem::private_key(key)?, provider)
        .map_err(|error| TlsError::Key { path: key.to_owned(), error: error.to_string() })?;
    let certified_key = CertifiedKey::new(certificates, signing_key);
    match certified_key.keys_match() {
        Ok(()) => Ok(certified_key),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(TlsError::Mismatch { key: key.to_owned(), chain: chain.to_owned() })
        }
        Err(error) => Err(unusable(chain, &error)),
    }
}

fn self_signed_key(provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let (certificate, key) = self_signed::certificate()?;
    let signing_key =
        signing_key(key, provider).map_err(|error| TlsError::SelfSigned(error.to_string()))?;
    Ok(CertifiedKey::new(vec![certificate], signing_key))
}

fn signing_key(
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<Arc<dyn SigningKey>, Error> {
    provider.key_provider.load_private_key(key)
}

fn verifier(
    path: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let authorities = authorities(path, pem::certificates(path)?)?;
    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Setup(error.to_string()))
}

fn authorities(
    path: &Path,
    certificates: Vec<CertificateDer<'static>>,
) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        store.add(certificate).map_err(|error| unusable(path, &error))?;
    }
    Ok(store)
}

fn unusable(path: &Path, error: &Error) -> TlsError {
    TlsError::Certificate { path: path.to_owned(), error: error.to_string() }
}
