//! TLS before a plain server: nobody passes without a certificate of the test's authority.

use std::fs;
use std::net::TcpListener as Reserved;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::tls_end::Certificates;

/// A running front; ends with the value.
pub(crate) struct TlsFront {
    port: u16,
    passed: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl TlsFront {
    /// Takes TLS on `localhost` and passes on what comes to the port `behind`.
    pub(crate) fn start(certificates: &Certificates, behind: u16) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config(certificates)));
        let reserved = Reserved::bind(("127.0.0.1", 0)).unwrap();
        reserved.set_nonblocking(true).unwrap();
        let port = reserved.local_addr().unwrap().port();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (passed, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (passed.clone(), refused.clone());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(reserved).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, (passed, refused)) = (acceptor.clone(), counts.clone());
                tokio::spawn(async move {
                    let Ok(mut front) = acceptor.accept(stream).await else {
                        refused.fetch_add(1, Ordering::Relaxed);
                        return;
                    };
                    passed.fetch_add(1, Ordering::Relaxed);
                    let Ok(mut back) = TcpStream::connect(("127.0.0.1", behind)).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut front, &mut back).await;
                });
            }
        });
        Self { port, passed, refused, _runtime: runtime }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Connections that showed a certificate.
    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }

    /// Connections that did not, or did not like ours.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

fn config(certificates: &Certificates) -> ServerConfig {
    let read = |name: &str| fs::read(certificates.path(name)).unwrap();
    let chain =
        |name: &str| CertificateDer::pem_slice_iter(&read(name)).map(Result::unwrap).collect::<Vec<_>>();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut authority = RootCertStore::empty();
    chain("ca.pem").into_iter().for_each(|one| authority.add(one).unwrap());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(authority), provider.clone()).build().unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain("good.pem"), PrivateKeyDer::from_pem_slice(&read("good.pem")).unwrap())
        .unwrap()
}
