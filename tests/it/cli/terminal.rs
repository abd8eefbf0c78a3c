//! `happy callers` in each of its surroundings: a terminal, a pipe, no colour,
//! 40 columns, no home, the C locale.

use super::World;

/// Runs in a terminal of that many columns, as `script` makes one.
fn terminal(world: &World, columns: u32, script: &str) -> Option<String> {
    let there = world.sh("command -v script").code == 0;
    if !there {
        eprint_skip("`script` of util-linux is not installed");
        return None;
    }
    let line = format!("stty cols {columns}; {script}");
    let said = world.repo(&format!("script -qec '{line}' /dev/null")).ok();
    Some(said.stdout.replace('\r', ""))
}

#[expect(clippy::print_stderr, reason = "a skip says why")]
fn eprint_skip(why: &str) {
    eprintln!("skip: {why}");
}

fn world() -> World {
    let world = World::small();
    world.repo("happy index HEAD").ok();
    world
}

const COLOURED: &str = "\u{1b}[35mlib/shapes.py\u{1b}[0m:\u{1b}[32m3\u{1b}[0m  \u{1b}[1mlib/shapes.py::Shape.area\u{1b}[0m\n\u{1b}[35mmain.py\u{1b}[0m:\u{1b}[32m5\u{1b}[0m  \u{1b}[1mmain.py::run\u{1b}[0m\n";
const PLAIN: &str = "lib/shapes.py:3  lib/shapes.py::Shape.area\nmain.py:5  main.py::run\n";

#[test]
fn a_terminal_gets_coloured_text() {
    let world = world();
    if let Some(said) = terminal(&world, 80, "happy callers helper") {
        assert_eq!(said, COLOURED);
    }
}

#[test]
fn no_color_and_never_mean_plain_text_at_a_terminal() {
    let world = world();
    for script in [
        "NO_COLOR=1 happy callers helper",
        "happy callers helper --color never",
    ] {
        if let Some(said) = terminal(&world, 80, script) {
            assert_eq!(said, PLAIN, "{script}");
        }
    }
    // An empty variable is none, as its inventors say.
    if let Some(said) = terminal(&world, 80, "NO_COLOR= happy callers helper") {
        assert_eq!(said, COLOURED);
    }
}

#[test]
fn a_narrow_terminal_wraps_the_help_and_leaves_records_whole() {
    let world = world();
    if let Some(said) = terminal(&world, 40, "happy callers helper --color never") {
        assert_eq!(said, PLAIN);
    }
    if let Some(said) = terminal(&world, 40, "COLUMNS=40 happy callers -h") {
        let wide: Vec<&str> = said
            .lines()
            .filter(|line| line.chars().count() > 40 && !line.starts_with("Usage:"))
            .collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn a_pipe_gets_records() {
    let world = world();
    let said = world.repo("happy callers helper | cat").ok();
    let first = &said.lines()[0];
    assert!(
        said.stdout.starts_with("{\"type\":\"caller\",\"symbol\":"),
        "{said:?}"
    );
    assert_eq!(first["symbol"], "lib/shapes.py::Shape.area");
    let text = world.repo("happy callers helper --format text | cat").ok();
    assert_eq!(text.stdout, PLAIN);
}

#[test]
fn neither_a_home_nor_a_locale_is_needed() {
    let world = world();
    for script in [
        "unset HOME; happy callers helper --format text",
        "HOME=/nonexistent happy callers helper --format text",
        "LC_ALL=C LANG=C happy callers helper --format text",
        "LC_ALL=POSIX TERM=dumb happy callers helper --format text",
        "env -i \"$(command -v happy)\" callers helper --format text",
    ] {
        let said = world.repo(script).ok();
        assert_eq!(said.stdout, PLAIN, "{script}");
        assert_eq!(said.stderr, "", "{script}");
    }
}
