//! The schema: types, their fields, and the possible types of interfaces and unions.

use cynic_parser::ConstValue;
use cynic_parser::common::{OperationType, WrappingType};
use cynic_parser::type_system::{Definition, FieldDefinition, TypeDefinition};
use hashbrown::{HashMap, HashSet};

use crate::error::SetupError;

/// The types of a schema by name.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    types: HashMap<String, Type>,
    enums: HashSet<String>,
    roots: [String; 3],
}

/// An object type, interface or union.
#[derive(Debug, Default)]
pub(crate) struct Type {
    pub(crate) fields: HashMap<String, Field>,
    /// The object types that implement an interface or belong to a union. Empty for objects.
    pub(crate) possible: Vec<String>,
    pub(crate) is_abstract: bool,
}

/// The type of a field, and the defaults of its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) type_name: String,
    pub(crate) nullability: Nullability,
    pub(crate) defaults: Vec<(String, serde_json::Value)>,
}

/// Whether null is allowed, from the outermost list to the innermost item.
pub(crate) type Nullability = std::sync::Arc<[bool]>;

/// The form of a value without a selection set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    Int,
    Float,
    Boolean,
    /// Strings and the values of enums.
    Text,
    Id,
    /// A custom scalar: any JSON value.
    Any,
}

impl Schema {
    pub(crate) fn parse(text: &str) -> Result<Self, SetupError> {
        let document = cynic_parser::parse_type_system_document(text)
            .map_err(|error| SetupError::Schema(error.to_string()))?;
        let mut schema = Self {
            roots: ["Query", "Mutation", "Subscription"].map(str::to_owned),
            ..Self::default()
        };
        // Pairs of an interface or union and an object type that belongs to it.
        let mut implementations: Vec<(String, String)> = Vec::new();
        for definition in document.definitions() {
            match definition {
                Definition::Schema(it) | Definition::SchemaExtension(it) => {
                    for root in it.root_operations() {
                        let at = root_index(root.operation_type());
                        root.named_type().clone_into(&mut schema.roots[at]);
                    }
                }
                Definition::Type(it) | Definition::TypeExtension(it) => {
                    schema.add(it, &mut implementations);
                }
                Definition::Directive(_) => {}
            }
        }
        for (interface, object) in implementations {
            let possible = &mut schema.types.entry(interface).or_default().possible;
            if !possible.contains(&object) {
                possible.push(object);
            }
        }
        Ok(schema)
    }

    fn add(&mut self, definition: TypeDefinition<'_>, implementations: &mut Vec<(String, String)>) {
        let name = definition.name();
        let fields: Vec<_> = match definition {
            TypeDefinition::Object(object) => {
                let interfaces = object.implements_interfaces();
                implementations.extend(interfaces.map(|it| (it.to_owned(), name.to_owned())));
                object.fields().collect()
            }
            TypeDefinition::Interface(interface) => interface.fields().collect(),
            TypeDefinition::Union(union) => {
                let members = union.members();
                implementations.extend(members.map(|it| (name.to_owned(), it.name().to_owned())));
                Vec::new()
            }
            TypeDefinition::Enum(_) => {
                self.enums.insert(name.to_owned());
                return;
            }
            _ => return,
        };
        let is_abstract = !matches!(definition, TypeDefinition::Object(_));
        let entry = self.types.entry(name.to_owned()).or_default();
        entry.is_abstract = is_abstract;
        entry.fields.extend(fields.into_iter().map(|it| (it.name().to_owned(), field(it))));
    }

    /// Returns an object type, interface or union. `None` means a scalar, an enum, or an unknown
    /// type.
    pub(crate) fn composite(&self, name: &str) -> Option<&Type> {
        self.types.get(name)
    }

    pub(crate) fn object_types(&self) -> impl Iterator<Item = (&String, &Type)> {
        self.types.iter().filter(|(name, it)| !it.is_abstract && !self.roots.contains(name))
    }

    pub(crate) fn field(&self, type_name: &str, field: &str) -> Option<&Field> {
        self.types.get(type_name)?.fields.get(field)
    }

    /// Returns the form of the values of a type without fields.
    pub(crate) fn leaf(&self, type_name: &str) -> Leaf {
        match type_name {
            "Int" => Leaf::Int,
            "Float" => Leaf::Float,
            "Boolean" => Leaf::Boolean,
            "String" => Leaf::Text,
            "ID" => Leaf::Id,
            _ if self.enums.contains(type_name) => Leaf::Text,
            _ => Leaf::Any,
        }
    }

    pub(crate) fn root(&self, of: OperationType) -> &str {
        &self.roots[root_index(of)]
    }

    pub(crate) fn is_root(&self, name: &str) -> bool {
        self.roots.iter().any(|it| it == name)
    }

    /// Returns whether an object of type `object` matches the type condition `condition`.
    pub(crate) fn is_a(&self, object: &str, condition: &str) -> bool {
        object == condition
            || self.types.get(condition).is_some_and(|it| it.possible.iter().any(|it| it == object))
    }
}

fn root_index(of: OperationType) -> usize {
    match of {
        OperationType::Query => 0,
        OperationType::Mutation => 1,
        OperationType::Subscription => 2,
    }
}

fn field(definition: FieldDefinition<'_>) -> Field {
    let mut nullability = vec![true];
    for wrapper in definition.ty().wrappers() {
        match wrapper {
            WrappingType::NonNull => {
                if let Some(last) = nullability.last_mut() {
                    *last = false;
                }
            }
            WrappingType::List => nullability.push(true),
        }
    }
    let defaults = definition.arguments().filter_map(|it| {
        let default = constant(it.default_value()?);
        Some((it.name().to_owned(), default))
    });
    Field {
        type_name: definition.ty().name().to_owned(),
        nullability: nullability.into(),
        defaults: defaults.collect(),
    }
}

/// Converts a literal without variables to JSON.
pub(crate) fn constant(literal: ConstValue<'_>) -> serde_json::Value {
    match literal {
        ConstValue::Int(it) => it.as_i64().into(),
        ConstValue::Float(it) => it.value().into(),
        ConstValue::String(it) => it.value().into(),
        ConstValue::Boolean(it) => it.value().into(),
        ConstValue::Null(_) => serde_json::Value::Null,
        ConstValue::Enum(it) => it.name().into(),
        ConstValue::List(it) => it.items().map(constant).collect(),
        ConstValue::Object(it) => {
            it.fields().map(|it| (it.name().to_owned(), constant(it.value()))).collect()
        }
    }
}
