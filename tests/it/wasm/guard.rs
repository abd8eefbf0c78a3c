//! Grammars that misbehave: they loop, trap, are damaged, or are none.

use std::time::{Duration, Instant};

use happy::lang::plugin::{Error, Guard, Shape};
use happy::lang::{Trouble, by_name, language};

use super::{RUBY, grammar};

const SECOND: Duration = Duration::from_secs(1);

fn leb(mut number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(content.len() as u32), content].concat()
}

/// A module whose `tree_sitter_x` has this body and gives an address.
fn module(body: &[u8]) -> Vec<u8> {
    let link = [&[8][..], b"dylink.0", &[1, 4, 0, 0, 0, 0]].concat();
    let code = [&[1][..], &leb(body.len() as u32), body].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(0, &link),
        section(1, &[1, 0x60, 0, 1, 0x7f]),
        section(3, &[1, 0]),
        section(7, &[&[1, 13][..], b"tree_sitter_x", &[0, 0]].concat()),
        section(10, &code),
    ]
    .concat()
}

/// No locals, a loop without end, a number.
const LOOP: &[u8] = &[0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 0, 0x0b];
const TRAP: &[u8] = &[0, 0x00, 0x0b];
/// Gives the address of what is no grammar.
const NOTHING: &[u8] = &[0, 0x41, 0, 0x0b];

fn refused(wasm: Vec<u8>) -> String {
    Shape::of(&wasm).expect("its outer form is that of a grammar");
    match Guard::load("x", wasm, SECOND) {
        Err(Error::Grammar(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_module_that_never_comes_back_is_given_up() {
    let begun = Instant::now();
    assert!(refused(module(LOOP)).contains("not loaded within"));
    assert!(begun.elapsed() < 5 * SECOND);
}

#[test]
fn a_module_that_traps_is_refused() {
    assert!(refused(module(TRAP)).contains("trap"));
}

#[test]
fn a_module_of_another_abi_is_refused() {
    assert!(refused(module(NOTHING)).contains("ABI version"));
}

#[test]
fn a_module_that_is_no_code_is_refused() {
    assert!(refused(module(&[0, 0xff, 0xff, 0x0b])).contains("compil"));
}

/// The modules's functions of three numbers, the scanner's among them, with
/// another body.
fn rewritten(wasm: &[u8], body: &[u8]) -> Vec<u8> {
    let mut at = 8;
    let mut out = wasm[..8].to_vec();
    let number = |at: &mut usize| {
        let (mut value, mut shift) = (0_u32, 0);
        loop {
            let byte = wasm[*at];
            *at += 1;
            value |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    };
    let (mut scan, mut kinds) = (Vec::new(), Vec::new());
    let mut changed = 0;
    while at < wasm.len() {
        let from = at;
        at += 1;
        let id = wasm[from];
        let len = number(&mut at) as usize;
        let end = at + len;
        let mut content = wasm[at..end].to_vec();
        match id {
            1 => {
                for kind in 0..number(&mut at) {
                    let start = at;
                    at += 1;
                    for _ in 0..2 {
                        let count = number(&mut at) as usize;
                        at += count;
                    }
                    if wasm[start..at] == [0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f] {
                        scan.push(kind);
                    }
                }
            }
            3 => kinds = (0..number(&mut at)).map(|_| number(&mut at)).collect(),
            10 => {
                let count = number(&mut at);
                content = leb(count);
                for kind in &kinds {
                    let len = number(&mut at) as usize;
                    let old = &wasm[at..at + len];
                    at += len;
                    let new = if scan.contains(kind) { body } else { old };
                    changed += usize::from(scan.contains(kind));
                    content.extend(leb(new.len() as u32));
                    content.extend(new);
                }
            }
            _ => {}
        }
        out.extend(section(id, &content));
        at = end;
    }
    assert!(changed > 0, "the module has a scanner");
    out
}

#[test]
fn a_scanner_that_never_comes_back_costs_the_deadline_and_not_the_process() {
    let Some(path) = grammar(RUBY) else { return };
    let wasm = std::fs::read(path).expect("the grammar can be read");
    let guard =
        Guard::load("ruby", rewritten(&wasm, LOOP), 60 * SECOND).expect("only its scanner loops");
    let short = Duration::from_millis(100);
    for _ in 0..2 {
        let begun = Instant::now();
        assert!(matches!(
            guard.parse(b"x = 1\n", short),
            Err(Trouble::Deadline)
        ));
        assert!(begun.elapsed() < 5 * SECOND);
    }
    // Two threads are lost; no third one is risked.
    let begun = Instant::now();
    assert!(matches!(
        guard.parse(b"x = 1\n", short),
        Err(Trouble::Grammar)
    ));
    assert!(begun.elapsed() < short);
}

#[test]
fn a_scanner_that_traps_fails_at_that_file_alone() {
    let Some(path) = grammar(RUBY) else { return };
    let wasm = std::fs::read(path).expect("the grammar can be read");
    let guard =
        Guard::load("ruby", rewritten(&wasm, TRAP), 60 * SECOND).expect("only its scanner traps");
    for _ in 0..4 {
        assert!(matches!(
            guard.parse(b"x = 1\n", SECOND),
            Err(Trouble::Grammar)
        ));
    }
}

#[test]
fn many_threads_parse_at_once() {
    let Some(path) = grammar(RUBY) else { return };
    let wasm = std::fs::read(path).expect("the grammar can be read");
    let guard = Guard::load("ruby", wasm, 60 * SECOND).expect("it is sound");
    std::thread::scope(|scope| {
        for at in 0..8 {
            let guard = &guard;
            scope.spawn(move || {
                for _ in 0..10 {
                    let source = format!("def f{at}(x)\n  \"a#{{x}}b\"\nend\n");
                    let tree = guard.parse(source.as_bytes(), 20 * SECOND);
                    let tree = tree.expect("it is parsed");
                    assert!(!tree.root_node().has_error());
                }
            });
        }
    });
}

#[test]
fn a_deadline_stops_a_parse_between_tokens() {
    let Some(path) = grammar(RUBY) else { return };
    let wasm = std::fs::read(path).expect("the grammar can be read");
    let guard = Guard::load("ruby", wasm, 60 * SECOND).expect("it is sound");
    let source = "x = [1, 2, 3]\n".repeat(200_000);
    let begun = Instant::now();
    let found = guard.parse(source.as_bytes(), Duration::from_millis(50));
    assert!(matches!(found, Err(Trouble::Deadline)));
    assert!(begun.elapsed() < 2 * SECOND);
    // The grammar is as it was.
    assert!(guard.parse(b"x = 1\n", 20 * SECOND).is_ok());
}

#[test]
fn a_language_of_the_binary_is_not_guarded() {
    let python = by_name("python").and_then(language);
    let python = python.expect("it is built in");
    assert!(!python.grammar().is_wasm());
    assert!(python.spec().plugin().is_none());
}
