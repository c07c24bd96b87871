//! The two selections of the watches: all fields of a loan, or few.

use cynic_cache::Shared;

use super::server::Loan;
use crate::library::{DateTime, During, schema};
use crate::world::hour_of;

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
pub(crate) struct FullQuery {
    #[arguments(shelf: "s1", during: $during)]
    loans: FullLoans,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql", graphql_type = "Loans")]
struct FullLoans {
    items: Vec<Shared<FullLoan>>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql", graphql_type = "Loan")]
struct FullLoan {
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
pub(crate) struct SlimQuery {
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

/// A loan in a view, with its id.
pub(crate) type ShownLoan = (String, Loan);

/// A query of loans that the reference can compare.
pub(crate) trait LoanQuery: Send + Sync + 'static {
    /// The selected fields of a loan.
    const FIELDS: &'static str;

    /// Returns the loans of the view, in order.
    fn shown_loans(&self) -> Vec<ShownLoan>;

    /// Removes the fields of a loan that the query does not select.
    fn project(loan: Loan) -> Loan;
}

impl LoanQuery for FullQuery {
    const FIELDS: &'static str = "id title note from until";

    fn shown_loans(&self) -> Vec<ShownLoan> {
        let loans = self.loans.items.iter().map(|it| {
            let (from, until) = (hour_of(&it.from), hour_of(&it.until));
            let loan = Loan { title: it.title.clone(), note: it.note.clone(), from, until };
            (it.id.inner().to_owned(), loan)
        });
        loans.collect()
    }

    fn project(loan: Loan) -> Loan {
        loan
    }
}

impl LoanQuery for SlimQuery {
    const FIELDS: &'static str = "id note from until";

    fn shown_loans(&self) -> Vec<ShownLoan> {
        let loans = self.loans.items.iter().map(|it| {
            let (from, until) = (hour_of(&it.from), hour_of(&it.until));
            let loan = Loan { title: String::new(), note: it.note.clone(), from, until };
            (it.id.inner().to_owned(), loan)
        });
        loans.collect()
    }

    fn project(loan: Loan) -> Loan {
        Loan { title: String::new(), ..loan }
    }
}
