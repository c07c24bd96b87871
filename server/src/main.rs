//! The binary: reads its settings, does what it is told, and says in one sentence why not.

use std::io::Write;
use std::process::ExitCode;

use appointments_server::clock::Clock;
use appointments_server::commands::{Commands, Retention};
use appointments_server::config::{Cli, Command, Common, Seed, Serve};
use appointments_server::server::Server;
use appointments_server::store::{self, Missing};
use appointments_server::{graphql, page, seed, telemetry};
use clap::Parser;
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
    telemetry::start(&settings.common)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let server = Server::start(&settings, Clock::system()).await?;
    let address = server.address();
    let calendar = match page::is_built() {
        true => format!("\n  Calendar   http://{address}/"),
        false => String::new(),
    };
    say(&format!(
        "Serving {}{calendar}\n  GraphiQL   http://{address}/graphiql\n  GraphQL    http://{address}/graphql\n  \
         WebSocket  ws://{address}/graphql",
        settings.common.database.display()
    ));
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

async fn migrate(settings: &Common) -> Result<(), Failure> {
    telemetry::start(settings)?;
    with_commands(settings, Missing::Create, async |_| Ok(())).await?;
    say(&format!("{} is up to date", settings.database.display()));
    Ok(())
}

async fn seed(settings: &Seed) -> Result<(), Failure> {
    telemetry::start(&settings.common)?;
    let clock = Clock::system();
    let made = with_commands(&settings.common, Missing::Create, async |commands| {
        seed::run(commands, settings, clock.now()).await
    })
    .await?;
    say(&made.to_string());
    Ok(())
}

async fn restore_bump(settings: &Common) -> Result<(), Failure> {
    telemetry::start(settings)?;
    let raised = with_commands(settings, Missing::Refuse, async |commands| {
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
    missing: Missing,
    work: impl AsyncFnOnce(Commands) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let tasks = TaskTracker::new();
    let store = store::open(&settings.database, missing, &tasks).await?;
    let done = work(Commands::new(store.clone(), Clock::system(), Retention::default())).await;
    store.close().await;
    tasks.close();
    tasks.wait().await;
    done
}
