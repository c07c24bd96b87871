//! The order of a run: databases, servers, agreement, load in turns, sockets.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cases::{self, Case};
use crate::load::{self, Client, Figures};
use crate::process::{self, Server};
use crate::results::{Compared, Report};
use crate::{Result, Run, fanout, seed};

/// Rounds of each case and server; their median counts.
const ROUNDS: usize = 3;
/// Files that a process has open besides its sockets.
pub(crate) const OTHER_FILES: u64 = 256;

/// How much is measured.
pub(crate) struct Plan {
    pub(crate) warm_up: Duration,
    pub(crate) round: Duration,
    pub(crate) sockets: usize,
    pub(crate) changes: usize,
}

pub(crate) const FULL: Plan = Plan {
    warm_up: Duration::from_secs(1),
    round: Duration::from_secs(3),
    sockets: 1_000,
    changes: 50,
};
pub(crate) const SMOKE: Plan = Plan {
    warm_up: Duration::from_millis(50),
    round: Duration::from_millis(200),
    sockets: 20,
    changes: 5,
};

/// Measures, prints and writes down.
pub(crate) async fn run(settings: &Run) -> Result<()> {
    let plan = if settings.smoke { SMOKE } else { FULL };
    process::allow_files(u64::try_from(plan.sockets)? + OTHER_FILES)?;
    let beside = settings.out.parent().filter(|it| !it.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    fs::create_dir_all(beside)?;
    let folder = tempfile::tempdir_in(beside)?;
    let (database, copy) = (folder.path().join("server.db"), folder.path().join("bare.db"));

    eprintln!("making the databases");
    process::migrate(&settings.server, &database).await?;
    seed::fill(&database).await?;
    fs::copy(&database, &copy)?; // both start from the same bytes
    let server = Server::appointments(&settings.server, &database).await?;
    let bare = Server::bare(&copy).await?;

    let cases = cases::all();
    for case in &cases {
        agree(case, &server, &bare).await?;
    }
    let mut compared = Vec::new();
    for case in &cases {
        eprintln!("measuring {}", case.name);
        let (of_server, of_bare) = compare(case, &server, &bare, &plan).await?;
        compared.push(Compared { name: case.name, server: of_server, bare: of_bare });
    }
    server.stop().await?;
    bare.stop().await?;

    eprintln!("measuring {} sockets", plan.sockets);
    let server = Server::appointments(&settings.server, &database).await?;
    let [.., update] = &cases;
    let fanout = fanout::measure(&server, update, plan.sockets, plan.changes).await?;
    server.stop().await?;

    let report = Report { compared, fanout, smoke: settings.smoke };
    report.print();
    report.write(&settings.out)
}

/// Asks both the same once, before either has changed anything that the other has not: who does
/// less work for another answer is not compared.
async fn agree(case: &Case, server: &Server, bare: &Server) -> Result<()> {
    let variables = case.variables();
    let first =
        Client::connect(server.address).await?.ask_for(server.api, case, variables.clone()).await?;
    let second = Client::connect(bare.address).await?.ask_for(bare.api, case, variables).await?;
    case.agree(&first, &second)
}

/// Loads two in turns, so that a machine that slows down does so for both.
pub(crate) async fn compare(
    case: &Arc<Case>,
    one: &Server,
    other: &Server,
    plan: &Plan,
) -> Result<(Figures, Figures)> {
    load::round(one, case, plan.warm_up).await?;
    load::round(other, case, plan.warm_up).await?;
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_one.push(load::round(one, case, plan.round).await?);
        of_other.push(load::round(other, case, plan.round).await?);
    }
    Ok((median(&of_one), median(&of_other)))
}

/// The median of each figure by itself.
fn median(rounds: &[Figures]) -> Figures {
    let middle = |figure: fn(&Figures) -> f64| {
        let mut all: Vec<_> = rounds.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Figures { requests_per_s: middle(|it| it.requests_per_s), cpu_us: middle(|it| it.cpu_us) }
}
