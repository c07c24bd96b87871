//! Policies: which types of a schema are entities, which have revisions, and which lists are
//! collections.

/// Describes a schema to the cache. Only [`Policy::schema`] is required.
///
/// The cache calls a policy only in [`Cache::new`](crate::Cache::new).
///
/// ```
/// use cynic_cache::{Cache, Policy};
///
/// struct Books;
///
/// impl Policy for Books {
///     fn schema(&self) -> &str {
///         "type Query { book(isbn: ID!): Book }
///          type Book { isbn: ID! title: String! version: Int! updatedAt: String! }"
///     }
///
///     fn key(&self, type_name: &str) -> Option<&str> {
///         (type_name == "Book").then_some("isbn")
///     }
///
///     fn revision(&self, type_name: &str) -> Option<&str> {
///         (type_name == "Book").then_some("version")
///     }
///
///     fn is_server_made(&self, _: &str, field: &str) -> bool {
///         field == "updatedAt"
///     }
/// }
///
/// let cache = Cache::new(Books)?;
/// # Ok::<(), cynic_cache::SetupError>(())
/// ```
pub trait Policy: Send + Sync + 'static {
    /// Returns the whole schema in the schema definition language.
    fn schema(&self) -> &str;

    /// Returns the field that identifies the entities of a type.
    ///
    /// `None` means that objects of this type are not entities; they are stored inside their
    /// parent. So are objects of types that do not have the field. The default is `id`.
    fn key(&self, type_name: &str) -> Option<&str> {
        let _ = type_name;
        Some("id")
    }

    /// Returns the field that holds the revision of an entity: an integer that grows with each
    /// change, in commit order.
    ///
    /// With a revision, newer data wins whatever the order of arrival. `None`, the default, means
    /// that the type has none, and then the data that arrives last wins.
    fn revision(&self, type_name: &str) -> Option<&str> {
        let _ = type_name;
        None
    }

    /// Returns whether the server sets this field with every change, as it does with `updatedAt`.
    ///
    /// Watches are not notified if only such fields have changed, for example when the server
    /// confirms a prediction. The revision always counts as such a field. The default is `false`.
    fn is_server_made(&self, type_name: &str, field: &str) -> bool {
        let _ = (type_name, field);
        false
    }

    /// Returns the collections of the schema, at most one for each type of member. The default is
    /// none.
    fn collections(&self) -> Vec<Collection> {
        Vec::new()
    }
}

/// Declares lists whose members follow from the entities themselves.
///
/// A member belongs to a scope, such as a shelf or a calendar, and has an interval. A list displays
/// the members of one scope whose intervals overlap the range in the field's arguments. The cache
/// therefore puts a created, moved or deleted entity into the right lists without a request.
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

/// A field of the schema that lists the members of a [`Collection`], and the arguments that carry
/// the range and the scope.
#[derive(Clone, Debug)]
#[must_use]
pub struct ListField {
    pub(crate) parent: String,
    pub(crate) name: String,
    /// The paths of the range's start and end within the arguments.
    pub(crate) range: Option<[Vec<String>; 2]>,
    /// The path of the scope within the arguments. `None` means that the parent is the scope.
    pub(crate) scope: Option<Vec<String>>,
}

impl ListField {
    /// Names the field `name` of the type `parent`.
    pub fn new(parent: &str, name: &str) -> Self {
        Self { parent: parent.to_owned(), name: name.to_owned(), range: None, scope: None }
    }

    /// Sets the arguments that carry the range. Required.
    ///
    /// Both are paths: `during.start` is the field `start` of the argument `during`.
    pub fn range(mut self, start: &str, end: &str) -> Self {
        self.range = Some([path(start), path(end)]);
        self
    }

    /// Sets the argument that carries the key of the scope, as a path.
    ///
    /// Without it, the entity that has the field is the scope.
    pub fn scope(mut self, argument: &str) -> Self {
        self.scope = Some(path(argument));
        self
    }
}

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

impl Collection {
    /// Creates a collection whose members have the type `member`.
    ///
    /// [`Collection::scope`], [`Collection::interval`] and at least one [`Collection::listed_by`]
    /// complete it.
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

    /// Sets the member's field that holds the key of its scope. Required.
    #[must_use]
    pub fn scope(mut self, field: &str) -> Self {
        field.clone_into(&mut self.scope);
        self
    }

    /// Sets the member's fields that hold its half-open interval. Required.
    ///
    /// The values are RFC 3339 timestamps, dates, local date-times (taken as UTC) or integers.
    ///
    /// A range includes a member that starts before the range's end and ends after the range's
    /// start. A member with an empty interval is included if it starts inside the range.
    #[must_use]
    pub fn interval(mut self, start: &str, end: &str) -> Self {
        start.clone_into(&mut self.start);
        end.clone_into(&mut self.end);
        self
    }

    /// Adds a field that lists the members.
    ///
    /// An operation may select the field without a range or a scope. Such a list is stored like any
    /// other field.
    #[must_use]
    pub fn listed_by(mut self, field: ListField) -> Self {
        self.list_fields.push(field);
        self
    }

    /// Sets the field that holds the list, for list fields that return an object around the list.
    ///
    /// The other fields of that object are stored once for each scope, whatever the range.
    #[must_use]
    pub fn items_in(mut self, list: &str) -> Self {
        self.items = Some(list.to_owned());
        self
    }

    /// Sets the field of the object around the list that holds the revision at which the server
    /// read the list. Requires [`Collection::items_in`].
    ///
    /// With it, the cache can order a list against the events of the scope's log.
    #[must_use]
    pub fn revision_in(mut self, field: &str) -> Self {
        self.position = Some(field.to_owned());
        self
    }
}
