//! HTTP clients for tests.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Returns a builder of clients for servers without TLS.
///
/// The HTTP library has no TLS provider of its own here, and refuses to build a client without a
/// configuration. This one trusts nobody, so building a client reads no certificates.
///
/// # Panics
///
/// Panics if the provider supports no version of TLS.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(config)
}

/// Returns a client for servers without TLS.
///
/// # Panics
///
/// Panics if the client cannot be built.
pub fn http_client() -> reqwest::Client {
    http_client_builder().build().expect("the configuration is valid")
}
