//! The TLS flags of `serve`: what each means, and what it sets.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use sandsock::{Certificate, TlsSettings};

/// Certificates, and where TLS is spoken.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsFlags {
    /// Speak TLS with the certificate in this PEM file, and behind it in the
    /// file those that lead to its root. SIGHUP reads all files of TLS anew.
    #[arg(long = "tls-cert", value_name = "FILE", requires = "key", group = "certificate")]
    chain: Option<PathBuf>,

    /// PEM file of its private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    #[arg(long = "tls-key", value_name = "FILE", requires = "chain")]
    key: Option<PathBuf>,

    /// Speak TLS with a certificate made on the spot for `localhost`,
    /// `127.0.0.1` and `::1`. For development: no client trusts it unless told
    /// to.
    #[arg(long = "tls-self-signed", group = "certificate")]
    self_signed: bool,

    /// Accept only clients with a certificate from an authority in this PEM
    /// file.
    #[arg(long = "tls-client-ca", value_name = "FILE", requires = "certificate")]
    client_authorities: Option<PathBuf>,

    /// Address and port to speak TLS on, instead of --listen, which then, if it
    /// is given, goes without.
    #[arg(long = "tls-listen", value_name = "ADDRESS", requires = "certificate")]
    address: Option<SocketAddr>,
}

impl TlsFlags {
    /// What TLS is spoken with, if it is.
    pub(crate) fn settings(&self) -> Option<TlsSettings> {
        let certificate = match (&self.chain, &self.key) {
            (Some(chain), Some(key)) => {
                Certificate::Files { chain: chain.clone(), key: key.clone() }
            }
            _ if self.self_signed => Certificate::SelfSigned,
            _ => return None,
        };
        Some(TlsSettings { certificate, client_authorities: self.client_authorities.clone() })
    }

    /// The address that is for TLS alone.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}
