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
/// # use cynic_cache::Collection;
/// Collection::of("Loan")
///     .scope("shelfId")
///     .interval("from", "until")
///     // Query.loans(shelf: ID!, during: Span!): Loans!
///     .listed_by("Query", "loans", "during.start", "during.end", Some("shelf"))
///     // Shelf.loans(during: Span!): Loans!, where the parent is the scope
///     .listed_by("Shelf", "loans", "during.start", "during.end", None)
///     // type Loans { revision: Revision!, items: [Loan!]! }
///     .within("items", Some("revision"));
/// ```
#[derive(Clone, Debug)]
pub struct Collection {
    pub(crate) member: String,
    pub(crate) scope: String,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) listed: Vec<Listed>,
    pub(crate) items: Option<String>,
    pub(crate) position: Option<String>,
}

/// A field that lists the members.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) parent: String,
    pub(crate) field: String,
    pub(crate) from: Vec<String>,
    pub(crate) until: Vec<String>,
    pub(crate) scope: Option<Vec<String>>,
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
            listed: Vec::new(),
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

    /// A field that lists them: its parent's type, its name, the paths in its arguments that carry
    /// the range, and the one that names the scope; `None` where the scope is the parent.
    ///
    /// A list that is asked for without a range or a scope is stored like any other field.
    #[must_use]
    pub fn listed_by(
        mut self,
        parent: &str,
        field: &str,
        start: &str,
        end: &str,
        scope: Option<&str>,
    ) -> Self {
        let path = |text: &str| text.split('.').map(str::to_owned).collect();
        self.listed.push(Listed {
            parent: parent.to_owned(),
            field: field.to_owned(),
            from: path(start),
            until: path(end),
            scope: scope.map(path),
        });
        self
    }

    /// Where the fields return an object with the list in it: the list's name, and the field that
    /// tells at which revision of the scope the list was read. What else that object has is taken to
    /// be of the scope, whatever the range.
    #[must_use]
    pub fn within(mut self, list: &str, revision: Option<&str>) -> Self {
        self.items = Some(list.to_owned());
        self.position = revision.map(str::to_owned);
        self
    }
}
