//! Roles compiled for a grammar: arrays indexed by kind id and field id.

use std::collections::BTreeMap;

use serde::Deserialize;
use tree_sitter::Language;

use super::plugin::Table;
use super::roles::{DefKind, Field, NodeEntry, NodeFlag, Role, Traits};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// What a user's language says of itself; what the binary has says it in Rust.
    #[serde(default)]
    pub(super) language: Option<Table>,
    #[serde(default)]
    pub(super) traits: Traits,
    pub(super) node: BTreeMap<String, NodeEntry>,
}

impl Document {
    pub(super) fn read(text: &str) -> Result<Self, RolesError> {
        Ok(toml::from_str(text).map_err(Box::new)?)
    }
}

/// A compiled row: what the walk needs of one node kind.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The role.
    pub role: Role,
    /// The kind of definition, where the role makes one.
    pub kind: DefKind,
    /// Flags as bits, `1 << NodeFlag`.
    pub flags: u64,
    /// Whether any grammar field or child kind of this node has a place.
    pub mapped: bool,
    /// Index into [`Roles::literals`], plus one.
    pub literal: u8,
}

/// The compiled roles of one grammar.
#[derive(Debug)]
pub struct Roles {
    /// What the language as a whole does.
    pub traits: Traits,
    rows: Vec<Row>,
    fields: Vec<Field>,
    field_count: usize,
    children: Vec<(u32, Field)>,
    /// External symbols of literal classes, indexed by [`Row::literal`] − 1.
    pub literals: Vec<String>,
}

/// Why a `roles.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RolesError {
    /// The file is not of the form described in `docs/languages.md`.
    #[error("`roles.toml` cannot be read: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// The grammar has no node of this name.
    #[error("`roles.toml` names the node `{0}`, which the grammar does not have")]
    UnknownNode(String),
    /// The grammar has no field of this name.
    #[error("`roles.toml` names the field `{0}`, which the grammar does not have")]
    UnknownField(String),
}

impl Roles {
    /// Compiles `text` against `grammar`.
    ///
    /// Unless `lenient`, naming a node that the grammar lacks is an error; a
    /// language whose grammars share one file (TSX and JavaScript) is lenient.
    pub fn compile(text: &str, grammar: &Language, lenient: bool) -> Result<Self, RolesError> {
        let document = Document::read(text)?;
        let kinds = grammar.node_kind_count();
        let field_count = grammar.field_count() + 1;
        let mut rows = Vec::with_capacity(kinds);
        for id in 0..kinds {
            let role = if grammar.node_kind_is_named(id as u16) {
                Role::Pass
            } else {
                Role::Skip
            };
            rows.push(Row {
                role,
                kind: DefKind::File,
                flags: 0,
                mapped: false,
                literal: 0,
            });
        }
        let mut roles = Self {
            traits: document.traits,
            rows,
            fields: vec![Field::None; kinds * field_count],
            field_count,
            children: Vec::new(),
            literals: Vec::new(),
        };
        for (name, entry) in &document.node {
            let mut found = false;
            for id in 0..kinds {
                if grammar.node_kind_for_id(id as u16) == Some(name.as_str())
                    && (grammar.node_kind_is_named(id as u16)
                        || entry.flags.contains(&NodeFlag::NamedKeys)
                            && entry.role != Role::Collection)
                {
                    found = true;
                    roles.fill(id, entry, grammar, lenient)?;
                }
            }
            if !found && !lenient {
                return Err(RolesError::UnknownNode(name.clone()));
            }
        }
        roles.children.sort_unstable();
        Ok(roles)
    }

    fn fill(
        &mut self,
        id: usize,
        entry: &NodeEntry,
        grammar: &Language,
        lenient: bool,
    ) -> Result<(), RolesError> {
        let row = &mut self.rows[id];
        row.role = entry.role;
        row.kind = entry.kind;
        row.flags = entry
            .flags
            .iter()
            .fold(0, |bits, flag| bits | 1_u64 << *flag as u32);
        row.mapped = !entry.fields.is_empty() || !entry.children.is_empty();
        if !entry.literal.is_empty() {
            let symbol = self
                .traits
                .literals
                .get(&entry.literal)
                .unwrap_or(&entry.literal);
            let at = self.literals.iter().position(|known| known == symbol);
            let at = at.unwrap_or_else(|| {
                self.literals.push(symbol.clone());
                self.literals.len() - 1
            });
            row.literal = at as u8 + 1;
        }
        for (name, field) in &entry.fields {
            match grammar.field_id_for_name(name) {
                Some(grammar_field) => {
                    self.fields[id * self.field_count + usize::from(grammar_field.get())] = *field;
                }
                None if lenient => {}
                None => return Err(RolesError::UnknownField(name.clone())),
            }
        }
        for (name, field) in &entry.children {
            let mut found = false;
            for child in 0..grammar.node_kind_count() {
                if grammar.node_kind_for_id(child as u16) == Some(name.as_str()) {
                    self.children
                        .push(((id as u32) << 16 | child as u32, *field));
                    found = true;
                }
            }
            if !found && !lenient {
                return Err(RolesError::UnknownNode(name.clone()));
            }
        }
        Ok(())
    }

    /// The row of a node kind; unknown kinds (errors) are transparent.
    pub fn row(&self, kind: u16) -> Row {
        self.rows.get(usize::from(kind)).copied().unwrap_or(Row {
            role: Role::Pass,
            kind: DefKind::File,
            flags: 0,
            mapped: false,
            literal: 0,
        })
    }

    /// The place of a child of kind `child` under grammar field `field` (0 for none).
    pub fn place(&self, parent: u16, field: u16, child: u16) -> Field {
        if usize::from(parent) >= self.rows.len() {
            return Field::None;
        }
        let by_field = self.fields[usize::from(parent) * self.field_count + usize::from(field)];
        if self.children.is_empty() {
            return by_field;
        }
        // The kind of a child says more than its field.
        let key = u32::from(parent) << 16 | u32::from(child);
        match self.children.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => self.children[at].1,
            Err(_) => by_field,
        }
    }
}

impl Row {
    /// Whether the node's entry has `flag`.
    pub fn has(self, flag: NodeFlag) -> bool {
        self.flags & (1_u64 << flag as u32) != 0
    }
}
