//! Grammars as WebAssembly: languages that are added, and the built-in ones
//! with the grammars that their authors publish for other programs.
//!
//! The grammars come from npm, by `tools/setup.sh wasm`; a test that lacks one
//! says that it skips.

mod added;
mod guard;
mod native;

use std::path::{Path, PathBuf};

/// Where a file of an npm package lies, if it was fetched.
pub(crate) fn grammar(file: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("target/tools/grammars/node_modules").join(file);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no `{file}`; `tools/setup.sh wasm` fetches it");
    None
}

/// The grammar of Ruby.
pub(crate) const RUBY: &str = "tree-sitter-ruby/tree-sitter-ruby.wasm";
/// The grammar of PHP.
pub(crate) const PHP: &str = "tree-sitter-php/tree-sitter-php_only.wasm";

/// The roles that the repository has of a language.
pub(crate) fn roles(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("languages").join(name).join("roles.toml")
}
