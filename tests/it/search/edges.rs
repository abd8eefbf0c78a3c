//! Odd queries and odd repositories, through the program.

use crate::shell::Shell;

const LOGIN: &str =
    "def login(user, password):\n    \"\"\"Let a user in.\"\"\"\n    return user.check(password)\n";

#[test]
fn an_empty_query_is_an_error_that_says_so() {
    let shell = Shell::new(&[("a.py", LOGIN)]);
    for query in ["", " ", "\t\n"] {
        let ran = shell.happy(&["search", query]).exits(2);
        assert!(ran.stderr.contains("the query is empty"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn a_query_of_100_kb_is_answered() {
    let shell = Shell::new(&[("a.py", LOGIN)]);
    let query = "how does login check the password of a user? ".repeat(2_300);
    assert!(query.len() > 100_000);
    let ran = shell.happy(&["search", &query]).exits(0);
    assert_eq!(ran.of("hit")[0]["symbol"], "a.py::login");
}

#[test]
fn a_query_of_signs_and_control_characters_has_no_hit() {
    let shell = Shell::new(&[("a.py", LOGIN)]);
    for query in ["!!!", "\u{1}\u{7f}\u{1b}[", "(((", "::", "#.#"] {
        let ran = shell.happy(&["search", "--", query]).exits(1);
        assert_eq!(ran.stdout, "", "{query:?}");
    }
}

#[test]
fn a_repository_without_files_or_without_code_has_no_hit() {
    let shell = Shell::new(&[]);
    assert_eq!(shell.happy(&["search", "login"]).exits(1).stdout, "");
    shell.write("data.bin", "login\u{0}login");
    assert_eq!(shell.happy(&["search", "login"]).exits(1).stdout, "");
}

#[test]
fn a_repository_of_one_line_has_its_hit() {
    let shell = Shell::new(&[("a.py", "timeout = 1\n")]);
    let ran = shell.happy(&["search", "timeout"]).exits(0);
    assert_eq!(ran.of("hit")[0]["symbol"], "a.py::timeout");
}

#[test]
fn hits_are_the_question_of_another_verb() {
    let shell = Shell::new(&[
        ("a.py", LOGIN),
        (
            "b.py",
            "from a import login\n\n\ndef main():\n    login(1, 2)\n",
        ),
    ]);
    let hits = shell
        .happy(&["search", "-n", "1", "let a user in"])
        .exits(0);
    let ran = shell
        .happy_with(&["callers", "-"], hits.stdout.as_bytes())
        .exits(0);
    assert_eq!(ran.of("caller")[0]["symbol"], "b.py::main");
}
