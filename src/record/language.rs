//! Records about languages: those there are, and what is checked of one.

use serde::Serialize;

use super::Text;

/// A language that files can be in.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Language {
    /// Its name.
    pub name: String,
    /// `builtin`, or `wasm` for one that was added.
    pub source: &'static str,
    /// Endings of its files, without the dot.
    pub extensions: Vec<String>,
    /// Names of its files.
    pub filenames: Vec<String>,
    /// Interpreters that a `#!` line may name.
    pub interpreters: Vec<String>,
    /// Version of the interface between grammar and parser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abi: Option<u32>,
    /// Version of the grammar, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Hash of the grammar of one that was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Where one that was added lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Text>,
    /// Why it is not used, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One thing that was checked of a language.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LanguageCheck {
    /// The language.
    pub name: String,
    /// `files`, `grammar`, `roles` or `sample`.
    pub check: &'static str,
    /// Whether it is right.
    pub works: bool,
    /// What was found; what is wrong.
    pub detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A language was added or removed.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LanguageChange {
    /// The language.
    pub name: String,
    /// `added`, `replaced` or `removed`.
    pub change: &'static str,
    /// Where it lies, or lay.
    pub path: Text,
}
