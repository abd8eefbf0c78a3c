//! JSON Schemas of what goes in and comes out, beside the tools' own parameters.

use serde_json::{Map, Value, json};

/// Tokens of an answer without `max_tokens`, and their bounds.
pub const DEFAULT_TOKENS: u64 = 4000;
/// Fewest tokens of a page.
pub const MIN_TOKENS: u64 = 200;
/// Most tokens of a page.
pub const MAX_TOKENS: u64 = 50_000;

/// Of the token limit.
pub fn max_tokens() -> Value {
    json!({
        "type": "integer",
        "minimum": MIN_TOKENS,
        "maximum": MAX_TOKENS,
        "default": DEFAULT_TOKENS,
        "description": "About so many tokens at most; the rest comes with `cursor`",
    })
}

/// Of what continues an answer.
pub fn cursor() -> Value {
    json!({
        "type": "string",
        "description": "`next_cursor` of the page before, with the same other parameters",
    })
}

const TEXT: &[&str] = &[
    "symbol",
    "kind",
    "name",
    "path",
    "signature",
    "doc",
    "calls",
    "target",
    "caller",
    "source",
    "site_path",
    "confidence",
    "reason",
    "embedder",
    "text",
    "of",
    "edge",
    "change",
    "from",
    "operation",
    "note",
    "form",
    "nearest",
    "outcome",
    "message",
    "runner",
    "sandbox",
    "limit",
    "head",
    "language",
    "output",
];
const NUMBERS: &[&str] = &[
    "line",
    "end_line",
    "site_line",
    "site_column",
    "depth",
    "rank",
    "start_line",
    "index",
    "added",
    "removed",
    "input_line",
    "before",
    "after",
    "hunk",
    "nearest_line",
    "milliseconds",
    "passed",
    "failed",
    "skipped",
    "errored",
    "exit",
    "denied_network",
    "denied_write",
    "snapshots",
    "bytes",
    "lines",
];
const FLAGS: &[&str] = &[
    "test",
    "applied",
    "dirty",
    "indexed",
    "generated",
    "vendored",
];

/// Fields of each type of record, and whether each is always there.
fn fields(record: &str) -> &'static [&'static str] {
    const SYMBOL: [&str; 3] = ["symbol", "kind", "name"];
    match record {
        "symbol" => &SYMBOL,
        "hit" => &["symbol", "kind", "name", "rank", "score", "embedder"],
        "caller" => &[
            "symbol",
            "kind",
            "name",
            "calls",
            "target",
            "depth",
            "site_path",
            "site_line",
            "site_column",
            "confidence",
        ],
        "callee" => &[
            "symbol",
            "kind",
            "name",
            "caller",
            "source",
            "depth",
            "site_path",
            "site_line",
            "site_column",
            "confidence",
        ],
        "unresolved" => &[
            "symbol",
            "name",
            "site_path",
            "site_line",
            "site_column",
            "reason",
            "confidence",
        ],
        "step" => &["index", "symbol", "kind", "name"],
        "touched" => &["symbol", "kind", "name", "change"],
        "impacted" => &[
            "symbol",
            "kind",
            "name",
            "test",
            "depth",
            "of",
            "edge",
            "confidence",
            "chain",
        ],
        "source" => &["symbol", "kind", "name", "start_line", "text"],
        "status" => &["dirty", "indexed", "snapshots", "bytes", "path"],
        "coverage" => &["path", "reason", "generated", "vendored", "lines"],
        "patched" => &["path", "change", "added", "removed", "applied"],
        "patch_note" => &["path", "input_line", "note"],
        "syntax_errors" => &["path", "before", "after"],
        "rejection" => &["path", "form", "input_line", "reason"],
        "refusal" => &["path", "input_line", "reason"],
        "test" => &["name", "outcome"],
        "test_failure" => &["name", "message"],
        "test_summary" => &[
            "runner",
            "sandbox",
            "passed",
            "failed",
            "skipped",
            "errored",
            "milliseconds",
        ],
        _ => &[],
    }
}

/// Fields that only some records of a type have.
fn optional(record: &str) -> &'static [&'static str] {
    match record {
        "symbol" | "hit" => &["path", "line", "end_line", "signature", "doc"],
        "caller" | "callee" | "source" | "touched" => &["path", "line", "end_line", "signature"],
        "step" => &[
            "path",
            "line",
            "end_line",
            "signature",
            "site_path",
            "site_line",
            "site_column",
            "confidence",
        ],
        "impacted" => &[
            "path",
            "line",
            "end_line",
            "signature",
            "site_path",
            "site_line",
            "site_column",
        ],
        "status" => &["head"],
        "coverage" => &["language"],
        "patched" => &["from", "operation"],
        "rejection" => &["hunk", "nearest_line", "nearest"],
        "test" => &["path", "milliseconds", "message"],
        "test_summary" => &["exit", "limit", "denied_network", "denied_write", "output"],
        _ => &[],
    }
}

/// A text, or bytes that are not UTF-8.
fn text() -> Value {
    json!({ "type": ["string", "object"] })
}

fn field(name: &str) -> Value {
    match name {
        "confidence" => json!({ "enum": ["exact", "inferred", "name"] }),
        "score" => json!({ "type": "number" }),
        "chain" => json!({ "type": "array", "items": text() }),
        name if NUMBERS.contains(&name) => json!({ "type": "integer" }),
        name if FLAGS.contains(&name) => json!({ "type": "boolean" }),
        name => {
            debug_assert!(TEXT.contains(&name), "`{name}` has no kind");
            text()
        }
    }
}

fn record(kind: &str) -> Value {
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({ "const": kind }));
    let always = fields(kind);
    for name in always.iter().chain(optional(kind)) {
        properties.insert((*name).to_owned(), field(name));
    }
    let required: Vec<&str> = std::iter::once("type")
        .chain(always.iter().copied())
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// Of an answer with records of these types.
pub fn answer(kinds: &[&str]) -> Value {
    let records: Vec<Value> = kinds.iter().map(|kind| record(kind)).collect();
    json!({
        "type": "object",
        "properties": {
            "records": { "type": "array", "items": { "anyOf": records } },
            "confidence": {
                "enum": ["exact", "inferred", "name", "ranked", "none"],
                "description": "How surely the least sure record is known; `ranked` is a search, `none` an empty answer",
            },
            "freshness": {
                "type": "object",
                "properties": {
                    "revision": {
                        "type": "string",
                        "description": "The commit that was asked, or `worktree` with its uncommitted edits",
                    },
                    "built": {
                        "type": "boolean",
                        "description": "Whether it was indexed for this question",
                    },
                    "milliseconds": { "type": "integer" },
                },
                "required": ["revision", "built", "milliseconds"],
            },
            "notes": { "type": "array", "items": { "type": "string" } },
            "next_cursor": { "type": "string" },
            "error": {
                "type": "object",
                "properties": {
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                    "hint": { "type": "string" },
                    "retryable": { "type": "boolean" },
                },
                "required": ["code", "message", "retryable"],
            },
        },
        "required": ["records", "confidence", "freshness"],
    })
}

#[cfg(test)]
mod tests {
    use super::super::tools::TOOLS;

    #[test]
    fn every_tool_describes_an_object_in_and_out() {
        for tool in &TOOLS {
            let described = tool.describe();
            assert_eq!(described.input_schema["type"], "object", "{}", tool.name);
            let output = described.output_schema.expect("there is one");
            let records = output["properties"]["records"]["items"]["anyOf"].as_array();
            for record in records.expect("it is a list") {
                let fields = record["properties"].as_object().expect("it has fields");
                assert!(fields.len() > 2, "{record}");
            }
        }
    }
}
