//! How edges were found, as parts of records.

use crate::graph::EdgeKind;
use crate::index::records::EdgeRec;
use crate::index::{Explanations, Told};
use crate::record::{Because, Text};

/// Who can say how an edge was found, if anybody was asked to.
#[derive(Default)]
pub struct Why<'e, 'a> {
    /// Whoever can say it.
    pub explanations: Option<&'e mut Explanations<'a>>,
    /// Whether edges may come from an imported index.
    pub imported: bool,
}

impl Why<'_, '_> {
    /// The steps behind an edge.
    pub(super) fn edge(&mut self, kind: EdgeKind, edge: &EdgeRec) -> Vec<Because> {
        let Some(explanations) = &mut self.explanations else {
            return Vec::new();
        };
        let told = explanations.edge(kind, edge);
        if told.is_empty() && self.imported {
            return because(vec![explanations.imported(edge)]);
        }
        because(told)
    }

    /// What is known of an undecided site.
    pub(super) fn site(&mut self, file: u32, line: u32, column: u32) -> Vec<Because> {
        let explanations = self.explanations.as_mut();
        because(explanations.map_or_else(Vec::new, |known| known.site(file, line, column)))
    }
}

fn because(told: Vec<Told>) -> Vec<Because> {
    let step = |told: Told| Because {
        rule: told.rule,
        path: Text(told.path),
        line: told.line,
        text: told.text,
        code: Text(told.code),
    };
    told.into_iter().map(step).collect()
}
