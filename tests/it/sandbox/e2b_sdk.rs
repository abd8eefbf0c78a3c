//! The local server speaks what the official library understands.

use std::path::Path;
use std::process::Command;

use super::e2b::{KEY, fresh};

/// What `tests/clients/e2b_sdk.py` prints when all is well.
const FOUND: &str = "\
running True
command 'out\\n' 'err\\n' 0
exit 7
wide 300000 {'x'}
input 'through stdin\\nend\\n'
listed True
killed True
signal -1 signal: killed
files multipart b'octets'
seen multipartoctets
deleted True False
running False
refused
";

#[test]
fn the_official_library_understands_the_local_server() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/tools/e2b/bin/python");
    if !python.is_file() {
        println!(
            "skip: no `{}`; `tools/setup.sh long` makes it",
            python.display()
        );
        return;
    }
    let Some((server, _)) = fresh() else { return };
    let output = Command::new(python)
        .arg(root.join("tests/clients/e2b_sdk.py"))
        .args([&server.url, KEY])
        .output()
        .expect("the library runs");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stdout, FOUND, "{stderr}");
}
