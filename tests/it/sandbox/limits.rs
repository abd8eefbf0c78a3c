//! What a program uses too much of is named, and it is stopped.

use std::time::{Duration, Instant};

use happy::sandbox::{Chosen, Limit, Limits};

use super::{backends, everywhere, python, run, shown};

fn stopped_by(code: &str, limits: Limits, expected: Limit) {
    stopped_in(&backends(), code, limits, expected);
}

/// Limits that a machine of somebody else's keeps, whatever its kernel.
fn stopped_everywhere_by(code: &str, limits: Limits, expected: Limit) {
    stopped_in(&everywhere(), code, limits, expected);
}

fn stopped_in(chosen: &[Chosen], code: &str, limits: Limits, expected: Limit) {
    for chosen in chosen {
        let Some(policy) = python(code) else { return };
        let policy = policy.limits(limits);
        let started = Instant::now();
        let outcome = run(chosen, &policy);
        assert_eq!(
            outcome.limit_hit,
            Some(expected),
            "{}",
            shown(chosen, &outcome)
        );
        assert!(!outcome.success());
        assert!(
            started.elapsed() < limits.wall + Duration::from_secs(5),
            "{}",
            shown(chosen, &outcome)
        );
    }
}

fn small() -> Limits {
    Limits {
        wall: Duration::from_secs(20),
        cpu: Duration::from_secs(15),
        memory: 256 << 20,
        processes: 64,
        output: 1 << 20,
        disk: 32 << 20,
        file_size: 16 << 20,
    }
}

#[test]
fn a_hang_is_stopped_by_the_clock() {
    let limits = Limits {
        wall: Duration::from_millis(700),
        ..small()
    };
    stopped_everywhere_by("import time; time.sleep(60)", limits, Limit::Wall);
}

#[test]
fn what_was_said_before_a_hang_is_kept() {
    for chosen in everywhere() {
        let Some(policy) = python("import time; print('before', flush=True); time.sleep(60)")
        else {
            return;
        };
        let limits = Limits {
            wall: Duration::from_secs(3),
            ..small()
        };
        let outcome = run(&chosen, &policy.limits(limits));
        assert_eq!(outcome.limit_hit, Some(Limit::Wall));
        assert_eq!(outcome.stdout, b"before\n", "{}", shown(&chosen, &outcome));
    }
}

#[test]
fn a_hang_that_ignores_every_signal_is_stopped_by_the_clock() {
    let limits = Limits {
        wall: Duration::from_millis(700),
        ..small()
    };
    let code = "
import signal, time, os
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
os.setsid() if os.fork() == 0 else None
time.sleep(60)";
    stopped_everywhere_by(code, limits, Limit::Wall);
}

#[test]
fn an_endless_loop_is_stopped_by_its_processor_time() {
    let limits = Limits {
        cpu: Duration::from_secs(1),
        ..small()
    };
    stopped_everywhere_by("while True: pass", limits, Limit::Cpu);
}

#[test]
fn a_gigabyte_is_stopped_by_the_limit_on_memory() {
    let code = "x = bytearray(1 << 30)\nfor i in range(0, 1 << 30, 4096): x[i] = 1\nprint('held')";
    stopped_by(code, small(), Limit::Memory);
}

#[test]
fn memory_spread_over_processes_is_counted_together() {
    let code = "
import os, time
for _ in range(8):
    if os.fork() == 0:
        x = bytearray(os.urandom(1 << 20)) * 60
        time.sleep(30); os._exit(0)
time.sleep(30)";
    stopped_by(code, small(), Limit::Memory);
}

#[test]
fn a_fork_bomb_is_stopped_by_the_limit_on_processes() {
    let code = "
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)";
    stopped_by(code, small(), Limit::Processes);
}

#[test]
fn endless_output_is_stopped_by_the_limit_on_output() {
    let code = "
import sys
while True: sys.stdout.write('y' * 60 + '\\n')";
    stopped_everywhere_by(code, small(), Limit::Output);
    let code = "
import sys
while True: sys.stderr.write('y' * 70000)";
    stopped_everywhere_by(code, small(), Limit::Output);
}

#[test]
fn ten_gigabytes_in_a_file_are_stopped_by_the_limit_on_a_file() {
    let limits = Limits {
        disk: 512 << 20,
        ..small()
    };
    let code = "
block = b'x' * (1 << 20)
with open('/tmp/big', 'wb') as file:
    for _ in range(10240): file.write(block)";
    stopped_everywhere_by(code, limits, Limit::FileSize);
}

#[test]
fn many_files_are_stopped_by_the_limit_on_the_disk() {
    let code = "
block = b'x' * (1 << 20)
for i in range(10240):
    with open(f'/tmp/{i}', 'wb') as file: file.write(block)";
    stopped_by(code, small(), Limit::Disk);
}

#[test]
fn a_program_within_its_limits_hits_none() {
    for chosen in everywhere() {
        let Some(policy) = python("print('x' * 1000)") else {
            return;
        };
        let outcome = run(&chosen, &policy.limits(small()));
        assert!(outcome.success(), "{}", shown(&chosen, &outcome));
        assert_eq!(outcome.limit_hit, None);
    }
}
