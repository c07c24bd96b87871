//! What the browser knows of time: the present, zones, and which of them is looked at.

use std::cell::RefCell;
use std::collections::HashMap;

use appointments_client::DateTime;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

use crate::time::wall_clock::WallClock;

/// Where the browser keeps the zone that was chosen.
const ZONE_KEY: &str = "zone";

/// The present.
pub(crate) fn now() -> DateTime {
    DateTime::from_timestamp_millis(Date::now() as i64).unwrap_or_default()
}

/// The clocks of a zone.
pub(crate) fn clock(zone: impl Into<String>) -> WallClock {
    WallClock::new(zone, utc_offset)
}

/// The zones that the browser knows, by name.
pub(crate) fn all() -> Vec<String> {
    let names =
        property(&intl(), "supportedValuesOf").and_then(|it| it.dyn_into::<Function>().ok());
    let names = names.and_then(|it| it.call1(&intl(), &"timeZone".into()).ok());
    let names = names.map(|it| Array::from(&it)).unwrap_or_default();
    let mut names: Vec<_> = names.iter().filter_map(|it| it.as_string()).collect();
    for more in ["UTC".to_owned(), own()] {
        if !names.contains(&more) {
            names.push(more);
        }
    }
    names.sort();
    names
}

/// The zone that was chosen, or else the browser's own.
pub(crate) fn chosen() -> String {
    let storage = window().local_storage().ok().flatten();
    let kept = storage.and_then(|it| it.get_item(ZONE_KEY).ok().flatten());
    kept.filter(|it| formatter(it).is_some()).unwrap_or_else(own)
}

/// Keeps a choice for the next time; one's own zone is none, so that it follows those who travel.
pub(crate) fn keep(zone: &str) {
    // (Where nothing can be kept, it is asked again.)
    if let Ok(Some(storage)) = window().local_storage() {
        _ = if zone == own() {
            storage.remove_item(ZONE_KEY)
        } else {
            storage.set_item(ZONE_KEY, zone)
        };
    }
}

/// The browser's own zone.
fn own() -> String {
    let format = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    let name = property(&format.resolved_options(), "timeZone");
    name.and_then(|it| it.as_string()).unwrap_or_else(|| "UTC".to_owned())
}

/// How many seconds clocks are ahead of UTC; of a zone that the browser does not know, none.
fn utc_offset(zone: &str, at: i64) -> i64 {
    thread_local! {
        static FORMATTERS: RefCell<HashMap<String, Option<Function>>> = RefCell::default();
    }
    let at = Date::new(&JsValue::from_f64(at as f64 * 1000.0));
    let written = FORMATTERS.with_borrow_mut(|all| {
        let formatter = all.entry(zone.to_owned()).or_insert_with(|| formatter(zone));
        formatter.as_ref()?.call1(&JsValue::NULL, &at).ok()?.as_string()
    });
    // `11/27/2026, GMT+10:30`, and at the meridian of Greenwich nothing but `GMT`.
    let offset = written.and_then(|it| it.split_once("GMT").map(|(_, it)| it.to_owned()));
    let offset = offset.unwrap_or_default();
    let sign = if offset.starts_with(['-', '−']) { -1 } else { 1 };
    let parts = offset.trim_start_matches(['+', '-', '−']).split(':');
    let units = [3_600, 60, 1];
    sign * parts.zip(units).map(|(it, unit)| it.parse().unwrap_or(0) * unit).sum::<i64>()
}

/// What writes an instant as the clocks of a zone show it, with their offset; if there is such a zone.
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
