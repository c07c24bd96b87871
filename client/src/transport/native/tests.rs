//! The real server behind TLS: requests and lines, and whom they trust.

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

/// A server behind something that ends TLS in front of it, as a proxy does.
struct Place {
    url: String,
    certificate: CertificateDer<'static>,
    server: RealServer,
}

impl Place {
    async fn new() -> Self {
        let server = RealServer::start(Clock::system()).await;
        let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let CertifiedKey { cert, signing_key } = made;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider);
        let tls =
            tls.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        let tls = tls.with_single_cert(vec![cert.der().clone()], key.into()).expect("it fits");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        runtime::spawn(end_tls(listener, TlsAcceptor::from(Arc::new(tls)), server.address()));
        let url = format!("https://localhost:{port}/graphql");
        Self { url, certificate: cert.der().clone(), server }
    }
}

async fn end_tls(listener: TcpListener, tls: TlsAcceptor, to: std::net::SocketAddr) {
    while let Ok((near, _)) = listener.accept().await {
        let tls = tls.clone();
        runtime::spawn(async move {
            let (Ok(mut near), Ok(mut far)) =
                (tls.accept(near).await, TcpStream::connect(to).await)
            else {
                return;
            };
            let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        });
    }
}

#[tokio::test]
async fn requests_and_lines_go_over_tls_to_whom_is_trusted() {
    let place = Place::new().await;
    let mut roots = RootCertStore::empty();
    roots.add(place.certificate.clone()).expect("it is one");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider);
    let tls = tls.with_safe_default_protocol_versions().expect("versions");
    let tls = tls.with_root_certificates(roots).with_no_client_auth();
    let trusting = Http::with_tls(&place.url, Arc::new(|| None), tls).expect("an address");
    let answer = trusting.post(r#"{"query":"{ __typename }"}"#.to_owned()).await;
    assert_eq!(
        String::from_utf8_lossy(&answer.expect("an answer")),
        r#"{"data":{"__typename":"Query"}}"#
    );
    assert!(trusting.connect().await.is_ok());

    // This machine does not know it.
    match Http::new(&place.url, Arc::new(|| None)) {
        Ok(wary) => {
            assert!(wary.post(r#"{"query":"{ __typename }"}"#.to_owned()).await.is_err());
            assert!(wary.connect().await.is_err());
        }
        Err(error) => assert!(matches!(error, BuildError::Trust(_)), "{error}"),
    }
    place.server.stop().await;
}

/// A proxy that knows nothing of WebSockets, as some are.
async fn wall(listener: TcpListener, to: std::net::SocketAddr) {
    while let Ok((mut near, _)) = listener.accept().await {
        runtime::spawn(async move {
            let mut head = vec![0; 4096];
            let length = near.peek(&mut head).await.unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
            if head.contains("upgrade: websocket") {
                return;
            }
            if let Ok(mut far) = TcpStream::connect(to).await {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            }
        });
    }
}

#[tokio::test]
async fn where_no_socket_gets_through_events_do() {
    let server = RealServer::start(Clock::system()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/graphql", listener.local_addr().expect("an address"));
    runtime::spawn(wall(listener, server.address()));
    let walled = Client::builder(url).build().expect("an address");
    let open = Client::builder(server.url()).build().expect("an address");
    let id = open.calendars().await.expect("there is one")[0].id.clone();
    let at = |hour| {
        "2026-11-23T00:00:00Z".parse::<DateTime>().expect("an instant") + TimeDelta::hours(hour)
    };
    let mut watch = walled.calendar(&id).watch(at(0), at(24));
    let there = open.calendar(&id);
    for number in 0..3 {
        let made =
            there.create(NewAppointment::new(format!("t{number}"), at(number), at(number + 1)));
        made.await.expect("it is free");
        let shown = async {
            while watch.view().appointments.len() as i64 <= number {
                watch.next().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), shown).await.expect("it is heard");
    }
    // Everything was heard, rather than asked for again and again.
    assert_eq!(walled.connection_status(), ConnectionStatus::Live);
    // What it says itself comes back as an event, too.
    let mine = walled.calendar(&id).create(NewAppointment::new("mine", at(5), at(6)));
    mine.await.expect("it is free");
    assert_eq!(walled.pending(), Vec::new());
    server.stop().await;
}
