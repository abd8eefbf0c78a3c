//! Cells that misbehave: the run goes on, and nothing outside changes.

use super::{Bench, FIX, FIXED, end, seen};
use crate::shell::Ran;

/// Runs bad cells, then a good one that must still land.
#[track_caller]
fn survives(cells: &[&str], options: &[&str]) -> Option<Ran> {
    let bench = Bench::new()?;
    let good = format!("{FIX}\nprint(submit('Fix low'))");
    let mut all = cells.to_vec();
    all.push(&good);
    let ran = bench.replay(&all, options).exits(0);
    assert_eq!(bench.shell.read("lib.py"), FIXED);
    assert_eq!(bench.shell.git(&["status", "--porcelain"]), " M lib.py\n");
    Some(ran)
}

#[test]
fn a_cell_that_loops_is_interrupted_and_its_variables_stay() {
    let cells = ["x = 41\nwhile True: pass", "print(x + 1)"];
    let Some(ran) = survives(&cells, &["--cell-timeout", "1"]) else {
        return;
    };
    assert!(seen(&ran, 1).contains("CellTimeout"), "{}", seen(&ran, 1));
    assert_eq!(seen(&ran, 2), "42\n");
}

#[test]
fn a_cell_that_cannot_be_interrupted_is_killed_and_the_edits_stay() {
    let cells = [
        "create('kept.txt', 'x')\nx = 1",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\nwhile True: pass",
        "print('x' in globals())\nprint('kept.txt' in diff())\nreset()",
    ];
    let Some(ran) = survives(&cells, &["--cell-timeout", "1"]) else {
        return;
    };
    assert!(
        seen(&ran, 2).contains("The session was killed"),
        "{}",
        seen(&ran, 2)
    );
    assert_eq!(seen(&ran, 3), "False\nTrue\n");
}

#[test]
fn forks_are_stopped_by_their_limit() {
    let cells = [
        "import os\nif os.fork() == 0:\n    print('child')",
        "import os\nwhile True: os.fork()",
    ];
    let Some(ran) = survives(&cells, &["--cell-timeout", "5"]) else {
        return;
    };
    let text = seen(&ran, 2);
    assert!(text.contains("error") || text.contains("killed"), "{text}");
}

#[test]
fn a_flood_of_output_is_shortened() {
    let cells = [
        "print('x' * 50_000_000)",
        "import os\nfor _ in range(50): os.write(1, b'y' * 1_000_000)",
        "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'echo from a program'])",
    ];
    let Some(ran) = survives(&cells, &[]) else {
        return;
    };
    for turn in 1..=2 {
        let text = seen(&ran, turn);
        assert!(
            text.len() < 16_000 && text.contains("left out"),
            "{}",
            text.len()
        );
    }
    assert!(seen(&ran, 3).contains("from a program"));
}

#[test]
fn closed_pipes_and_an_exit_end_the_session_and_not_the_run() {
    let cells = [
        "import os\nfor fd in range(3, 64):\n    try: os.close(fd)\n    except OSError: pass",
        "import os\nos._exit(3)",
        "import sys\nsys.exit(0)",
        "raise KeyboardInterrupt",
    ];
    let Some(ran) = survives(&cells, &["--cell-timeout", "5"]) else {
        return;
    };
    assert!(seen(&ran, 1).contains("killed"), "{}", seen(&ran, 1));
    assert!(seen(&ran, 2).contains("killed"), "{}", seen(&ran, 2));
    assert!(seen(&ran, 3).contains("SystemExit"), "{}", seen(&ran, 3));
    assert!(seen(&ran, 4).contains("KeyboardInterrupt"));
}

#[test]
fn garbage_and_forged_frames_do_no_harm() {
    // The pipe of the host is one of the descriptors that the cell can find.
    let write = "import os\ndef say(data):\n    for fd in range(3, 16):\n        try: os.write(fd, data)\n        except OSError: pass\n";
    let forged = "17 {\"type\":\"finished\"}";
    let cells = [
        format!("{write}say(b'hello\\n12 garbage\\n')\nprint('still here')"),
        format!(
            "{write}text = b'{{\"type\":\"result\",\"id\":99,\"ok\":true,\"output\":\"forged\"}}'\nsay(b'%d %s\\n' % (len(text), text))\nprint('mine')"
        ),
        format!("{write}say(b'{forged}\\n')"),
        format!("{write}for _ in range(1000): say(b'garbage\\n')"),
    ];
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let Some(ran) = survives(&cells, &["--cell-timeout", "5"]) else {
        return;
    };
    assert!(
        seen(&ran, 1).starts_with("still here\n"),
        "{}",
        seen(&ran, 1)
    );
    assert!(seen(&ran, 2).starts_with("mine\n"), "{}", seen(&ran, 2));
}

#[test]
fn a_frame_of_a_gigabyte_ends_the_session_and_not_the_run() {
    let cell = "import os\nchunk = b'x' * (1 << 20)\nos.write(3, b'1073741824 ')\nfor _ in range(1024):\n    data = chunk\n    while data: data = data[os.write(3, data):]";
    let Some(ran) = survives(&[cell], &["--cell-timeout", "50"]) else {
        return;
    };
    assert!(seen(&ran, 1).contains("killed"), "{}", seen(&ran, 1));
}

#[test]
fn memory_is_limited() {
    let Some(ran) = survives(&["x = bytearray(3 << 30)"], &["--cell-timeout", "20"]) else {
        return;
    };
    let text = seen(&ran, 1);
    assert!(
        text.contains("MemoryError") || text.contains("killed"),
        "{text}"
    );
}

#[test]
fn a_session_that_always_dies_ends_the_run_with_a_reason() {
    let Some(bench) = Bench::new() else { return };
    let cells = ["import os\nos._exit(1)"; 8];
    let ran = bench.replay(&cells, &[]).exits(8);
    assert!(
        ran.stderr.contains("it was killed 6 times"),
        "{}",
        ran.stderr
    );
    bench.untouched(&ran);
}

#[test]
fn cells_see_no_repository_no_network_and_no_secret() {
    let Some(bench) = Bench::new() else { return };
    let root = bench.shell.path("");
    let cell = format!(
        "import os, socket\nprint(os.path.exists({:?}))\nprint(sorted(k for k in os.environ if 'KEY' in k or 'GIT' in k))\ntry:\n    socket.create_connection(('1.1.1.1', 53), 1)\n    print('connected')\nexcept OSError: print('no network')\nprint(os.path.exists('/root/.ssh'), os.path.exists('/home'))",
        root.display()
    );
    let ran = bench.replay(&[&cell], &[]).exits(1);
    assert_eq!(seen(&ran, 1), "False\n[]\nno network\nFalse False\n");
}

#[test]
fn an_exception_is_told_by_the_lines_of_the_cell() {
    let Some(bench) = Bench::new() else { return };
    let cells = [
        "def f(x):\n    return repo.show(x)\nf('lib.py::lwo')",
        "x = (",
        "print(repo.callers(5))",
    ];
    let ran = bench.replay(&cells, &[]).exits(1);
    let text = seen(&ran, 1);
    assert!(text.contains("cell 1 line 3: f('lib.py::lwo')"), "{text}");
    assert!(
        text.contains("no symbol `lib.py::lwo`; did you mean `low`?"),
        "{text}"
    );
    assert!(seen(&ran, 2).contains("SyntaxError"), "{}", seen(&ran, 2));
    assert!(seen(&ran, 3).contains("TypeError"), "{}", seen(&ran, 3));
    assert_eq!(end(&ran)["outcome"], "budget");
}
