//! Shrinking: the shortest story that still fails.

/// Leaves out whatever can be left out of `steps` so that it still `fails`: halves first, then ever smaller pieces.
pub(super) fn shrink<T: Clone>(steps: &[T], fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut steps = steps.to_vec();
    let mut length = steps.len().div_ceil(2);
    while length > 0 {
        let (mut at, mut is_shorter) = (0, false);
        while at < steps.len() {
            let mut without = steps.clone();
            without.drain(at..(at + length).min(steps.len()));
            if fails(&without) {
                (steps, is_shorter) = (without, true);
            } else {
                at += length;
            }
        }
        // What could not be left out before may be now.
        if !is_shorter || length > 1 {
            length /= 2;
        }
    }
    steps
}

#[test]
fn only_what_matters_is_left() {
    let steps: Vec<u32> = (0..120).collect();
    let needs = |all: &[u32]| [17, 93, 94].iter().all(|it| all.contains(it));
    assert_eq!(shrink(&steps, needs), [17, 93, 94]);
    // Removing one makes another removable.
    let paired = |all: &[u32]| all.contains(&5) && (all.contains(&8) || !all.contains(&7));
    assert_eq!(shrink(&steps, paired), [5]);
    assert_eq!(shrink(&steps, |_| true), [0; 0]);
}
