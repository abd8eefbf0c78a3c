//! What is generated and committed is what the program says of itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use happy::cmd::{manual, schema};
use serde_json::Value;

use super::World;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Holds committed files against what they are generated from.
fn current(folder: &str, files: &[(String, Vec<u8>)]) {
    let folder = root().join(folder);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("a file can be written");
        }
    }
    for (name, text) in files {
        let written = std::fs::read(folder.join(name)).unwrap_or_default();
        assert!(
            written == *text,
            "{name} is stale: run `UPDATE=1 cargo test`"
        );
    }
}

fn verbs() -> Vec<String> {
    let command = happy::cmd::Cli::command();
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    verbs.map(|verb| verb.get_name().to_owned()).collect()
}

#[test]
fn every_verb_has_its_man_page() {
    let pages = manual::pages().expect("pages can be rendered");
    current("man", &pages);
    let names: BTreeSet<String> = pages.iter().map(|(name, _)| name.clone()).collect();
    assert!(names.contains("happy.1") && names.contains("git-happy.1"));
    for verb in verbs() {
        assert!(
            names.contains(&format!("happy-{verb}.1")),
            "no page for {verb}"
        );
    }
    let stray: Vec<_> = std::fs::read_dir(root().join("man"))
        .expect("the folder is there")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !names.contains(name))
        .collect();
    assert!(stray.is_empty(), "pages of no verb: {stray:?}");
}

#[test]
fn completions_are_current() {
    let files =
        manual::Shell::FILES.map(|(shell, name)| (name.to_owned(), manual::completions(shell)));
    current("completions", &files);
}

/// The type of a field, in a word.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return match name {
            "Text" => "text".to_owned(),
            name => name.to_lowercase(),
        };
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let kinds: BTreeSet<String> = any.iter().map(kind).filter(|kind| kind != "null").collect();
        return kinds.into_iter().collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names = names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null");
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn sentence(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ")
}

fn records_page() -> String {
    let mut text = String::from(
        "# Records\n\nGenerated from `src/record.rs`; `UPDATE=1 cargo test` writes it anew.\n\nEvery verb writes records: JSON objects, one on each line, with `type` first. A field may\nbe added; none is ever renamed or used for something else. A path or a name that is not\nUTF-8 is `{\"bytes\": base64}` in the place of text. `happy util schema VERB` prints the JSON\nSchema of what a verb writes. A field marked ? may be absent.\n\n| verb | records |\n|---|---|\n",
    );
    for (verb, types) in schema::WRITTEN {
        let types: Vec<String> = types
            .iter()
            .map(|name| format!("[`{name}`](#{name})"))
            .collect();
        let _ = writeln!(text, "| `{verb}` | {} |", types.join(", "));
    }
    for record in schema::records() {
        let Some(name) = schema::type_of(&record) else {
            continue;
        };
        let _ = write!(
            text,
            "\n## {name}\n\n{}\n\n| field | is | |\n|---|---|---|\n",
            sentence(&record)
        );
        let required: Vec<&str> = record["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = record["properties"]
            .as_object()
            .expect("a record has fields");
        for (field, schema) in fields.iter().filter(|(field, _)| *field != "type") {
            let mark = if required.contains(&field.as_str()) {
                ""
            } else {
                " ?"
            };
            let _ = writeln!(
                text,
                "| `{field}`{mark} | {} | {} |",
                kind(schema),
                sentence(schema)
            );
        }
    }
    text
}

#[test]
fn every_record_stands_in_the_documents_and_is_some_verbs() {
    current(
        "docs",
        &[("records.md".to_owned(), records_page().into_bytes())],
    );
    let written: BTreeSet<&str> = schema::WRITTEN
        .iter()
        .flat_map(|(_, types)| types.iter().copied())
        .collect();
    let records = schema::records();
    let known: BTreeSet<&str> = records.iter().filter_map(schema::type_of).collect();
    assert_eq!(known.len(), records.len(), "a record without a type");
    let nobodys: Vec<_> = known
        .difference(&written)
        .filter(|name| **name != "error")
        .collect();
    assert!(
        nobodys.is_empty(),
        "no verb writes {nobodys:?}: see cmd/schema.rs"
    );
    let unknown: Vec<_> = written.difference(&known).collect();
    assert!(unknown.is_empty(), "no record is {unknown:?}");
    for verb in verbs() {
        let listed = schema::WRITTEN.iter().any(|(name, _)| *name == verb);
        assert!(listed, "cmd/schema.rs does not say what `{verb}` writes");
    }
}

/// Whether a value fits a schema, as far as our schemas go.
fn fits(value: &Value, schema: &Value, whole: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = whole.pointer(reference.trim_start_matches('#'));
        return fits(value, target.ok_or("a dead reference")?, whole);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(any) = schema[key].as_array() {
            let good = any.iter().any(|schema| fits(value, schema, whole).is_ok());
            return good
                .then_some(())
                .ok_or(format!("{value} is none of {key}"));
        }
    }
    if !schema["const"].is_null() && schema["const"] != *value {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |name: &&str| match *name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    };
    if !names.is_empty() && !names.iter().any(is) {
        return Err(format!("{value} is not {names:?}"));
    }
    if let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, value) in fields {
            let schema = known.get(name).ok_or(format!("no field {name} is known"))?;
            fits(value, schema, whole).map_err(|why| format!("{name}: {why}"))?;
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !fields.contains_key(name) {
                return Err(format!("{name} is missing"));
            }
        }
    }
    Ok(())
}

#[test]
fn what_verbs_write_fits_their_schema() {
    let world = World::small();
    world
        .repo("sed -i 's/return 1/return 2/' lib/shapes.py")
        .ok();
    for (verb, line) in [
        ("index", "happy index"),
        ("callers", "happy callers helper --all"),
        ("callees", "happy callees run"),
        ("refs", "happy refs helper"),
        ("deps", "happy deps main.py"),
        ("symbols", "happy symbols"),
        ("search", "happy search helper --explain"),
        ("show", "happy show helper"),
        ("path", "happy path run helper"),
        ("graph", "happy graph"),
        ("impact", "happy impact"),
        ("patch", "git diff | happy patch --check -R"),
        ("hook", "happy hook status"),
        ("config", "happy config --show-origin"),
        ("doctor", "happy doctor"),
        ("status", "happy status"),
        ("gc", "happy gc"),
    ] {
        let schema = world.repo(&format!("happy util schema {verb}")).ok().stdout;
        let schema: Value = serde_json::from_str(&schema).expect("it is JSON");
        let said = world.repo(line).ok();
        assert!(!said.lines().is_empty(), "{line} writes nothing");
        for record in said.lines() {
            fits(&record, &schema, &schema).unwrap_or_else(|why| panic!("{line}: {record}\n{why}"));
        }
    }
    let other: Value = serde_json::json!({"type": "hit"});
    let schema = schema::of(Some("callers")).expect("a verb");
    assert!(
        fits(&other, &schema, &schema).is_err(),
        "the check can fail"
    );
    world.repo("happy util schema nothing").fails(2, "callers");
}

fn completed(world: &World, line: &str) -> String {
    world
        .repo(&format!(
            "happy util complete --line '{line}' | tr '\\n' ' '"
        ))
        .ok()
        .stdout
}

#[test]
fn a_command_line_goes_on_with_symbols_revisions_and_settings() {
    let world = World::small();
    assert_eq!(
        completed(&world, "happy callers hel"),
        "",
        "nothing is indexed for it"
    );
    world
        .repo("happy index HEAD && git tag v1 && git branch feature")
        .ok();
    assert_eq!(completed(&world, "happy callers hel"), "helper ");
    assert_eq!(completed(&world, "git happy callers -t hel"), "helper ");
    assert_eq!(completed(&world, "happy show lib/"), "lib/shapes.py ");
    assert_eq!(completed(&world, "happy show l"), "lib/ ");
    assert_eq!(
        completed(&world, "happy show lib/shapes.py::S"),
        "lib/shapes.py::Shape lib/shapes.py::Shape.area "
    );
    assert_eq!(completed(&world, "happy refs Shape."), "Shape.area ");
    assert_eq!(completed(&world, "happy callers run --at v"), "v1 ");
    assert_eq!(completed(&world, "happy impact main..f"), "main..feature ");
    assert_eq!(
        completed(&world, "happy config hook.pre"),
        "hook.prePush hook.prePushTimeout "
    );
    assert_eq!(completed(&world, "happy callers --d"), "");
    assert_eq!(completed(&world, "happy search hel"), "");
    // From elsewhere, and after a commit that nobody indexed.
    let line = format!(
        "happy -C {} callers hel",
        world.work().join("repo").display()
    );
    assert_eq!(
        world
            .sh(&format!("happy util complete --line '{line}'"))
            .stdout,
        "helper\n"
    );
    world.repo("git commit -q --allow-empty -m two").ok();
    assert_eq!(completed(&world, "happy callers hel"), "helper ");
}

#[test]
fn bash_offers_symbols_behind_a_colon_too() {
    let world = World::small();
    world.repo("happy index HEAD").ok();
    let script = root().join("completions/happy.bash");
    let press = |line: &str, words: &str, at: usize| {
        let script = script.display();
        let run = format!(
            "source {script}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({words}); COMP_CWORD={at}; complete -p happy | grep -q _happy_with_symbols || echo unregistered; _happy_with_symbols happy; printf '%s ' \"${{COMPREPLY[@]}}\""
        );
        world.repo(&run).ok().stdout
    };
    let offered = press("happy callers hel", "happy callers hel", 2);
    assert!(offered.split(' ').any(|word| word == "helper"), "{offered}");
    let offered = press(
        "happy show lib/shapes.py::Sh",
        "happy show lib/shapes.py :: Sh",
        4,
    );
    assert!(
        offered.split(' ').any(|word| word == "Shape.area"),
        "{offered}"
    );
    let offered = press("happy call", "happy call", 1);
    assert!(
        offered.split(' ').any(|word| word == "callers"),
        "{offered}"
    );
    assert!(
        !offered.contains("util"),
        "what is hidden is not offered: {offered}"
    );
}

#[test]
fn man_can_render_every_page() {
    let Ok(output) = std::process::Command::new("groff")
        .arg("--version")
        .output()
    else {
        return eprint_skip("groff is not installed");
    };
    assert!(output.status.success());
    for (name, _) in manual::pages().expect("pages") {
        let path = root().join("man").join(&name);
        let output = std::process::Command::new("groff")
            .args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z"])
            .arg(Path::new(&path))
            .output()
            .expect("groff runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
    }
}

#[expect(clippy::print_stderr, reason = "a skip says why")]
fn eprint_skip(why: &str) {
    eprintln!("skip: {why}");
}
