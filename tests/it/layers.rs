//! The order of the layers is kept by reading the `use` lines.

use std::path::{Path, PathBuf};

const ORDER: &[&str] = &[
    "record", "text", "http", "git", "lang", "facts", "graph", "vector", "index", "query", "patch",
    "sandbox", "runner", "model", "agent", "cmd",
];

/// Pairs that the order alone would allow but the design does not.
const FORBIDDEN: &[(&str, &str)] = &[
    ("facts", "git"),
    ("graph", "git"),
    ("graph", "lang"),
    ("query", "git"),
];

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir)
        .expect("the source folder is readable")
        .map(|entry| entry.expect("an entry is readable").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            out.push(path);
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file is UTF-8");
            let relative = path.strip_prefix(&root).expect("a source lies under src");
            (relative.to_string_lossy().replace('\\', "/"), text)
        })
        .collect()
}

fn layer_of(path: &str) -> Option<usize> {
    let first = path.split('/').next()?.trim_end_matches(".rs");
    ORDER.iter().position(|layer| *layer == first)
}

#[test]
fn a_module_uses_only_what_stands_before_it() {
    let mut offenders = Vec::new();
    for (path, text) in all_sources() {
        let Some(own) = layer_of(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for (at, _) in code.match_indices("crate::") {
                let rest = &code[at + "crate::".len()..];
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let Some(used) = ORDER.iter().position(|layer| *layer == name) else {
                    continue;
                };
                if used > own || FORBIDDEN.contains(&(ORDER[own], ORDER[used])) {
                    offenders.push(format!(
                        "src/{path}:{}: {} uses {name}",
                        number + 1,
                        ORDER[own]
                    ));
                }
            }
        }
    }
    assert!(
        offenders.is_empty(),
        "layers broken:\n{}",
        offenders.join("\n")
    );
}

#[test]
fn no_source_file_is_longer_than_600_lines() {
    let long: Vec<_> = all_sources()
        .into_iter()
        .map(|(path, text)| {
            let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
            (text[..tests].lines().count(), path)
        })
        .filter(|(lines, _)| *lines > 600)
        .collect();
    assert!(long.is_empty(), "these files hold two ideas: {long:?}");
}

#[test]
fn unsafe_code_stands_only_where_memory_is_mapped() {
    let offenders: Vec<_> = all_sources()
        .into_iter()
        .filter(|(path, text)| path != "index/segment.rs" && text.contains("unsafe {"))
        .map(|(path, _)| path)
        .collect();
    assert!(
        offenders.is_empty(),
        "unsafe outside index/segment.rs: {offenders:?}"
    );
}
