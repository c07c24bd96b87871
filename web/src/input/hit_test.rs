//! The screen: what is where.

use leptos::prelude::*;
use web_sys::Element;

use crate::input::drag::Spot;

/// So near to its upper or lower edge a view begins to scroll, and by so much at once.
const SCROLL_EDGE_PX: f64 = 24.0;

/// The card that an element is part of, and whose it is.
pub(crate) fn appointment(element: &Element) -> Option<(String, Element)> {
    let card = element.closest("[data-appointment]").ok().flatten()?;
    Some((card.get_attribute("data-appointment")?, card))
}

/// What is at a point of the window: a day, and where there are hours, the minute of it.
pub(crate) fn spot(x: i32, y: i32) -> Option<(Spot, Element)> {
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

/// Shows more of the hours, if a pointer is at their edge.
pub(crate) fn scroll(day: &Element, y: i32) {
    let Ok(Some(scrolls)) = day.closest(".scrolls") else { return };
    let (bounds, y) = (scrolls.get_bounding_client_rect(), f64::from(y));
    let by = if y < bounds.top() + SCROLL_EDGE_PX {
        -SCROLL_EDGE_PX
    } else if y > bounds.bottom() - SCROLL_EDGE_PX {
        SCROLL_EDGE_PX
    } else {
        return;
    };
    scrolls.set_scroll_top(scrolls.scroll_top() + by as i32);
}
