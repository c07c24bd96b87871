//! S18: an input field is absent if its variable was not sent. Tests every field of every input in
//! the schema.

use async_graphql::parser::types::{ServiceDocument, TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::world::{World, appointment_input, merge, new_id, text};

/// A field of an input type: its name, and its type without a final `!`.
struct Field {
    name: String,
    nullable: String,
}

fn optional_fields(input: &str) -> Vec<Field> {
    let document: ServiceDocument =
        async_graphql::parser::parse_schema(appointments_server::graphql::sdl()).unwrap();
    let definition = document.definitions.iter().find_map(|it| match it {
        TypeSystemDefinition::Type(it) if it.node.name.node == input => Some(&it.node),
        _ => None,
    });
    let TypeKind::InputObject(object) = &definition.unwrap().kind else { panic!("{input}") };
    let fields = object.fields.iter().map(|it| &it.node);
    let optional = fields.filter(|it| it.ty.node.nullable || it.default_value.is_some());
    let field = |it: &async_graphql::parser::types::InputValueDefinition| Field {
        name: it.name.node.to_string(),
        nullable: it.ty.node.to_string().trim_end_matches('!').to_owned(),
    };
    optional.map(field).collect()
}

/// Formats `base` as a GraphQL literal without its braces.
fn literal(base: &Value) -> String {
    let field = |(name, value): (&String, &Value)| match value {
        Value::Object(_) => format!("{name}: {{ {} }} ", literal(value)),
        Value::String(word)
            if word.starts_with('$') || word.chars().all(|it| it.is_ascii_uppercase()) =>
        {
            format!("{name}: {word} ")
        }
        value => format!("{name}: {value} "),
    };
    base.as_object().unwrap().iter().map(field).collect()
}

/// Runs `mutation` with `base`, once for each optional field of its input, with the field given by
/// a variable that is not sent. Checks that the payload equals the one without the field.
async fn check(world: &World, mutation: &str, base: Value, selection: &str) {
    let input = mutation[..1].to_uppercase() + &mutation[1..] + "Input";
    let send = async |extra: String, variable: String| {
        let query = format!(
            "mutation{variable} {{ {mutation}(input: {{ {} {extra} }}) {{ {selection}
             error {{ message }} }} }}",
            literal(&base)
        );
        world.query(&query, json!({})).await[mutation].clone()
    };
    let expected = send(String::new(), String::new()).await;
    for Field { name, nullable } in optional_fields(&input) {
        if base.get(&name).is_some() {
            continue;
        }
        let found = send(format!("{name}: $it"), format!("($it: {nullable})")).await;
        assert_eq!(found, expected, "{input}.{name}");
    }
}

#[tokio::test]
async fn unsent_fields_of_create_appointment_are_absent() {
    let world = World::new().await;
    let selection =
        "appointment { title description location allDay timeZone status attendees { email }
        calendarId }";
    check(&world, "createAppointment", appointment_input("it", "10:00-11:00"), selection).await;
    // Repeat with `id` and `mutationId`, so that the result is the same each time.
    let named = merge(
        appointment_input("it", "10:00-11:00"),
        json!({ "id": new_id(), "mutationId": new_id() }),
    );
    check(&world, "createAppointment", named, "appointment { id revision }").await;
}

#[tokio::test]
async fn unsent_fields_of_update_appointment_are_absent() {
    let world = World::new().await;
    let all = json!({ "title": "it", "description": "d", "location": "l", "allDay": true,
        "startsAt": "2026-11-23T00:00:00Z", "endsAt": "2026-11-24T00:00:00Z",
        "timeZone": "Europe/London", "status": "TENTATIVE",
        "attendees": [{ "email": "ada@example.org" }] });
    let made = world.mutate("createAppointment", all).await;
    let selection =
        "appointment { title description location startsAt endsAt allDay timeZone status
        attendees { email } revision }";
    check(&world, "updateAppointment", json!({ "id": made["id"] }), selection).await;
    assert_eq!(world.revision().await, 1, "nothing was changed");
}

#[tokio::test]
async fn unsent_fields_of_delete_appointment_are_absent() {
    let world = World::new().await;
    check(&world, "deleteAppointment", json!({ "id": new_id() }), "revision calendarId").await;
    for field in optional_fields("DeleteAppointmentInput") {
        let made = world.book("it", "10:00-11:00").await;
        let query = format!(
            "mutation($it: {}) {{ deleteAppointment(input: {{ id: {}, {}: $it }}) {{
                deletedAppointmentId }} }}",
            field.nullable, made["id"], field.name
        );
        let gone = world.query(&query, json!({})).await;
        assert_eq!(gone["deleteAppointment"]["deletedAppointmentId"], made["id"], "{}", field.name);
    }
}

#[tokio::test]
async fn unsent_fields_of_calendars_are_absent() {
    let world = World::new().await;
    let selection = "calendar { name timeZone overlaps revision }";
    check(&world, "createCalendar", json!({ "name": "It" }), selection).await;
    let made = world
        .mutate(
            "createCalendar",
            json!({ "name": "It", "color": "#123456", "overlaps": "REJECT",
            "timeZone": "Asia/Tokyo" }),
        )
        .await;
    let selection = "calendar { name color timeZone overlaps revision }";
    check(&world, "updateCalendar", json!({ "id": made["id"] }), selection).await;
    let mine = json!({ "id": world.calendar });
    world.book("it", "10:00-11:00").await;
    check(&world, "deleteCalendar", mine, "deletedCalendarId").await;
}

#[tokio::test]
async fn unsent_fields_of_attendees_are_absent() {
    let world = World::new().await;
    for Field { name, nullable } in optional_fields("AttendeeInput") {
        let query = format!(
            "mutation($it: {nullable}) {{ createAppointment(input: {{ {}
                attendees: [{{ email: \"ada@example.org\", {name}: $it }}] }}) {{
                appointment {{ attendees {{ name response }} }} }} }}",
            literal(&appointment_input("it", "10:00-11:00"))
        );
        let made = world.query(&query, json!({})).await;
        let expected = json!([{ "name": null, "response": "NEEDS_ACTION" }]);
        assert_eq!(made["createAppointment"]["appointment"]["attendees"], expected, "{name}");
    }
}

#[tokio::test]
async fn unsent_arguments_have_their_defaults() {
    let world = World::new().await;
    let query = "query($first: Int, $id: ID) { calendars(first: $first) { nodes { id } }
        calendar(id: $id) { id } }";
    let data = world.query(query, json!({})).await;
    assert_eq!(text(&data["calendar"]["id"]), world.calendar);
    assert_eq!(data["calendars"]["nodes"].as_array().unwrap().len(), 1);
}

/// The specification allows a nullable variable where a required value has a default.
#[tokio::test]
async fn a_nullable_variable_fits_a_position_with_a_default() {
    let world = World::new().await;
    let query =
        "mutation($status: AppointmentStatus, $people: [AttendeeInput!], $allDay: Boolean) {
        createAppointment(input: { title: \"it\", startsAt: \"2026-11-23T00:00:00Z\",
            endsAt: \"2026-11-24T00:00:00Z\", status: $status, attendees: $people,
            allDay: $allDay })
        { appointment { status allDay attendees { email } } } }";
    let sent = json!({ "status": "TENTATIVE", "allDay": true,
        "people": [{ "email": "ada@example.org" }] });
    let made = world.query(query, sent.clone()).await["createAppointment"]["appointment"].clone();
    assert_eq!(made["status"], sent["status"]);
    assert_eq!(made["allDay"], sent["allDay"]);
    assert_eq!(made["attendees"], sent["people"]);
    // null is not absent.
    assert_eq!(world.expect_error(query, json!({ "status": null })).await, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_variable_can_default_to_null() {
    let world = World::new().await;
    let query = "query($id: ID = null) { calendar(id: $id) { id } }";
    for sent in [json!({}), json!({ "id": world.calendar })] {
        assert_eq!(world.query(query, sent).await["calendar"]["id"], json!(world.calendar));
    }
}

/// A list of a stricter type fits, although the library rejects it.
#[tokio::test]
async fn a_required_list_fits_an_optional_position() {
    let world = World::new().await;
    let made = world.book("it", "10:00-11:00").await;
    let query = "mutation($id: ID!, $people: [AttendeeInput!]!) {
        updateAppointment(input: { id: $id, attendees: $people }) {
            appointment { attendees { email } } } }";
    let sent = json!({ "id": made["id"], "people": [{ "email": "ada@example.org" }] });
    let changed = world.query(query, sent.clone()).await;
    assert_eq!(changed["updateAppointment"]["appointment"]["attendees"], sent["people"]);
}

#[tokio::test]
async fn fragments_and_other_operations_keep_their_variables() {
    let world = World::new().await;
    let query = "query A($range: TimeRange!, $skip: Boolean = false, $after: String) {
            calendar { ...Week @skip(if: $skip) } calendars(after: $after) { nodes { id } } }
        query B($after: String) { calendars(after: $after) { nodes { name } } }
        fragment Week on Calendar { appointmentsInRange(range: $range) { revision } }";
    let range = json!({ "start": "2026-11-23T00:00:00Z", "end": "2026-11-24T00:00:00Z" });
    let body = json!({ "query": query, "operationName": "A", "variables": { "range": range } });
    let response =
        appointments_testing::http_client().post(world.url("/graphql")).json(&body).send().await;
    let response: Value = response.unwrap().json().await.unwrap();
    assert_eq!(response["data"]["calendar"]["appointmentsInRange"]["revision"], 0, "{response}");
}
