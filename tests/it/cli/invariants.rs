//! One verb, one name: in the list, in its file, in its question, in its help
//! and in the README.

use std::path::Path;

use clap::CommandFactory;

/// Verbs that ask the index nothing but how it is.
const WITHOUT_QUESTION: [&str; 15] = [
    "index", "status", "gc", "show", "patch", "test", "doctor", "impact", "search", "mcp",
    "import", "hook", "config", "agent", "lang",
];

/// Verbs whose question bears the name of what it gives: edges.
const NAMED_OTHERWISE: [(&str, &str); 2] = [("graph", "edges"), ("callees", "callers")];

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn verbs() -> Vec<clap::Command> {
    let verbs: Vec<clap::Command> = happy::cmd::Cli::command()
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .cloned()
        .collect();
    assert!(verbs.len() >= 11, "the verbs are listed");
    verbs
}

#[test]
fn each_verb_has_a_file_a_question_and_a_row_in_the_readme() {
    let readme = read("README.md");
    for verb in verbs() {
        let name = verb.get_name();
        let folder = format!("src/cmd/{name}/mod.rs");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = if root.join(&folder).exists() {
            read(&folder)
        } else {
            read(&format!("src/cmd/{name}.rs"))
        };
        assert!(
            file.starts_with(&format!("//! `happy {name}`")),
            "src/cmd/{name}.rs opens with its name"
        );
        assert!(
            file.contains("pub fn run("),
            "src/cmd/{name}.rs has a `run`"
        );
        assert!(
            readme.contains(&format!("| `{name}")),
            "README.md has a row for `{name}`"
        );
        if WITHOUT_QUESTION.contains(&name) {
            continue;
        }
        let question = NAMED_OTHERWISE
            .iter()
            .find(|(verb, _)| *verb == name)
            .map_or(name, |(_, question)| question);
        let query = read(&format!("src/query/{question}.rs"));
        let function = if question == "callers" {
            name
        } else {
            question
        };
        assert!(
            query.contains(&format!("pub fn {function}(")),
            "src/query/{question}.rs has `{function}`"
        );
        assert!(
            file.contains(&format!("query::{function}("))
                || file.contains(&format!("query::why_{function}(")),
            "src/cmd/{name}.rs asks `query::{function}`"
        );
    }
}

#[test]
fn each_verb_and_each_option_has_a_help_text() {
    for verb in verbs() {
        let name = verb.get_name().to_owned();
        let about = verb
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let first = about.chars().next().unwrap_or(' ');
        assert!(first.is_uppercase(), "`{name}` has a help text: {about:?}");
        assert!(
            !about.ends_with('.'),
            "`{name}`: a first line has no full stop"
        );
        for argument in verb.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "`{name}`: `{}` has a help text",
                argument.get_id()
            );
        }
    }
}

#[test]
fn each_row_of_the_readme_is_a_verb() {
    let known: Vec<String> = verbs()
        .iter()
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let readme = read("README.md");
    let table = readme
        .split("| command | answers |")
        .nth(1)
        .unwrap_or_default();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let name = row.trim_start_matches("| `");
        let name = name.split([' ', '`']).next().unwrap_or_default();
        assert!(known.iter().any(|verb| verb == name), "no verb `{name}`");
        count += 1;
    }
    assert!(count >= known.len(), "each verb has a row");
}
