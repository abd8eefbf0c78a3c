//! The tools: a table. A tool is a verb, and its parameters are the verb's
//! arguments; the command line parses them, so that both mean the same.

use std::ffi::OsString;
use std::sync::Arc;

use rmcp::model::{JsonObject, Tool as Described, ToolAnnotations};
use serde_json::{Value, json};

use super::schema;

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// Several texts.
    Texts,
    /// A whole number.
    Number,
    /// A switch.
    Flag,
    /// What the verb reads from standard input.
    Input,
}

/// Where a parameter stands on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `--name=value`.
    Option(&'static str),
    /// One of the arguments without a name.
    Positional,
    /// Behind `--`, for another program.
    Rest,
}

/// A parameter of a tool.
pub struct Param {
    /// Its name.
    pub name: &'static str,
    kind: Kind,
    place: Place,
    required: bool,
    about: &'static str,
}

/// A tool.
pub struct Tool {
    /// Its name, which is the verb's.
    pub name: &'static str,
    title: &'static str,
    about: &'static str,
    /// Its own parameters.
    pub params: &'static [Param],
    /// Types of the records that it answers with.
    records: &'static [&'static str],
    /// Whether it changes nothing and runs nothing.
    pub reads: bool,
}

const fn must(name: &'static str, about: &'static str) -> Param {
    Param {
        name,
        kind: Kind::Text,
        place: Place::Positional,
        required: true,
        about,
    }
}

const fn may(name: &'static str, kind: Kind, option: &'static str, about: &'static str) -> Param {
    Param {
        name,
        kind,
        place: Place::Option(option),
        required: false,
        about,
    }
}

const AT: Param = may(
    "at",
    Kind::Text,
    "at",
    "Ask about this revision instead of the working tree",
);
const KIND: Param = may(
    "kind",
    Kind::Texts,
    "kind",
    "Only these kinds: file, module, class, interface, function, method, variable",
);
const LANG: Param = may(
    "lang",
    Kind::Texts,
    "lang",
    "Only files of these languages: python, typescript, rust, go, java, cpp …",
);
const PATH: Param = may("path", Kind::Text, "path", "Only below this path");
const SYMBOL: Param = must(
    "symbol",
    "`name`, `Class.name`, `path::Class.name` or `path:line`",
);
const TRANSITIVE: Param = may(
    "transitive",
    Kind::Flag,
    "transitive",
    "Through others, too",
);
const DEPTH: Param = may("depth", Kind::Number, "depth", "At most so many calls away");
const ALL: Param = may(
    "all",
    Kind::Flag,
    "all",
    "With the call sites that only bear the name",
);
const EXACT: Param = may(
    "exact",
    Kind::Flag,
    "exact",
    "Only what scope, import or declared type decides",
);

/// All of them, those that need permission last.
pub static TOOLS: [Tool; 10] = [
    Tool {
        name: "search",
        title: "Search code",
        about: "Find symbols by meaning, words and structure. A query that is a symbol's name finds that symbol first.",
        params: &[
            must("query", "Words, a question, or a name"),
            KIND,
            LANG,
            PATH,
            may("in", Kind::Text, "in", "Only inside this symbol"),
            may("tests", Kind::Flag, "tests", "Rank tests like other code"),
            may(
                "limit",
                Kind::Number,
                "limit",
                "At most so many hits; 10 without it",
            ),
            AT,
        ],
        records: &["hit"],
        reads: true,
    },
    Tool {
        name: "symbols",
        title: "List symbols",
        about: "Outline of a file or folder, or symbols by pattern (`get_*`, or part of a name).",
        params: &[
            Param {
                name: "pattern",
                kind: Kind::Text,
                place: Place::Positional,
                required: false,
                about: "A file, a folder, or a pattern on the qualified name",
            },
            KIND,
            LANG,
            PATH,
            AT,
        ],
        records: &["symbol"],
        reads: true,
    },
    Tool {
        name: "callers",
        title: "Who calls a symbol",
        about: "Call sites of a symbol, each with how surely it is known. Calls that could not be decided are counted in `notes` and listed with `all`.",
        params: &[SYMBOL, TRANSITIVE, DEPTH, ALL, EXACT, AT],
        records: &["caller", "unresolved"],
        reads: true,
    },
    Tool {
        name: "callees",
        title: "What a symbol calls",
        about: "What a symbol calls, in the repository and outside of it, each with how surely it is known.",
        params: &[SYMBOL, TRANSITIVE, DEPTH, EXACT, AT],
        records: &["callee"],
        reads: true,
    },
    Tool {
        name: "path",
        title: "Chain of calls",
        about: "A shortest chain of calls from one symbol to another.",
        params: &[
            must("from", "The symbol where the chain starts"),
            must("to", "The symbol where it leads"),
            AT,
        ],
        records: &["step"],
        reads: true,
    },
    Tool {
        name: "impact",
        title: "What a change reaches",
        about: "Symbols that a change touches, who depends on them with the chain that leads there, and the tests. Of uncommitted changes, or of a range, or of a patch that is not applied.",
        params: &[
            Param {
                name: "range",
                kind: Kind::Text,
                place: Place::Positional,
                required: false,
                about: "`REV..REV`, or one revision for what it changed",
            },
            Param {
                name: "patch",
                kind: Kind::Input,
                place: Place::Positional,
                required: false,
                about: "A patch in any form that `patch` takes, instead of a range",
            },
            may("tests", Kind::Flag, "tests", "Only the tests"),
            may("all", Kind::Flag, "all", "With what may depend on it"),
        ],
        records: &["touched", "impacted"],
        reads: true,
    },
    Tool {
        name: "show",
        title: "Source of symbols",
        about: "The source text of one or several symbols.",
        params: &[
            Param {
                name: "symbols",
                kind: Kind::Texts,
                place: Place::Positional,
                required: true,
                about: "`name`, `Class.name`, `path::Class.name`, `path` or `path:line`, each",
            },
            AT,
        ],
        records: &["source"],
        reads: true,
    },
    Tool {
        name: "status",
        title: "What is indexed",
        about: "The commit of HEAD, whether the working tree differs, what is indexed; with `coverage`, files that were left out and why.",
        params: &[may(
            "coverage",
            Kind::Flag,
            "coverage",
            "List the files that were left out or are marked",
        )],
        records: &["status", "coverage"],
        reads: true,
    },
    Tool {
        name: "patch",
        title: "Change files",
        about: "Apply a patch to the working tree, all of it or nothing: a unified diff, an `*** Begin Patch` envelope, SEARCH/REPLACE blocks or edit records. Protected paths (hooks, CI, lockfiles) are refused.",
        params: &[
            Param {
                name: "patch",
                kind: Kind::Input,
                place: Place::Positional,
                required: true,
                about: "The patch",
            },
            may(
                "check",
                Kind::Flag,
                "check",
                "Say what would happen, and touch nothing",
            ),
            may(
                "reverse",
                Kind::Flag,
                "reverse",
                "Take the changes back instead of making them",
            ),
            may(
                "base",
                Kind::Text,
                "base",
                "The revision that the patch was made for",
            ),
            may(
                "strict",
                Kind::Flag,
                "strict",
                "Refuse a patch that adds syntax errors",
            ),
        ],
        records: &[
            "patched",
            "patch_note",
            "syntax_errors",
            "rejection",
            "refusal",
        ],
        reads: false,
    },
    Tool {
        name: "test",
        title: "Run tests",
        about: "Run the project's tests in a sandbox: what failed, and a summary. `affected` runs only those that reach what changed.",
        params: &[
            may(
                "affected",
                Kind::Flag,
                "affected",
                "Only tests that reach what changed in the working tree",
            ),
            may(
                "range",
                Kind::Text,
                "affected",
                "Only tests that reach what `REV..REV` changed",
            ),
            Param {
                name: "patch",
                kind: Kind::Input,
                place: Place::Option("patch"),
                required: false,
                about: "Test the working tree with this patch, which is not applied",
            },
            may(
                "runner",
                Kind::Text,
                "runner",
                "This runner, whatever the project looks like",
            ),
            may(
                "timeout",
                Kind::Number,
                "timeout",
                "Stop after so many seconds; 600 without it",
            ),
            Param {
                name: "args",
                kind: Kind::Texts,
                place: Place::Rest,
                required: false,
                about: "Arguments for the runner",
            },
        ],
        records: &["test", "test_failure", "test_summary"],
        reads: false,
    },
];

/// A call as the command line takes it.
pub struct Call {
    /// The command line.
    pub argv: Vec<OsString>,
    /// What stands for standard input.
    pub input: Vec<u8>,
}

impl Tool {
    /// The tool of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name)
    }

    /// Whether an answer can be asked for page by page: asking again must
    /// change nothing.
    pub fn pages(&self) -> bool {
        self.reads
    }

    /// As the protocol describes it.
    pub fn describe(&self) -> Described {
        let mut properties = serde_json::Map::new();
        let mut required = Vec::new();
        for param in self.params {
            properties.insert(param.name.to_owned(), param.schema());
            if param.required {
                required.push(param.name);
            }
        }
        properties.insert("max_tokens".to_owned(), schema::max_tokens());
        if self.pages() {
            properties.insert("cursor".to_owned(), schema::cursor());
        }
        let input = object(json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }));
        let output = object(schema::answer(self.records));
        let hints = ToolAnnotations::with_title(self.title)
            .read_only(self.reads)
            .destructive(self.name == "patch")
            .idempotent(self.reads)
            .open_world(false);
        Described::new(self.name, self.about, input)
            .with_title(self.title)
            .with_raw_output_schema(output)
            .with_annotations(hints)
    }

    /// The command line of a call; an error in words where a parameter is not
    /// known or is of another kind.
    pub fn call(&self, arguments: &JsonObject) -> Result<Call, String> {
        let mut call = Call {
            argv: vec!["happy".into(), self.name.into()],
            input: Vec::new(),
        };
        let (mut positional, mut rest) = (Vec::new(), Vec::new());
        for name in arguments.keys() {
            let known = self.params.iter().any(|param| param.name == name);
            let paging = name == "max_tokens" || (name == "cursor" && self.pages());
            if !known && !paging {
                let names: Vec<&str> = self.params.iter().map(|param| param.name).collect();
                return Err(format!(
                    "`{}` has no parameter `{name}`; there are {}",
                    self.name,
                    names.join(", ")
                ));
            }
        }
        for param in self.params {
            let value = arguments.get(param.name).filter(|value| !value.is_null());
            let Some(value) = value else {
                if param.required {
                    return Err(format!("`{}` needs `{}`", self.name, param.name));
                }
                continue;
            };
            let texts = param.texts(value)?;
            if param.kind == Kind::Input {
                call.input = texts.concat().into_bytes();
                match param.place {
                    Place::Option(option) => call.argv.push(format!("--{option}=-").into()),
                    _ => positional.push("-".to_owned()),
                }
                continue;
            }
            match param.place {
                Place::Option(option) if param.kind == Kind::Flag => {
                    call.argv
                        .extend(texts.iter().map(|_| format!("--{option}").into()));
                }
                Place::Option(option) => call
                    .argv
                    .extend(texts.iter().map(|text| format!("--{option}={text}").into())),
                Place::Positional => positional.extend(texts),
                Place::Rest => rest.extend(texts),
            }
        }
        if !positional.is_empty() || !rest.is_empty() {
            call.argv.push("--".into());
        }
        call.argv.extend(positional.into_iter().map(OsString::from));
        call.argv.extend(rest.into_iter().map(OsString::from));
        Ok(call)
    }
}

impl Param {
    fn schema(&self) -> Value {
        match self.kind {
            Kind::Text | Kind::Input => json!({ "type": "string", "description": self.about }),
            Kind::Texts => json!({
                "type": "array",
                "items": { "type": "string" },
                "description": self.about,
            }),
            Kind::Number => json!({ "type": "integer", "minimum": 0, "description": self.about }),
            Kind::Flag => json!({ "type": "boolean", "description": self.about }),
        }
    }

    /// The value as texts of the command line; a switch that is off has none.
    fn texts(&self, value: &Value) -> Result<Vec<String>, String> {
        let wrong = || {
            let wanted = match self.kind {
                Kind::Text | Kind::Input => "a text",
                Kind::Texts => "a list of texts",
                Kind::Number => "a whole number",
                Kind::Flag => "true or false",
            };
            format!("`{}` is {wanted}", self.name)
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
        let texts = match (self.kind, value) {
            (Kind::Texts, Value::Array(values)) => {
                values.iter().map(text).collect::<Result<Vec<_>, _>>()?
            }
            // Models write one text where one is enough.
            (Kind::Text | Kind::Input | Kind::Texts, value) => vec![text(value)?],
            (Kind::Number, value) => vec![value.as_u64().ok_or_else(wrong)?.to_string()],
            (Kind::Flag, Value::Bool(true)) => vec![String::new()],
            (Kind::Flag, Value::Bool(false)) => Vec::new(),
            (Kind::Flag, _) => return Err(wrong()),
        };
        // `-` would be standard input, and no argument holds a NUL.
        let forbidden = |text: &String| text.contains('\0') || text == "-";
        if self.kind != Kind::Input && texts.iter().any(forbidden) {
            return Err(format!("`{}` cannot be {:?}", self.name, texts.join(" ")));
        }
        Ok(texts)
    }
}

fn object(value: Value) -> Arc<JsonObject> {
    match value {
        Value::Object(map) => Arc::new(map),
        _ => Arc::default(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn line(tool: &str, arguments: &Value) -> Result<Vec<String>, String> {
        let tool = Tool::named(tool).expect("it is in the table");
        let call = tool.call(arguments.as_object().expect("it is an object"))?;
        Ok(call.argv[1..]
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect())
    }

    #[test]
    fn every_parameter_of_every_tool_is_one_of_its_verb() {
        for tool in &TOOLS {
            for param in tool.params {
                let value = match param.kind {
                    Kind::Text | Kind::Input => json!("function"),
                    Kind::Texts => json!(["function"]),
                    Kind::Number => json!(3),
                    Kind::Flag => json!(true),
                };
                let mut arguments = JsonObject::new();
                for required in tool.params.iter().filter(|param| param.required) {
                    arguments.insert(required.name.to_owned(), json!("x"));
                }
                arguments.insert(param.name.to_owned(), value);
                let call = tool.call(&arguments).expect("it is a call");
                let parsed = crate::cmd::Cli::try_parse_from(call.argv);
                assert!(parsed.is_ok(), "{} {}: {parsed:?}", tool.name, param.name);
            }
        }
    }

    #[test]
    fn a_value_is_never_taken_for_an_option() {
        assert_eq!(
            line("callers", &json!({"symbol": "--help", "at": "--strict"})),
            Ok(vec![
                "callers".to_owned(),
                "--at=--strict".to_owned(),
                "--".to_owned(),
                "--help".to_owned()
            ])
        );
        assert!(line("callers", &json!({"symbol": "-"})).is_err());
        assert!(line("callers", &json!({"symbol": 3})).is_err());
        assert!(line("callers", &json!({})).is_err());
        let unknown = line("callers", &json!({"symbol": "x", "index_dir": "/tmp"}));
        assert!(unknown.is_err_and(|error| error.contains("no parameter `index_dir`")));
    }
}
