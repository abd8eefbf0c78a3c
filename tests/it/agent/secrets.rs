//! What looks like a key is not sent: FAULTS 72.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::wire::{cell, command, ran, serve};
use super::{Bench, end, seen};

/// A key in pieces, so that no scanner takes this file for a leak.
fn key() -> String {
    format!("AKIA{}", "ABCDEFGHIJKLMNOP")
}

/// A repository with a key in line 3 of a file, and a model that asks a
/// sub-agent about it. What the model is sent is kept.
fn asked(bench: &Bench, ask: &str, options: &[&str]) -> (crate::shell::Ran, Vec<String>) {
    let config = format!("\ndef login(user):\n    return user, '{}'\n", key());
    bench.shell.write("config.py", &config);
    bench.shell.commit("a key");
    let sent = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&sent);
    let ask = ask.to_owned();
    let port = serve(Arc::new(move |request: &Value| {
        heard
            .lock()
            .expect("not poisoned")
            .push(request.to_string());
        let system = request["messages"][0]["content"].as_str();
        if system.is_some_and(|text| text.starts_with("You read source code")) {
            return "it returns a key".to_owned();
        }
        cell(&ask)
    }));
    let mut args = vec!["look at login", "--max-turns", "1"];
    args.extend(options);
    let ran = ran(&mut command(&bench.shell, port, &args));
    let sent = sent.lock().expect("not poisoned").clone();
    (ran, sent)
}

#[test]
fn a_source_with_a_key_is_refused_with_its_place() {
    let Some(bench) = Bench::new() else { return };
    for ask in [
        "print(llm('what is it?', 'config.py::login'))",
        "print(rlm_batch('what is it?', ['lib.py::low', 'config.py::login']))",
        "print(peek('config.py::login'))",
    ] {
        let (ran, sent) = asked(&bench, ask, &[]);
        let ran = ran.exits(9);
        assert!(
            ran.stderr
                .contains("refused to send: looks like an AWS access key in config.py:3"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("\"code\":\"secret\""), "{}", ran.stderr);
        assert!(ran.stderr.contains("--allow-secrets"), "{}", ran.stderr);
        assert_eq!(sent.len(), 1, "the sub-agent is not asked");
        assert!(!sent[0].contains(&key()));
        bench.shell.git(&["reset", "-q", "--hard", "HEAD~1"]);
    }
}

#[test]
fn it_is_sent_where_the_user_allows_it() {
    let Some(bench) = Bench::new() else { return };
    let ask = "print(llm('what is it?', 'config.py::login'))";
    let (ran, sent) = asked(&bench, ask, &["--allow-secrets"]);
    let ran = ran.exits(1);
    assert_eq!(end(&ran)["outcome"], "budget");
    assert_eq!(seen(&ran, 1), "it returns a key\n");
    assert!(sent[1].contains(&key()), "{}", sent[1]);
}

#[test]
fn a_refused_run_is_taken_up_again() {
    let Some(bench) = Bench::new() else { return };
    let ask = "print(llm('what is it?', 'config.py::login'))";
    let (ran, _) = asked(&bench, ask, &[]);
    let run = ran.of("agent_start")[0]["run"]
        .as_str()
        .expect("text")
        .to_owned();
    let recorded = bench.record(&[], &[("root/1/1", "no key to be seen")]);
    let recorded = format!("replay:{}", recorded.display());
    // A recording is sent nothing, so there is nothing to refuse.
    let again = [
        "agent",
        "--resume",
        &run,
        "--model",
        &recorded,
        "--max-turns",
        "1",
    ];
    let again = bench.shell.happy(&again).exits(1);
    assert_eq!(seen(&again, 1), "no key to be seen\n");
}

#[test]
fn values_of_a_dotenv_file_are_never_sent_even_where_keys_may_be() {
    let Some(bench) = Bench::new() else { return };
    bench.shell.write(".gitignore", ".env\n");
    bench
        .shell
        .write("use.py", "def use():\n    return 'tree-of-the-yard'\n");
    bench.shell.commit("a password in the code");
    bench.shell.write(".env", "DB_PASSWORD=tree-of-the-yard\n");
    let ask = "print(llm('what is it?', 'use.py::use'))";
    let (ran, _) = asked(&bench, ask, &[]);
    let stderr = ran.exits(9).stderr;
    assert!(
        stderr.contains("looks like a configured secret in use.py:2"),
        "{stderr}"
    );
    let (ran, sent) = asked(&bench, ask, &["--allow-secrets"]);
    ran.exits(9);
    assert!(sent.iter().all(|text| !text.contains("tree-of-the-yard")));
}
