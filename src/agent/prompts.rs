//! What models are told. The texts are Markdown files beside this one.

use super::Error;
use super::questions;
use super::workplace::Workplace;
use crate::query::{self, SearchOptions, Subject};
use crate::record::Record;
use crate::vector::Embedder;

/// The instructions of the root.
pub(super) const ROOT: &str = include_str!("prompts/root.md");
/// The instructions of an agent that another agent started.
pub(super) const CHILD: &str = include_str!("prompts/child.md");
/// The instructions of a sub-agent that reads.
pub(super) const SUB: &str = include_str!("prompts/sub.md");
/// What a sub-agent is told that reads several sources at once.
pub(super) const TOGETHER: &str = include_str!("prompts/together.md");

/// What a model is told whose answer has no cell.
pub(super) fn correction(what: &str) -> String {
    include_str!("prompts/correction.md").replace("{what}", what)
}

/// Hits of the task that make up the slice.
const SLICE: usize = 8;

/// The first message: the task, the repository, the slice that seems relevant.
pub(super) fn opening(
    place: &dyn Workplace,
    embedder: &dyn Embedder,
    task: &str,
    small: u64,
) -> Result<String, Error> {
    let overview = questions::overview(place)?;
    let options = SearchOptions {
        limit: SLICE,
        ..SearchOptions::default()
    };
    let subject = Subject::Query(task.to_owned());
    let mut names = Vec::new();
    let mut tokens = 0;
    for record in query::search(place.snapshot(), &subject, &options, embedder)? {
        let Record::Hit { symbol, .. } = &record else {
            continue;
        };
        let fields = questions::handle(place, symbol)?;
        let size = fields.get("tokens").and_then(serde_json::Value::as_u64);
        tokens += size.unwrap_or(0);
        names.push(format!(
            "- {} {} ({} tokens)",
            symbol.kind,
            symbol.symbol.lossy(),
            size.unwrap_or(0)
        ));
    }
    let slice = if names.is_empty() {
        "Search finds nothing near the task.".to_owned()
    } else {
        let advice = if tokens <= small * 2 {
            "That is small: read it in one `llm` call or with `peek`; there is no need to fan out."
        } else {
            "That is more than a few screens: ask sub-agents, and narrow it down first."
        };
        format!(
            "Nearest to the task, {tokens} tokens in all. {advice}\n{}",
            names.join("\n")
        )
    };
    Ok(format!(
        "Task: {task}\n\nRepository: {overview}\n\n{slice}\n"
    ))
}
