//! Reading a section's elements with their checksums checked, each block once.
//!
//! A question reads a few hundred places of a file of many megabytes. Checking
//! all of it would cost more than the answer; checking nothing would let a
//! flipped bit become a wrong answer. So a block is checked when it is first
//! touched, and a bit remembers that.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use super::error::Error;
use super::header::BLOCK;
use super::segment::Segment;

/// Which blocks, and which sections' lists of checksums, were found sound.
#[derive(Debug)]
pub(super) struct Seen {
    sections: Box<[AtomicU64]>,
    blocks: Box<[AtomicU64]>,
}

fn bits(count: usize) -> Box<[AtomicU64]> {
    (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect()
}

fn get(bits: &[AtomicU64], index: usize) -> bool {
    // A mark says only that immutable bytes were sound: no other memory
    // hangs on it.
    bits[index / 64].load(Ordering::Relaxed) & (1 << (index % 64)) != 0
}

fn set(bits: &[AtomicU64], index: usize) {
    bits[index / 64].fetch_or(1 << (index % 64), Ordering::Relaxed);
}

impl Seen {
    pub(super) fn new(sections: usize, blocks: usize) -> Self {
        Self {
            sections: bits(sections),
            blocks: bits(blocks),
        }
    }

    pub(super) fn section(&self, index: usize) -> bool {
        get(&self.sections, index)
    }

    pub(super) fn set_section(&self, index: usize) {
        set(&self.sections, index);
    }
}

/// A section as an array that never shows an element which its checksum does
/// not vouch for.
#[derive(Debug)]
pub struct Checked<'a, T> {
    segment: &'a Segment,
    index: usize,
    elements: &'a [T],
}

impl<T> Clone for Checked<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Checked<'_, T> {}

impl<'a, T> Checked<'a, T> {
    pub(super) fn new(segment: &'a Segment, index: usize, elements: &'a [T]) -> Self {
        Self {
            segment,
            index,
            elements,
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The element at `at`. A place behind the end is an error too: where it
    /// came from another section, that section lies.
    pub fn get(&self, at: usize) -> Result<&'a T, Error> {
        let element = self.elements.get(at).ok_or_else(|| self.outside())?;
        self.check(at..at + 1)?;
        Ok(element)
    }

    /// The elements in `range`; an error if it is not within the section.
    pub fn slice(&self, range: Range<usize>) -> Result<&'a [T], Error> {
        let elements = self
            .elements
            .get(range.clone())
            .ok_or_else(|| self.outside())?;
        self.check(range)?;
        Ok(elements)
    }

    /// All elements.
    pub fn all(&self) -> Result<&'a [T], Error> {
        self.slice(0..self.elements.len())
    }

    fn check(&self, range: Range<usize>) -> Result<(), Error> {
        if range.is_empty() {
            return Ok(());
        }
        let first = range.start * size_of::<T>() / BLOCK;
        let last = (range.end * size_of::<T>()).saturating_sub(1) / BLOCK;
        let (seen, base) = self.segment.seen(self.index);
        for block in first..=last {
            if !get(&seen.blocks, base + block) {
                self.check_block(block)?;
                set(&seen.blocks, base + block);
            }
        }
        Ok(())
    }

    #[cold]
    fn check_block(&self, block: usize) -> Result<(), Error> {
        let sums = self.segment.block_sums(self.index)?;
        let sound = self
            .segment
            .payload(self.index)
            .chunks(BLOCK)
            .nth(block)
            .zip(sums.get(block))
            .is_some_and(|(bytes, sum)| xxh3_64(bytes) == sum.get());
        if sound {
            Ok(())
        } else {
            Err(self.lies("does not match its checksum"))
        }
    }

    #[cold]
    fn outside(&self) -> Error {
        self.lies("is shorter than another says")
    }

    #[cold]
    fn lies(&self, what: &str) -> Error {
        let id = self.segment.sections()[self.index].id;
        self.segment.corrupt(format!("section {id} {what}"))
    }
}
