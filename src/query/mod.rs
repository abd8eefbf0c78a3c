//! Questions: one file each. Answers are plain data.
//!
//! Absence: this layer knows no Git, prints nothing and reads no file; it asks
//! a snapshot that was opened for it.

mod callers;
mod complete;
mod deps;
mod edges;
mod explain;
mod find;
mod impact;
mod names;
mod path;
mod refs;
mod search;
mod symbols;

pub use callers::{CallOptions, callees, callers, reaching, undecided, why_callees, why_callers};
pub use complete::complete;
pub use deps::{DepOptions, deps};
pub use edges::{each_edge, edge_record, edges};
pub use explain::Why;
pub use find::{Found, file_at, find, named};
pub use impact::{Impact, Lines, touched};
pub use names::{KINDS, confidence, edge_name, kind_name, site, symbol, symbol_text};
pub use path::{path, why_path};
pub use refs::{refs, why_refs};
pub use search::{Group, Recipe, SearchError, SearchOptions, Subject, search};
pub use symbols::{SymbolFilter, symbols};

use crate::index::Error;

/// The answer of a question, or what is wrong with the index.
pub type Result<T> = std::result::Result<T, Error>;
