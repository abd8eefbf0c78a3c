//! Development driver: `happy graph DIR` prints call edges of a plain folder.
#![expect(clippy::print_stdout, reason = "a driver until the verbs are there")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use happy::facts::{View, extract};
use happy::graph::EdgeKind;
use happy::index::assemble::{Parsed, assemble};
use happy::lang::modules::Manifest;
use happy::lang::{detect, language};

fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|name| name == ".git") {
            continue;
        }
        if path.is_dir() {
            walk(&path, out)
        } else {
            out.push(path)
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let root = PathBuf::from(args.last().expect("a folder"));
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let started = std::time::Instant::now();
    let mut parser = tree_sitter::Parser::new();
    let mut files = Vec::new();
    let mut manifests = Vec::new();
    for path in &paths {
        let name = path
            .strip_prefix(&root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned();
        let Ok(bytes) = std::fs::read(path) else {
            continue;
        };
        if let Some(id) = detect(name.as_bytes(), &bytes) {
            let lang = language(id).expect("known");
            if let Ok(found) = extract(&mut parser, &bytes, lang, Duration::from_secs(2)) {
                files.push((name, id, found.facts.to_bytes()));
            }
        } else if name.ends_with(".json") || name.ends_with("go.mod") || name.ends_with(".toml") {
            manifests.push((name, bytes));
        }
    }
    let extracted = started.elapsed();
    let parsed: Vec<Parsed<'_>> = files
        .iter()
        .map(|(name, id, bytes)| Parsed {
            path: name.as_bytes(),
            language: *id,
            facts: View::read(bytes).expect("own facts are sound"),
        })
        .collect();
    let manifests: Vec<Manifest<'_>> = manifests
        .iter()
        .map(|(path, bytes)| Manifest {
            path: path.as_bytes(),
            bytes,
        })
        .collect();
    let viewed = started.elapsed();
    let linked = assemble(&parsed, &manifests);
    let total = started.elapsed();
    if args.iter().any(|arg| arg == "--time") {
        let bytes: usize = files.iter().map(|(_, _, bytes)| bytes.len()).sum();
        println!(
            "files {} facts {} MB extract {extracted:?} view {:?} link {:?} edges {} unresolved {}",
            files.len(),
            bytes >> 20,
            viewed - extracted,
            total - viewed,
            linked.edges.len(),
            linked.unresolved.len()
        );
        for kind in [
            EdgeKind::Calls,
            EdgeKind::References,
            EdgeKind::Imports,
            EdgeKind::Implements,
            EdgeKind::Overrides,
            EdgeKind::Defines,
        ] {
            println!(
                "{kind:?} {}",
                linked
                    .edges
                    .iter()
                    .filter(|edge| edge.kind == kind && !edge.external)
                    .count()
            );
        }
        println!(
            "external calls {}",
            linked
                .edges
                .iter()
                .filter(|edge| edge.kind == EdgeKind::Calls && edge.external)
                .count()
        );
        return;
    }
    let locate = |def: u32| {
        let file = linked.def_base.partition_point(|base| *base <= def) - 1;
        let record = &parsed[file].facts.defs[(def - linked.def_base[file]) as usize];
        (file, record.line)
    };
    for edge in &linked.edges {
        if edge.kind != EdgeKind::Calls || edge.external {
            continue;
        }
        let (source, source_line) = locate(edge.source);
        let (target, target_line) = locate(edge.target);
        println!(
            "{}",
            serde_json::json!({"type":"edge","kind":"calls","confidence": if edge.inferred {"inferred"} else {"exact"},
            "source_path": files[source].0, "source_line": source_line, "target_path": files[target].0, "target_line": target_line,
            "path": files[edge.file as usize].0, "line": edge.line, "column": edge.column})
        );
    }
}
