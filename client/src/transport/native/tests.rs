//! The native transport against the real server: TLS, and a proxy that blocks WebSockets.

use appointments_server::clock::Clock;
use chrono::TimeDelta;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::api::client::Client;
use crate::model::connection::ConnectionStatus;
use crate::model::input::NewAppointment;
use crate::model::scalars::DateTime;
use crate::runtime;
use crate::tests::RealServer;

/// A real server behind a proxy that terminates TLS.
struct TlsServer {
    url: String,
    certificate: CertificateDer<'static>,
    server: RealServer,
}

impl TlsServer {
    async fn start() -> Self {
        let server = RealServer::start(Clock::system()).await;
        let generated =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let CertifiedKey { cert, signing_key } = generated;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider);
        let tls =
            tls.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        let tls = tls
            .with_single_cert(vec![cert.der().clone()], key.into())
            .expect("the certificate is valid");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("the listener has an address").port();
        runtime::spawn(terminate_tls(listener, TlsAcceptor::from(Arc::new(tls)), server.address()));
        let url = format!("https://localhost:{port}/graphql");
        Self { url, certificate: cert.der().clone(), server }
    }
}

async fn terminate_tls(listener: TcpListener, tls: TlsAcceptor, to: std::net::SocketAddr) {
    while let Ok((client, _)) = listener.accept().await {
        let tls = tls.clone();
        runtime::spawn(async move {
            let (Ok(mut client), Ok(mut server)) =
                (tls.accept(client).await, TcpStream::connect(to).await)
            else {
                return;
            };
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

#[tokio::test]
async fn only_a_trusted_certificate_is_accepted() {
    let tls_server = TlsServer::start().await;
    let mut roots = RootCertStore::empty();
    roots.add(tls_server.certificate.clone()).expect("the certificate is valid");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider);
    let tls = tls.with_safe_default_protocol_versions().expect("versions");
    let tls = tls.with_root_certificates(roots).with_no_client_auth();
    let trusting =
        Http::with_tls(&tls_server.url, Arc::new(|| None), tls).expect("the URL is valid");
    let response = trusting.post(r#"{"query":"{ __typename }"}"#.to_owned()).await;
    assert_eq!(
        String::from_utf8_lossy(&response.expect("a response")),
        r#"{"data":{"__typename":"Query"}}"#
    );
    assert!(trusting.connect().await.is_ok());

    // The certificate is not one that the machine trusts.
    match Http::new(&tls_server.url, Arc::new(|| None)) {
        Ok(untrusting) => {
            assert!(untrusting.post(r#"{"query":"{ __typename }"}"#.to_owned()).await.is_err());
            assert!(untrusting.connect().await.is_err());
        }
        Err(error) => assert!(matches!(error, BuildError::Trust(_)), "{error}"),
    }
    tls_server.server.stop().await;
}

/// A proxy that does not support WebSockets.
async fn proxy_without_websockets(listener: TcpListener, to: std::net::SocketAddr) {
    while let Ok((mut client, _)) = listener.accept().await {
        runtime::spawn(async move {
            let mut head = vec![0; 4096];
            let length = client.peek(&mut head).await.unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
            if head.contains("upgrade: websocket") {
                return;
            }
            if let Ok(mut server) = TcpStream::connect(to).await {
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

#[tokio::test]
async fn without_websockets_events_arrive_over_sse() {
    let server = RealServer::start(Clock::system()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url =
        format!("http://{}/graphql", listener.local_addr().expect("the listener has an address"));
    runtime::spawn(proxy_without_websockets(listener, server.address()));
    let behind_proxy = Client::builder(url).build().expect("the URL is valid");
    let other = Client::builder(server.url()).build().expect("the URL is valid");
    let id = other.calendars().await.expect("the calendars")[0].id.clone();
    let at = |hour| {
        "2026-11-23T00:00:00Z".parse::<DateTime>().expect("an instant") + TimeDelta::hours(hour)
    };
    let mut watch = behind_proxy.calendar(&id).watch(at(0), at(24));
    let calendar = other.calendar(&id);
    for number in 0..3 {
        let title = format!("t{number}");
        let new = NewAppointment::new(title, at(number), at(number + 1));
        calendar.create(new).await.expect("the appointment is created");
        let shown = async {
            while watch.view().appointments.len() as i64 <= number {
                watch.next().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), shown).await.expect("the event arrives");
    }
    // The client has received events; it does not poll.
    assert_eq!(behind_proxy.connection_status(), ConnectionStatus::Live);
    // The event of an own mutation arrives, too.
    let mine = behind_proxy.calendar(&id).create(NewAppointment::new("mine", at(5), at(6)));
    mine.await.expect("the appointment is created");
    assert_eq!(behind_proxy.pending(), Vec::new());
    server.stop().await;
}
