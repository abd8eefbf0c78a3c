//! Input that is made to cost much costs no more than its size: linking counts
//! its steps, so that no clock decides.

use std::fmt::Write;
use std::time::Duration;

use happy::facts::{View, extract};
use happy::index::assemble::{Parsed, assemble};
use happy::lang::{detect, language};

/// Steps and call edges of linking one file.
fn link(path: &str, text: &str) -> (u64, usize) {
    let id = detect(path.as_bytes(), text.as_bytes()).expect("the name tells the language");
    let lang = language(id).expect("a detected language is of the list");
    let mut parser = tree_sitter::Parser::new();
    let found = extract(&mut parser, text.as_bytes(), lang, Duration::from_mins(1))
        .expect("the file passes the gate and parses in time");
    let bytes = found.facts.to_bytes();
    let parsed = [Parsed {
        path: path.as_bytes(),
        language: id,
        facts: View::read(&bytes).expect("own facts are sound"),
    }];
    let linked = assemble(&parsed, &[]);
    let calls = linked
        .edges
        .iter()
        .filter(|edge| edge.kind == happy::graph::EdgeKind::Calls);
    let calls = calls.count();
    (linked.steps, calls)
}

#[test]
fn variables_assigned_to_each_other_cost_a_few_steps_each() {
    const COUNT: usize = 10_000;
    let mut text = String::new();
    for at in 0..24 {
        writeln!(text, "def f{at}(): pass").expect("a string takes all");
    }
    for at in 0..COUNT {
        writeln!(text, "v{at} = f{}", at % 24).expect("a string takes all");
        writeln!(text, "v{at} = v{}", (at + 1) % COUNT).expect("a string takes all");
        writeln!(text, "v{} = v{at}", (at * 7 + 3) % COUNT).expect("a string takes all");
    }
    text.push_str("v0()\n");
    let (steps, calls) = link("many.py", &text);
    assert!(calls >= 1, "the call leads somewhere");
    let most = COUNT as u64 * 18 * 4;
    assert!(steps < most, "{steps} steps are more than {most}");
}

#[test]
fn a_deep_hierarchy_costs_its_depth_for_each_class() {
    const DEPTH: usize = 1000;
    let mut text = String::from("class C0:\n    def m(self): pass\n");
    for at in 1..DEPTH {
        writeln!(text, "class C{at}(C{}): pass", at - 1).expect("a string takes all");
    }
    writeln!(text, "C{}().m()", DEPTH - 1).expect("a string takes all");
    let (steps, calls) = link("deep.py", &text);
    assert!(calls >= 1, "the method of the first class is found");
    let most = (DEPTH * DEPTH) as u64;
    assert!(steps < most, "{steps} steps are more than {most}");
}

/// Steps of linking so many overloads, which some calls choose among.
fn overloads(count: usize) -> u64 {
    const CALLS: usize = 20;
    let mut text = String::from("class Main {\n");
    for at in 0..count {
        writeln!(
            text,
            "  static class T{at} {{}}\n  static void f(T{at} x) {{}}"
        )
        .expect("a string takes all");
    }
    for at in 0..CALLS {
        writeln!(text, "  static void g{at}(T{at} x) {{ f(x); }}").expect("a string takes all");
    }
    text.push_str("}\n");
    let (steps, calls) = link("Main.java", &text);
    assert_eq!(calls, CALLS, "each call leads to one of them");
    steps
}

#[test]
fn twice_the_overloads_cost_twice_the_steps() {
    let (some, twice) = (overloads(5_000), overloads(10_000));
    assert!(twice < some * 21 / 10, "{some} steps became {twice}");
}
