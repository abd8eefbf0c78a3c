//! The engine against the fixtures: facts of each file are extracted, linked
//! and encoded in memory, and [`check`] judges what comes out.
//!
//! `tests/fixtures/KNOWN_FAILURES.txt` names the fixtures that do not hold yet.
//! It is exact: one that fails without standing there, and one that stands
//! there without failing, fails the test of its language.
//! `SHOW=python` prints what is wrong with those that are known to fail, and
//! `UPDATE=1` writes the list anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use happy::facts::{View, extract};
use happy::graph::EdgeKind;
use happy::index::assemble::{Parsed, assemble};
use happy::index::encode::{FileEntry, STORED, Sections, encode};
use happy::index::records::{TextRec, edge_flag};
use happy::lang::modules::Manifest;
use happy::lang::{DefKind, detect, language};

use crate::fixtures::{Def, Edge, Fixture, all, check};

fn list() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/KNOWN_FAILURES.txt")
}

/// What the engine says of a fixture's files.
pub(crate) fn answer(fixture: &Fixture) -> (Vec<Edge>, Vec<Def>) {
    let mut parser = tree_sitter::Parser::new();
    let mut facts = Vec::new();
    let mut manifests = Vec::new();
    for (path, text) in &fixture.files {
        let bytes = text.as_bytes();
        let path = path.as_bytes();
        let Some(id) = detect(path, bytes) else {
            manifests.push(Manifest { path, bytes });
            continue;
        };
        let lang = language(id).expect("a detected language is of the list");
        let found = extract(&mut parser, bytes, lang, Duration::from_secs(10))
            .expect("a fixture passes the gate and parses in time");
        facts.push((path, id, found.facts.to_bytes()));
    }
    let entries: Vec<FileEntry<'_>> = facts
        .iter()
        .map(|(path, id, bytes)| FileEntry {
            path,
            blob: &[],
            language: *id,
            reason: 0,
            flags: 0,
            bytes: 0,
            lines: 0,
            facts: Some(View::read(bytes).expect("own facts are sound")),
            words: None,
        })
        .collect();
    let parsed: Vec<Parsed<'_>> = entries
        .iter()
        .filter_map(|entry| {
            let (path, language) = (entry.path, entry.language);
            entry.facts.map(|facts| Parsed {
                path,
                language,
                facts,
            })
        })
        .collect();
    let linked = assemble(&parsed, &manifests);
    let embedder = happy::vector::EmbedderId {
        model: String::new(),
        hash: String::new(),
        dims: 0,
    };
    plain(fixture, &encode(&entries, &linked, 0, &embedder))
}

/// The sections of a snapshot in the judge's words.
fn plain(fixture: &Fixture, sections: &Sections) -> (Vec<Edge>, Vec<Def>) {
    let text = |at: TextRec| {
        let bytes = &sections.text[at.at as usize..(at.at + at.len) as usize];
        String::from_utf8_lossy(bytes).into_owned()
    };
    let path = |file: u32| text(sections.files[file as usize].path);
    let symbol = |at: u32| {
        let record = &sections.symbols[at as usize];
        match text(record.qualified) {
            name if name.is_empty() => path(record.file),
            name => format!("{}::{name}", path(record.file)),
        }
    };
    // The engine counts bytes, fixtures count characters.
    let column = |file: u32, line: u32, bytes: u32| {
        let source = &fixture.files[&path(file)];
        let line = source
            .lines()
            .nth((line as usize).saturating_sub(1))
            .unwrap_or_default();
        let before = line
            .get(..(bytes as usize).saturating_sub(1))
            .unwrap_or(line);
        before.chars().count() + 1
    };
    let defs = sections
        .symbols
        .iter()
        .enumerate()
        .filter_map(|(at, record)| {
            let kind = [
                (DefKind::Module, "module"),
                (DefKind::Class, "class"),
                (DefKind::Interface, "interface"),
                (DefKind::Function, "function"),
                (DefKind::Method, "method"),
                (DefKind::Variable, "variable"),
                (DefKind::TypeAlias, "variable"),
            ]
            .iter()
            .find(|(kind, _)| *kind as u32 == record.kind)?
            .1;
            Some(Def {
                kind: kind.to_owned(),
                symbol: symbol(at as u32),
                path: path(record.file),
                line: record.line as usize,
                column: column(record.file, record.line, record.column),
            })
        })
        .collect();
    let nodes = sections.symbols.len() + sections.externals.len();
    let mut edges = Vec::new();
    let mut first = 0;
    for (kind, ends) in STORED.iter().zip(sections.forward.chunks(nodes.max(1))) {
        let end = ends.last().map_or(first, |end| *end as usize);
        for record in &sections.edges[first..end] {
            let external = record.target as usize >= sections.symbols.len();
            let target = if external {
                text(sections.externals[record.target as usize - sections.symbols.len()])
            } else {
                symbol(record.target)
            };
            assert!(!target.is_empty(), "an edge leads to something with a name");
            let inferred = record.column & edge_flag::INFERRED != 0;
            edges.push(Edge {
                kind: match kind {
                    EdgeKind::Defines => "defines",
                    EdgeKind::Calls => "calls",
                    EdgeKind::Imports => "imports",
                    EdgeKind::Implements => "implements",
                    EdgeKind::References => "references",
                    EdgeKind::Overrides => "overrides",
                }
                .to_owned(),
                confidence: if inferred { "inferred" } else { "exact" }.to_owned(),
                source: symbol(record.source),
                target,
                external,
                path: path(record.file),
                line: record.line as usize,
                column: column(record.file, record.line, record.column >> 2),
            });
        }
        first = end;
    }
    (edges, defs)
}

/// The failures of each fixture of a language that has any.
fn failures(lang: &str) -> BTreeMap<String, Vec<String>> {
    all()
        .iter()
        .filter(|fixture| fixture.lang == lang)
        .map(|fixture| {
            let (edges, defs) = answer(fixture);
            (
                format!("{lang}/{}", fixture.name),
                check(fixture, &edges, &defs),
            )
        })
        .filter(|(_, faults)| !faults.is_empty())
        .collect()
}

#[expect(clippy::print_stderr, reason = "the developer asked to be shown")]
fn holds(lang: &str) {
    // Tests run side by side; only one may write the list.
    static LIST: Mutex<()> = Mutex::new(());
    let _held = LIST.lock();
    let text = std::fs::read_to_string(list()).expect("the list of known failures is readable");
    let (own, others): (BTreeSet<String>, BTreeSet<String>) = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .partition(|name| name.starts_with(&format!("{lang}/")));
    let failed = failures(lang);
    let show = std::env::var("SHOW").unwrap_or_default();
    if show == lang || failed.keys().any(|name| *name == show) {
        for fault in failed.values().flatten() {
            eprintln!("{fault}");
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        let mut names = others;
        names.extend(failed.keys().cloned());
        let head: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        let body: Vec<&str> = names.iter().map(String::as_str).collect();
        let whole = format!("{}\n{}\n", head.join("\n"), body.join("\n"));
        std::fs::write(list(), whole).expect("the list of known failures is writable");
        return;
    }
    let unknown: Vec<String> = failed
        .iter()
        .filter(|(name, _)| !own.contains(*name))
        .flat_map(|(_, faults)| faults.clone())
        .collect();
    assert!(unknown.is_empty(), "fixtures fail:\n{}", unknown.join("\n"));
    let mended: Vec<&String> = own
        .iter()
        .filter(|name| !failed.contains_key(*name))
        .collect();
    assert!(
        mended.is_empty(),
        "these hold now; strike them off the list: {mended:?}"
    );
}

macro_rules! languages {
    ($($test:ident: $lang:literal,)*) => {
        $(#[test]
        fn $test() {
            holds($lang);
        })*

        #[test]
        fn every_known_failure_names_a_fixture() {
            let text = std::fs::read_to_string(list()).expect("the list is readable");
            let known: BTreeSet<String> =
                all().iter().map(|fixture| format!("{}/{}", fixture.lang, fixture.name)).collect();
            let stray: Vec<&str> = text
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#') && !known.contains(*line))
                .collect();
            assert!(stray.is_empty(), "no such fixtures: {stray:?}");
            let tested = [$($lang),*];
            let untested: Vec<&String> = known
                .iter()
                .filter(|name| !tested.iter().any(|lang| name.starts_with(&format!("{lang}/"))))
                .collect();
            assert!(untested.is_empty(), "fixtures of languages without a test: {untested:?}");
        }
    };
}

languages! {
    what_the_python_fixtures_assert_holds: "python",
    what_the_typescript_fixtures_assert_holds: "typescript",
    what_the_javascript_fixtures_assert_holds: "javascript",
    what_the_rust_fixtures_assert_holds: "rust",
    what_the_go_fixtures_assert_holds: "go",
    what_the_java_fixtures_assert_holds: "java",
    what_the_cpp_fixtures_assert_holds: "cpp",
    what_the_c_fixtures_assert_holds: "c",
}
