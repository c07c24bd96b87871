//! How values lie in memory: one string for a record, without an allocation of its own for any of
//! its values.
//!
//! **Invariant:** every byte that is not text is below 0x80, so the whole is UTF-8 and a text in it can be
//! lent out after a look at its two ends. That is what makes reading cheap without `unsafe`.
//!
//! A value is a tag and what follows it. Numbers are written in groups of six bits, lengths and
//! references in five bytes of seven bits. The layout is that of snapshots too: a change of it is a
//! new version of the format.

use super::{EntityId, ShapeId};

const NULL: u8 = 0;
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
/// A text of up to [`LONGEST_SHORT`] bytes has its length in its tag.
const SHORT: u8 = 0x20;
const LONGEST_SHORT: usize = 0x5f;
/// Bytes of a length or a reference.
const FIXED: usize = 5;
/// Bytes of a float.
const FLOAT_BYTES: usize = 10;

/// A value, lent out of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Only what is too large for [`Value::Int`].
    Uint(u64),
    Float(f64),
    Text(&'a str),
    Ref(EntityId),
    List(Items<'a>),
    /// An object without identity, inside of its parent: its values in the order of its shape.
    Object(ShapeId, Items<'a>),
    /// A scalar that is a JSON object: names and values in turns.
    Map(Items<'a>),
}

/// Values that lie one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Items<'a> {
    packed: &'a str,
    at: usize,
}

impl<'a> Items<'a> {
    pub(crate) fn new(packed: &'a str) -> Self {
        Self { packed, at: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.packed.len()
    }

    /// Passes over one value and returns it as it lies there.
    #[inline]
    pub(crate) fn next_packed(&mut self) -> Option<&'a str> {
        let start = self.at;
        let tag = self.byte()?;
        match tag {
            NULL | FALSE | TRUE => {}
            INT | UINT => {
                self.number()?;
            }
            FLOAT => self.skip(FLOAT_BYTES as u64)?,
            TEXT => {
                let length = self.number()?;
                self.skip(length)?;
            }
            REF => self.skip(FIXED as u64)?,
            LIST | OBJECT | MAP => {
                let length = self.fixed()?;
                self.skip(length)?;
            }
            SHORT.. => self.skip(u64::from(tag - SHORT))?,
            _ => return None,
        }
        self.packed.get(start..self.at)
    }

    fn skip(&mut self, length: u64) -> Option<()> {
        let to = self.at.checked_add(usize::try_from(length).ok()?)?;
        if to > self.packed.len() {
            return None;
        }
        self.at = to;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.packed.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        let text = self.packed.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(text)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..66).step_by(6) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x3f) << shift;
            if byte & 0x40 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn fixed(&mut self) -> Option<u64> {
        let bytes = self.packed.as_bytes().get(self.at..self.at + FIXED)?;
        self.at += FIXED;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
    }

    fn reference(&mut self) -> Option<u32> {
        u32::try_from(self.fixed()?).ok()
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    /// `None` at the end. (And at anything malformed: what comes from outside is checked before it
    /// gets here, so there is none.)
    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => {
                let number = self.number()?;
                Value::Int((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
            }
            UINT => Value::Uint(self.number()?),
            FLOAT => {
                let bytes = self.packed.as_bytes().get(self.at..self.at + FLOAT_BYTES)?;
                self.at += FLOAT_BYTES;
                let bits = bytes.iter().rev().fold(0, |bits, byte| bits << 7 | u64::from(*byte));
                Value::Float(f64::from_bits(bits))
            }
            TEXT => {
                let length = usize::try_from(self.number()?).ok()?;
                Value::Text(self.text(length)?)
            }
            REF => Value::Ref(EntityId(self.reference()?)),
            tag @ (LIST | OBJECT | MAP) => {
                let length = usize::try_from(self.fixed()?).ok()?;
                let mut inner = Self::new(self.text(length)?);
                match tag {
                    LIST => Value::List(inner),
                    MAP => Value::Map(inner),
                    _ => Value::Object(ShapeId(inner.reference()?), inner),
                }
            }
            tag @ SHORT.. => Value::Text(self.text(usize::from(tag - SHORT))?),
            _ => return None,
        })
    }
}

/// The one value that `packed` is.
pub(crate) fn value(packed: &str) -> Value<'_> {
    Items::new(packed).next().unwrap_or(Value::Null)
}

/// Appends values to `out`, which holds packed values and nothing else.
pub(crate) trait Pack {
    fn null(&mut self);
    fn bool(&mut self, value: bool);
    fn int(&mut self, value: i64);
    fn uint(&mut self, value: u64);
    fn float(&mut self, value: f64);
    fn text(&mut self, value: &str);
    fn reference(&mut self, to: EntityId);
    /// Begins a list, whose values follow; [`Pack::close`] takes what this returns.
    fn open_list(&mut self) -> usize;
    /// Begins an object.
    fn open_object(&mut self, shape: ShapeId) -> usize;
    /// Begins a JSON object.
    fn open_map(&mut self) -> usize;
    fn close(&mut self, opened: usize);
}

impl Pack for Vec<u8> {
    fn null(&mut self) {
        self.push(NULL);
    }

    fn bool(&mut self, value: bool) {
        self.push(if value { TRUE } else { FALSE });
    }

    fn int(&mut self, value: i64) {
        self.push(INT);
        number(self, (value << 1 ^ value >> 63).cast_unsigned());
    }

    fn uint(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => {
                self.push(UINT);
                number(self, value);
            }
        }
    }

    fn float(&mut self, value: f64) {
        self.push(FLOAT);
        let bits = value.to_bits();
        self.extend((0..FLOAT_BYTES).map(|it| (bits >> (7 * it) & 0x7f) as u8));
    }

    fn text(&mut self, value: &str) {
        if value.len() <= LONGEST_SHORT {
            self.push(SHORT + value.len() as u8);
        } else {
            self.push(TEXT);
            number(self, value.len() as u64);
        }
        self.extend_from_slice(value.as_bytes());
    }

    fn reference(&mut self, to: EntityId) {
        self.push(REF);
        self.extend(fixed(u64::from(to.0)));
    }

    fn open_list(&mut self) -> usize {
        open(self, LIST)
    }

    fn open_object(&mut self, shape: ShapeId) -> usize {
        let opened = open(self, OBJECT);
        self.extend(fixed(u64::from(shape.0)));
        opened
    }

    fn open_map(&mut self) -> usize {
        open(self, MAP)
    }

    fn close(&mut self, opened: usize) {
        let length = (self.len() - opened) as u64;
        self[opened - FIXED..opened].copy_from_slice(&fixed(length));
    }
}

fn open(out: &mut Vec<u8>, tag: u8) -> usize {
    out.push(tag);
    out.extend([0; FIXED]);
    out.len()
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x3f {
        out.push((value & 0x3f) as u8 | 0x40);
        value >>= 6;
    }
    out.push(value as u8);
}

fn fixed(value: u64) -> [u8; FIXED] {
    std::array::from_fn(|it| (value >> (7 * it) & 0x7f) as u8)
}

/// What was packed, as a string of its own.
pub(crate) fn boxed(packed: &[u8]) -> Box<str> {
    // It holds packed values, so it is UTF-8 (see the invariant above); it is looked at once all the same.
    std::str::from_utf8(packed).unwrap_or_default().into()
}

#[cfg(test)]
mod tests;
