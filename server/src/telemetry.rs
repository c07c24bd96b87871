//! Logging and tracing. Each request has one span, which never contains what users wrote.

use std::io::IsTerminal;

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Common, LogFormat};

mod collector;

use collector::CollectorClient;

/// Running logging and tracing.
#[must_use = "the last spans are lost without end()"]
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Starts logging to standard error, and tracing if a collector is configured.
///
/// # Errors
/// One sentence for the operator, if a setting is invalid.
pub fn start(settings: &Common) -> Result<Telemetry, String> {
    let is_single_word = settings.log.bytes().all(|it| it.is_ascii_alphanumeric());
    if is_single_word && settings.log.parse::<LevelFilter>().is_err() {
        // The filter would take the word for a module's name, and log nothing.
        return Err(format!(
            "--log {:?} is not a level; use error, warn, info, debug or trace.",
            settings.log
        ));
    }
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| format!("--log {:?} is not a valid filter: {error}.", settings.log))?;
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let log = match settings.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    let provider = settings.trace_to.as_deref().map(tracer_provider).transpose()?;
    let traces = provider.as_ref().map(|it| {
        let layer = tracing_opentelemetry::layer().with_tracer(it.tracer(SERVICE));
        layer.with_location(false).with_threads(false).with_filter(LevelFilter::INFO)
    });
    let subscriber = tracing_subscriber::registry().with(log.with_filter(filter)).with(traces);
    subscriber.try_init().map_err(|error| format!("Could not start logging: {error}."))?;
    Ok(Telemetry(provider))
}

/// The service's name in traces, unless OTEL_SERVICE_NAME sets another.
const SERVICE: &str = "appointments-server";

/// Creates a provider that sends spans to a collector in the background.
///
/// Requests never wait for the collector. Spans that it does not accept are lost.
fn tracer_provider(url: &str) -> Result<SdkTracerProvider, String> {
    let unusable = |error: String| format!("--trace-to {url:?} is not usable: {error}.");
    collector::check_url(url).map_err(unusable)?;
    let endpoint = format!("{}/v1/traces", url.trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(CollectorClient::new())
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| unusable(error.to_string()))?;
    let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => Resource::builder().build(),
        None => Resource::builder().with_service_name(SERVICE).build(),
    };
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

/// Returns the parent span that the headers name (W3C Trace Context), if any.
pub fn parent(headers: &HeaderMap) -> opentelemetry::Context {
    TraceContextPropagator::new().extract(&HeaderExtractor(headers))
}

impl Telemetry {
    /// Sends the remaining spans, and stops tracing.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "failed to export the last spans");
        }
    }
}
