//! What stands for grammars as WebAssembly where the build has no such feature.

use std::time::Duration;

use tree_sitter::{Language, Tree};

use super::Error;
use crate::lang::Trouble;

/// Whether grammars as WebAssembly can be run.
pub const SUPPORTED: bool = false;

/// A grammar that runs as WebAssembly: here there is none.
#[derive(Debug)]
pub enum Guard {}

impl Guard {
    /// Always an error.
    pub fn load(_symbol: &str, _wasm: Vec<u8>, _limit: Duration) -> Result<Self, Error> {
        Err(Error::NoSupport)
    }

    /// The grammar.
    pub fn language(&self) -> &Language {
        match *self {}
    }

    /// Parses a text.
    pub fn parse(&self, _source: &[u8], _deadline: Duration) -> Result<Tree, Trouble> {
        match *self {}
    }
}
