//! The whole contract once more, as a user who is not the root.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{LAUNCHER, open_folder};

const USER: &str = "65534";

#[test]
fn the_contract_holds_for_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        println!("skip: these tests already run as an ordinary user");
        return;
    }
    if Command::new("setpriv").arg("--version").output().is_err() {
        println!("skip: `setpriv` is not installed");
        return;
    }
    // The build folder may lie where an ordinary user cannot go.
    let folder = open_folder();
    let place = |from: &std::path::Path, name: &str| {
        let to = folder.path().join(name);
        std::fs::copy(from, &to).expect("a program is copied");
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o755)).expect("its mode");
        to
    };
    let tests = place(&std::env::current_exe().expect("the test binary"), "it");
    let launcher = place(&super::launcher(), "happy");
    let output = Command::new("setpriv")
        .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
        .arg(tests)
        .args([
            "sandbox::",
            "--skip",
            "ordinary",
            "--skip",
            "speed",
            "--nocapture",
            "--test-threads=2",
        ])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin")
        .env("HOME", "/nonexistent")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env(LAUNCHER, launcher)
        .current_dir("/")
        .output()
        .expect("the tests run");
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!text.contains(" 0 passed"), "no test ran");
}
