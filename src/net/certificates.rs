//! The certificate of our own listener, read again when its files change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::tls::certificates;

/// What shows that a file changed.
type Stamp = Vec<(Option<SystemTime>, u64)>;

/// A certificate with its key, as the files hold it.
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    shown: Arc<Shown>,
    stamp: Mutex<Stamp>,
    /// Takes handshakes with whatever is shown when they come.
    pub acceptor: TlsAcceptor,
}

impl Certificates {
    /// Reads both files, PEM; without `key` the private key stands in the file of the certificate.
    ///
    /// # Errors
    /// A file cannot be read, or the two do not belong together; one sentence that names the file.
    pub fn load(certificate: &Path, key: Option<&Path>) -> Result<Arc<Self>, String> {
        let key = key.unwrap_or(certificate);
        let stamp = Mutex::new(stamp(&[certificate, key]));
        let shown = Arc::new(Shown(RwLock::new(read(certificate, key)?)));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| format!("cannot set up TLS: {error}"))?;
        let config = builder.with_no_client_auth().with_cert_resolver(shown.clone());
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Arc::new(Self { certificate, key, shown, stamp, acceptor }))
    }

    /// Looks whether the files changed, and shows what they hold from then on. Whether there is something new.
    ///
    /// # Errors
    /// They changed and cannot be used: what was shown before still is, and this is said once for each change.
    pub fn refresh(&self) -> Result<bool, String> {
        let now = stamp(&[&self.certificate, &self.key]);
        let mut known = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == now {
            return Ok(false);
        }
        *known = now;
        drop(known);
        let fresh = read(&self.certificate, &self.key)?;
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }
}

#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn stamp(files: &[&Path]) -> Stamp {
    let one = |file: &&Path| match fs::metadata(file) {
        Ok(facts) => (facts.modified().ok(), facts.len()),
        Err(_) => (None, 0),
    };
    files.iter().map(one).collect()
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, String> {
    let chain = certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("cannot read the private key from `{}`: {error}", key.display()))?;
    let provider = rustls::crypto::ring::default_provider();
    let pair = CertifiedKey::from_der(chain, secret, &provider).map_err(|error| {
        format!("the key in `{}` does not fit `{}`: {error}", key.display(), certificate.display())
    })?;
    Ok(Arc::new(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let error = Certificates::load(Path::new("/nonexistent/cert.pem"), None).err().unwrap();
        assert!(error.contains("`/nonexistent/cert.pem`"), "{error}");
    }
}
