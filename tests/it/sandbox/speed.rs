//! What a sandbox costs. The bounds are wide, for a machine that others use;
//! the numbers are printed.

use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{PYTHON, backends, python, run};

/// The best of some runs: the rest is what else the machine was doing.
fn best(mut work: impl FnMut()) -> Duration {
    (0..15)
        .map(|_| {
            let since = Instant::now();
            work();
            since.elapsed()
        })
        .min()
        .expect("some runs")
}

#[test]
fn a_python_process_starts_quickly() {
    let Some(policy) = python("pass") else { return };
    let bare = best(|| {
        let output = Command::new(PYTHON).args(["-I", "-c", "pass"]).output();
        assert!(output.expect("Python runs").status.success());
    });
    println!("unsandboxed: {bare:?}");
    for chosen in backends() {
        let time = best(|| assert!(run(&chosen, &policy).success()));
        let name = chosen.sandbox.name();
        println!(
            "{name}: {time:?}, {:.1} times",
            time.as_secs_f64() / bare.as_secs_f64()
        );
        assert!(time < Duration::from_secs(2), "{name}: {time:?}");
    }
}

#[test]
fn a_warm_session_answers_quickly() {
    let code = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)";
    for chosen in backends() {
        let Some(policy) = python(code) else { return };
        let mut session = chosen.sandbox.spawn_session(&policy).expect("a session");
        let mut stdin = session.stdin.take().expect("its input");
        let mut stdout = BufReader::new(session.stdout.take().expect("its output"));
        let mut turn = || {
            stdin.write_all(b"hello\n").expect("written");
            let mut line = String::new();
            stdout.read_line(&mut line).expect("read");
            assert_eq!(line, "hello\n");
        };
        turn();
        let since = Instant::now();
        (0..200).for_each(|_| turn());
        let time = since.elapsed() / 200;
        println!("{}: {time:?} a turn", chosen.sandbox.name());
        assert!(
            time < Duration::from_millis(20),
            "{}: {time:?}",
            chosen.sandbox.name()
        );
    }
}
