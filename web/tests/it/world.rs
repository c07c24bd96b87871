//! A server with the page, a proxy in front of it, and a browser.

use std::net::SocketAddr;

use appointments_server::clock::Clock;
use appointments_server::config::Cli;
use appointments_server::server::Server;
use appointments_testing::TcpProxy;
use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Look, Window, missing};

pub(crate) struct World {
    server: Server,
    pub(crate) proxy: TcpProxy,
    pub(crate) browser: Browser,
    pub(crate) calendar: String,
    _folder: TempDir,
}

/// The week of most tests.
pub(crate) const WEEK: &str = "2026-11-23";

impl World {
    pub(crate) async fn new() -> Option<Self> {
        Self::in_zone("Europe/Vienna").await
    }

    /// Starts a server and a browser in a time zone. Returns `None` if the page is not built or
    /// there is no browser.
    pub(crate) async fn in_zone(zone: &str) -> Option<Self> {
        if !appointments_server::http::page::is_built() {
            missing("the page is not built (run cargo xtask page)");
            return None;
        }
        let browser = Browser::start(zone).await?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let flags = ["appointments-server", "--listen", "127.0.0.1:0", "--database"];
        let settings = Cli::parse_from(flags.into_iter().chain(file.to_str())).serve;
        let server = Server::start(&settings, Clock::system()).await.unwrap();
        let proxy = TcpProxy::start(server.address().to_string()).await.unwrap();
        let found = send_query(server.address(), "{ calendar { id } }").await;
        let calendar = found["data"]["calendar"]["id"].as_str().unwrap().to_owned();
        Some(Self { server, proxy, browser, calendar, _folder: folder })
    }

    /// Opens a window on the usual week, through the proxy.
    pub(crate) async fn window(&self) -> Window {
        self.window_at(WEEK).await
    }

    pub(crate) async fn window_at(&self, week: &str) -> Window {
        self.window_to(&format!("?view=week&date={week}")).await
    }

    /// Opens a window on a route, through the proxy.
    pub(crate) async fn window_to(&self, route: &str) -> Window {
        let url = format!("http://{}/{route}", self.proxy.address());
        let window = self.browser.window(&url, Look::default()).await;
        window.expect_live().await;
        window
    }

    /// Opens a window of another user, without the proxy.
    pub(crate) async fn other_window(&self) -> Window {
        let url = format!("http://{}/?view=week&date={WEEK}", self.server.address());
        let window = self.browser.window(&url, Look::default()).await;
        window.expect_live().await;
        window
    }

    /// Opens a window on any path of the server.
    pub(crate) async fn open_path(&self, path: &str) -> Window {
        let url = format!("http://{}{path}", self.server.address());
        self.browser.window(&url, Look::default()).await
    }

    /// Returns a future that sends a query to the server.
    pub(crate) fn query_later(&self, query: String) -> impl Future<Output = Value> + Send + use<> {
        let server = self.server.address();
        async move { send_query(server, &query).await }
    }

    /// Sends a query to the server, without the page.
    pub(crate) async fn query(&self, query: &str) -> Value {
        send_query(self.server.address(), query).await
    }

    /// Makes the calendar reject overlaps.
    pub(crate) async fn make_strict(&self) {
        let id = &self.calendar;
        self.query(&format!(
            r#"mutation {{ updateCalendar(input: {{ id: "{id}", overlaps: REJECT }}) {{
                error {{ message }}
            }} }}"#
        ))
        .await;
    }

    /// Creates a calendar without the page, and returns its id.
    pub(crate) async fn create_calendar(&self, name: &str, color: &str) -> String {
        let input = format!(r#"{{ name: "{name}", color: "{color}" }}"#);
        let query = format!(
            "mutation {{ createCalendar(input: {input}) {{
                calendar {{ id }} error {{ message }}
            }} }}"
        );
        let made = self.query(&query).await;
        let id = made["data"]["createCalendar"]["calendar"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// Creates an appointment without the page.
    pub(crate) async fn create_appointment(&self, title: &str, start: &str, end: &str) {
        self.create_appointment_in(&self.calendar, title, start, end).await;
    }

    /// Creates an appointment in a calendar.
    pub(crate) async fn create_appointment_in(
        &self,
        calendar: &str,
        title: &str,
        start: &str,
        end: &str,
    ) {
        let time = format!(r#"startsAt: "{start}", endsAt: "{end}""#);
        self.create_appointment_with(&format!(
            r#"calendarId: "{calendar}", title: "{title}", {time}"#
        ))
        .await;
    }

    /// Creates an appointment from an input of the contract.
    pub(crate) async fn create_appointment_with(&self, input: &str) {
        let query = format!(
            "mutation {{ createAppointment(input: {{ {input} }}) {{ error {{ message }} }} }}"
        );
        let made = self.query(&query).await;
        assert_eq!(made["data"]["createAppointment"]["error"], Value::Null, "{made}");
    }

    /// Returns the id of the only appointment in the usual week.
    pub(crate) async fn only_appointment_id(&self) -> String {
        let range = r#"{ start: "2026-11-23T00:00:00Z", end: "2026-11-30T00:00:00Z" }"#;
        let query =
            format!("{{ appointmentsInRange(range: {range}) {{ appointments {{ id }} }} }}");
        let found = self.query(&query).await;
        let all = found["data"]["appointmentsInRange"]["appointments"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{found}");
        all[0]["id"].as_str().unwrap().to_owned()
    }

    /// Returns the compressed size of the page's wasm and scripts in bytes.
    pub(crate) async fn page_size(&self) -> usize {
        let index = String::from_utf8(self.load("/", "identity").await).unwrap();
        let parts = index.split('"').filter(|it| it.ends_with(".js") || it.ends_with(".wasm"));
        let mut all = 0;
        for part in parts {
            all += self.load(part, "br").await.len();
        }
        all
    }

    async fn load(&self, path: &str, coding: &str) -> Vec<u8> {
        let url = format!("http://{}{path}", self.server.address());
        let asked = appointments_testing::http_client().get(url).header("accept-encoding", coding);
        asked.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap().to_vec()
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

async fn send_query(server: SocketAddr, query: &str) -> Value {
    let url = format!("http://{server}/graphql");
    let sent =
        appointments_testing::http_client().post(url).json(&json!({ "query": query })).send().await;
    sent.unwrap().json().await.unwrap()
}
