//! How edges are explained: for every edge of every fixture there is a chain
//! of rules, linking that notes them links alike, and for one phenomenon after
//! another the chain is the one that a person would give.
//!
//! `SHOW=python/inherited_method` prints the chains of a fixture.

use std::collections::BTreeSet;
use std::time::Duration;

use happy::facts::{View, extract};
use happy::graph::{Asked, Edge, EdgeKind, Explainer, Input, RULES, Step, link, link_traced};
use happy::index::Spots;
use happy::index::assemble::{Parsed, with_input};
use happy::lang::modules::Manifest;
use happy::lang::{detect, language};

use crate::fixtures::{Fixture, all};

/// Hands what linking needs of a fixture to `then`, with the paths of its files.
fn with_fixture<R>(fixture: &Fixture, then: impl FnOnce(&Input<'_>, &[&[u8]], &[Spots]) -> R) -> R {
    let mut parser = tree_sitter::Parser::new();
    let (mut facts, mut manifests) = (Vec::new(), Vec::new());
    for (path, text) in &fixture.files {
        let (path, bytes) = (path.as_bytes(), text.as_bytes());
        let Some(id) = detect(path, bytes) else {
            manifests.push(Manifest { path, bytes });
            continue;
        };
        let lang = language(id).expect("a detected language is of the list");
        let found = extract(&mut parser, bytes, lang, Duration::from_secs(10))
            .expect("a fixture parses in time");
        facts.push((path, id, found.facts.to_bytes()));
    }
    let parsed: Vec<Parsed<'_>> = facts
        .iter()
        .map(|(path, language, bytes)| Parsed {
            path,
            language: *language,
            facts: View::read(bytes).expect("own facts are sound"),
        })
        .collect();
    let labels: Vec<&[u8]> = facts.iter().map(|(path, ..)| *path).collect();
    let deadline = Duration::from_secs(10);
    let mut spots = Vec::new();
    for unit in &parsed {
        let path = String::from_utf8_lossy(unit.path);
        let text = fixture.files[&*path].as_bytes();
        spots.push(Spots::of(&mut parser, text, unit, deadline));
    }
    with_input(&parsed, &manifests, |input| then(input, &labels, &spots))
}

/// The definition's name with its containers', as far as they have names.
fn qualified(input: &Input<'_>, def_base: &[u32], def: u32) -> String {
    let file = def_base.partition_point(|base| *base <= def) - 1;
    let facts = &input.units[file].facts;
    let mut parts = Vec::new();
    let mut at = def - def_base[file];
    while at != 0 {
        let record = &facts.defs[at as usize];
        let name = String::from_utf8_lossy(facts.name(record.name)).into_owned();
        if !name.is_empty() {
            parts.push(name);
        }
        at = record.parent;
    }
    parts.reverse();
    parts.join(".")
}

fn chain(explainer: &mut Explainer<'_>, edge: &Edge) -> Vec<Step> {
    explainer.edge(&Asked {
        kind: edge.kind,
        file: edge.file,
        line: edge.line,
        column: edge.column,
        sources: &[edge.source],
        targets: &[edge.target],
        external: edge.external,
    })
}

/// All edges of a fixture with their chains: kind, target, chain.
fn explained(fixture: &Fixture) -> Vec<(String, String, Vec<Step>)> {
    with_fixture(fixture, |input, labels, spots| {
        let linked = link(input);
        let locate = Box::new(|file: u32, slot: u32| spots[file as usize].get(slot));
        let mut explainer = Explainer::new(input, labels, locate);
        let mut found = Vec::new();
        for edge in linked
            .edges
            .iter()
            .filter(|edge| edge.kind != EdgeKind::Defines)
        {
            let target = if edge.external {
                linked.externals[edge.target as usize].clone()
            } else {
                qualified(input, &linked.def_base, edge.target)
            };
            let path = String::from_utf8_lossy(labels[edge.file as usize]).into_owned();
            let steps = chain(&mut explainer, edge);
            let place = format!("{path}:{}:{} {:?}", edge.line, edge.column, edge.kind);
            found.push((place, target, steps));
        }
        found
    })
}

fn rules(steps: &[Step]) -> String {
    let rules: Vec<&str> = steps.iter().map(|step| step.rule).collect();
    rules.join(" > ")
}

#[expect(clippy::print_stderr, reason = "the developer asked to be shown")]
fn show(fixture: &Fixture, found: &[(String, String, Vec<Step>)]) {
    for (place, target, steps) in found {
        eprintln!(
            "{}/{} {place} -> {target}: {}",
            fixture.lang,
            fixture.name,
            rules(steps)
        );
        for step in steps {
            eprintln!(
                "      {:<20} {}:{}  {}",
                step.rule, step.file, step.line, step.text
            );
        }
    }
}

#[test]
fn linking_that_notes_its_reasons_links_alike() {
    for fixture in &all() {
        with_fixture(fixture, |input, _, _| {
            let (plain, traced) = (link(input), link_traced(input));
            let name = format!("{}/{}", fixture.lang, fixture.name);
            assert_eq!(plain.edges, traced.edges, "{name}");
            assert_eq!(plain.unresolved, traced.unresolved, "{name}");
            assert_eq!(plain.externals, traced.externals, "{name}");
            assert_eq!(plain.steps, traced.steps, "{name}");
        });
    }
}

#[test]
fn every_edge_of_every_fixture_has_a_chain() {
    let known: BTreeSet<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    let asked = std::env::var("SHOW").unwrap_or_default();
    let mut without = Vec::new();
    for fixture in &all() {
        let found = explained(fixture);
        if !asked.is_empty() && format!("{}/{}", fixture.lang, fixture.name).starts_with(&asked) {
            show(fixture, &found);
        }
        for (place, target, steps) in found {
            if steps.is_empty() {
                without.push(format!(
                    "{}/{} {place} -> {target}",
                    fixture.lang, fixture.name
                ));
            }
            for step in steps {
                assert!(
                    known.contains(step.rule),
                    "`{}` is not a listed rule",
                    step.rule
                );
                assert!(step.line > 0 && !step.text.is_empty(), "{place}: {step:?}");
            }
        }
    }
    assert!(
        without.is_empty(),
        "edges without a chain:\n{}",
        without.join("\n")
    );
}

/// Fixture, what a call leads to, and the chain of one of its calls.
const CHAINS: &[(&str, &str, &str)] = &[
    (
        "python/inherited_method",
        "Base.greet",
        "constructed > inherited_member",
    ),
    (
        "python/reexport_through_init",
        "work",
        "import > reexport > definition",
    ),
    (
        "python/reexport_through_init",
        "work",
        "import > module_member > reexport > definition",
    ),
    (
        "python/declared_parameter_type",
        "Engine.start",
        "declared_type > member_of",
    ),
    ("python/super_call", "Base.close", "super"),
    (
        "python/decorator_factory",
        "tagged.apply",
        "implicit_call > returned > local_binding",
    ),
    (
        "python/local_decorator",
        "logged.wrapper",
        "decorated > local_binding",
    ),
    (
        "python/property_getter",
        "Circle.area",
        "receiver > property",
    ),
    (
        "python/operators",
        "Money.__add__",
        "implicit_call > constructed > member_of",
    ),
    (
        "python/context_manager",
        "Lock.__enter__",
        "implicit_call > constructed > member_of",
    ),
    (
        "python/callable_object",
        "Greeter.__call__",
        "constructed > callable_object",
    ),
    (
        "python/comprehension_element",
        "Part.weigh",
        "element_of > stored > constructed > member_of",
    ),
    (
        "python/attribute_chain_across_modules",
        "Engine.start",
        "field > stored > constructed > import > member_of",
    ),
    (
        "javascript/class_and_super",
        "Child.constructor",
        "local_binding > constructor",
    ),
    ("javascript/class_and_super", "Base.close", "super"),
    (
        "javascript/default_parameter",
        "fallback",
        "default_value > local_binding",
    ),
    (
        "javascript/async_call",
        "Row.save",
        "awaited > returned > constructed > member_of",
    ),
    (
        "javascript/field_assigned_in_constructor",
        "Log.write",
        "field > stored > constructed > member_of",
    ),
    (
        "typescript/abstract_class",
        "Job.run",
        "constructed > inherited_member",
    ),
    (
        "typescript/abstract_class",
        "Copy.step",
        "called_on > constructed > member_of",
    ),
    (
        "java/wildcard_import",
        "Trim",
        "wildcard_import > definition",
    ),
    ("java/static_import", "Trim.cut", "import > definition"),
    (
        "java/interface_default_method",
        "Shape.twice",
        "declared_type > inherited_member",
    ),
    (
        "java/enum_constant_body",
        "Op.PLUS.apply",
        "declared_type > override",
    ),
    (
        "java/fluent_chain",
        "Query.limit",
        "receiver_returned > constructed > member_of",
    ),
    ("go/embedded_struct", "Greet", "declared_type > embedded"),
    ("go/dot_import", "Trim", "wildcard_import > definition"),
    (
        "go/interface_of_which_no_value_is_known",
        "Get",
        "declared_type > interface_implementation",
    ),
    (
        "go/external_package",
        "go:strings::TrimSpace",
        "external_import > external_member",
    ),
    (
        "go/build_constrained_files",
        "open",
        "package_scope > definition",
    ),
    (
        "go/narrowed_to_another_interface",
        "Close",
        "type_check > parameter > declared_type > member_of",
    ),
    (
        "go/generic_type",
        "Weigh",
        "returned > type_argument > declared_type > member_of",
    ),
    ("rust/use_glob", "circle", "wildcard_import > definition"),
    ("rust/generic_bound", "Speak.speak", "declared_type > bound"),
    (
        "rust/trait_for_a_foreign_type",
        "u32.doubled",
        "declared_type > builtin > trait_implementation",
    ),
    (
        "cpp/overloads_by_arity",
        "sum",
        "local_binding > overload_by_arity",
    ),
    (
        "cpp/inherited_constructor",
        "Base.Base",
        "local_binding > inherited_constructor",
    ),
    (
        "cpp/inherited_method",
        "Base.greet",
        "declared_type > inherited_member",
    ),
    (
        "cpp/virtual_call",
        "Cat.speak",
        "parameter > declared_type > member_of",
    ),
    (
        "cpp/deps_through_headers",
        "connect",
        "included_file > declaration",
    ),
    (
        "cpp/lambda_as_argument",
        "run.<lambda>",
        "callback > local_binding",
    ),
    (
        "cpp/auto_variable",
        "Row.save",
        "returned > declared_type > member_of",
    ),
];

#[test]
fn the_chain_of_a_phenomenon_is_the_one_a_person_would_give() {
    let mut faults = Vec::new();
    let fixtures = all();
    for (name, target, expected) in CHAINS {
        let fixture = fixtures
            .iter()
            .find(|fixture| format!("{}/{}", fixture.lang, fixture.name) == *name)
            .unwrap_or_else(|| panic!("there is no fixture `{name}`"));
        let found: BTreeSet<String> = explained(fixture)
            .into_iter()
            .filter(|(_, known, _)| known == target)
            .map(|(.., steps)| rules(&steps))
            .collect();
        if !found.contains(*expected) {
            faults.push(format!(
                "{name} -> {target}:\n  {expected}\nis none of\n  {found:#?}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_document_lists_every_rule_with_its_meaning() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain.md");
    let text = std::fs::read_to_string(&path).expect("docs/explain.md is readable");
    let (open, close) = ("<!-- rules -->\n", "<!-- end of rules -->");
    let from = text.find(open).expect("the table begins") + open.len();
    let until = text.find(close).expect("the table ends");
    let rows: Vec<String> = RULES
        .iter()
        .map(|(rule, meaning)| format!("| `{rule}` | {meaning} |\n"))
        .collect();
    let table = format!("| rule | what it says |\n|---|---|\n{}", rows.concat());
    if std::env::var_os("UPDATE").is_some() {
        let whole = format!("{}{table}{}", &text[..from], &text[until..]);
        std::fs::write(&path, whole).expect("docs/explain.md is writable");
        return;
    }
    assert_eq!(
        &text[from..until],
        table,
        "stale: run `UPDATE=1 cargo nextest run`"
    );
}
