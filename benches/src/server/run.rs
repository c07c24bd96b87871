//! The steps of a run: create databases, start servers, compare responses, measure.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use appointments_bench::Result;

use crate::cases::{self, Case};
use crate::load::{self, Client, Load};
use crate::process::{self, Server};
use crate::results::{Comparison, Results};
use crate::{Run, fanout, seed};

/// Rounds per case and server. The median of each figure counts.
const ROUNDS: usize = 3;

/// The number of files that a process has open besides its sockets.
pub(crate) const OTHER_FILES: u64 = 256;

/// The amount of work of a run.
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

/// Measures the server next to the baseline, prints the figures and writes them.
pub(crate) async fn run(settings: &Run) -> Result<()> {
    let plan = if settings.options.smoke { SMOKE } else { FULL };
    process::raise_file_limit(u64::try_from(plan.sockets)? + OTHER_FILES)?;
    let folder = tempfile::tempdir_in(settings.options.create_folder()?)?;
    let database = folder.path().join("server.db");
    let copy = folder.path().join("baseline.db");

    eprintln!("creating the databases");
    process::migrate(&settings.server, &database).await?;
    seed::fill(&database).await?;
    // Both servers start with the same bytes.
    fs::copy(&database, &copy)?;
    let server = Server::appointments(&settings.server, &database).await?;
    let baseline = Server::baseline(&copy).await?;

    let cases = cases::all();
    for case in &cases {
        compare_responses(case, &server, &baseline).await?;
    }
    let mut comparisons = Vec::new();
    for case in &cases {
        eprintln!("measuring {}", case.name);
        let (server, baseline) = compare(case, &server, &baseline, &plan).await?;
        comparisons.push(Comparison { name: case.name, server, baseline });
    }
    server.stop().await?;
    baseline.stop().await?;

    eprintln!("measuring {} sockets", plan.sockets);
    let server = Server::appointments(&settings.server, &database).await?;
    let [.., update] = &cases;
    let fanout = fanout::measure(&server, update, plan.sockets, plan.changes).await?;
    server.stop().await?;

    let results = Results { comparisons, fanout };
    results.print();
    results.report().write(&settings.options)
}

/// Sends the same request to both servers, before load changes their data. A server that does less
/// work for another response cannot be compared.
async fn compare_responses(case: &Case, server: &Server, baseline: &Server) -> Result<()> {
    let variables = case.variables();
    let mut client = Client::connect(server.address).await?;
    let expected = client.send_variables(server.api, case, variables.clone()).await?;
    let mut client = Client::connect(baseline.address).await?;
    let response = client.send_variables(baseline.api, case, variables).await?;
    case.expect_same(&expected, &response)
}

/// Loads two servers in turns, so that a machine that slows down does so for both.
pub(crate) async fn compare(
    case: &Arc<Case>,
    one: &Server,
    other: &Server,
    plan: &Plan,
) -> Result<(Load, Load)> {
    load::run(one, case, plan.warm_up).await?;
    load::run(other, case, plan.warm_up).await?;
    let mut loads_of_one = Vec::new();
    let mut loads_of_other = Vec::new();
    for _ in 0..ROUNDS {
        loads_of_one.push(load::run(one, case, plan.round).await?);
        loads_of_other.push(load::run(other, case, plan.round).await?);
    }
    Ok((median(&loads_of_one), median(&loads_of_other)))
}

/// Returns the median of each figure by itself.
fn median(rounds: &[Load]) -> Load {
    let median_of = |figure: fn(&Load) -> f64| {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Load { requests_per_s: median_of(|it| it.requests_per_s), cpu_us: median_of(|it| it.cpu_us) }
}
