//! All that `roles.toml` names and a grammar does not have.

use std::collections::BTreeSet;

use tree_sitter::Language;

use super::Document;
use crate::lang::NodeFlag;
use crate::lang::Role;

/// A name that the grammar does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub problem: String,
    /// What may be meant.
    pub hint: Option<String>,
}

/// Names of `text` that `grammar` lacks, in the order of the nodes' names.
pub fn audit(text: &str, grammar: &Language) -> Vec<Fault> {
    let Ok(document) = Document::read(text) else {
        return Vec::new();
    };
    let count = grammar.node_kind_count() as u16;
    let kinds = |named: bool| -> BTreeSet<&str> {
        (0..count)
            .filter(|id| !named || grammar.node_kind_is_named(*id))
            .filter_map(|id| grammar.node_kind_for_id(id))
            .collect()
    };
    let (named, all) = (kinds(true), kinds(false));
    let fields: BTreeSet<&str> = (1..=grammar.field_count() as u16)
        .filter_map(|id| grammar.field_name_for_id(id))
        .collect();
    let mut faults = Vec::new();
    for (name, entry) in &document.node {
        let token = entry.flags.contains(&NodeFlag::NamedKeys) && entry.role != Role::Collection;
        let known = if token { &all } else { &named };
        if !known.contains(name.as_str()) {
            faults.push(Fault {
                problem: format!("the grammar has no node `{name}`"),
                hint: nearest(name, known),
            });
            continue;
        }
        for field in entry.fields.keys() {
            if !fields.contains(field.as_str()) {
                faults.push(Fault {
                    problem: format!("`{name}`: the grammar has no field `{field}`"),
                    hint: nearest(field, &fields),
                });
            }
        }
        for child in entry.children.keys() {
            if !all.contains(child.as_str()) {
                faults.push(Fault {
                    problem: format!("`{name}`: the grammar has no node `{child}`"),
                    hint: nearest(child, &all),
                });
            }
        }
    }
    faults
}

/// The known name that looks most like `name`.
fn nearest(name: &str, known: &BTreeSet<&str>) -> Option<String> {
    let likeness = |other: &str| strsim::jaro_winkler(name, other);
    known
        .iter()
        .map(|other| (likeness(other), *other))
        .filter(|(like, _)| *like > 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, other)| format!("did you mean `{other}`?"))
}
