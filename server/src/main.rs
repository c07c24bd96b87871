//! The binary: reads its settings, does what it is told, and says in one sentence why not.

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
    let done = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(settings) => serve(settings).await,
        Command::Schema => {
            say(graphql::sdl().trim_end());
            Ok(())
        }
        Command::Migrate(settings) => migrate(&settings).await,
        Command::Seed(settings) => seed(&settings).await,
        Command::Copy(settings) => copy(&settings).await,
        Command::Backup(settings) => backup(&settings).await,
        Command::RestoreBump(settings) => restore_bump(&settings).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Serve) -> Result<(), Failure> {
    let telemetry = telemetry::start(&settings.common)?;
    allow_files(settings.limits.max_connections);
    let mut terminate = signal(SignalKind::terminate())?;
    let server = Server::start(&settings, Clock::system()).await?;
    let address = server.address();
    let calendar = match http::page::is_built() {
        true => format!("\n  Calendar   http://{address}/"),
        false => String::new(),
    };
    say(&format!(
        "Serving {}{calendar}\n  GraphiQL   http://{address}/graphiql\n  GraphQL    http://{address}/graphql\n  \
         WebSocket  ws://{address}/graphql",
        settings.common.database
    ));
    tell_systemd(NotifyState::Ready);
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    tracing::info!("stopping");
    tell_systemd(NotifyState::Stopping);
    server.stop().await;
    telemetry.end().await;
    Ok(())
}

/// Takes as many file descriptors as the system gives, and says if they are too few.
fn allow_files(connections: usize) {
    /// The database, the log, and what else is open.
    const OTHERS: u64 = 64;
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
    let given = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if given < connections as u64 + OTHERS {
        tracing::warn!(
            given,
            "there are fewer file descriptors than --max-connections needs; raise the limit (ulimit -n, LimitNOFILE)"
        );
    }
}

/// Tells systemd, where that has started us.
fn tell_systemd(what: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[what]) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

async fn backup(settings: &Backup) -> Result<(), Failure> {
    let telemetry = telemetry::start(&settings.common)?;
    store::backup(&settings.common.database, &settings.to).await?;
    telemetry.end().await;
    say(&format!("{} is a copy of {}", settings.to.display(), settings.common.database));
    Ok(())
}

async fn copy(settings: &Copy) -> Result<(), Failure> {
    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{bar:40} {percent:>3}% {elapsed} left {eta}")?);
    let progress = |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    };
    let rows = store::copy(&settings.from, &settings.to, progress).await?;
    bar.finish_and_clear();
    say(&format!("{rows} rows copied to {} and compared with the original", settings.to));
    Ok(())
}

async fn migrate(settings: &Common) -> Result<(), Failure> {
    with_commands(settings, IfMissing::Create, async |_| Ok(())).await?;
    say(&format!("{} is up to date", settings.database));
    Ok(())
}

async fn seed(settings: &Seed) -> Result<(), Failure> {
    let clock = Clock::system();
    let made = with_commands(&settings.common, IfMissing::Create, async |commands| {
        seed::run(commands, settings, clock.now()).await
    })
    .await?;
    say(&made.to_string());
    Ok(())
}

async fn restore_bump(settings: &Common) -> Result<(), Failure> {
    let raised = with_commands(settings, IfMissing::Fail, async |commands| {
        Ok(commands.restore_bump().await?)
    })
    .await?;
    say(&format!("{raised} calendars raised; every client will query again"));
    Ok(())
}

/// Prints to whoever listens. A reader that has left (`| head`) is no reason to stop serving, and
/// `println!` would panic.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Opens the database for `work`, and closes it when that is done.
async fn with_commands<T>(
    settings: &Common,
    if_missing: IfMissing,
    work: impl AsyncFnOnce(Commands) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let telemetry = telemetry::start(settings)?;
    let tasks = TaskTracker::new();
    let store = store::open(&settings.open_options(if_missing), &tasks).await?;
    let done = work(Commands::new(store.clone(), Clock::system(), Retention::default())).await;
    store.close().await;
    tasks.close();
    tasks.wait().await;
    telemetry.end().await;
    done
}
