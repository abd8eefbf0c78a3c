//! What several records have: a symbol, a place, how surely it is known.

use serde::Serialize;

use super::Text;

/// How an edge was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Scope, import or declared type decides it.
    Exact,
    /// A flow of values or the class hierarchy decides it.
    Inferred,
    /// Only the name matches.
    Name,
}

impl Confidence {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Inferred => "inferred",
            Self::Name => "name",
        }
    }
}

/// A symbol: what it is and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Symbol {
    /// Stable name: `path::Container.name`.
    pub symbol: Text,
    /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable`, `external`.
    pub kind: &'static str,
    /// The name alone.
    pub name: Text,
    /// The file it stands in; absent for an external symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Text>,
    /// Line of its name, 1-based; 1 for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Its last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// Its signature, on one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Text>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Site {
    /// The file.
    pub site_path: Text,
    /// Line, 1-based.
    pub site_line: u32,
    /// Byte column, 1-based.
    pub site_column: u32,
}

/// One step of how an edge was found, from the site back to the definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Because {
    /// The rule: `import`, `declared_type`, `inherited_member` …
    pub rule: &'static str,
    /// The file of the place that it was applied at.
    pub path: Text,
    /// Its line, 1-based.
    pub line: u32,
    /// What it says here, in words.
    pub text: String,
    /// That line of source.
    pub code: Text,
}

/// What each signal of a search gave a hit; the score is their sum times the prior.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Shares {
    /// The query names it.
    pub named: f32,
    /// Words of the query in its text.
    pub words: f32,
    /// Words of the query in its file.
    pub file: f32,
    /// Nearness of meaning.
    pub meaning: f32,
    /// It calls, is called by, or holds other hits.
    pub structure: f32,
    /// Kind, page rank, tests, generated and vendored code.
    pub prior: f32,
}

/// A message of a conversation with a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Said {
    /// `system`, `user` or `assistant`.
    pub role: &'static str,
    /// What is said.
    pub content: String,
}
