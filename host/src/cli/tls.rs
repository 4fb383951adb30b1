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
    #[arg(long, value_name = "FILE", requires = "tls_key", group = "certificate")]
    tls_cert: Option<PathBuf>,

    /// PEM file of its private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Speak TLS with a certificate made on the spot for localhost, 127.0.0.1
    /// and ::1. For development: no client trusts it unless told to.
    #[arg(long, group = "certificate")]
    tls_self_signed: bool,

    /// Accept only clients with a certificate from an authority in this PEM
    /// file.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    tls_client_ca: Option<PathBuf>,

    /// Address and port to speak TLS on, instead of --listen, which then, if it
    /// is given, goes without.
    #[arg(long, value_name = "ADDRESS", requires = "certificate")]
    tls_listen: Option<SocketAddr>,
}

impl TlsFlags {
    /// What TLS is spoken with, if it is.
    pub(crate) fn settings(&self) -> Option<TlsSettings> {
        let certificate = match (&self.tls_cert, &self.tls_key) {
            (Some(chain), Some(key)) => {
                Certificate::Files { chain: chain.clone(), key: key.clone() }
            }
            _ if self.tls_self_signed => Certificate::SelfSigned,
            _ => return None,
        };
        Some(TlsSettings { certificate, client_authorities: self.tls_client_ca.clone() })
    }

    /// The address that is for TLS alone.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.tls_listen
    }
}
