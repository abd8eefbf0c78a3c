//! E2B as the verbs use it, with the key where a user has it.

use super::e2b::{KEY, Server, fresh};
use crate::shell::Shell;

const TEST: &str = "import os, unittest


class Remote(unittest.TestCase):
    def test_here(self):
        self.assertEqual(sorted(os.listdir('.')), ['.happy.toml', 'test_remote.py'])
        self.assertNotIn('E2B_API_KEY', os.environ)
        open('written', 'w').close()

    def test_fails(self):
        self.fail('as it should')
";

fn shell() -> Shell {
    let shell = Shell::new(&[
        ("test_remote.py", TEST),
        (".happy.toml", "[test]\nsandbox = \"e2b\"\n"),
    ]);
    shell.write(".env", "TOKEN=secret");
    shell
}

fn variables(server: &Server) -> [(&'static str, &str); 3] {
    [
        ("E2B_API_URL", &server.url),
        ("E2B_SANDBOX_URL", &server.url),
        ("E2B_API_KEY", KEY),
    ]
}

#[test]
fn tests_run_on_e2b_where_it_is_asked_for() {
    let Some((server, _)) = &fresh() else { return };
    let shell = shell();
    let args = ["test", "--sandbox", "e2b", "--timeout", "60"];
    let ran = shell.happy_where(&variables(server), &args).exits(1);
    let mut outcomes: Vec<_> = ran
        .of("test")
        .iter()
        .map(|record| format!("{} {}", record["name"], record["outcome"]))
        .collect();
    outcomes.sort();
    assert_eq!(outcomes.len(), 2, "{}\n{}", ran.stdout, ran.stderr);
    assert!(outcomes[0].contains("test_fails") && outcomes[0].contains("failed"));
    assert!(
        outcomes[1].contains("test_here") && outcomes[1].contains("passed"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.of("test_summary")[0]["sandbox"], "e2b");
    assert!(!shell.path("written").exists());
    let state = server.state();
    assert_eq!(state["machines"].as_array().map(Vec::len), Some(0));
    assert_eq!(state["key_in_machine"], false);
    assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY));
}

#[test]
fn a_key_alone_sends_nothing_away() {
    let Some((server, _)) = &fresh() else { return };
    let shell = shell();
    // Whatever sandbox there is here, or none: it is not the remote one, though
    // the repository's own settings ask for it.
    let ran = shell.happy_where(&variables(server), &["test", "--timeout", "60"]);
    for summary in ran.of("test_summary") {
        assert_ne!(summary["sandbox"], "e2b");
    }
    assert_eq!(
        server.state()["created"],
        0,
        "{}\n{}",
        ran.stdout,
        ran.stderr
    );
}

#[test]
fn doctor_says_whether_the_service_knows_the_key() {
    let Some((server, _)) = &fresh() else { return };
    let shell = shell();
    let check = |variables: &[(&str, &str)]| {
        let ran = shell.happy_where(variables, &["doctor"]);
        assert!(!ran.stdout.contains(KEY), "{}", ran.stdout);
        let checks = ran.of("check");
        let found = checks.iter().find(|check| check["name"] == "e2b");
        found.expect("a line on E2B").clone()
    };
    let mut given = variables(server);
    assert_eq!(check(&given)["works"], true);
    given[2].1 = "e2b_wrong_wrong_wrong";
    let wrong = check(&given);
    assert_eq!(wrong["works"], false);
    let detail = wrong["detail"].as_str().expect("text");
    assert!(
        detail.contains("answered 401") && !detail.contains("wrong_wrong"),
        "{detail}"
    );
    let none = check(&given[..2]);
    assert_eq!(
        (&none["works"], &none["detail"]),
        (&false.into(), &"no key".into())
    );
    let command = format!("echo {KEY}");
    given[2] = ("HAPPY_E2B_KEY_COMMAND", &command);
    assert_eq!(check(&given)["works"], true);
    assert_eq!(server.state()["created"], 0);
}

#[test]
fn a_wrong_key_and_an_address_in_the_open_are_refused() {
    let Some((server, _)) = &fresh() else { return };
    let shell = shell();
    let args = ["test", "--sandbox", "e2b"];
    let mut given = variables(server);
    given[2].1 = "e2b_wrong_wrong_wrong";
    let ran = shell.happy_where(&given, &args).exits(8);
    assert!(ran.stderr.contains("answered 401"), "{}", ran.stderr);
    given[0].1 = "http://192.0.2.1";
    let ran = shell.happy_where(&given, &args).exits(8);
    assert!(ran.stderr.contains("in plain text"), "{}", ran.stderr);
}
