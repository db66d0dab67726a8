//! TLS: a certificate and its key from PEM files, read again when the models are.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::repository::LoadError;

/// What a server shows to clients that connect by TLS.
#[derive(Clone)]
pub struct Tls {
    certificate: Arc<Certificate>,
    acceptor: TlsAcceptor,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.certificate.chain).finish_non_exhaustive()
    }
}

/// The files, and what they held when they were last read.
#[derive(Debug)]
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Tls {
    /// The certificate in `chain`, its own first, and its private key in `key`, both as PEM.
    ///
    /// # Errors
    /// When a file cannot be read or has no such thing, and when the key is not the certificate's.
    pub fn from_files(chain: &Path, key: &Path) -> Result<Self, LoadError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let current = RwLock::new(Arc::new(read(chain, key, &provider)?));
        let certificate = Arc::new(Certificate {
            chain: chain.to_owned(),
            key: key.to_owned(),
            provider: Arc::clone(&provider),
            current,
        });
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| LoadError::new(chain, "wrong-certificate", error.to_string()))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::clone(&certificate) as _);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Reads the files again. Connections that stand are not touched.
    pub(crate) fn reload(&self) -> Result<(), LoadError> {
        let Certificate { chain, key, provider, current } = &*self.certificate;
        let read = Arc::new(read(chain, key, provider)?);
        *current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, LoadError> {
    let failed = |path: &Path, message: String| LoadError::new(path, "wrong-certificate", message);
    let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| failed(chain, format!("expected certificates as PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(failed(chain, "expected certificates as PEM, found none".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key);
    let private = private.map_err(|error| failed(key, format!("expected a private key as PEM: {error}")))?;
    CertifiedKey::from_der(certificates, private, provider).map_err(|error| failed(key, error.to_string()))
}
