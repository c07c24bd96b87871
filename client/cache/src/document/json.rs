//! Arguments: literals with their variables filled in, and the one way to write them as a field's key.

use cynic_parser::{ConstValue, Value};
use serde_json::Value as Json;

use super::plan::Literal;
use crate::schema::constant;

/// A literal that may hold variables.
pub(crate) fn literal(value: Value<'_>) -> Literal {
    match value {
        Value::Variable(it) => Literal::Variable(it.name().to_owned()),
        Value::List(it) => Literal::List(it.items().map(literal).collect()),
        Value::Object(it) => Literal::Object(
            it.fields().map(|it| (it.name().to_owned(), literal(it.value()))).collect(),
        ),
        value => Literal::Constant(ConstValue::try_from(value).map(constant).unwrap_or_default()),
    }
}

impl Literal {
    /// The value under `variables`; `None` where it is a variable that was not given. Such a one is null
    /// in a list, and absent in an object (GraphQL specification, input coercion).
    pub(crate) fn resolve(&self, variables: &Json) -> Option<Json> {
        Some(match self {
            Self::Variable(name) => variables.get(name)?.clone(),
            Self::Constant(value) => value.clone(),
            Self::List(items) => {
                items.iter().map(|it| it.resolve(variables).unwrap_or_default()).collect()
            }
            Self::Object(fields) => fields
                .iter()
                .filter_map(|(name, it)| Some((name.clone(), it.resolve(variables)?)))
                .collect(),
        })
    }
}

/// What a path of names leads to.
pub(crate) fn value_at<'v>(arguments: &'v Json, path: &[String]) -> Option<&'v Json> {
    path.iter().try_fold(arguments, |value, name| value.get(name)).filter(|it| !it.is_null())
}

/// A field's key: its name, and its arguments in the order of their names.
pub(crate) fn field_key(name: &str, arguments: &Json) -> String {
    match arguments.as_object() {
        // serde_json keeps the fields of its objects sorted.
        Some(fields) if !fields.is_empty() => format!("{name}({arguments})"),
        _ => name.to_owned(),
    }
}
