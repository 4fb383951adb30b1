//! Why a server cannot speak TLS.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a server cannot speak TLS, in one line that names the file at fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file that is missing, or that this process may not read.
    #[error("cannot read {}: {error}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file that begins to be PEM (RFC 7468), and breaks off or is damaged.
    #[error("{}: damaged PEM: {error}", .path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: String,
    },
    /// A file without any certificate.
    #[error("{}: no certificate in PEM (`-----BEGIN CERTIFICATE-----`) is in it", .0.display())]
    NoCertificate(PathBuf),
    /// A file without any private key.
    #[error("{}: no private key in PEM (`-----BEGIN PRIVATE KEY-----`) is in it", .0.display())]
    NoKey(PathBuf),
    /// A private key behind a passphrase.
    #[error(
        "{path}: the private key is encrypted, and there is nobody to ask for its passphrase: \
         decrypt it with `openssl pkey -in {path}`", path = .0.display()
    )]
    EncryptedKey(PathBuf),
    /// A certificate that cannot be read, or has no use here.
    #[error("{}: not a certificate that can be used: {error}", .path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: String,
    },
    /// A private key of an unknown kind, or a damaged one.
    #[error("{}: not a private key that can be used: {error}", .path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: String,
    },
    /// A private key and a certificate that do not belong together.
    #[error(
        "{}: this private key is not that of the first certificate in {}",
        .key.display(), .chain.display()
    )]
    Mismatch {
        /// The file of the private key.
        key: PathBuf,
        /// The file of the certificates.
        chain: PathBuf,
    },
    /// A self-signed certificate cannot be made.
    #[error("cannot make a self-signed certificate: {0}")]
    SelfSigned(String),
    /// The TLS library cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(String),
}
