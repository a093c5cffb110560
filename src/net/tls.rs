//! TLS: the one provider, ring, for everything that speaks it; and connections of our own, verified by
//! default against the system's trusted authorities.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Makes ring the process's TLS provider. Call it before the first connection; calling it again does nothing.
pub fn install() {
    // An error only says that a provider is installed already, and ring is the only one in the tree.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// How a server is verified and what proves the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// A PEM file of the only authorities to trust; without it the system's.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the client's certificate chain and its private key.
    pub client_cert: Option<PathBuf>,
    /// The one certificate to accept, whoever signed it.
    pub fingerprint: Option<Fingerprint>,
}

/// The SHA-256 digest of a certificate. Written as 64 hex digits, colons between them or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a SHA-256 fingerprint: 64 hex digits, as `openssl x509 -noout -fingerprint -sha256` prints them"
            )
        };
        let digits: String = text.trim().chars().filter(|c| *c != ':').collect();
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Builds the client's side. Errors are sentences that name the file.
pub fn client_config(options: &TlsOptions) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot set up TLS: {error}"))?;
    let builder = match (&options.fingerprint, &options.ca_file) {
        (Some(fingerprint), _) => {
            let verifier = Pinned { fingerprint: *fingerprint, provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
        (None, Some(file)) => builder.with_root_certificates(authorities(file)?),
        (None, None) => {
            let verifier = rustls_platform_verifier::Verifier::new(provider)
                .map_err(|error| format!("cannot read the system's trusted certificates: {error}"))?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    let config = match &options.client_cert {
        Some(file) => {
            let (chain, key) = identity(file)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                format!("cannot use the client certificate in `{}`: {error}", file.display())
            })?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

/// The certificates of a PEM file, at least one. Errors are sentences that name the file.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    let found =
        found.map_err(|error| format!("cannot read certificates from `{}`: {error}", file.display()))?;
    if found.is_empty() {
        return Err(format!("`{}` holds no certificate in PEM form", file.display()));
    }
    Ok(found)
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| format!("cannot use a certificate in `{}`: {error}", file.display()))?;
    }
    Ok(roots)
}

fn identity(file: &Path) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let key = PrivateKeyDer::from_pem_file(file).map_err(|error| {
        format!(
            "cannot read the private key from `{}` (certificate and key belong in it): {error}",
            file.display()
        )
    })?;
    Ok((certificates(file)?, key))
}

/// Accepts one certificate only.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let digest = ring::digest::digest(&ring::digest::SHA256, end_entity);
        if digest.as_ref() == self.fingerprint.0 {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What went wrong in a handshake, and what to do about it.
pub fn explain(error: &io::Error, host: &str) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let advice = match tls {
        Some(Error::InvalidCertificate(certificate)) => advise(certificate, host),
        Some(Error::InvalidMessage(_)) => {
            "the port does not speak TLS: check the port or set `TLS=off`".to_owned()
        }
        _ if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection: the port may not speak TLS".to_owned()
        }
        _ => return format!("TLS with `{host}` failed: {error}"),
    };
    format!("TLS with `{host}` failed: {advice}")
}

/// Whether a handshake failed because of who the server is, which trying again does not change.
pub fn is_distrust(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    matches!(tls, Some(Error::InvalidCertificate(_)))
}

fn advise(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "no trusted authority signed its certificate: set `CA_FILE` to the authority's PEM file, or `FINGERPRINT`".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is not for `{host}`: connect by a name in the certificate")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired: it has to be renewed, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: this machine's clock may be wrong".to_owned()
        }
        CertificateError::ApplicationVerificationFailure => {
            "its certificate is not the pinned one: if it was renewed, set `FINGERPRINT` to the new one".to_owned()
        }
        other => format!("its certificate is not accepted: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_with_and_without_colons() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(plain.parse::<Fingerprint>(), colons.parse());
        assert_eq!(plain.parse::<Fingerprint>().unwrap().to_string(), plain);
        for wrong in ["", "ab", &"zz".repeat(32), &"é".repeat(32)] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let options = TlsOptions { ca_file: Some("/nonexistent/ca.pem".into()), ..TlsOptions::default() };
        assert!(client_config(&options).unwrap_err().contains("`/nonexistent/ca.pem`"));
    }
}
