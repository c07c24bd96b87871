//! A library of shelves, books and loans for examples and tests: schema, policy and fragments.

#![allow(dead_code, missing_docs, unreachable_pub, reason = "each example uses a part of it")]

use cynic_cache::{Collection, ListField, Policy, Shared};
use serde::{Deserialize, Serialize};

/// The schema for cynic's derive macros.
#[allow(non_snake_case, non_camel_case_types, unused_imports)]
pub mod schema {
    cynic::use_schema!("examples/library.graphql");
}

/// The policy of the library's schema.
pub struct Library;

impl Policy for Library {
    fn schema(&self) -> &str {
        include_str!("../library.graphql")
    }

    fn revision(&self, type_name: &str) -> Option<&str> {
        matches!(type_name, "Loan" | "Shelf").then_some("revision")
    }

    fn is_server_made(&self, _: &str, field: &str) -> bool {
        field == "updatedAt"
    }

    fn collections(&self) -> Vec<Collection> {
        let loans = Collection::of("Loan")
            .scope("shelfId")
            .interval("from", "until")
            .listed_by(
                ListField::new("Query", "loans").range("during.start", "during.end").scope("shelf"),
            )
            .listed_by(ListField::new("Shelf", "loans").range("during.start", "during.end"))
            .items_in("items")
            .revision_in("revision");
        vec![loans]
    }
}

/// A time in RFC 3339 format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTime(pub String);
cynic::impl_scalar!(DateTime, schema::DateTime);

/// A position in the change log of a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);
cynic::impl_scalar!(Revision, schema::Revision);

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema_path = "examples/library.graphql")]
pub struct During {
    pub start: DateTime,
    pub end: DateTime,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct LoansVariables {
    pub shelf: cynic::Id,
    pub during: During,
}

/// The loans of a shelf in a time range.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(
    schema_path = "examples/library.graphql",
    graphql_type = "Query",
    variables = "LoansVariables"
)]
pub struct LoansQuery {
    #[arguments(shelf: $shelf, during: $during)]
    pub loans: Loans,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql")]
pub struct Loans {
    pub items: Vec<Shared<Loan>>,
}

#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql")]
#[serde(rename_all = "camelCase")]
pub struct Loan {
    pub id: cynic::Id,
    pub shelf_id: cynic::Id,
    pub title: String,
    pub from: DateTime,
    pub until: DateTime,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema_path = "examples/library.graphql")]
pub struct LoanInput {
    pub id: cynic::Id,
    pub shelf_id: Option<cynic::Id>,
    pub title: Option<String>,
    pub from: Option<DateTime>,
    pub until: Option<DateTime>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct CreateVariables {
    pub input: LoanInput,
}

/// The mutation that creates a loan.
#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq)]
#[cynic(
    schema_path = "examples/library.graphql",
    graphql_type = "Mutation",
    variables = "CreateVariables"
)]
#[serde(rename_all = "camelCase")]
pub struct CreateLoan {
    #[arguments(input: $input)]
    pub create_loan: LoanPayload,
}

#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql")]
pub struct LoanPayload {
    pub loan: Option<Loan>,
    pub error: Option<String>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct ChangesVariables {
    pub shelf: cynic::Id,
}

/// The changes of the loans of a shelf.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(
    schema_path = "examples/library.graphql",
    graphql_type = "Subscription",
    variables = "ChangesVariables"
)]
pub struct LoanChanges {
    #[arguments(shelf: $shelf)]
    pub loan_changes: LoanChange,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema_path = "examples/library.graphql")]
pub struct LoanChange {
    pub revision: Revision,
    pub loan: Option<Loan>,
    pub deleted_id: Option<cynic::Id>,
}
