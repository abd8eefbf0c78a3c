//! The reference in `docs/languages.md` is what the source says of roles.

use std::path::{Path, PathBuf};

const MARK: &str = "<!-- reference -->\n";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/languages.md")
}

fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/lang")
        .join(path);
    std::fs::read_to_string(path).expect("the source is readable")
}

/// `Name` as `roles.toml` writes it: `name`, words parted by `-`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(if letter == '_' {
            '-'
        } else {
            letter.to_ascii_lowercase()
        });
    }
    out
}

/// The items of a type, with their doc comments.
fn items(text: &str, head: &str) -> Vec<(String, String)> {
    let from = text.find(head).unwrap_or_else(|| panic!("no `{head}`"));
    let body = &text[from..];
    let body = &body[body.find('{').expect("it has a body")..body.find("\n}").expect("it ends")];
    let (mut found, mut doc) = (Vec::new(), String::new());
    for line in body.lines().skip(1).map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            let space = if doc.is_empty() { "" } else { " " };
            doc.push_str(space);
            doc.push_str(words.trim());
        } else if !line.starts_with('#') && !line.is_empty() {
            let name = line
                .trim_start_matches("pub ")
                .split([',', ':', ' ', '('])
                .next();
            found.push((kebab(name.unwrap_or_default()), std::mem::take(&mut doc)));
        }
    }
    found
}

fn reference() -> String {
    let (roles, traits) = (source("roles.rs"), source("traits.rs"));
    let mut out =
        String::from("\n## Reference\n\nFrom the source; `UPDATE=1 cargo test` writes it anew.\n");
    for (title, text, head) in [
        ("Roles", &roles, "pub enum Role "),
        ("Places", &roles, "pub enum Field "),
        ("Kinds of definitions", &roles, "pub enum DefKind "),
        ("Flags", &roles, "pub enum NodeFlag "),
        ("Traits", &traits, "pub struct Traits "),
        (
            "Meanings of decorators and modifiers",
            &traits,
            "pub enum Meaning ",
        ),
        ("Effects of what is outside", &traits, "pub enum Effect "),
    ] {
        let found = items(text, head);
        assert!(found.len() > 5, "{title}");
        out.push_str(&format!("\n### {title}\n\n| name | meaning |\n|---|---|\n"));
        for (name, doc) in found {
            assert!(!doc.is_empty(), "`{name}` of {head} says nothing");
            out.push_str(&format!("| `{name}` | {} |\n", doc.replace('|', "\\|")));
        }
    }
    out
}

#[test]
fn the_reference_of_roles_is_what_the_source_says() {
    let written = std::fs::read_to_string(page()).expect("the page is readable");
    let (head, tail) = written.split_once(MARK).expect("the page has a reference");
    let current = reference();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(page(), format!("{head}{MARK}{current}")).expect("it can be written");
        return;
    }
    assert!(
        tail == current,
        "docs/languages.md is stale: run `UPDATE=1 cargo test`"
    );
}

/// The worked example of the page.
#[cfg(feature = "wasm")]
#[test]
fn the_worked_example_of_the_page_works() {
    use super::World;
    let grammar = crate::wasm::grammar("tree-sitter-bash/tree-sitter-bash.wasm");
    let Some(grammar) = grammar else { return };
    let page = std::fs::read_to_string(page()).expect("the page is readable");
    let example = page
        .split_once("<!-- the worked example")
        .expect("it has one")
        .1;
    let roles = example.split("```toml\n").nth(1).expect("it has a block");
    let roles = roles.split("\n```").next().expect("the block ends");
    let world = World::with(&[
        ("util.sh", "assist() {\n  echo \"$1\"\n}\n"),
        (
            "main.sh",
            "source ./util.sh\n\nrun() {\n  assist 1\n}\n\nrun\n",
        ),
    ]);
    let folder = world.work().join("bash");
    std::fs::create_dir(&folder).expect("a folder can be made");
    std::fs::copy(grammar, folder.join("grammar.wasm")).expect("it is copied");
    std::fs::write(folder.join("roles.toml"), roles).expect("it is written");
    let said = world.sh("happy lang check bash --format text").ok();
    // What the page shows is what is said.
    for line in said.stdout.lines() {
        assert!(
            page.contains(line.trim_end()),
            "docs/languages.md lacks: {line}"
        );
    }
    world.sh("happy lang add bash").ok();
    let callers = world.repo("happy callers assist").ok();
    assert_eq!(callers.symbols(), ["main.sh::run"]);
    let deps = world.repo("happy deps main.sh").ok();
    assert!(deps.stdout.contains("util.sh"), "{deps:?}");
}
