//! The self-test, as seen from inside: `happy util sandbox-probe` runs in the
//! sandbox that is tested and tries to get out.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// What the probe prints when nothing got through.
pub(super) const TIGHT: &str = "sandbox probe: tight";
pub(super) const VERB: [&str; 2] = ["util", "sandbox-probe"];

/// Runs the probe if the arguments ask for it: a file of the host's that must
/// be out of reach, a port on the host's loopback, and the names of variables
/// that may be set.
#[expect(
    clippy::print_stdout,
    reason = "the probe is a process of its own whose standard output the host reads"
)]
pub(super) fn intercept(arguments: &[OsString]) -> Option<ExitCode> {
    let [verb, name, canary, port, names] = arguments else {
        return None;
    };
    if verb != VERB[0] || name != VERB[1] {
        return None;
    }
    let port = port
        .to_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let leaks = leaks(Path::new(canary), port, &names.to_string_lossy());
    if leaks.is_empty() {
        println!("{TIGHT}");
        return Some(ExitCode::SUCCESS);
    }
    println!("{}", leaks.join("; "));
    Some(ExitCode::FAILURE)
}

fn leaks(canary: &Path, port: u16, names: &str) -> Vec<String> {
    let mut found = Vec::new();
    if std::fs::read(canary).is_ok() {
        found.push("a file outside can be read".to_owned());
    }
    if std::fs::write(canary, "changed").is_ok() {
        found.push("a file outside can be written".to_owned());
    }
    for path in ["/etc/shadow", "/etc/sudoers", "/root/.profile"] {
        if std::fs::read(path).is_ok() {
            found.push(format!("`{path}` can be read"));
        }
    }
    if std::fs::write("/usr/happy-probe", "").is_ok() {
        found.push("`/usr` can be written".to_owned());
    }
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
        found.push("the host's loopback can be reached".to_owned());
    }
    // Set by the sandboxing tools themselves, from the policy's own values.
    let harmless = ["PWD", "SHLVL", "_", "OLDPWD", "HOSTNAME"];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if !names.split(',').any(|n| n == name) && !harmless.contains(&&*name) {
            found.push(format!("the variable `{name}` came through"));
        }
    }
    found
}
