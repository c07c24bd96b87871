//! Hit tests: what is at a point of the window.

use leptos::prelude::*;
use web_sys::Element;

use crate::input::drag::Spot;

/// The distance from the edge of a view within which a drag scrolls it, and the scroll step.
const SCROLL_EDGE_PX: f64 = 24.0;

/// Returns the card that contains an element, and the id of its appointment.
pub(crate) fn card_of(element: &Element) -> Option<(String, Element)> {
    let card = element.closest("[data-appointment]").ok().flatten()?;
    Some((card.get_attribute("data-appointment")?, card))
}

/// Returns the spot at a point of the window, and the element of its day.
pub(crate) fn hit(x: i32, y: i32) -> Option<(Spot, Element)> {
    let element = document().element_from_point(x as f32, y as f32)?;
    let day = element.closest("[data-day]").ok().flatten()?;
    let date = day.get_attribute("data-day")?.parse().ok()?;
    let minutes: Option<f64> = day.get_attribute("data-minutes").and_then(|it| it.parse().ok());
    let minute = minutes.map(|minutes| {
        let bounds = day.get_bounding_client_rect();
        let part = (f64::from(y) - bounds.top()) / bounds.height().max(1.0);
        (part.clamp(0.0, 1.0) * minutes) as u32
    });
    Some((Spot { date, minute }, day))
}

/// Scrolls the hours if the pointer is at their upper or lower edge.
pub(crate) fn auto_scroll(day: &Element, y: i32) {
    let Ok(Some(hours)) = day.closest(".scrolls") else { return };
    let bounds = hours.get_bounding_client_rect();
    let y = f64::from(y);
    let by = if y < bounds.top() + SCROLL_EDGE_PX {
        -SCROLL_EDGE_PX
    } else if y > bounds.bottom() - SCROLL_EDGE_PX {
        SCROLL_EDGE_PX
    } else {
        return;
    };
    hours.set_scroll_top(hours.scroll_top() + by as i32);
}
