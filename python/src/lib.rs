//! The Python module `happy_core`: the questions of `happy`, answered in place
//! from the mapped index.
//!
//! Bindings convert, nothing more. `classes.rs` has the answers' classes,
//! `repo.rs` the questions, `released.rs` the one helper that gives up the
//! interpreter, `errors.rs` the one table from failures to exceptions.

mod arguments;
mod classes;
mod errors;
mod fields;
mod records;
mod released;
mod repo;

use pyo3::pymodule;

/// Answers to structural and semantic questions about a Git repository
///
/// Open a repository with `HappyRepo` and ask it. The package `happy` adds
/// what is pleasant in a notebook.
#[pymodule(name = "_core")]
mod happy_core {
    #[pymodule_export]
    use crate::classes::{
        Callee, Caller, Dependency, Edge, Hit, Impacted, Reference, Source, Step, Symbol, Touched,
        Unresolved,
    };
    #[pymodule_export]
    use crate::errors::{
        BusyError, ClosedError, HappyError, HappyWarning, IndexError, InternalError,
        RepositoryError, RevisionNotFound, SymbolNotFound, UsageError,
    };
    #[pymodule_export]
    use crate::repo::HappyRepo;

    /// The version of the index's format that this module reads and writes
    #[pymodule_export]
    const INDEX_FORMAT: u32 = happy::index::FORMAT_VERSION;

    /// The version of this module
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
