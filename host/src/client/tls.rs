//! TLS for clients: whom they trust, and the handshake.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::error::ConnectError;
use crate::tls::{TlsSocket, pem};

/// The only protocol that an opening handshake is made in (§1.2), for servers
/// that choose by it (RFC 7301 §3.2).
const HTTP_1_1: &[u8] = b"http/1.1";

/// Whose certificates are accepted.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// Those from the system's authorities, and from the ones in these files.
    Authorities(Vec<PathBuf>),
    /// All of them.
    Anybody,
}

/// What a client speaks TLS with. Reads the system's authorities and the files.
pub(super) fn config(trust: &Trust) -> Result<Arc<ClientConfig>, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Roots(error.to_string()))?;
    let builder = match trust {
        Trust::Authorities(files) => builder.with_root_certificates(roots(files)?),
        Trust::Anybody => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(DangerousAcceptAll(provider))),
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

/// What the system trusts, so that a client needs no list of its own that ages,
/// and the files.
fn roots(files: &[PathBuf]) -> Result<RootCertStore, ConnectError> {
    let mut roots = RootCertStore::empty();
    for file in files {
        for certificate in pem::certificates(file)? {
            roots
                .add(certificate)
                .map_err(|error| ConnectError::Roots(format!("{}: {error}", file.display())))?;
        }
    }
    let system = rustls_native_certs::load_native_certs();
    // Some of a system's certificates are older than the rules for them.
    roots.add_parsable_certificates(system.certs);
    if roots.is_empty() {
        let reason = system.errors.first().map(ToString::to_string);
        let reason = reason.unwrap_or_else(|| "the system has none".to_owned());
        return Err(ConnectError::Roots(format!(
            "{reason}; install them (ca-certificates), or name a file of your own"
        )));
    }
    Ok(roots)
}

/// The TLS handshake with the server at `authority`.
pub(super) async fn handshake(
    config: Arc<ClientConfig>,
    stream: TcpStream,
    host: &str,
    authority: String,
) -> Result<TlsSocket<TcpStream>, ConnectError> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| ConnectError::Url(format!("{host}: not a name that a certificate has")))?;
    let connected = TlsConnector::from(config).connect(name, stream).await;
    connected.map(TlsSocket::new).map_err(|error| {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        match cause {
            Some(Error::InvalidMessage(_)) => ConnectError::NotTls(authority),
            Some(Error::InvalidCertificate(reason)) => {
                ConnectError::Certificate { authority, reason: describe(reason) }
            }
            _ if error.kind() == io::ErrorKind::UnexpectedEof => {
                ConnectError::Ended { authority, error: None }
            }
            _ => ConnectError::Tls { authority, error },
        }
    })
}

fn describe(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "no authority that is trusted here issued it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        CertificateError::NotValidForName => "it is for another name".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("it is for another name: {}", presented.join(", "))
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::Other(reason)
            if reason.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) =>
        {
            "it is one for an authority, not for a server; openssl makes one for a server with \
             `-addext basicConstraints=CA:FALSE`"
                .to_owned()
        }
        error => error.to_string(),
    }
}

/// Accepts any certificate, whoever presents it. The server's signature is
/// still checked, so that what is encrypted is at least for one server alone.
#[derive(Debug)]
struct DangerousAcceptAll(Arc<CryptoProvider>);

impl ServerCertVerifier for DangerousAcceptAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
