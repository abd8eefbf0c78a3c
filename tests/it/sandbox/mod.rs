//! The sandboxes, each test over the whole list of backends. A backend that
//! does not work here is skipped, and the test prints why.
//!
//! Every attack runs inside the sandbox under test and nowhere else.

#![expect(clippy::print_stdout, reason = "a skip says why, a measurement what")]

mod choice;
mod contract;
mod e2b;
mod e2b_cli;
mod e2b_faults;
mod e2b_runs;
mod e2b_sdk;
mod limits;
mod ordinary;
mod sessions;
mod speed;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use happy::sandbox::{self, Chosen, Limits, Outcome, Policy};

/// Where a copied test binary finds the copied launcher.
const LAUNCHER: &str = "HAPPY_TEST_LAUNCHER";

fn launcher() -> PathBuf {
    std::env::var_os(LAUNCHER).map_or_else(|| env!("CARGO_BIN_EXE_happy").into(), PathBuf::from)
}

/// The backends that work here, each after its self-test.
fn backends() -> Vec<Chosen> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| sandbox::set_launcher(launcher()));
    let mut found = Vec::new();
    for probe in sandbox::probe_all() {
        match probe.works {
            Ok(()) => found.push(sandbox::choose(probe.name).expect("a backend that works")),
            Err(why) => println!("skip {}: {why}", probe.name),
        }
    }
    found
}

/// The backends that work here, and the remote one against a local server: for
/// what holds wherever a program runs.
fn everywhere() -> Vec<Chosen> {
    let mut found = backends();
    found.extend(e2b::local().map(|(_, chosen)| *chosen));
    found
}

const PYTHON: &str = "/usr/bin/python3";

/// A policy for a Python program, or nothing where the system has none.
fn python(code: &str) -> Option<Policy> {
    if !Path::new(PYTHON).exists() {
        println!("skip: {PYTHON} is not installed");
        return None;
    }
    let limits = Limits {
        wall: Duration::from_secs(30),
        ..Limits::default()
    };
    Some(Policy::new([PYTHON, "-I", "-c", code]).limits(limits))
}

fn run(chosen: &Chosen, policy: &Policy) -> Outcome {
    chosen
        .sandbox
        .run(policy, b"", &mut |_, _| ())
        .unwrap_or_else(|error| panic!("{}: {error}", chosen.sandbox.name()))
}

fn stdout(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

fn shown(chosen: &Chosen, outcome: &Outcome) -> String {
    let cut = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
    format!(
        "{}: {:?} limit {:?} after {:?}\nstdout: {}\nstderr: {}",
        chosen.sandbox.name(),
        outcome.status,
        outcome.limit_hit,
        outcome.wall,
        cut(&outcome.stdout),
        cut(&outcome.stderr)
    )
}

/// A folder that an ordinary user's sandbox can read too.
fn open_folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))
        .expect("its mode can be set");
    folder
}
