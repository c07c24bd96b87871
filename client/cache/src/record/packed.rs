//! Packed values: all values of a record in one string, without further allocations.
//!
//! **Invariant:** every byte that is not text is below 0x80. So the whole is UTF-8, and a text in
//! it can be borrowed after a check of its two ends. This makes reading cheap without `unsafe`.
//!
//! A value is a tag byte and its content. Numbers are written in groups of six bits, lengths and
//! references in five bytes of seven bits. Snapshots contain this layout, so a change of it needs a
//! new version of the snapshot format.

use super::{EntityId, ShapeId};

const NULL_TAG: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const UINT: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const REF: u8 = 7;
const LIST: u8 = 8;
const OBJECT: u8 = 9;
const MAP: u8 = 10;
/// The first tag of short texts: the tag is this number plus the length.
const SHORT: u8 = 0x20;
/// The maximum length of a short text, in bytes.
const MAX_SHORT_TEXT: usize = 0x5f;
/// The size of a length or a reference, in bytes.
const FIXED: usize = 5;
/// The size of a float, in bytes.
const FLOAT_BYTES: usize = 10;

/// A value, borrowed from a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is too large for [`Value::Int`].
    Uint(u64),
    Float(f64),
    Text(&'a str),
    Ref(EntityId),
    List(Items<'a>),
    /// An object without identity: its values in the order of the shape's fields.
    Object(ShapeId, Items<'a>),
    /// A scalar whose value is a JSON object: names and values alternate.
    Map(Items<'a>),
}

/// A sequence of packed values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Items<'a> {
    rest: &'a str,
}

impl<'a> Items<'a> {
    #[inline]
    pub(crate) fn new(packed: &'a str) -> Self {
        Self { rest: packed }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Skips one value and returns it packed.
    #[inline]
    pub(crate) fn next_packed(&mut self) -> Option<&'a str> {
        let (tag, inner) = self.rest.as_bytes().split_first()?;
        let length = match *tag {
            SHORT.. => 1 + usize::from(*tag - SHORT),
            NULL_TAG | FALSE | TRUE => 1,
            INT | UINT => 1 + read_number(inner)?.1,
            FLOAT => 1 + FLOAT_BYTES,
            TEXT => {
                let (length, digits) = read_number(inner)?;
                (1 + digits).checked_add(usize::try_from(length).ok()?)?
            }
            REF => 1 + FIXED,
            LIST | OBJECT | MAP => {
                (1 + FIXED).checked_add(usize::try_from(read_fixed(inner)?).ok()?)?
            }
            _ => return None,
        };
        self.cut(length)
    }

    /// Removes `length` bytes from the front and returns them.
    #[inline]
    fn cut(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    /// Returns the next value; `None` at the end.
    ///
    /// Malformed bytes end the sequence too, but input is checked before it gets here.
    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        let (tag, inner) = self.rest.as_bytes().split_first()?;
        // Short texts come first, because nearly all values are short texts.
        if *tag >= SHORT {
            return self.cut(1 + usize::from(*tag - SHORT))?.get(1..).map(Value::Text);
        }
        let (value, length) = match *tag {
            NULL_TAG => (Value::Null, 1),
            FALSE => (Value::Bool(false), 1),
            TRUE => (Value::Bool(true), 1),
            INT => {
                let (number, digits) = read_number(inner)?;
                let number = (number >> 1).cast_signed() ^ -((number & 1).cast_signed());
                (Value::Int(number), 1 + digits)
            }
            UINT => {
                let (number, digits) = read_number(inner)?;
                (Value::Uint(number), 1 + digits)
            }
            FLOAT => {
                let bytes = inner.get(..FLOAT_BYTES)?.iter().rev();
                let bits = bytes.fold(0, |bits, byte| bits << 7 | u64::from(*byte));
                (Value::Float(f64::from_bits(bits)), 1 + FLOAT_BYTES)
            }
            TEXT => {
                let (length, digits) = read_number(inner)?;
                let length = usize::try_from(length).ok()?;
                let text = self.cut((1 + digits).checked_add(length)?)?;
                return text.get(1 + digits..).map(Value::Text);
            }
            REF => (Value::Ref(EntityId(u32::try_from(read_fixed(inner)?).ok()?)), 1 + FIXED),
            LIST | OBJECT | MAP => {
                let tag = *tag;
                let length = usize::try_from(read_fixed(inner)?).ok()?;
                let all = self.cut((1 + FIXED).checked_add(length)?)?;
                let mut inner = Self::new(all.get(1 + FIXED..)?);
                return Some(match tag {
                    LIST => Value::List(inner),
                    MAP => Value::Map(inner),
                    _ => {
                        let shape = read_fixed(inner.rest.as_bytes())?;
                        inner.cut(FIXED)?;
                        Value::Object(ShapeId(u32::try_from(shape).ok()?), inner)
                    }
                });
            }
            _ => return None,
        };
        self.cut(length)?;
        Some(value)
    }
}

/// Returns a number in groups of six bits, and its size in bytes.
#[inline]
fn read_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(11) {
        number |= u64::from(byte & 0x3f) << (6 * at);
        if byte & 0x40 == 0 {
            return Some((number, at + 1));
        }
    }
    None
}

/// Returns a number of [`FIXED`] bytes.
#[inline]
fn read_fixed(bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.get(..FIXED)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
}

/// The packed null.
pub(crate) const NULL: &str = "\0";

/// Returns the text of a packed value; `None` if it is not a short text.
#[inline]
pub(crate) fn text(packed: &str) -> Option<&str> {
    if *packed.as_bytes().first()? < SHORT {
        return None;
    }
    packed.get(1..)
}

/// The kind of a value, known from its first byte. It is cheaper to pass around than a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Null,
    False,
    True,
    Number,
    Text,
    Ref,
    List,
    Object,
    Map,
}

/// Returns the kind of a packed value.
#[inline]
pub(crate) fn value_kind(packed: &str) -> ValueKind {
    match packed.as_bytes().first() {
        Some(&FALSE) => ValueKind::False,
        Some(&TRUE) => ValueKind::True,
        Some(&(INT | UINT | FLOAT)) => ValueKind::Number,
        Some(&(TEXT | SHORT..)) => ValueKind::Text,
        Some(&REF) => ValueKind::Ref,
        Some(&LIST) => ValueKind::List,
        Some(&OBJECT) => ValueKind::Object,
        Some(&MAP) => ValueKind::Map,
        _ => ValueKind::Null,
    }
}

/// Returns the entity to which a packed reference points.
#[inline]
pub(crate) fn reference(packed: &str) -> Option<EntityId> {
    let number = read_fixed(packed.as_bytes().get(1..)?)?;
    Some(EntityId(u32::try_from(number).ok()?))
}

/// Returns the content of a packed list or map.
#[inline]
pub(crate) fn items(packed: &str) -> Items<'_> {
    Items::new(packed.get(1 + FIXED..).unwrap_or_default())
}

/// Returns the shape and the values of a packed object.
#[inline]
pub(crate) fn object(packed: &str) -> Option<(ShapeId, Items<'_>)> {
    let Items { rest } = items(packed);
    let shape = u32::try_from(read_fixed(rest.as_bytes())?).ok()?;
    Some((ShapeId(shape), Items::new(rest.get(FIXED..)?)))
}

/// Unpacks one value.
#[inline]
pub(crate) fn value(packed: &str) -> Value<'_> {
    Items::new(packed).next().unwrap_or(Value::Null)
}

/// Appends packed values to a buffer.
pub(crate) trait Pack {
    fn null(&mut self);
    fn bool(&mut self, value: bool);
    fn int(&mut self, value: i64);
    fn uint(&mut self, value: u64);
    fn float(&mut self, value: f64);
    fn text(&mut self, value: &str);
    fn reference(&mut self, to: EntityId);
    /// Begins a list. Its values follow, then [`Pack::close`] with the returned offset.
    fn open_list(&mut self) -> usize;
    /// Begins an object without identity, as [`Pack::open_list`] does.
    fn open_object(&mut self, shape: ShapeId) -> usize;
    /// Begins a JSON object, as [`Pack::open_list`] does.
    fn open_map(&mut self) -> usize;
    /// Ends the list, object or map that began at `opened`.
    fn close(&mut self, opened: usize);
}

impl Pack for Vec<u8> {
    fn null(&mut self) {
        self.push(NULL_TAG);
    }

    fn bool(&mut self, value: bool) {
        self.push(if value { TRUE } else { FALSE });
    }

    fn int(&mut self, value: i64) {
        self.push(INT);
        push_number(self, (value << 1 ^ value >> 63).cast_unsigned());
    }

    fn uint(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => {
                self.push(UINT);
                push_number(self, value);
            }
        }
    }

    fn float(&mut self, value: f64) {
        self.push(FLOAT);
        let bits = value.to_bits();
        self.extend((0..FLOAT_BYTES).map(|it| (bits >> (7 * it) & 0x7f) as u8));
    }

    fn text(&mut self, value: &str) {
        if value.len() <= MAX_SHORT_TEXT {
            self.push(SHORT + value.len() as u8);
        } else {
            self.push(TEXT);
            push_number(self, value.len() as u64);
        }
        self.extend_from_slice(value.as_bytes());
    }

    fn reference(&mut self, to: EntityId) {
        self.push(REF);
        self.extend(fixed_bytes(u64::from(to.0)));
    }

    fn open_list(&mut self) -> usize {
        open_container(self, LIST)
    }

    fn open_object(&mut self, shape: ShapeId) -> usize {
        let opened = open_container(self, OBJECT);
        self.extend(fixed_bytes(u64::from(shape.0)));
        opened
    }

    fn open_map(&mut self) -> usize {
        open_container(self, MAP)
    }

    fn close(&mut self, opened: usize) {
        let length = (self.len() - opened) as u64;
        self[opened - FIXED..opened].copy_from_slice(&fixed_bytes(length));
    }
}

fn open_container(out: &mut Vec<u8>, tag: u8) -> usize {
    out.push(tag);
    out.extend([0; FIXED]);
    out.len()
}

fn push_number(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x3f {
        out.push((value & 0x3f) as u8 | 0x40);
        value >>= 6;
    }
    out.push(value as u8);
}

fn fixed_bytes(value: u64) -> [u8; FIXED] {
    std::array::from_fn(|it| (value >> (7 * it) & 0x7f) as u8)
}

/// Copies packed values into a string.
pub(crate) fn to_boxed_str(packed: &[u8]) -> Box<str> {
    // Packed values are always UTF-8, see the invariant above. The check avoids `unsafe`.
    std::str::from_utf8(packed).unwrap_or_default().into()
}

#[cfg(test)]
mod tests;
