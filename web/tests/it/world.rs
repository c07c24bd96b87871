//! A server with the page in it, a proxy before it, and a browser.

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

/// The week in which everything happens.
pub(crate) const WEEK: &str = "2026-11-23";

impl World {
    pub(crate) async fn new() -> Option<Self> {
        Self::within("Europe/Vienna").await
    }

    /// `None` where the page is not built, or there is no browser.
    pub(crate) async fn within(zone: &str) -> Option<Self> {
        if !appointments_server::http::page::is_built() {
            missing("it was not built (cargo xtask page)");
            return None;
        }
        let browser = Browser::start(zone).await?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let flags = ["appointments-server", "--listen", "127.0.0.1:0", "--database"];
        let settings = Cli::parse_from(flags.into_iter().chain(file.to_str())).serve;
        let server = Server::start(&settings, Clock::system()).await.unwrap();
        let proxy = TcpProxy::start(server.address().to_string()).await.unwrap();
        let found = ask(server.address(), "{ calendar { id } }").await;
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

    /// A window to a place, as a link leads there.
    pub(crate) async fn window_to(&self, place: &str) -> Window {
        let url = format!("http://{}/{place}", self.proxy.address());
        let window = self.browser.window(&url, Look::default()).await;
        window.is_live().await;
        window
    }

    /// Opens a window of another user, without the proxy.
    pub(crate) async fn other_window(&self) -> Window {
        let url = format!("http://{}/?view=week&date={WEEK}", self.server.address());
        let window = self.browser.window(&url, Look::default()).await;
        window.is_live().await;
        window
    }

    /// A window with anything that the server has.
    pub(crate) async fn open(&self, path: &str) -> Window {
        let url = format!("http://{}{path}", self.server.address());
        self.browser.window(&url, Look::default()).await
    }

    /// Asks the server, past the page, as something to be waited for later.
    pub(crate) fn asking(&self, query: String) -> impl Future<Output = Value> + Send + use<> {
        let server = self.server.address();
        async move { ask(server, &query).await }
    }

    /// Asks the server, past the page.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        ask(self.server.address(), query).await
    }

    /// Nothing may overlap any more.
    pub(crate) async fn is_strict(&self) {
        let id = &self.calendar;
        self.ask(&format!(
            r#"mutation {{ updateCalendar(input: {{ id: "{id}", overlaps: REJECT }}) {{ error {{ message }} }} }}"#
        ))
        .await;
    }

    /// Somebody makes a calendar, past the page: its id.
    pub(crate) async fn calendar(&self, name: &str, color: &str) -> String {
        let input = format!(r#"{{ name: "{name}", color: "{color}" }}"#);
        let query = format!(
            "mutation {{ createCalendar(input: {input}) {{ calendar {{ id }} error {{ message }} }} }}"
        );
        let made = self.ask(&query).await;
        let id = made["data"]["createCalendar"]["calendar"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// Somebody creates an appointment, past the page.
    pub(crate) async fn somebody(&self, title: &str, start: &str, end: &str) {
        self.somebody_in(&self.calendar, title, start, end).await;
    }

    /// Somebody creates one in a calendar.
    pub(crate) async fn somebody_in(&self, calendar: &str, title: &str, start: &str, end: &str) {
        let time = format!(r#"startsAt: "{start}", endsAt: "{end}""#);
        self.somebody_creates(&format!(r#"calendarId: "{calendar}", title: "{title}", {time}"#))
            .await;
    }

    /// Somebody creates one, as the contract writes it.
    pub(crate) async fn somebody_creates(&self, input: &str) {
        let query = format!(
            "mutation {{ createAppointment(input: {{ {input} }}) {{ error {{ message }} }} }}"
        );
        let made = self.ask(&query).await;
        assert_eq!(made["data"]["createAppointment"]["error"], Value::Null, "{made}");
    }

    /// The id of the only appointment there is in that week.
    pub(crate) async fn only(&self) -> String {
        let range = r#"{ start: "2026-11-23T00:00:00Z", end: "2026-11-30T00:00:00Z" }"#;
        let query =
            format!("{{ appointmentsInRange(range: {range}) {{ appointments {{ id }} }} }}");
        let found = self.ask(&query).await;
        let all = found["data"]["appointmentsInRange"]["appointments"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{found}");
        all[0]["id"].as_str().unwrap().to_owned()
    }

    /// How many bytes of wasm and script a browser loads before it can begin.
    pub(crate) async fn loaded(&self) -> usize {
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
        let asked = reqwest::Client::new().get(url).header("accept-encoding", coding);
        asked.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap().to_vec()
    }

    pub(crate) async fn end(self) {
        self.server.stop().await;
    }
}

async fn ask(server: SocketAddr, query: &str) -> Value {
    let url = format!("http://{server}/graphql");
    let sent = reqwest::Client::new().post(url).json(&json!({ "query": query })).send().await;
    sent.unwrap().json().await.unwrap()
}
