//! The built-in languages, with the grammars that npm has as WebAssembly: of
//! the same version they give the same facts, byte for byte.

use std::time::Duration;

use happy::facts::extract;
use happy::lang::{Lang, by_name, detect, language};

use super::grammar;
use crate::fixtures::of;

/// Language, symbol of its grammar, file, folders of fixtures.
const GRAMMARS: &[(&str, &str, &str, &[&str])] = &[
    (
        "python",
        "python",
        "tree-sitter-python/tree-sitter-python.wasm",
        &["python"],
    ),
    (
        "javascript",
        "javascript",
        "tree-sitter-javascript/tree-sitter-javascript.wasm",
        &["javascript", "typescript"],
    ),
    (
        "typescript",
        "typescript",
        "tree-sitter-typescript/tree-sitter-typescript.wasm",
        &["typescript", "javascript"],
    ),
    (
        "tsx",
        "tsx",
        "tree-sitter-typescript/tree-sitter-tsx.wasm",
        &["typescript"],
    ),
    (
        "rust",
        "rust",
        "tree-sitter-rust/tree-sitter-rust.wasm",
        &["rust"],
    ),
    ("go", "go", "tree-sitter-go/tree-sitter-go.wasm", &["go"]),
    (
        "java",
        "java",
        "tree-sitter-java/tree-sitter-java.wasm",
        &["java"],
    ),
    (
        "cpp",
        "cpp",
        "tree-sitter-cpp/tree-sitter-cpp.wasm",
        &["cpp", "c"],
    ),
    ("c", "c", "tree-sitter-c/tree-sitter-c.wasm", &["c", "cpp"]),
];

const DEADLINE: Duration = Duration::from_secs(20);

/// Compares a language's two grammars on its fixtures; the number of files that
/// were compared.
fn same(name: &str) -> usize {
    let (_, symbol, file, folders) = GRAMMARS
        .iter()
        .find(|(known, ..)| *known == name)
        .expect("the language is of the list");
    let Some(path) = grammar(file) else { return 0 };
    let id = by_name(name).expect("it is built in");
    let native = language(id).expect("it is built in");
    let wasm = std::fs::read(path).expect("the grammar can be read");
    let lang = Lang::from_wasm(native.spec(), symbol, wasm).expect("the grammar can be loaded");
    let mut parser = tree_sitter::Parser::new();
    let mut compared = 0;
    for fixture in folders.iter().flat_map(|folder| of(folder)) {
        for (path, text) in &fixture.files {
            if detect(path.as_bytes(), text.as_bytes()) != Some(id) {
                continue;
            }
            let mut facts = |lang: &Lang| {
                let found = extract(&mut parser, text.as_bytes(), lang, DEADLINE);
                found.expect("a fixture is parsed in time").facts.to_bytes()
            };
            let (ours, theirs) = (facts(native), facts(&lang));
            assert!(ours == theirs, "{name}: {}/{path} differs", fixture.name);
            compared += 1;
        }
    }
    assert!(compared > 0 || name == "tsx", "{name} has fixtures");
    compared
}

macro_rules! same {
    ($($test:ident: $lang:literal,)*) => {
        $(#[test]
        fn $test() {
            let files = same($lang);
            println!("{}: {files} files compared", $lang);
        })*
    };
}

same! {
    python_from_wasm_gives_the_facts_of_the_native_grammar: "python",
    javascript_from_wasm_gives_the_facts_of_the_native_grammar: "javascript",
    typescript_from_wasm_gives_the_facts_of_the_native_grammar: "typescript",
    tsx_from_wasm_gives_the_facts_of_the_native_grammar: "tsx",
    rust_from_wasm_gives_the_facts_of_the_native_grammar: "rust",
    go_from_wasm_gives_the_facts_of_the_native_grammar: "go",
    java_from_wasm_gives_the_facts_of_the_native_grammar: "java",
    cpp_from_wasm_gives_the_facts_of_the_native_grammar: "cpp",
    c_from_wasm_gives_the_facts_of_the_native_grammar: "c",
}
