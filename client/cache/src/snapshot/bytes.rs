//! Writes numbers and texts as bytes, and reads them with all bounds checked.

use crate::error::SnapshotError;
use crate::fingerprint::fnv;

/// A buffer to write to.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
}

impl Output {
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.raw(text.as_bytes());
    }

    /// Appends the checksum and returns the bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let sum = fnv(&self.bytes);
        self.raw(&sum.to_le_bytes());
        self.bytes
    }
}

/// The bytes that are still to be read.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
}

type Result<T> = std::result::Result<T, SnapshotError>;

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(SnapshotError::Damaged)?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.raw(N)?.try_into().map_err(|_| SnapshotError::Damaged)
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(SnapshotError::Damaged)
    }

    /// Reads the number of items that follow. Each takes at least one byte, so a count that is too
    /// large is detected before memory is allocated.
    pub(super) fn count(&mut self) -> Result<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| SnapshotError::Damaged)?;
        if count > self.bytes.len() { Err(SnapshotError::Damaged) } else { Ok(count) }
    }

    pub(super) fn flag(&mut self) -> Result<bool> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(SnapshotError::Damaged),
        }
    }

    pub(super) fn text(&mut self) -> Result<&'a str> {
        let length = self.count()?;
        std::str::from_utf8(self.raw(length)?).map_err(|_| SnapshotError::Damaged)
    }

    /// Reads an index and returns that entry of `list`.
    pub(super) fn entry_of<'t, T>(&mut self, list: &'t [T]) -> Result<&'t T> {
        let at = usize::try_from(self.number()?).map_err(|_| SnapshotError::Damaged)?;
        list.get(at).ok_or(SnapshotError::Damaged)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
