//! Chromium by way of ChromeDriver, and windows of it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// What is not seen by then is not coming.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How a window looks.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) size: (u32, u32),
    pub(crate) is_dark: bool,
    pub(crate) language: &'static str,
}

impl Default for Look {
    fn default() -> Self {
        Self { size: (1280, 900), is_dark: false, language: "en-GB" }
    }
}

/// A ChromeDriver, in a zone of the earth; it ends with this, and with it the windows that a failed test has left.
pub(crate) struct Browser {
    port: u16,
    driver: Child,
}

impl Browser {
    /// `None` if there is none on this machine, which is said.
    pub(crate) async fn start(zone: &str) -> Option<Self> {
        let driver = Command::new("chromedriver")
            .args(["--port=0"])
            .env("TZ", zone)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        let Ok(mut driver) = driver else {
            missing("chromedriver is not installed (Debian: chromium, chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let mut port = None;
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, said)) = line.split_once("started successfully on port ") {
                port = said.trim_end_matches('.').parse().ok();
                break;
            }
        }
        let port = port.expect("chromedriver says where it listens");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self { port, driver })
    }

    pub(crate) async fn window(&self, url: &str, look: Look) -> Window {
        let Look { size, is_dark, language } = look;
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--force-prefers-reduced-motion".to_owned(),
            // So that it can be seen what is held when all garbage is gone.
            "--js-flags=--expose-gc".to_owned(),
            "--enable-precise-memory-info".to_owned(),
            format!("--window-size={},{}", size.0, size.1),
        ];
        if is_dark {
            arguments.push("--force-dark-mode".to_owned());
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut options = json!({
            "args": arguments,
            "prefs": { "intl.accept_languages": language },
        });
        // (A window of the desktop is never as narrow as a phone.)
        if size.0 < 500 {
            let device =
                json!({ "width": size.0, "height": size.1, "pixelRatio": 1.0, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": device });
        }
        let capabilities = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("it is an object") };
        let driver = format!("http://127.0.0.1:{}", self.port);
        let client = ClientBuilder::new(HttpConnector::new());
        let client = { client }.capabilities(capabilities).connect(&driver).await.unwrap();
        client.goto(url).await.unwrap();
        // What a reload or a navigation would take away.
        client.execute("window.marked = true", Vec::new()).await.unwrap();
        Window { client, driver }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = self.driver.id().and_then(|it| Pid::from_raw(it.try_into().ok()?));
        if let Some(group) = group {
            // (It may have ended.)
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A part of the tests cannot be run here. In CI that is a failure.
pub(crate) fn missing(what: &str) {
    assert!(std::env::var_os("CI_NEEDS_A_BROWSER").is_none(), "{what}");
    eprintln!("\nSKIPPED, the page is not tried in a browser: {what}\n");
}

/// A window with the page in it.
pub(crate) struct Window {
    pub(crate) client: Client,
    driver: String,
}

impl Window {
    /// Waits for what a selector finds.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE).every(Duration::from_millis(20));
        match wait.for_element(Locator::Css(selector)).await {
            Ok(found) => found,
            Err(error) => panic!("{selector}: {error}\n{}", self.text().await),
        }
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap();
    }

    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// Waits until a script returns something true.
    pub(crate) async fn until(&self, script: &str) {
        let seen = async {
            while self.run(script, Vec::new()).await != Value::Bool(true) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, seen).await.is_err() {
            panic!(
                "it never came to {script}\n{}\n{}",
                self.find("#when").await.text().await.unwrap_or_default(),
                self.text().await
            );
        }
    }

    pub(crate) async fn text(&self) -> String {
        let text = self
            .run("return (document.querySelector('main') ?? document.body).innerText", Vec::new())
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Titles of the appointments that are shown, in order; what is pending with a question mark.
    pub(crate) async fn shown(&self) -> String {
        let script = "return [...document.querySelectorAll('.day .appointment')].map(it =>
            it.querySelector('strong').textContent + (it.ariaBusy === 'true' ? '?' : '')).sort().join(' ')";
        self.run(script, Vec::new()).await.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn shows(&self, expected: &str) {
        self.comes_to(async || self.shown().await, expected).await;
    }

    /// Waits until something that is seen is this.
    pub(crate) async fn comes_to(&self, look: impl AsyncFn() -> String, expected: &str) {
        let seen = async {
            while look().await != expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, seen).await.is_err() {
            panic!("it should come to {expected}, and is {}", look().await);
        }
    }

    /// Writes into a field as a person would.
    pub(crate) async fn write(&self, field: &str, text: &str) {
        self.find(&format!("#{field}")).await;
        let script =
            "const it = document.getElementById(arguments[0]); it.focus(); it.value = arguments[1];
            it.dispatchEvent(new Event('input', {bubbles: true}))";
        self.run(script, vec![json!(field), json!(text)]).await;
    }

    /// Opens the dialog, fills it, and saves: `2026-11-24T09:00`.
    pub(crate) async fn create(&self, title: &str, start: &str, end: &str) {
        self.click("#new").await;
        self.write("title", title).await;
        self.write("startsAt", start).await;
        self.write("endsAt", end).await;
        self.click("#save").await;
    }

    /// Opens the dialog of an appointment.
    pub(crate) async fn open(&self, title: &str) {
        let script = "[...document.querySelectorAll('.appointment')]
            .find(it => it.querySelector('strong').textContent === arguments[0]).click()";
        self.run(script, vec![json!(title)]).await;
        self.find("dialog[open]").await;
    }

    /// Takes back what a toast says.
    pub(crate) async fn undoes(&self, text: &str) {
        self.hears(text).await;
        let script = "[...document.querySelectorAll('.toast')]
            .find(it => it.querySelector('span').textContent === arguments[0]).querySelector('.act').click()";
        self.run(script, vec![json!(text)]).await;
    }

    /// Waits for a toast that says this.
    pub(crate) async fn hears(&self, text: &str) {
        let text = serde_json::to_string(text).unwrap();
        self.until(&format!(
            "return [...document.querySelectorAll('.toast span')].some(it => it.textContent.includes({text}))"
        ))
        .await;
    }

    pub(crate) async fn is_live(&self) {
        self.find(".badge[data-state=live]").await;
        self.find("#when[data-complete=true]").await;
    }

    /// Nothing was loaded again since the page was opened, and nothing went wrong in it.
    pub(crate) async fn ends_well(self) {
        self.ends(|_| false).await;
    }

    /// So, but for what the browser itself says of a line that the test has cut.
    pub(crate) async fn ends_well_but_for_the_line(self) {
        self.ends(|it| it.contains("net::ERR_") || it.contains("WebSocket")).await;
    }

    async fn ends(self, is_forgiven: fn(&str) -> bool) {
        assert_eq!(self.run("return window.marked", Vec::new()).await, true, "it was loaded again");
        let entries = "return performance.getEntriesByType('navigation').length";
        assert_eq!(self.run(entries, Vec::new()).await, 1);
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/se/log", self.driver);
        let asked = reqwest::Client::new().post(url).json(&json!({"type": "browser"}));
        let logs: Value = asked.send().await.unwrap().json().await.unwrap();
        let severe = logs["value"].as_array().unwrap().iter().filter(|it| it["level"] == "SEVERE");
        let severe: Vec<_> =
            severe.filter(|it| !it["message"].as_str().is_some_and(is_forgiven)).collect();
        assert!(severe.is_empty(), "{severe:?}");
        self.client.close().await.unwrap();
    }

    /// A picture, if pictures are wanted.
    pub(crate) async fn picture(&self, name: &str) {
        if std::env::var_os("PICTURES").is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/page");
            std::fs::create_dir_all(&folder).unwrap();
            let picture = self.client.screenshot().await.unwrap();
            std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
        }
    }
}
