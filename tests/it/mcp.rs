//! `happy mcp` as its clients meet it: through the official client library, and
//! as raw bytes on its pipe (`tests/clients/mcp_client.py`).

use std::path::PathBuf;
use std::process::Command;

use super::shell::Shell;

/// The Python that `tools/python-env.sh` makes.
pub(crate) fn python() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/tools/python/bin/python");
    if python.is_file() {
        return Some(python);
    }
    eprintln!(
        "skipped: no `{}`; `tools/python-env.sh` makes it",
        python.display()
    );
    None
}

fn scenario(name: &str) {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/mcp_client.py");
    let output = Command::new(python)
        .arg(script)
        .arg(name)
        .arg(env!("CARGO_BIN_EXE_happy"))
        .arg(folder.path().join("repo"))
        .env("HOME", folder.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("python starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    eprint!("{}", text(&output.stdout));
}

#[test]
fn a_client_lists_the_tools_and_each_answers_as_its_verb_does() {
    scenario("reading");
}

#[test]
fn a_client_of_the_protocol_with_a_handshake_is_answered_the_same() {
    scenario("reading_legacy");
}

#[test]
fn a_long_answer_comes_in_pages_that_a_changed_repository_ends() {
    scenario("paging");
}

#[test]
fn a_cancelled_question_stops_and_the_next_one_tells_its_progress() {
    scenario("cancelling");
}

#[test]
fn patch_and_test_are_there_where_they_are_allowed() {
    scenario("changing");
}

#[test]
fn a_request_that_is_too_large_gets_an_error_of_its_own() {
    scenario("too_large");
    scenario("too_large_legacy");
}

#[test]
fn a_gigabyte_and_garbage_on_the_pipe_change_nothing() {
    scenario("hostile");
}

#[test]
fn an_entry_is_shown_first_then_written_and_the_rest_of_the_file_stays() {
    let shell = Shell::new(&[("a.py", "def f(): pass\n")]);
    let settings =
        "{\n  // mine\n  \"servers\": {\n    \"other\": {\"command\": \"x\"}, // keep\n  },\n}\n";
    shell.write(".vscode/mcp.json", settings);
    let seen = shell.happy(&["mcp", "install", "vscode"]).exits(0);
    assert_eq!(seen.records()[0]["applied"], false);
    assert!(seen.stderr.contains("+    \"happy\": {"), "{}", seen.stderr);
    assert_eq!(shell.read(".vscode/mcp.json"), settings);

    let written = shell.happy(&["mcp", "install", "vscode", "--yes"]).exits(0);
    assert_eq!(written.records()[0]["applied"], true);
    let now = shell.read(".vscode/mcp.json");
    for line in settings.lines() {
        assert!(now.contains(line), "{now}");
    }
    assert!(now.contains("\"type\": \"stdio\""), "{now}");
    let again = shell.happy(&["mcp", "install", "vscode", "--yes"]).exits(0);
    assert_eq!(again.records()[0]["change"], "unchanged");

    let listed = shell.happy(&["mcp", "install"]).exits(0);
    let has = |client: &str| {
        let records = listed.records();
        records
            .iter()
            .any(|record| record["client"] == client && record["change"] == "unchanged")
    };
    assert!(has("vscode") && !has("cursor"), "{}", listed.stdout);

    shell.write("outside.json", "{}");
    std::fs::create_dir(shell.path(".cursor")).expect("made");
    std::os::unix::fs::symlink(shell.path("outside.json"), shell.path(".cursor/mcp.json"))
        .expect("linked");
    let refused = shell.happy(&["mcp", "install", "cursor", "--yes"]).exits(2);
    assert!(
        refused.stderr.contains("symbolic link"),
        "{}",
        refused.stderr
    );
    assert_eq!(shell.read("outside.json"), "{}");
    let unknown = shell.happy(&["mcp", "install", "emacs"]).exits(2);
    assert!(unknown.stderr.contains("claude-code"), "{}", unknown.stderr);
}
