//! Time from the browser: the current instant, its time zones, and the chosen zone.

use std::cell::RefCell;
use std::collections::HashMap;

use appointments_client::DateTime;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

use crate::time::wall_clock::WallClock;

/// The key of the chosen zone in the browser's local storage.
const ZONE_KEY: &str = "zone";

/// Returns the current instant.
pub(crate) fn now() -> DateTime {
    DateTime::from_timestamp_millis(Date::now() as i64).unwrap_or_default()
}

/// Returns the wall clock of a zone.
pub(crate) fn wall_clock(zone: impl Into<String>) -> WallClock {
    WallClock::new(zone, utc_offset)
}

/// Returns the names of all time zones that the browser supports, sorted.
pub(crate) fn zone_names() -> Vec<String> {
    let supported_values =
        property(&intl(), "supportedValuesOf").and_then(|it| it.dyn_into::<Function>().ok());
    let listed = supported_values.and_then(|it| it.call1(&intl(), &"timeZone".into()).ok());
    let listed = listed.map(|it| Array::from(&it)).unwrap_or_default();
    let mut names: Vec<_> = listed.iter().filter_map(|it| it.as_string()).collect();
    for more in ["UTC".to_owned(), own_zone()] {
        if !names.contains(&more) {
            names.push(more);
        }
    }
    names.sort();
    names
}

/// Returns the saved zone, or the browser's own if none is saved.
pub(crate) fn chosen_zone() -> String {
    let storage = window().local_storage().ok().flatten();
    let saved = storage.and_then(|it| it.get_item(ZONE_KEY).ok().flatten());
    saved.filter(|it| formatter(it).is_some()).unwrap_or_else(own_zone)
}

/// Saves the chosen zone. The browser's own zone is not saved, so the page follows a traveller.
pub(crate) fn save_zone(zone: &str) {
    // Without storage the choice lasts until the page is closed.
    if let Ok(Some(storage)) = window().local_storage() {
        _ = if zone == own_zone() {
            storage.remove_item(ZONE_KEY)
        } else {
            storage.set_item(ZONE_KEY, zone)
        };
    }
}

/// Returns the browser's own zone.
fn own_zone() -> String {
    let format = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    let name = property(&format.resolved_options(), "timeZone");
    name.and_then(|it| it.as_string()).unwrap_or_else(|| "UTC".to_owned())
}

/// Returns a zone's UTC offset in seconds. It is 0 for a zone that the browser does not know.
fn utc_offset(zone: &str, at: i64) -> i64 {
    thread_local! {
        static FORMATTERS: RefCell<HashMap<String, Option<Function>>> = RefCell::default();
    }
    let at = Date::new(&JsValue::from_f64(at as f64 * 1000.0));
    let written = FORMATTERS.with_borrow_mut(|all| {
        let formatter = all.entry(zone.to_owned()).or_insert_with(|| formatter(zone));
        formatter.as_ref()?.call1(&JsValue::NULL, &at).ok()?.as_string()
    });
    // The text is `11/27/2026, GMT+10:30`, or ends with `GMT` if the offset is 0.
    let offset = written.and_then(|it| it.split_once("GMT").map(|(_, it)| it.to_owned()));
    let offset = offset.unwrap_or_default();
    let sign = if offset.starts_with(['-', '−']) { -1 } else { 1 };
    let parts = offset.trim_start_matches(['+', '-', '−']).split(':');
    let units = [3_600, 60, 1];
    sign * parts.zip(units).map(|(it, unit)| it.parse().unwrap_or(0) * unit).sum::<i64>()
}

/// Returns a function that formats an instant with the zone's offset, or `None` if the browser
/// does not know the zone.
fn formatter(zone: &str) -> Option<Function> {
    let options = Object::new();
    for (name, value) in [("timeZone", zone), ("timeZoneName", "longOffset")] {
        Reflect::set(&options, &name.into(), &value.into()).ok()?;
    }
    let constructor = property(&intl(), "DateTimeFormat")?.dyn_into::<Function>().ok()?;
    let format = Reflect::construct(&constructor, &Array::of2(&"en-US".into(), &options)).ok()?;
    property(&format, "format")?.dyn_into().ok()
}

fn intl() -> JsValue {
    property(&js_sys::global(), "Intl").unwrap_or_default()
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok().filter(|it| !it.is_undefined())
}
