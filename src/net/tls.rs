//! TLS: the one provider, ring, for everything that speaks it.

/// Makes ring the process's TLS provider. Call it before the first connection; calling it again does nothing.
pub fn install() {
    // An error only says that a provider is installed already, and ring is the only one in the tree.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
