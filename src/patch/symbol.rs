//! What a patch needs to know of code, asked through two traits: it knows no language.

use std::ops::Range;

use super::RepoPath;

/// Where a symbol stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolSpan {
    /// Its file.
    pub path: RepoPath,
    /// Its bytes in that file.
    pub span: Range<usize>,
    /// The [`content_hash`](super::content_hash) of those bytes.
    pub hash: String,
}

/// Why a name did not lead to one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SymbolFault {
    /// There is none of that name.
    Unknown,
    /// There are several; these are their full names.
    Ambiguous(Vec<String>),
}

/// Resolves the names of symbols in the base.
pub trait SymbolSpans {
    /// The one symbol that a name stands for.
    fn resolve(&self, symbol: &str) -> Result<SymbolSpan, SymbolFault>;
}

/// Knows no symbols: edits by symbol are rejected as unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSymbols;

impl SymbolSpans for NoSymbols {
    fn resolve(&self, _symbol: &str) -> Result<SymbolSpan, SymbolFault> {
        Err(SymbolFault::Unknown)
    }
}

/// Counts syntax errors.
pub trait SyntaxCheck {
    /// How many syntax errors a content has; `None` where the language is not known.
    fn errors(&self, path: &RepoPath, content: &[u8]) -> Option<usize>;
}
