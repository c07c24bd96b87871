//! Shrinking: finds a short list of steps that still fails.

/// Removes steps as long as the rest still `fails`: first halves, then ever smaller pieces.
pub(super) fn shrink<T: Clone>(steps: &[T], fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut steps = steps.to_vec();
    let mut length = steps.len().div_ceil(2);
    while length > 0 {
        let mut at = 0;
        let mut is_shorter = false;
        while at < steps.len() {
            let mut without = steps.clone();
            without.drain(at..(at + length).min(steps.len()));
            if fails(&without) {
                steps = without;
                is_shorter = true;
            } else {
                at += length;
            }
        }
        // After a removal, a step that was needed before may be removable.
        if !is_shorter || length > 1 {
            length /= 2;
        }
    }
    steps
}

#[test]
fn only_the_steps_that_matter_remain() {
    let steps: Vec<u32> = (0..120).collect();
    let needs = |all: &[u32]| [17, 93, 94].iter().all(|it| all.contains(it));
    assert_eq!(shrink(&steps, needs), [17, 93, 94]);
    // The removal of 7 makes 8 removable.
    let paired = |all: &[u32]| all.contains(&5) && (all.contains(&8) || !all.contains(&7));
    assert_eq!(shrink(&steps, paired), [5]);
    assert_eq!(shrink(&steps, |_| true), [0; 0]);
}
