//! What lies under `.git/happy/`: immutable files that are mapped and read in
//! place, written beside and renamed, by one writer at a time.
//!
//! What is stored here knows neither Git nor any language nor the meaning of a
//! section: an object id is 20 or 32 bytes, a section is a number and an array.
//! What a section means is known to `assemble`, `build`, `encode`, `records`,
//! `adjacency` and `snapshot`. All file operations go through [`StoreIo`];
//! `unsafe` stands in `segment.rs` alone. FORMAT.md gives every byte.

mod adjacency;
pub mod assemble;
mod build;
mod builder;
mod checked;
pub mod encode;
mod error;
mod explain;
mod gc;
mod header;
mod io;
mod layout;
mod lock;
mod meaning;
mod memory;
mod overlay;
mod pack_writer;
mod packs;
pub mod postings;
mod rank;
mod real;
pub mod records;
mod segment;
#[doc(hidden)]
pub mod sim;
mod snapshot;
mod store;
pub mod vectors;
pub mod words;
mod writer;

pub use adjacency::{Adjacency, Direction, Visited};
pub use build::{
    BuildError, Builder, Progress, Reason, Source, SourceFile, Stage, fingerprint,
    snapshot_fingerprint,
};
pub use builder::SegmentBuilder;
pub use checked::Checked;
pub use encode::STORED;
pub use error::Error;
pub use explain::{Explanations, Spots, Told, explain};
pub use gc::{GcPolicy, GcReport, Reach, Wanted};
pub use header::{FORMAT_VERSION, Identity, Kind, ObjectFormat, Section};
pub use io::{Entry, EntryKind, StoreFile, StoreIo};
pub use lock::LockGuard;
pub use meaning::{Bill, Meaning};
pub use memory::MemoryIo;
pub use overlay::overlaid;
pub use pack_writer::PackWriter;
pub use packs::{Damage, FactsPacks};
pub use real::{Locking, Mapping, RealIo};
pub use segment::{Bytes, Segment, exit_when_a_mapping_is_cut};
pub use snapshot::Snapshot;
pub use store::{Listed, Mode, Owner, Store, Warning};
pub use writer::Writer;
