//! Languages that are added: what their fixtures assert holds.

use happy::lang::plugin::{Candidate, Manifest, Plugin};

use super::{PHP, RUBY, grammar, roles};
use crate::engine_fixtures::answer;
use crate::fixtures::{check, of};

/// Adds a language to this process, as `happy lang add` does for the next ones.
fn install(name: &str, file: &str) -> bool {
    let Some(wasm) = grammar(file) else {
        return false;
    };
    let candidate = Candidate::read(&wasm, &roles(name)).expect("our roles fit the grammar");
    let dir = tempfile::tempdir().expect("a folder can be made").keep();
    let folder = dir.join(name);
    std::fs::create_dir(&folder).expect("a folder can be made");
    std::fs::write(folder.join("grammar.wasm"), &candidate.wasm).expect("it is written");
    std::fs::write(folder.join("roles.toml"), &candidate.roles).expect("it is written");
    let manifest = Manifest {
        happy: String::new(),
        grammar: candidate.hash(),
        abi: 14,
        version: None,
        replaces: Vec::new(),
        added: 0,
    };
    let text = toml::to_string(&manifest).expect("a manifest is TOML");
    std::fs::write(folder.join("manifest.toml"), text).expect("it is written");
    let plugin = Plugin::read(&folder).expect("what was added can be read");
    happy::lang::install(vec![Box::leak(Box::new(plugin))]);
    true
}

fn holds(name: &str, file: &str, least: usize) {
    // Under cargo's own runner another test may have added its language first:
    // ids are given once in a process, so each language is tested in its own.
    if happy::lang::languages().len() > happy::lang::LANGUAGES.len()
        && happy::lang::by_name(name).is_none()
    {
        println!(
            "skipped: another language was added in this process; `cargo nextest` has one for each test"
        );
        return;
    }
    if !install(name, file) {
        return;
    }
    let fixtures = of(name);
    assert!(fixtures.len() >= least, "{} fixtures", fixtures.len());
    let faults: Vec<String> = fixtures
        .iter()
        .flat_map(|fixture| {
            let (edges, defs) = answer(fixture);
            check(fixture, &edges, &defs)
        })
        .collect();
    assert!(faults.is_empty(), "fixtures fail:\n{}", faults.join("\n"));
}

#[test]
fn what_the_ruby_fixtures_assert_holds() {
    holds("ruby", RUBY, 10);
}

#[test]
fn what_the_php_fixtures_assert_holds() {
    holds("php", PHP, 10);
}
