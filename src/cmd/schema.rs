//! What each verb writes, as JSON Schema.

use serde_json::{Value, json};

use super::error::Error;
use crate::record::Record;

/// The records of each verb, by their `type`. Any verb may write `error`, on
/// standard error.
pub const WRITTEN: &[(&str, &[&str])] = &[
    ("index", &["snapshot"]),
    ("callers", &["caller", "unresolved"]),
    ("callees", &["callee", "unresolved"]),
    ("refs", &["reference", "unresolved"]),
    ("deps", &["dependency"]),
    ("symbols", &["symbol"]),
    ("search", &["hit"]),
    ("show", &["source"]),
    ("path", &["step"]),
    ("graph", &["symbol", "edge"]),
    ("impact", &["touched", "impacted"]),
    (
        "patch",
        &[
            "patched",
            "patch_note",
            "syntax_errors",
            "rejection",
            "refusal",
            "recovered",
        ],
    ),
    (
        "test",
        &["test", "test_failure", "test_summary", "test_change"],
    ),
    ("import", &["imported"]),
    ("mcp", &["configured"]),
    (
        "agent",
        &[
            "agent_start",
            "agent_resume",
            "agent_reply",
            "agent_failure",
            "agent_cell",
            "agent_call",
            "agent_observation",
            "agent_gate",
            "agent_landing",
            "agent_landed",
            "agent_end",
            "ask",
            "ask_withdrawn",
        ],
    ),
    ("hook", &["hook"]),
    ("config", &["setting", "trust"]),
    ("lang", &["language", "language_check", "language_change"]),
    ("doctor", &["check"]),
    ("status", &["status", "coverage", "verified"]),
    ("gc", &["collected"]),
    ("util", &["parsed"]),
];

/// The schema of all records: one of `oneOf` for each type.
fn whole() -> Value {
    // Of what is written: what is left out where it is empty is not required.
    let settings = schemars::generate::SchemaSettings::default().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<Record>()
        .to_value()
}

/// The `type` that a record's schema is for.
pub fn type_of(schema: &Value) -> Option<&str> {
    schema.pointer("/properties/type/const")?.as_str()
}

/// The schema of each type of record.
pub fn records() -> Vec<Value> {
    let whole = whole();
    let mut found = Vec::new();
    collect(&whole, &whole, &mut found);
    found
}

/// The schemas that have a `type`, of a schema that lists them or names a list.
fn collect(schema: &Value, whole: &Value, found: &mut Vec<Value>) {
    if type_of(schema).is_some() {
        found.push(schema.clone());
        return;
    }
    let named = schema.get("$ref").and_then(Value::as_str);
    let target = named.and_then(|name| whole.pointer(name.trim_start_matches('#')));
    if let Some(target) = target {
        collect(target, whole, found);
    }
    for list in ["oneOf", "anyOf"] {
        for part in schema
            .get(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            collect(part, whole, found);
        }
    }
}

/// The schema of what a verb writes, or of every record.
pub fn of(verb: Option<&str>) -> Result<Value, Error> {
    let mut schema = whole();
    let Some(verb) = verb else {
        return Ok(schema);
    };
    let Some((_, types)) = WRITTEN.iter().find(|(name, _)| *name == verb) else {
        let names: Vec<_> = WRITTEN.iter().map(|(name, _)| *name).collect();
        return Err(Error::Usage(format!(
            "no verb `{verb}` writes records; there are {}",
            names.join(", ")
        )));
    };
    let wanted = |schema: &Value| type_of(schema).is_some_and(|name| types.contains(&name));
    let kept: Vec<Value> = records().into_iter().filter(wanted).collect();
    schema["title"] = json!(format!("A record of `happy {verb}`"));
    schema["description"] = json!("One line of output.");
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("anyOf");
    }
    schema["oneOf"] = Value::Array(kept);
    Ok(schema)
}
