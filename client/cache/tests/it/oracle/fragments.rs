//! What the watches of the simulation ask for: all of a loan, or little of it.

use cynic_cache::Shared;

use super::server::Loan;
use crate::library::{DateTime, During, schema};
use crate::world::hour;

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct RangeVariables {
    pub(crate) during: During,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(
    schema_path = "examples/library.graphql",
    graphql_type = "Query",
    variables = "RangeVariables"
)]
pub(crate) struct Whole {
    #[arguments(shelf: "s1", during: $during)]
    loans: WholeLoans,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql", graphql_type = "Loans")]
struct WholeLoans {
    items: Vec<Shared<WholeLoan>>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql", graphql_type = "Loan")]
struct WholeLoan {
    id: cynic::Id,
    title: String,
    note: Option<String>,
    from: DateTime,
    until: DateTime,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(
    schema_path = "examples/library.graphql",
    graphql_type = "Query",
    variables = "RangeVariables"
)]
pub(crate) struct Slim {
    #[arguments(shelf: "s1", during: $during)]
    loans: SlimLoans,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql", graphql_type = "Loans")]
struct SlimLoans {
    items: Vec<Shared<SlimLoan>>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql", graphql_type = "Loan")]
struct SlimLoan {
    id: cynic::Id,
    note: Option<String>,
    from: DateTime,
    until: DateTime,
}

/// A loan as a watch sees it.
pub(crate) type Seen = (String, Loan);

/// What a query shows, in the words of the reference.
pub(crate) trait Shows: Send + Sync + 'static {
    /// What of a member is asked for.
    const FIELDS: &'static str;

    fn seen(&self) -> Vec<Seen>;

    /// What it would see of a loan.
    fn of(loan: Loan) -> Loan;
}

impl Shows for Whole {
    const FIELDS: &'static str = "id title note from until";

    fn seen(&self) -> Vec<Seen> {
        let seen = self.loans.items.iter().map(|it| {
            let (from, until) = (hour(&it.from), hour(&it.until));
            let loan = Loan { title: it.title.clone(), note: it.note.clone(), from, until };
            (it.id.inner().to_owned(), loan)
        });
        seen.collect()
    }

    fn of(loan: Loan) -> Loan {
        loan
    }
}

impl Shows for Slim {
    const FIELDS: &'static str = "id note from until";

    fn seen(&self) -> Vec<Seen> {
        let seen = self.loans.items.iter().map(|it| {
            let (from, until) = (hour(&it.from), hour(&it.until));
            let loan = Loan { title: String::new(), note: it.note.clone(), from, until };
            (it.id.inner().to_owned(), loan)
        });
        seen.collect()
    }

    fn of(loan: Loan) -> Loan {
        Loan { title: String::new(), ..loan }
    }
}
