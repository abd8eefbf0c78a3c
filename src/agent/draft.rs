//! The edits of a run: one list that grows, checked as a whole each time.

use serde_json::{Value, json};

use super::questions::{Arguments, Fault};
use super::workplace::Workplace;
use crate::patch::{self, Edit, PatchError, Plan};
use crate::query;

/// The edits of a run and what they make of the working tree.
#[derive(Debug, Default)]
pub(super) struct Draft {
    edits: Vec<Edit>,
    plan: Plan,
}

impl Draft {
    /// What the edits make of the working tree.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether nothing is to be changed.
    pub(super) fn is_empty(&self) -> bool {
        self.plan.changes.is_empty()
    }

    /// Drops all edits.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The edits as one diff.
    pub(super) fn diff(&self) -> String {
        String::from_utf8_lossy(&self.plan.diff()).into_owned()
    }

    /// The part of the diff that is about one file.
    pub(super) fn diff_of(&self, path: &str) -> Option<String> {
        let changes = self.plan.changes.iter();
        let changes: Vec<_> = changes
            .filter(|change| change.path.as_bytes() == path.as_bytes())
            .cloned()
            .collect();
        let part = Plan {
            changes,
            ..Plan::default()
        };
        (!part.changes.is_empty()).then(|| String::from_utf8_lossy(&part.diff()).into_owned())
    }

    /// Carries out `edit`, `create` or `delete` of a cell.
    pub(super) fn change(
        &mut self,
        place: &dyn Workplace,
        name: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Value, Fault> {
        let record = match name {
            "create" => json!({
                "type": "create",
                "path": arguments.text("path")?,
                "content": arguments.text("content")?,
            }),
            "delete" => json!({"type": "delete", "path": arguments.text("symbol")?}),
            _ => self.record(place, arguments)?,
        };
        let line = record.to_string();
        let more = patch::parse(line.as_bytes())
            .map_err(|error| Fault::Cell(PatchError::from(error).to_string()))?;
        let mut edits = self.edits.clone();
        edits.extend(more);
        let plan = match place.plan(&edits) {
            Ok(plan) => plan,
            // A patch that does not apply or is refused is for the cell to mend.
            Err(super::Error::Patch(
                error @ (PatchError::Rejected(_)
                | PatchError::Refused(_)
                | PatchError::Syntax(_)
                | PatchError::Parse(_)),
            )) => return Err(Fault::Cell(told(&error))),
            Err(error) => return Err(Fault::Host(error)),
        };
        let broken: Vec<String> = plan
            .syntax
            .iter()
            .map(|change| format!("`{}` has {} syntax errors now", change.path, change.after))
            .collect();
        let mut lines = Vec::new();
        for change in &plan.changes {
            let (added, removed) = change.line_counts();
            lines.push(format!("{} +{added} -{removed}", change.path));
        }
        self.edits = edits;
        self.plan = plan;
        let mut text = lines.join("\n");
        for warning in broken {
            text.push_str(&format!("\nwarning: {warning}"));
        }
        Ok(text.into())
    }

    fn record(&self, place: &dyn Workplace, arguments: &Arguments<'_>) -> Result<Value, Fault> {
        let target = arguments.text("symbol")?;
        let (search, replace, body) = (
            arguments.optional("search"),
            arguments.optional("replace"),
            arguments.optional("body"),
        );
        let in_draft = self
            .plan
            .changes
            .iter()
            .any(|change| change.path.as_bytes() == target.as_bytes());
        let is_path = in_draft || query::file_at(place.snapshot(), target.as_bytes())?.is_some();
        let named = if is_path { "path" } else { "symbol" };
        match (search, replace, body) {
            (Some(search), Some(replace), None) => Ok(json!({
                "type": "edit", named: target, "search": search, "replace": replace,
            })),
            (None, None, Some(body)) if !is_path => Ok(json!({
                "type": "edit", "symbol": target, "body": body,
            })),
            (None, None, Some(_)) => Err(Fault::Cell(
                "`body` replaces a symbol; for a file give `search` and `replace`".to_owned(),
            )),
            _ => Err(Fault::Cell(
                "give `search` and `replace`, or `body`".to_owned(),
            )),
        }
    }
}

/// What is wrong with a patch, without the text of files that it quotes.
fn told(error: &PatchError) -> String {
    let PatchError::Rejected(all) = error else {
        return error.to_string();
    };
    let near = all.iter().find_map(|rejection| rejection.nearest.as_ref());
    match near {
        Some(near) => format!("{error}; what comes nearest begins at line {}", near.line),
        None => error.to_string(),
    }
}
