//! Vectors that were paid for: chunk hash → vector, under
//! `.git/happy/vectors/<model>/`.
//!
//! Each run that asks for vectors writes a part of its own, record after record
//! as they come, so that what was paid for outlives an interruption. A part is
//! read up to its first damaged record. Many parts become one.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::error::Error;
use super::io::{
    Durability, EntryKind, StoreFile, StoreIo, TempFile, ensure_dir, list, remove_file,
};
use super::layout::{self, VECTORS};
use super::store::Store;
use crate::vector::EmbedderId;

/// What every part begins with, before the hash of the embedder's id.
const MAGIC: &[u8; 8] = b"happyvc1";
const HEAD: usize = 24;
const PART: &str = ".part";
/// More parts than this are made one.
const MANY: usize = 32;

/// A vector, quantised.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What its codes are multiplied with.
    pub scale: f32,
    /// Its numbers.
    pub codes: Box<[i8]>,
}

/// The hash of a chunk of text.
pub fn chunk_hash(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
}

/// The vectors of one embedder. Only the writer of an index adds to it.
pub struct VectorCache {
    io: Arc<dyn StoreIo>,
    dir: PathBuf,
    tmp: PathBuf,
    head: [u8; HEAD],
    dims: usize,
    rows: FxHashMap<u128, Row>,
    file: Option<Box<dyn StoreFile>>,
    next: u64,
}

impl VectorCache {
    /// Reads what there is. The caller holds the writer's lock.
    pub fn open(store: &Store, id: &EmbedderId) -> Result<Self, Error> {
        let io = store.io();
        let name = layout::file_name(&format!("{}-{}", id.model, id.dims));
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(MAGIC);
        let told = format!("{}\0{}\0{}", id.model, id.hash, id.dims);
        head[8..].copy_from_slice(&xxh3_128(told.as_bytes()).to_le_bytes());
        let mut cache = Self {
            dir: store.root().join(VECTORS).join(name),
            tmp: store.root().join(layout::TMP),
            io,
            head,
            dims: id.dims,
            rows: FxHashMap::default(),
            file: None,
            next: 0,
        };
        let parts = cache.parts()?;
        cache.next = parts.last().map_or(0, |part| part + 1);
        for part in &parts {
            cache.read(*part)?;
        }
        if parts.len() > MANY {
            cache.merge(&parts)?;
        }
        Ok(cache)
    }

    fn parts(&self) -> Result<Vec<u64>, Error> {
        let mut parts: Vec<u64> = list(&*self.io, &self.dir)?
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::File)
            .filter_map(|entry| entry.name.to_str()?.strip_suffix(PART)?.parse().ok())
            .collect();
        parts.sort_unstable();
        Ok(parts)
    }

    fn path(&self, part: u64) -> PathBuf {
        self.dir.join(format!("{part:08}{PART}"))
    }

    fn record_len(&self) -> usize {
        16 + 4 + self.dims + 8
    }

    fn read(&mut self, part: u64) -> Result<(), Error> {
        let path = self.path(part);
        let bytes = self
            .io
            .read(&path)
            .map_err(|error| Error::io("read", &path, error))?;
        // A part of another server's model, or none at all, holds nothing for us.
        let Some(records) = bytes.strip_prefix(&self.head[..]) else {
            return Ok(());
        };
        for record in records.chunks_exact(self.record_len()) {
            let (body, sum) = record.split_at(record.len() - 8);
            if xxh3_64(body).to_le_bytes() != *sum {
                break;
            }
            let (hash, rest) = body.split_at(16);
            let (scale, codes) = rest.split_at(4);
            let mut key = [0; 16];
            key.copy_from_slice(hash);
            let row = Row {
                scale: f32::from_le_bytes([scale[0], scale[1], scale[2], scale[3]]),
                codes: codes.iter().map(|code| *code as i8).collect(),
            };
            self.rows.insert(u128::from_le_bytes(key), row);
        }
        Ok(())
    }

    /// The vector of a chunk.
    pub fn get(&self, hash: u128) -> Option<&Row> {
        self.rows.get(&hash)
    }

    /// All of them.
    pub fn rows(&self) -> &FxHashMap<u128, Row> {
        &self.rows
    }

    /// Adds vectors, and returns when they have reached the disk.
    pub fn add(&mut self, rows: Vec<(u128, Row)>) -> Result<(), Error> {
        let path = self.path(self.next);
        if self.file.is_none() {
            ensure_dir(&*self.io, &self.dir)?;
            let mut file = self
                .io
                .create(&path)
                .map_err(|error| Error::io("create", &path, error))?;
            file.append(&self.head)
                .map_err(|error| Error::io("write", &path, error))?;
            self.file = Some(file);
        }
        let mut bytes = Vec::with_capacity(rows.len() * self.record_len());
        for (hash, row) in &rows {
            record(&mut bytes, *hash, row);
        }
        if let Some(file) = &mut self.file {
            file.append(&bytes)
                .and_then(|()| file.sync())
                .map_err(|error| Error::io("write", &path, error))?;
        }
        self.rows.extend(rows);
        Ok(())
    }

    /// Writes all parts as one.
    fn merge(&mut self, parts: &[u64]) -> Result<(), Error> {
        ensure_dir(&*self.io, &self.tmp)?;
        let mut file = TempFile::create(&self.io, &self.tmp)?;
        let target = self.path(self.next);
        let mut keys: Vec<&u128> = self.rows.keys().collect();
        keys.sort_unstable();
        let mut bytes = self.head.to_vec();
        for hash in keys {
            record(&mut bytes, *hash, &self.rows[hash]);
        }
        file.append(&bytes)
            .map_err(|error| Error::io("write", &target, error))?;
        file.persist(&target, Durability::Durable)?;
        for part in parts {
            remove_file(&*self.io, &self.path(*part))?;
        }
        self.next += 1;
        Ok(())
    }
}

fn record(out: &mut Vec<u8>, hash: u128, row: &Row) {
    let start = out.len();
    out.extend_from_slice(&hash.to_le_bytes());
    out.extend_from_slice(&row.scale.to_le_bytes());
    out.extend(row.codes.iter().map(|code| *code as u8));
    let sum = xxh3_64(&out[start..]);
    out.extend_from_slice(&sum.to_le_bytes());
}
