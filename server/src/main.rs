//! The binary: parses its settings, runs a command, and prints an error in one sentence.

use std::io::Write;
use std::process::ExitCode;

use appointments_server::clock::Clock;
use appointments_server::commands::{Commands, Retention};
use appointments_server::config::{Backup, Cli, Command, Common, Copy, Seed, Serve};
use appointments_server::server::Server;
use appointments_server::store::{self, IfMissing};
use appointments_server::{graphql, http, seed, telemetry};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use rustix::process::{Resource, getrlimit, setrlimit};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::TaskTracker;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(settings) => serve(settings).await,
        Command::Schema => {
            print(graphql::sdl().trim_end());
            Ok(())
        }
        Command::Migrate(settings) => migrate(&settings).await,
        Command::Seed(settings) => seed(&settings).await,
        Command::Copy(settings) => copy(&settings).await,
        Command::Backup(settings) => backup(&settings).await,
        Command::RestoreBump(settings) => restore_bump(&settings).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Serve) -> Result<(), Failure> {
    let telemetry = telemetry::start(&settings.common)?;
    raise_file_limit(settings.limits.max_connections);
    let mut terminate = signal(SignalKind::terminate())?;
    let server = Server::start(&settings, Clock::system()).await?;
    let address = server.address();
    let calendar = if http::page::is_built() {
        format!("\n  Calendar   http://{address}/")
    } else {
        String::new()
    };
    print(&format!(
        "Serving {}{calendar}\n  GraphiQL   http://{address}/graphiql\n  \
         GraphQL    http://{address}/graphql\n  \
         WebSocket  ws://{address}/graphql",
        settings.common.database
    ));
    notify_systemd(NotifyState::Ready);
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    tracing::info!("stopping");
    notify_systemd(NotifyState::Stopping);
    server.stop().await;
    telemetry.end().await;
    Ok(())
}

/// Raises the limit of open files to its maximum, and warns if that is not enough.
fn raise_file_limit(connections: usize) {
    /// The number of files besides connections, such as the database.
    const OTHER_FILES: u64 = 64;
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "could not raise the open-file limit");
    }
    let available = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if available < connections as u64 + OTHER_FILES {
        tracing::warn!(
            available,
            "too few file descriptors for --max-connections; raise the limit (ulimit -n, \
             LimitNOFILE)"
        );
    }
}

/// Notifies systemd of the service's state, if systemd started it.
fn notify_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "failed to notify systemd");
    }
}

async fn backup(settings: &Backup) -> Result<(), Failure> {
    let telemetry = telemetry::start(&settings.common)?;
    store::backup(&settings.common.database, &settings.to).await?;
    telemetry.end().await;
    print(&format!("{} is a copy of {}", settings.to.display(), settings.common.database));
    Ok(())
}

async fn copy(settings: &Copy) -> Result<(), Failure> {
    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{bar:40} {percent:>3}% {elapsed} left {eta}")?);
    let progress = |copied, total| {
        bar.set_length(total);
        bar.set_position(copied);
    };
    let rows = store::copy(&settings.from, &settings.to, progress).await?;
    bar.finish_and_clear();
    print(&format!("{rows} rows copied to {} and compared with the original", settings.to));
    Ok(())
}

async fn migrate(settings: &Common) -> Result<(), Failure> {
    with_commands(settings, IfMissing::Create, async |_| Ok(())).await?;
    print(&format!("{} is up to date", settings.database));
    Ok(())
}

async fn seed(settings: &Seed) -> Result<(), Failure> {
    let clock = Clock::system();
    let seeded = with_commands(&settings.common, IfMissing::Create, async |commands| {
        seed::run(commands, settings, clock.now()).await
    })
    .await?;
    print(&seeded.to_string());
    Ok(())
}

async fn restore_bump(settings: &Common) -> Result<(), Failure> {
    let raised = with_commands(settings, IfMissing::Fail, async |commands| {
        Ok(commands.restore_bump().await?)
    })
    .await?;
    print(&format!("{raised} calendars raised; all clients will refetch"));
    Ok(())
}

/// Prints a line. Unlike `println!` it does not panic if the pipe is closed (`| head`).
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Runs `work` on an open database, and closes the database afterwards.
async fn with_commands<T>(
    settings: &Common,
    if_missing: IfMissing,
    work: impl AsyncFnOnce(Commands) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let telemetry = telemetry::start(settings)?;
    let tasks = TaskTracker::new();
    let store = store::open(&settings.open_options(if_missing), &tasks).await?;
    let result = work(Commands::new(store.clone(), Clock::system(), Retention::default())).await;
    store.close().await;
    tasks.close();
    tasks.wait().await;
    telemetry.end().await;
    result
}
