//! `happy graph`: every format is read back by a tool that nobody here wrote,
//! with the same counts of nodes and edges.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use protobuf::Message;
use scip::types::{Index, SymbolRole};
use serde_json::Value;

use super::mcp::python;
use super::shell::Shell;

/// Names that formats have to escape, two definitions of one name, a call
/// twice from one place, symbols outside the repository.
fn repository() -> Shell {
    Shell::new(&[
        (
            "app.py",
            "import json\n\n\nclass Login:\n    def check(self, user):\n        if user:\n            \
             helper(user)\n        return helper(user)\n\n\nclass Strict(Login):\n    def check(self, user):\n        \
             return json.dumps(user)\n\n\ndef helper(user):\n    \"\"\"Says <who> & \"why\".\"\"\"\n    \
             return json.loads(user)\n\n\ndef main():\n    return Login().check('me')\n",
        ),
        (
            "a <b> & \"c\", d.py",
            "def odd():\n    pass\n\n\ndef odd():\n    odd()\n",
        ),
        (
            "b.ts",
            "import { c } from './c';\nexport function run(a: number): number { return c(a) + c(a); }\n",
        ),
        (
            "c.ts",
            "export function c(a: number): number { return a; }\nexport interface End { go(): void }\n",
        ),
        ("README.md", "no code\n"),
    ])
}

/// What the records say: nodes, and edges by kind, source and target.
struct Counts {
    nodes: usize,
    edges: BTreeSet<(String, String, String)>,
    sites: BTreeSet<(String, u64, u64, String)>,
    records: usize,
}

fn counts(shell: &Shell) -> Counts {
    let ran = shell.happy(&["graph"]).exits(0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut nodes: BTreeSet<String> = BTreeSet::new();
    for file in shell.happy(&["symbols", "-k", "file"]).exits(0).records() {
        nodes.insert(text(&file["symbol"]));
    }
    let (mut edges, mut sites, mut records) = (BTreeSet::new(), BTreeSet::new(), 0);
    for record in ran.records() {
        if record["type"] == "symbol" {
            nodes.insert(text(&record["symbol"]));
            continue;
        }
        records += 1;
        for end in ["source", "target"] {
            nodes.insert(text(&record[end]));
        }
        let kind = text(&record["kind"]);
        edges.insert((
            kind.clone(),
            text(&record["source"]),
            text(&record["target"]),
        ));
        if kind != "defines" {
            let number = |name: &str| record[name].as_u64().unwrap_or_default();
            let place = (
                text(&record["path"]),
                number("line"),
                number("column"),
                text(&record["target"]),
            );
            sites.insert(place);
        }
    }
    assert!(nodes.len() > 12 && edges.len() > 15, "{nodes:?} {edges:?}");
    assert!(records > edges.len(), "some edge has two sites");
    Counts {
        nodes: nodes.len(),
        edges,
        sites,
        records,
    }
}

fn write(shell: &Shell, args: &[&str], name: &str) -> PathBuf {
    let ran = shell.happy(&[&["graph"], args].concat()).exits(0);
    let file = shell.path("../").join(name);
    std::fs::write(&file, &ran.stdout).expect("written");
    file
}

/// What a reader printed, as JSON; nothing where it is not there.
fn read_by(program: &Path, args: &[&str], folder: &Path) -> Option<Value> {
    let output = match Command::new(program)
        .args(args)
        .current_dir(folder)
        .output()
    {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: no `{}`: {error}", program.display());
            return None;
        }
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?} {args:?}\n{stderr}");
    Some(serde_json::from_slice(&output.stdout).expect("it is JSON"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn networkx_reads_graphml_json_and_csv_with_the_same_counts() {
    let Some(python) = python() else { return };
    let shell = repository();
    let wanted = counts(&shell);
    let script = root().join("tests/clients/graph_counts.py");
    for kind in ["graphml", "json", "csv"] {
        let file = write(&shell, &["--format", kind], kind);
        let args = [script.to_str(), Some(kind), file.to_str()].map(Option::unwrap_or_default);
        let told = read_by(&python, &args, &root()).expect("python is there");
        assert_eq!(told["nodes"], wanted.nodes, "{kind}");
        assert_eq!(told["edges"], wanted.edges.len(), "{kind}");
        assert_eq!(told["sites"], wanted.records, "{kind}");
        let symbols = told["symbols"].as_array().expect("a list");
        let odd = "a <b> & \"c\", d.py::odd";
        assert!(
            symbols.iter().any(|symbol| symbol == odd),
            "{kind}: {symbols:?}"
        );
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for (kind, ..) in &wanted.edges {
            *kinds.entry(kind).or_default() += 1;
        }
        assert_eq!(told["kinds"], serde_json::json!(kinds), "{kind}");
    }
}

#[test]
fn graphviz_reads_dot_with_the_same_counts() {
    let shell = repository();
    let wanted = counts(&shell);
    let file = write(&shell, &["--format", "dot"], "dot");
    let args = ["-Tjson", file.to_str().expect("a path")];
    let Some(told) = read_by(Path::new("dot"), &args, &root()) else {
        return;
    };
    let objects = told["objects"].as_array().expect("a list");
    let edges = told["edges"].as_array().expect("a list");
    assert_eq!(objects.len(), wanted.nodes);
    assert_eq!(edges.len(), wanted.edges.len());
    let file = "a <b> & \"c\", d.py";
    assert!(
        objects.iter().any(|node| node["label"] == file),
        "{objects:?}"
    );
}

#[test]
fn mermaid_reads_its_flowchart_with_the_same_counts() {
    let modules = root().join("target/tools/node");
    if !modules.join("node_modules/mermaid").is_dir() {
        eprintln!("skipped: no Mermaid; `tools/setup.sh long` installs it");
        return;
    }
    let shell = repository();
    let wanted = counts(&shell);
    let file = write(&shell, &["--format", "mermaid"], "mermaid");
    let script = root().join("tests/clients/mermaid_counts.mjs");
    let args = [script.to_str(), file.to_str()].map(Option::unwrap_or_default);
    let Some(told) = read_by(Path::new("node"), &args, &modules) else {
        return;
    };
    assert_eq!(told["nodes"], wanted.nodes);
    assert_eq!(told["edges"], wanted.edges.len());
}

#[test]
fn the_scip_bindings_read_the_index_with_the_same_counts() {
    let shell = repository();
    let wanted = counts(&shell);
    let file = shell.path("../index.scip");
    let output = Command::new(env!("CARGO_BIN_EXE_happy"))
        .args(["graph", "--format", "scip"])
        .current_dir(shell.path(""))
        .output()
        .expect("it starts");
    std::fs::write(&file, &output.stdout).expect("written");
    let index = Index::parse_from_bytes(&output.stdout).expect("it is an index");
    let mut symbols = BTreeSet::new();
    let (mut definitions, mut references) = (0, BTreeSet::new());
    for document in &index.documents {
        let text = shell.read(&document.relative_path);
        let lines: Vec<&str> = text.lines().collect();
        for information in &document.symbols {
            scip::symbol::parse_symbol(&information.symbol).expect("the grammar has it");
            assert!(
                symbols.insert(information.symbol.clone()),
                "{}",
                information.symbol
            );
        }
        for occurrence in &document.occurrences {
            let [line, start, end] = occurrence.range[..] else {
                panic!("a range has three numbers")
            };
            let line_text = lines.get(line as usize).copied().unwrap_or_default();
            let word = line_text.get(start as usize..end as usize);
            assert!(
                word.is_some(),
                "{} {:?}",
                document.relative_path,
                occurrence.range
            );
            if occurrence.symbol_roles & SymbolRole::Definition as i32 != 0 {
                definitions += 1;
                continue;
            }
            let place = (
                document.relative_path.clone(),
                line,
                start,
                occurrence.symbol.clone(),
            );
            references.insert(place);
        }
    }
    assert_eq!(definitions, symbols.len());
    for information in &index.external_symbols {
        scip::symbol::parse_symbol(&information.symbol).expect("the grammar has it");
        symbols.insert(information.symbol.clone());
    }
    assert_eq!(symbols.len(), wanted.nodes);
    assert_eq!(references.len(), wanted.sites.len());
    for (.., symbol) in &references {
        assert!(symbols.contains(symbol), "{symbol}");
    }
    let check = symbols.iter().find(|symbol| symbol.contains("Login#check"));
    assert_eq!(
        check.map(String::as_str),
        Some("happy . . . `app.py`/Login#check().")
    );
    // `scip lint` is the format's own judge, where it is installed.
    let tool = root().join("target/tools/go/bin/scip");
    if !tool.is_file() {
        eprintln!("skipped: no `scip` tool; `tools/setup.sh long` installs it");
        return;
    }
    let lint = Command::new(tool)
        .arg("lint")
        .arg(&file)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&lint.stderr);
    assert!(lint.status.success(), "{said}");
}

#[test]
fn what_lies_around_a_symbol_is_less_and_closed() {
    let shell = repository();
    let all = shell.happy(&["graph"]).exits(0).records().len();
    let near = shell
        .happy(&["graph", "app.py::helper", "-e", "calls"])
        .exits(0);
    let edges: Vec<(String, String)> = near
        .of("edge")
        .iter()
        .map(|edge| (edge["source"].to_string(), edge["target"].to_string()))
        .collect();
    assert!(near.of("symbol").is_empty() && !edges.is_empty());
    for (source, target) in &edges {
        assert!(
            source.contains("helper") || target.contains("helper"),
            "{source} {target}"
        );
    }
    let wide = shell
        .happy(&["graph", "app.py::helper", "--depth", "2"])
        .exits(0);
    let names: BTreeSet<String> = wide
        .of("symbol")
        .iter()
        .map(|node| node["symbol"].to_string())
        .collect();
    assert!(names.contains("\"app.py::main\""), "{names:?}");
    assert!(!names.contains("\"b.ts::run\""), "{names:?}");
    for edge in wide.of("edge") {
        for end in ["source", "target"] {
            assert!(names.contains(&edge[end].to_string()), "{edge}");
        }
    }
    assert!(wide.records().len() < all);
    let dot = shell
        .happy(&["graph", "app.py::helper", "--depth", "0", "--format", "dot"])
        .exits(0);
    assert_eq!(dot.stdout.matches("[label=").count(), 1, "{}", dot.stdout);
    shell.happy(&["graph", "--depth", "2"]).exits(2);
    shell
        .happy(&["callers", "helper", "--format", "dot"])
        .exits(2);
}

#[test]
fn the_page_draws_finds_expands_and_asks_no_network() {
    let Some(python) = python() else { return };
    if !Path::new("/usr/bin/chromium").exists() || !Path::new("/usr/bin/chromedriver").exists() {
        eprintln!("skipped: no Chromium; `tools/setup.sh long` installs it");
        return;
    }
    let shell = repository();
    let wanted = counts(&shell);
    let file = write(&shell, &["--html"], "page.html");
    let script = root().join("tests/clients/page.py");
    let picture = root().join("target/tools/page.png");
    let args = [script.to_str(), file.to_str(), picture.to_str()].map(Option::unwrap_or_default);
    let told = read_by(&python, &args, &root()).expect("python is there");
    assert_eq!(told["nodes"], wanted.nodes);
    assert_eq!(told["edges"], wanted.edges.len());
    let around = told["around"].to_string();
    assert!(around.contains("Login.check"), "{around}");
    assert!(told["more"].to_string().contains("main"), "{told}");
    let hover = told["hover"].as_str().unwrap_or_default();
    assert!(
        hover.contains("def check(self, user):") && hover.contains("app.py:5"),
        "{hover}"
    );
}
