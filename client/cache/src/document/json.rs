//! Arguments: fills variables into literals, and writes the arguments of a field as its key.

use cynic_parser::{ConstValue, Value};
use serde_json::{Map, Value as Json};

use super::plan::{Literal, SlotArguments};
use crate::schema::constant;

/// Copies a literal out of its document.
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
    /// Returns the value under `variables`; `None` for a variable that was not sent.
    ///
    /// Such a variable becomes null in a list, and an absent field in an object (GraphQL
    /// specification, input coercion).
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

impl SlotArguments {
    /// Returns the arguments under `variables`, as an object.
    pub(crate) fn values(&self, variables: &Json) -> Json {
        let mut values = Map::new();
        for argument in &self.arguments {
            let value = argument.value.resolve(variables).or_else(|| argument.default.clone());
            values.extend(value.map(|it| (argument.name.clone(), it)));
        }
        Json::Object(values)
    }

    /// Returns whether `@skip` or `@include` leaves the field out.
    pub(crate) fn is_omitted(&self, variables: &Json) -> bool {
        self.conditions.iter().any(|condition| {
            let value = condition.value.resolve(variables).and_then(|it| it.as_bool());
            value == Some(condition.omits_when)
        })
    }
}

/// Returns the value at a path of names; `None` if there is none, or if it is null.
pub(crate) fn value_at<'v>(arguments: &'v Json, path: &[String]) -> Option<&'v Json> {
    path.iter().try_fold(arguments, |value, name| value.get(name)).filter(|it| !it.is_null())
}

/// Returns the key of a field: its name, and its arguments sorted by name.
pub(crate) fn field_key(name: &str, arguments: &Json) -> String {
    match arguments.as_object() {
        // serde_json sorts the fields of its objects.
        Some(fields) if !fields.is_empty() => format!("{name}({arguments})"),
        _ => name.to_owned(),
    }
}
