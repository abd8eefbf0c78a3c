//! Which model is asked: the command line, the environment, Git's
//! configuration, the team's file; and from whom an endpoint is not taken.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::Bench;
use super::wire::{cell, ran, serve};
use crate::shell::Ran;

/// A server that counts what it is asked, and its address.
fn server() -> (String, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let port = serve(Arc::new(move |_: &Value| {
        counted.fetch_add(1, Ordering::SeqCst);
        cell("print(llm('what?', 'lib.py::low'))")
    }));
    (format!("http://127.0.0.1:{port}/v1"), count)
}

/// The program with these variables and no other.
fn happy(bench: &Bench, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_happy"));
    command
        .args(args)
        .current_dir(bench.shell.path(""))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", bench.shell.path("../home"))
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    ran(&mut command)
}

fn user_says(bench: &Bench, text: &str) {
    std::fs::create_dir_all(bench.shell.path("../home")).expect("made");
    std::fs::write(bench.shell.path("../home/.gitconfig"), text).expect("written");
}

/// The models that a run of one turn asks.
fn models(bench: &Bench, args: &[&str], variables: &[(&str, &str)]) -> (String, String) {
    let mut all = vec!["agent", "look", "--max-turns", "1"];
    all.extend(args);
    let ran = happy(bench, &all, variables).exits(1);
    let start = &ran.of("agent_start")[0];
    let text = |name: &str| start[name].as_str().expect("text").to_owned();
    (text("model"), text("sub_model"))
}

fn pair(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

#[test]
fn the_command_line_comes_before_the_environment_then_git_then_the_file() {
    let Some(bench) = Bench::new() else { return };
    let (url, _) = server();
    let file = format!(
        "[model]\nname = \"of-file\"\nbase_url = \"{url}\"\n\n[sub_model]\nname = \"sub-of-file\"\n"
    );
    bench.shell.write(".happy.toml", &file);
    happy(&bench, &["config", "trust"], &[]).exits(0);
    assert_eq!(models(&bench, &[], &[]), pair("of-file", "sub-of-file"));
    user_says(
        &bench,
        "[happy \"model\"]\n\tname = of-git\n[happy \"subModel\"]\n\tname = sub-of-git\n",
    );
    assert_eq!(models(&bench, &[], &[]), pair("of-git", "sub-of-git"));
    let variables = [("HAPPY_MODEL", "of-env"), ("HAPPY_SUB_MODEL", "sub-of-env")];
    assert_eq!(
        models(&bench, &[], &variables),
        pair("of-env", "sub-of-env")
    );
    let args = ["--model", "of-line", "--sub-model", "sub-of-line"];
    assert_eq!(
        models(&bench, &args, &variables),
        pair("of-line", "sub-of-line")
    );
    let said = happy(
        &bench,
        &["config", "--show-origin", "model.name"],
        &variables,
    )
    .exits(0);
    let origins: Vec<(Value, Value)> = said
        .records()
        .into_iter()
        .map(|record| (record["origin"].clone(), record["used"].clone()))
        .collect();
    let wanted = [("environment", true), ("git", false), ("file", false)];
    let wanted: Vec<(Value, Value)> = wanted.map(|(a, b)| (a.into(), b.into())).into();
    assert_eq!(origins, wanted, "{}", said.stdout);
}

#[test]
fn a_server_that_the_repository_names_gets_neither_question_nor_key_before_it_is_trusted() {
    let Some(bench) = Bench::new() else { return };
    let (url, count) = server();
    let file = format!("[model]\nbase_url = \"{url}\"\n");
    bench.shell.write(".happy.toml", &file);
    let git = ["config", "happy.subModel.baseUrl", url.as_str()];
    bench.shell.git(&git);
    let key = [
        ("HAPPY_MODEL", "any"),
        ("HAPPY_SUB_MODEL", "any-sub"),
        ("HAPPY_API_KEY", "my-own-key-1"),
    ];
    let ask = ["agent", "look", "--max-turns", "1"];
    let refused = happy(&bench, &ask, &key).exits(7);
    assert!(refused.stderr.contains("not trusted"), "{}", refused.stderr);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let shown = happy(&bench, &["config", "--show-origin", "model.baseUrl"], &[]);
    assert_eq!(shown.records()[0]["used"], false, "{}", shown.stdout);
    let trusted = happy(&bench, &["config", "trust"], &[]).exits(0);
    assert!(trusted.stderr.contains(&url), "{}", trusted.stderr);
    happy(&bench, &ask, &key).exits(1);
    assert!(count.load(Ordering::SeqCst) > 0);
    // Another address is another file, and trusted no longer.
    bench
        .shell
        .write(".happy.toml", &format!("{file}\n# changed\n"));
    happy(&bench, &ask, &key).exits(7);
}

#[test]
fn a_key_command_of_the_repository_is_never_run() {
    let Some(bench) = Bench::new() else { return };
    let (url, _) = server();
    let file =
        "[model]\nname = \"any\"\nkey_command = \"touch canary\"\nkey_variable = \"SECRET\"\n";
    bench.shell.write(".happy.toml", file);
    happy(&bench, &["config", "trust"], &[]).exits(0);
    let variables = [("HAPPY_BASE_URL", url.as_str()), ("SECRET", "mine")];
    happy(&bench, &["agent", "look", "--max-turns", "1"], &variables).exits(1);
    assert!(!bench.shell.path("canary").exists());
    // The user's own is.
    user_says(&bench, "[happy \"model\"]\n\tkeyCommand = touch canary\n");
    let failed = happy(&bench, &["agent", "look"], &variables).exits(7);
    assert!(
        failed.stderr.contains("printed nothing"),
        "{}",
        failed.stderr
    );
    assert!(bench.shell.path("canary").exists());
}

#[test]
fn the_embedder_is_looked_up_too_and_not_taken_from_an_untrusted_file() {
    let Some(bench) = Bench::new() else { return };
    let closed = "base_url = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n";
    bench.shell.write(
        ".happy.toml",
        &format!("[embed]\nname = \"endpoint\"\n{closed}"),
    );
    let search = ["search", "one more"];
    let ours = happy(&bench, &search, &[]).exits(0);
    assert!(ours.stderr.contains("not trusted"), "{}", ours.stderr);
    user_says(
        &bench,
        "[happy \"embed\"]\n\tname = endpoint\n\tbaseUrl = http://127.0.0.1:1/v1\n\tmodel = m\n",
    );
    let theirs = happy(&bench, &search, &[]).exits(7);
    assert!(theirs.stderr.contains("127.0.0.1"), "{}", theirs.stderr);
    let variables = [("HAPPY_EMBEDDER", "static")];
    happy(&bench, &search, &variables).exits(0);
}
