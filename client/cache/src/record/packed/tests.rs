//! Tests that packed values are unpacked unchanged.

use super::*;

#[track_caller]
fn expect_round_trip(pack: impl Fn(&mut Vec<u8>), expected: Value<'_>) {
    let mut out = Vec::new();
    pack(&mut out);
    let packed = to_boxed_str(&out);
    assert_eq!(value(&packed), expected);
    let mut items = Items::new(&packed);
    assert_eq!(items.next_packed(), Some(&*packed));
    assert!(items.is_empty());
}

#[test]
fn numbers_of_all_sizes_round_trip() {
    for number in [0, 1, -1, 31, 32, -32, -33, 2_i64.pow(53), i64::MAX, i64::MIN] {
        expect_round_trip(|out| out.int(number), Value::Int(number));
    }
    expect_round_trip(|out| out.uint(7), Value::Int(7));
    expect_round_trip(|out| out.uint(u64::MAX), Value::Uint(u64::MAX));
    for number in [0.0, -0.5, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY] {
        expect_round_trip(|out| out.float(number), Value::Float(number));
    }
}

#[test]
fn texts_of_all_lengths_round_trip() {
    for length in [0, 1, 94, 95, 96, 97, 4_096] {
        let text = "é".repeat(length / 2) + &"x".repeat(length % 2);
        expect_round_trip(|out| out.text(&text), Value::Text(&text));
    }
}

#[test]
fn lists_and_objects_can_be_nested() {
    let mut out = Vec::new();
    let list = out.open_list();
    out.reference(EntityId(u32::MAX));
    let object = out.open_object(ShapeId(300));
    out.text("x");
    out.null();
    out.close(object);
    out.bool(true);
    out.close(list);
    let packed = to_boxed_str(&out);
    let Value::List(mut items) = value(&packed) else { panic!("a list") };
    assert_eq!(items.next(), Some(Value::Ref(EntityId(u32::MAX))));
    let Some(Value::Object(ShapeId(300), inner)) = items.next() else { panic!("an object") };
    assert_eq!(inner.collect::<Vec<_>>(), [Value::Text("x"), Value::Null]);
    assert_eq!(items.next(), Some(Value::Bool(true)));
    assert_eq!(items.next(), None);
}
