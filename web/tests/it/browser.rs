//! Chromium, run by ChromeDriver, and its windows.

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

/// The longest wait for something to appear.
pub(crate) const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// The size and the settings of a window.
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

/// A ChromeDriver in a time zone. Dropping it closes all its windows, even after a failed test.
pub(crate) struct Browser {
    port: u16,
    driver: Child,
}

impl Browser {
    /// Starts ChromeDriver. Returns `None` and prints a note if it is not installed.
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
            if let Some((_, rest)) = line.split_once("started successfully on port ") {
                port = rest.trim_end_matches('.').parse().ok();
                break;
            }
        }
        let port = port.expect("chromedriver prints its port");
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
            // Tests that measure memory run the garbage collector.
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
        // A desktop window cannot be as narrow as a phone.
        if size.0 < 500 {
            let device =
                json!({ "width": size.0, "height": size.1, "pixelRatio": 1.0, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": device });
        }
        let capabilities = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("the capabilities are an object")
        };
        let driver = format!("http://127.0.0.1:{}", self.port);
        let client = ClientBuilder::new(HttpConnector::new());
        let client = { client }.capabilities(capabilities).connect(&driver).await.unwrap();
        client.goto(url).await.unwrap();
        // A reload or a navigation would remove the mark.
        client.execute("window.marked = true", Vec::new()).await.unwrap();
        Window { client, driver }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = self.driver.id().and_then(|it| Pid::from_raw(it.try_into().ok()?));
        if let Some(group) = group {
            // The process may have ended already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reports that tests are skipped. Panics in CI, where nothing may be skipped.
pub(crate) fn missing(what: &str) {
    assert!(std::env::var_os("CI_NEEDS_A_BROWSER").is_none(), "{what}");
    eprintln!("\nSKIPPED, the page is not tested in a browser: {what}\n");
}

/// A browser window.
pub(crate) struct Window {
    pub(crate) client: Client,
    driver: String,
}

impl Window {
    /// Waits for an element.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        let wait = self.client.wait().at_most(WAIT_TIMEOUT).every(Duration::from_millis(20));
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

    /// Waits until a script returns `true`.
    pub(crate) async fn wait_until(&self, script: &str) {
        let seen = async {
            while self.run(script, Vec::new()).await != Value::Bool(true) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(WAIT_TIMEOUT, seen).await.is_err() {
            panic!(
                "the script did not return true: {script}\n{}\n{}",
                self.find("#when").await.text().await.unwrap_or_default(),
                self.text().await
            );
        }
    }

    /// Returns the text of the page, for error messages.
    async fn text(&self) -> String {
        let text = self
            .run("return (document.querySelector('main') ?? document.body).innerText", Vec::new())
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Returns the titles of the visible appointments, sorted. A pending one has a question mark.
    pub(crate) async fn visible_titles(&self) -> String {
        let script = "return [...document.querySelectorAll('.day .appointment')].map(it =>
            it.querySelector('strong').textContent
            + (it.ariaBusy === 'true' ? '?' : '')).sort().join(' ')";
        self.run(script, Vec::new()).await.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn expect_appointments(&self, expected: &str) {
        self.expect_eventually(async || self.visible_titles().await, expected).await;
    }

    /// Waits until `read` returns the expected text.
    pub(crate) async fn expect_eventually(&self, read: impl AsyncFn() -> String, expected: &str) {
        let seen = async {
            while read().await != expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(WAIT_TIMEOUT, seen).await.is_err() {
            panic!("expected {expected}, found {}", read().await);
        }
    }

    /// Returns the text of the first element that a selector finds, or an empty text.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        self.property(selector, "textContent").await
    }

    /// Returns the value of a field, or an empty text if there is no such field.
    pub(crate) async fn value_of(&self, selector: &str) -> String {
        self.property(selector, "value").await
    }

    /// Waits until an element exists and has a text.
    pub(crate) async fn expect_text(&self, selector: &str, expected: &str) {
        self.find(selector).await;
        self.expect_eventually(async || self.text_of(selector).await, expected).await;
    }

    /// Waits until a field exists and has a value.
    pub(crate) async fn expect_value(&self, selector: &str, expected: &str) {
        self.find(selector).await;
        self.expect_eventually(async || self.value_of(selector).await, expected).await;
    }

    /// Waits until a selector finds this many elements.
    pub(crate) async fn expect_count(&self, selector: &str, expected: usize) {
        let count = async || {
            let script = "return document.querySelectorAll(arguments[0]).length";
            self.run(script, vec![json!(selector)]).await.to_string()
        };
        self.expect_eventually(count, &expected.to_string()).await;
    }

    /// Waits until a selector finds nothing.
    pub(crate) async fn expect_absent(&self, selector: &str) {
        self.expect_count(selector, 0).await;
    }

    async fn property(&self, selector: &str, name: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.[arguments[1]]";
        let value = self.run(script, vec![json!(selector), json!(name)]).await;
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Writes a text into the field with an id, and sends the events of typing.
    pub(crate) async fn fill(&self, field: &str, text: &str) {
        self.find(&format!("#{field}")).await;
        let script =
            "const it = document.getElementById(arguments[0]); it.focus(); it.value = arguments[1];
            it.dispatchEvent(new Event('input', {bubbles: true}))";
        self.run(script, vec![json!(field), json!(text)]).await;
    }

    /// Creates an appointment in the dialog. The times look like `2026-11-24T09:00`.
    pub(crate) async fn create(&self, title: &str, start: &str, end: &str) {
        self.click("#new").await;
        self.fill("title", title).await;
        self.fill("startsAt", start).await;
        self.fill("endsAt", end).await;
        self.click("#save").await;
    }

    /// Opens the dialog of an appointment.
    pub(crate) async fn open(&self, title: &str) {
        let script = "[...document.querySelectorAll('.appointment')]
            .find(it => it.querySelector('strong').textContent === arguments[0]).click()";
        self.run(script, vec![json!(title)]).await;
        self.find("dialog[open]").await;
    }

    /// Waits for a toast and clicks its Undo button.
    pub(crate) async fn undo(&self, text: &str) {
        self.expect_toast(text).await;
        let script = "[...document.querySelectorAll('.toast')]
            .find(it => it.querySelector('span').textContent === arguments[0])
            .querySelector('.act').click()";
        self.run(script, vec![json!(text)]).await;
    }

    /// Waits for a toast that contains a text.
    pub(crate) async fn expect_toast(&self, text: &str) {
        let text = serde_json::to_string(text).unwrap();
        self.wait_until(&format!(
            "return [...document.querySelectorAll('.toast span')]
                .some(it => it.textContent.includes({text}))"
        ))
        .await;
    }

    pub(crate) async fn expect_live(&self) {
        self.find(".badge[data-state=live]").await;
        self.find("#when[data-complete=true]").await;
    }

    /// Closes the window. Expects that the page was loaded only once and logged no error.
    pub(crate) async fn expect_no_errors(self) {
        self.expect_end(|_| false).await;
    }

    /// Closes the window like [`Self::expect_no_errors`], but allows errors of the network.
    pub(crate) async fn expect_only_network_errors(self) {
        self.expect_end(|it| it.contains("net::ERR_") || it.contains("WebSocket")).await;
    }

    async fn expect_end(self, is_allowed: fn(&str) -> bool) {
        assert_eq!(
            self.run("return window.marked", Vec::new()).await,
            true,
            "the page was reloaded"
        );
        let entries = "return performance.getEntriesByType('navigation').length";
        assert_eq!(self.run(entries, Vec::new()).await, 1);
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/se/log", self.driver);
        let request =
            appointments_testing::http_client().post(url).json(&json!({"type": "browser"}));
        let logs: Value = request.send().await.unwrap().json().await.unwrap();
        let severe = logs["value"].as_array().unwrap().iter().filter(|it| it["level"] == "SEVERE");
        let severe: Vec<_> =
            severe.filter(|it| !it["message"].as_str().is_some_and(is_allowed)).collect();
        assert!(severe.is_empty(), "{severe:?}");
        self.client.close().await.unwrap();
    }

    /// Saves a screenshot in `docs/page` if the variable `PICTURES` is set.
    pub(crate) async fn take_picture(&self, name: &str) {
        if std::env::var_os("PICTURES").is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/page");
            std::fs::create_dir_all(&folder).unwrap();
            let picture = self.client.screenshot().await.unwrap();
            std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
        }
    }
}
