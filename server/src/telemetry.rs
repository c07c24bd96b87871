//! The log and the traces: one span for each request with its mutation id, and nothing that people wrote.

use std::io::IsTerminal;

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Common, LogFormat};

/// What was started; ending it sends the spans that are still here.
#[must_use = "spans are lost if it is not ended"]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Starts logging to standard error, and traces if somebody collects them; the error is a sentence for the operator.
pub fn start(settings: &Common) -> Result<Telemetry, String> {
    let is_word = settings.log.bytes().all(|it| it.is_ascii_alphanumeric());
    if is_word && settings.log.parse::<LevelFilter>().is_err() {
        // A filter takes it for the name of a module, and would be silent.
        return Err(format!(
            "--log {:?} is no level: use error, warn, info, debug or trace.",
            settings.log
        ));
    }
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| format!("--log {:?} is no filter: {error}.", settings.log))?;
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let log = match settings.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    let collected = settings.trace_to.as_deref().map(collector).transpose()?;
    let traces = collected.as_ref().map(|it| {
        let layer = tracing_opentelemetry::layer().with_tracer(it.tracer(SERVICE));
        layer.with_location(false).with_threads(false).with_filter(LevelFilter::INFO)
    });
    let started = tracing_subscriber::registry().with(log.with_filter(filter)).with(traces);
    started.try_init().map_err(|error| format!("The log could not be started: {error}."))?;
    Ok(Telemetry(collected))
}

/// What the service is called, unless OTEL_SERVICE_NAME says otherwise.
const SERVICE: &str = "appointments-server";

/// Sends spans to a collector in the background. What it does not take is lost, and no request waits for it.
fn collector(address: &str) -> Result<SdkTracerProvider, String> {
    let path = format!("{}/v1/traces", address.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(path).build();
    let exporter =
        exporter.map_err(|error| format!("--trace-to {address:?} cannot be used: {error}."))?;
    let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => Resource::builder().build(),
        None => Resource::builder().with_service_name(SERVICE).build(),
    };
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

/// Whose request this one is a part of (W3C Trace Context), if its headers say so.
pub fn parent(headers: &HeaderMap) -> opentelemetry::Context {
    TraceContextPropagator::new().extract(&HeaderExtractor(headers))
}

impl Telemetry {
    /// Sends what is left.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last spans were not taken");
        }
    }
}
