//! The log: one span for each request with its mutation id, and nothing that people wrote.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{Common, LogFormat};

/// Starts logging to standard error; the error is a sentence for the operator.
pub fn start(settings: &Common) -> Result<(), String> {
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
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match settings.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    started.map_err(|error| format!("The log could not be started: {error}."))
}
