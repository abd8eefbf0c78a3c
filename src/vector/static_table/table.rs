//! The table file: words, their vectors and a hash table to find them.
//!
//! All numbers are little-endian. A header of 32 bytes (magic, then as `u32`
//! the count of words, of dimensions, of the longest word's bytes, of slots,
//! of text bytes, and a zero), then
//!
//! - `slots` × `u16`: open addressing by FNV-1a, 0xffff is empty;
//! - (`words` + 1) × `u32`: where each word begins in the text;
//! - `words` × `f32`: the scale of each row;
//! - `words` × `dims` × `i8`: the rows;
//! - the words, one after the other.
//!
//! Nothing is built when a table is opened, so a process that embeds one query
//! touches only the pages of that query's words.

use super::super::Error;

const MAGIC: &[u8; 8] = b"HAPPYEM1";
const HEADER: usize = 32;
const EMPTY: u16 = 0xffff;
/// No word of a table is longer: bounds the search for pieces of unknown words.
const MAX_LONGEST: usize = 64;

/// A table of word vectors in the form of the file.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    slots: &'a [u8],
    offsets: &'a [u8],
    scales: &'a [u8],
    rows: &'a [u8],
    text: &'a [u8],
    words: usize,
    dims: usize,
    longest: usize,
}

fn read_u32(bytes: &[u8], index: usize) -> u32 {
    let at = index * 4;
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn read_u16(bytes: &[u8], index: usize) -> u16 {
    u16::from_le_bytes([bytes[index * 2], bytes[index * 2 + 1]])
}

/// One step of 32-bit FNV-1a.
fn fnv(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

const FNV_START: u32 = 0x811c_9dc5;

impl<'a> Table<'a> {
    /// Opens a table. Checks the header and that the sections fill the file;
    /// [`Table::check`] looks at every value.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() < HEADER || !bytes.starts_with(MAGIC) {
            return Err(Error::Table("it is not one"));
        }
        let field = |index: usize| read_u32(bytes, 2 + index) as usize;
        let (words, dims, longest, slots, text) =
            (field(0), field(1), field(2), field(3), field(4));
        if words == 0 || words >= usize::from(EMPTY) || dims == 0 || dims > 4096 {
            return Err(Error::Table("its counts are out of range"));
        }
        if longest == 0
            || longest > MAX_LONGEST
            || !slots.is_power_of_two()
            || slots <= words
            || slots > 1 << 20
        {
            return Err(Error::Table("its counts are out of range"));
        }
        let mut rest = &bytes[HEADER..];
        let mut take = |length: usize| {
            if length > rest.len() {
                return Err(Error::Table("it is cut"));
            }
            let (section, after) = rest.split_at(length);
            rest = after;
            Ok(section)
        };
        let table = Self {
            slots: take(slots * 2)?,
            offsets: take((words + 1) * 4)?,
            scales: take(words * 4)?,
            rows: take(words * dims)?,
            text: take(text)?,
            words,
            dims,
            longest,
        };
        if rest.is_empty() {
            Ok(table)
        } else {
            Err(Error::Table("it is longer than its header says"))
        }
    }

    /// Looks at every value: offsets ascend, scales are finite, each word is
    /// found where it stands.
    pub fn check(&self) -> Result<(), Error> {
        for id in 0..self.words {
            let (start, end) = (read_u32(self.offsets, id), read_u32(self.offsets, id + 1));
            if start >= end
                || end as usize > self.text.len()
                || (end - start) as usize > self.longest
            {
                return Err(Error::Table("a word lies outside its text"));
            }
            if !self.scale(id).is_finite() {
                return Err(Error::Table("a scale is not finite"));
            }
            if self.find(self.word(id)) != Some(id) {
                return Err(Error::Table("a word is not found by its hash"));
            }
        }
        Ok(())
    }

    /// How many numbers a vector has.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// How many words it knows.
    pub fn words(&self) -> usize {
        self.words
    }

    /// The bytes of a word; empty where the table is damaged.
    pub fn word(&self, id: usize) -> &'a [u8] {
        let (start, end) = (read_u32(self.offsets, id), read_u32(self.offsets, id + 1));
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// What the numbers of a row are multiplied by.
    pub fn scale(&self, id: usize) -> f32 {
        f32::from_bits(read_u32(self.scales, id))
    }

    /// The row of a word; each byte is an `i8`.
    pub fn row(&self, id: usize) -> &'a [u8] {
        &self.rows[id * self.dims..(id + 1) * self.dims]
    }

    /// The number of a lower-case word.
    pub fn find(&self, word: &[u8]) -> Option<usize> {
        let hash = word.iter().fold(FNV_START, |hash, &byte| fnv(hash, byte));
        self.find_hashed(word, hash)
    }

    fn find_hashed(&self, word: &[u8], hash: u32) -> Option<usize> {
        let mask = self.slots.len() / 2 - 1;
        let mut slot = (hash ^ (hash >> 15)) as usize & mask;
        // More slots than words: an empty one ends the search, and the count
        // ends it where a damaged table has none.
        for _ in 0..=mask {
            let id = read_u16(self.slots, slot);
            if id == EMPTY || usize::from(id) >= self.words {
                return None;
            }
            if self.word(usize::from(id)) == word {
                return Some(usize::from(id));
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// Calls `each` with the number of the word, or with those of its pieces
    /// where the word is unknown: greedy, the longest first, of two bytes or
    /// more; a byte that starts none is skipped. Unknown digits have no pieces.
    pub fn for_each_piece(&self, word: &[u8], mut each: impl FnMut(usize)) {
        if let Some(id) = self.find(word) {
            return each(id);
        }
        if word.first().is_none_or(u8::is_ascii_digit) {
            return;
        }
        let mut at = 0;
        while at + 1 < word.len() {
            let rest = &word[at..word.len().min(at + self.longest)];
            let mut hashes = [0_u32; MAX_LONGEST];
            let mut hash = FNV_START;
            for (kept, &byte) in hashes.iter_mut().zip(rest) {
                hash = fnv(hash, byte);
                *kept = hash;
            }
            let found = (2..=rest.len())
                .rev()
                .find_map(|end| Some((end, self.find_hashed(&rest[..end], hashes[end - 1])?)));
            match found {
                Some((length, id)) => {
                    each(id);
                    at += length;
                }
                None => at += 1,
            }
        }
    }
}
