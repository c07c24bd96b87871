//! What a cache must be told of a schema: what has an identity, what has a revision, and which lists
//! follow from the entities themselves.

/// Tells the cache about a schema. Everything but the schema itself has a default that suits most.
pub trait Policy: Send + Sync + 'static {
    /// The schema in the schema definition language, whole.
    fn schema(&self) -> &str;

    /// The field that makes an object of this type an entity; `None` for objects without identity,
    /// which are stored inside of their parent. By default `id`, where a type has it.
    fn key(&self, type_name: &str) -> Option<&str> {
        let _ = type_name;
        Some("id")
    }

    /// The field that holds the revision which last wrote an entity of this type, if it has one. The
    /// order of revisions is commit order. By default there is none: the last to arrive stands.
    fn revision(&self, type_name: &str) -> Option<&str> {
        let _ = type_name;
        None
    }

    /// Whether the server makes this field anew with every change (`updatedAt`). A change of such fields
    /// alone, as when a prediction is confirmed, is no change of the content of a view. The revision
    /// is one of them always.
    fn is_server_made(&self, type_name: &str, field: &str) -> bool {
        let _ = (type_name, field);
        false
    }

    /// Lists whose members follow from the entities themselves; at most one for each type of member.
    fn collections(&self) -> Vec<Collection> {
        Vec::new()
    }
}

/// Declares that entities of a type are in a list because of what they are: of a scope (a shelf, a
/// calendar), and with an interval that touches the range that the list is asked for.
///
/// ```
/// # use cynic_cache::{Collection, ListField};
/// Collection::of("Loan")
///     .scope("shelfId")
///     .interval("from", "until")
///     // Query.loans(shelf: ID!, during: Span!): Loans!
///     .listed_by(
///         ListField::new("Query", "loans").range("during.start", "during.end").scope("shelf"),
///     )
///     // Shelf.loans(during: Span!): Loans!, where the parent is the scope
///     .listed_by(ListField::new("Shelf", "loans").range("during.start", "during.end"))
///     // type Loans { revision: Revision!, items: [Loan!]! }
///     .items_in("items")
///     .revision_in("revision");
/// ```
#[derive(Clone, Debug)]
pub struct Collection {
    pub(crate) member: String,
    pub(crate) scope: String,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) list_fields: Vec<ListField>,
    pub(crate) items: Option<String>,
    pub(crate) position: Option<String>,
}

/// A field that lists the members of a [`Collection`]: which arguments carry the range and the scope.
#[derive(Clone, Debug)]
#[must_use]
pub struct ListField {
    pub(crate) parent: String,
    pub(crate) name: String,
    /// The paths of the range's start and end in the arguments.
    pub(crate) range: Option<[Vec<String>; 2]>,
    /// The path of the scope in the arguments; `None` where the parent is the scope.
    pub(crate) scope: Option<Vec<String>>,
}

impl ListField {
    /// The field `name` of the type `parent`.
    pub fn new(parent: &str, name: &str) -> Self {
        Self { parent: parent.to_owned(), name: name.to_owned(), range: None, scope: None }
    }

    /// The arguments that carry the range, as paths: `during.start` is the field `start` of the
    /// argument `during`. Every list field needs them.
    pub fn range(mut self, start: &str, end: &str) -> Self {
        self.range = Some([path(start), path(end)]);
        self
    }

    /// The argument that names the scope, as a path. Without it, the parent is the scope.
    pub fn scope(mut self, argument: &str) -> Self {
        self.scope = Some(path(argument));
        self
    }
}

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

impl Collection {
    /// The type of the members.
    #[must_use]
    pub fn of(member: &str) -> Self {
        Self {
            member: member.to_owned(),
            scope: String::new(),
            start: String::new(),
            end: String::new(),
            list_fields: Vec::new(),
            items: None,
            position: None,
        }
    }

    /// The member's field that names its scope.
    #[must_use]
    pub fn scope(mut self, field: &str) -> Self {
        field.clone_into(&mut self.scope);
        self
    }

    /// The member's fields with its half-open interval: RFC 3339 instants, dates, or integers.
    ///
    /// A member touches a range if it starts before the range's end, and either ends after the range's start
    /// or starts at or after it.
    #[must_use]
    pub fn interval(mut self, start: &str, end: &str) -> Self {
        start.clone_into(&mut self.start);
        end.clone_into(&mut self.end);
        self
    }

    /// A field that lists the members.
    ///
    /// A list that is asked for without a range or a scope is stored like any other field.
    #[must_use]
    pub fn listed_by(mut self, field: ListField) -> Self {
        self.list_fields.push(field);
        self
    }

    /// The name of the list, where the fields return an object with the list in it. What else that
    /// object has is taken to be of the scope, whatever the range.
    #[must_use]
    pub fn items_in(mut self, list: &str) -> Self {
        self.items = Some(list.to_owned());
        self
    }

    /// The field of the object around the list that tells at which revision of the scope the list
    /// was read. Needs [`Collection::items_in`].
    #[must_use]
    pub fn revision_in(mut self, field: &str) -> Self {
        self.position = Some(field.to_owned());
        self
    }
}
