//! The program with a server's embedder: what is asked for, and how often.

use std::collections::HashSet;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::{sound, sound_server, texts};
use crate::fault_server::{FaultServer, Piece, answer, json as whole};
use crate::shell::Shell;

fn files(count: usize) -> Vec<(String, String)> {
    (0..count)
        .map(|at| {
            let text = format!("def thing_{at}(user, password):\n    \"\"\"Does the thing of number {at}.\"\"\"\n    return user + {at}\n");
            (format!("part_{at}.py"), text)
        })
        .collect()
}

fn repository(count: usize) -> Shell {
    let files = files(count);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    Shell::new(&files)
}

/// The program with the embedder of that server, or without any.
fn command(shell: &Shell, server: Option<&FaultServer>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_happy"));
    command
        .arg("-C")
        .arg(shell.path(""))
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", shell.path("").join("../home"));
    if let Some(server) = server {
        command
            .env("HAPPY_EMBEDDER", "endpoint")
            .env("HAPPY_EMBEDDING_BASE_URL", server.url())
            .env("HAPPY_EMBEDDING_MODEL", "counts-words")
            .env("HAPPY_EMBEDDING_DIMENSIONS", "32")
            .env("HAPPY_EMBEDDING_BATCH", "4");
    }
    command
}

fn run(shell: &Shell, server: Option<&FaultServer>, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(shell, server, arguments)
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

fn sent(server: &FaultServer) -> Vec<String> {
    server.requests().iter().flat_map(texts).collect()
}

#[test]
fn what_was_paid_for_is_asked_for_once_and_a_change_pays_for_itself() {
    let (shell, server) = (repository(10), sound_server());
    let (code, stdout, stderr) = run(&shell, Some(&server), &["index"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("\"type\":\"snapshot\""), "{stdout}");
    assert!(
        stderr.contains("embedding 20 texts, up to ")
            && stderr.contains("with counts-words at 127.0.0.1:"),
        "{stderr}"
    );
    assert!(
        stderr.contains("costs nothing, it runs on this machine (0 of 20 chunks are here already)"),
        "{stderr}"
    );
    let first = sent(&server);
    assert_eq!(first.len(), 20, "a file and its function");

    let (code, _, stderr) = run(&shell, Some(&server), &["index"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(sent(&server).len(), 20);

    shell.write("part_3.py", "def another_thing():\n    return 1\n");
    let (code, _, stderr) = run(&shell, Some(&server), &["index"]);
    assert_eq!(code, 0, "{stderr}");
    let all = sent(&server);
    assert!(all.len() > 20 && all.len() <= 22, "{:?}", &all[20..]);
    assert!(
        all[20..].iter().all(|text| text.contains("another_thing")),
        "{:?}",
        &all[20..]
    );
}

#[test]
fn search_answers_with_the_servers_vectors_and_says_so() {
    let (shell, server) = (repository(6), sound_server());
    let (code, stdout, stderr) = run(
        &shell,
        Some(&server),
        &["search", "does the thing of number 4"],
    );
    assert_eq!(code, 0, "{stderr}");
    let hit: Value = serde_json::from_str(stdout.lines().next().expect("a hit")).expect("a record");
    let embedder = hit["embedder"].as_str().expect("named");
    assert!(
        embedder.starts_with("counts-words@") && embedder.ends_with("/32"),
        "{embedder}"
    );
    let asked = sent(&server);
    assert_eq!(
        asked.last().map(String::as_str),
        Some("does the thing of number 4")
    );
}

#[test]
fn an_interrupted_run_goes_on_without_paying_twice() {
    // The third request and all after it fail until the server is mended.
    let mended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let answered = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (is_mended, told) = (mended.clone(), answered.clone());
    let server = FaultServer::scripted(Box::new(move |at, request| {
        if at >= 2 && !is_mended.load(std::sync::atomic::Ordering::SeqCst) {
            return answer(500, &[("retry-after-ms", "5")], "oops");
        }
        told.lock().expect("no panic").extend(texts(request));
        sound(request)
    }));
    let shell = repository(20);
    let (code, stdout, stderr) = run(&shell, Some(&server), &["index"]);
    assert_eq!(code, 7, "{stderr}");
    assert!(
        stderr.contains("500: oops") && stderr.contains("\"embedder_endpoint\""),
        "{stderr}"
    );
    assert_eq!(stdout, "");
    let before = answered.lock().expect("no panic").len();
    assert_eq!(before, 8, "two batches were answered");

    mended.store(true, std::sync::atomic::Ordering::SeqCst);
    let (code, _, stderr) = run(&shell, Some(&server), &["index"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("(8 of 40 chunks are here already)"),
        "{stderr}"
    );
    let all = answered.lock().expect("no panic").clone();
    assert_eq!(all.len(), 40);
    assert_eq!(
        all.iter().collect::<HashSet<_>>().len(),
        40,
        "no text twice"
    );
}

#[test]
fn a_signal_ends_a_run_at_once_and_what_came_is_kept() {
    let server = FaultServer::scripted(Box::new(|at, request| {
        let mut answer = sound(request);
        if at >= 4 {
            answer.insert(0, Piece::Pause(Duration::from_secs(20)));
        }
        answer
    }));
    let shell = repository(20);
    let child = command(&shell, Some(&server), &["index"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    for _ in 0..400 {
        if server.requests().len() >= 8 {
            break;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    // The answers that came are written down as they come.
    std::thread::sleep(Duration::from_millis(300));
    let started = std::time::Instant::now();
    let killed = Command::new("kill")
        .arg("-INT")
        .arg(child.id().to_string())
        .status();
    assert!(killed.expect("kill is here").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(started.elapsed() < Duration::from_secs(5));

    let sound = sound_server();
    let mut again = command(&shell, Some(&sound), &["index"]);
    // The same server by name: the vectors are of the same model.
    let (code, _, stderr) = {
        let output = again.output().expect("it starts");
        (
            output.status.code(),
            output.stdout,
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(code, Some(0), "{stderr}");
    // Another server may call another model by the same name: nothing is taken over.
    assert!(
        stderr.contains("(0 of 40 chunks are here already)"),
        "{stderr}"
    );
}

#[test]
fn no_embedder_takes_the_place_of_another() {
    let (shell, server) = (repository(3), sound_server());
    run(&shell, Some(&server), &["index"]);
    // Search without the server's embedder refuses its vectors.
    let (code, stdout, stderr) = run(&shell, None, &["search", "thing"]);
    assert_eq!((code, stdout.as_str()), (4, ""), "{stderr}");
    assert!(
        stderr.contains("the vectors were made by counts-words@")
            && stderr.contains("run `happy index`"),
        "{stderr}"
    );
    // Other verbs do not care, and ask nobody.
    let asked = server.requests().len();
    assert_eq!(run(&shell, None, &["symbols", "thing_1"]).0, 0);
    assert_eq!(run(&shell, Some(&server), &["symbols", "thing_1"]).0, 0);
    assert_eq!(server.requests().len(), asked);
    // Indexing makes them anew, and back again for nothing.
    assert_eq!(run(&shell, None, &["index"]).0, 0);
    assert_eq!(run(&shell, None, &["search", "thing"]).0, 0);
    assert_eq!(run(&shell, Some(&server), &["index"]).0, 0);
    assert_eq!(server.requests().len(), asked, "they were paid for");
    // A server that is gone is an error, not another embedder's answer.
    let gone = FaultServer::new(vec![whole(401, &json!({"error": {"message": "no"}}))]);
    let (code, stdout, stderr) = run(&shell, Some(&gone), &["search", "thing"]);
    assert_eq!((code, stdout.as_str()), (7, ""), "{stderr}");
}

#[test]
fn a_damaged_cache_costs_what_is_damaged() {
    let (shell, server) = (repository(10), sound_server());
    run(&shell, Some(&server), &["index"]);
    assert_eq!(sent(&server).len(), 20);
    let folder = std::fs::read_dir(shell.path(".git/happy/vectors"))
        .expect("it is there")
        .next();
    let folder = folder.expect("one model").expect("readable").path();
    let part = std::fs::read_dir(folder)
        .expect("readable")
        .next()
        .expect("one part")
        .expect("readable")
        .path();
    let mut bytes = std::fs::read(&part).expect("readable");
    // The head has 24 bytes, a record 60: the eleventh is hit.
    assert_eq!(bytes.len(), 24 + 20 * 60);
    bytes[24 + 10 * 60 + 30] ^= 1;
    std::fs::write(&part, bytes).expect("writable");
    std::fs::remove_dir_all(shell.path(".git/happy/commits")).expect("removed");
    let (code, _, stderr) = run(&shell, Some(&server), &["index"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("(10 of 20 chunks are here already)"),
        "{stderr}"
    );
}

#[test]
fn what_is_not_configured_is_named() {
    let shell = repository(1);
    let ask = |pairs: &[(&str, &str)]| {
        let output = command(&shell, None, &["search", "x"])
            .envs(pairs.iter().copied())
            .output();
        let output = output.expect("it starts");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, said) = ask(&[("HAPPY_EMBEDDER", "magic")]);
    assert!(
        code == Some(4) && said.contains("unknown embedder `magic`; known: static, endpoint"),
        "{said}"
    );
    let (code, said) = ask(&[("HAPPY_EMBEDDER", "endpoint")]);
    assert!(
        code == Some(2) && said.contains("set `OPENAI_API_KEY`"),
        "{said}"
    );
    let local = [
        ("HAPPY_EMBEDDER", "endpoint"),
        ("HAPPY_EMBEDDING_BASE_URL", "http://127.0.0.1:1/v1"),
    ];
    let (code, said) = ask(&[local[0], local[1], ("HAPPY_EMBEDDING_DIMENSIONS", "many")]);
    assert!(
        code == Some(2) && said.contains("`HAPPY_EMBEDDING_DIMENSIONS` is no number"),
        "{said}"
    );
    let (code, said) = ask(&[
        local[0],
        local[1],
        ("HAPPY_EMBEDDING_KEY_COMMAND", "pass $(id)"),
    ]);
    assert!(
        code == Some(2) && said.contains("no shell runs the key command"),
        "{said}"
    );
    let (code, said) = ask(&[local[0], local[1], ("HAPPY_EMBEDDING_KEY_COMMAND", "false")]);
    assert!(
        code == Some(2) && said.contains("the key command failed"),
        "{said}"
    );
}
