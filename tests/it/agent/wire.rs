//! Runs against a server that speaks chat completions and takes its time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Bench, FIX, end};
use crate::shell::{Ran, Shell};

type Answer = dyn Fn(&Value) -> String + Send + Sync;

/// Serves on a port of this machine until the test ends.
pub(super) fn serve(answer: Arc<Answer>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || while one(&stream, &*answer).is_some() {});
        }
    });
    port
}

/// Answers one request on a connection that stays.
fn one(mut stream: &TcpStream, answer: &Answer) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.trim().to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if lower.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request: Value = serde_json::from_slice(&body).ok()?;
    let text = answer(&request);
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110});
    let chunk = json!({
        "id": "1", "object": "chat.completion.chunk", "model": "fake",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": null}],
    });
    let last = json!({
        "id": "1", "object": "chat.completion.chunk", "model": "fake",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage,
    });
    let events = format!("data: {chunk}\n\ndata: {last}\n\ndata: [DONE]\n\n");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {}\r\n\r\n",
        events.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(events.as_bytes()).ok()
}

/// The program against such a server.
pub(super) fn command(shell: &Shell, port: u16, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_happy"));
    command
        .args(["agent", "--model", "fake"])
        .args(args)
        .current_dir(shell.path(""))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", shell.path("../home"))
        .env("HAPPY_BASE_URL", format!("http://127.0.0.1:{port}/v1"))
        .env("HAPPY_WIRE", "chat-completions")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(super) fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("the program runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(super) fn cell(code: &str) -> String {
    format!("I work.\n\n```python\n{code}\n```\n")
}

/// Runs a fix, and lets `meanwhile` change the working tree while the program
/// waits for the model's second answer.
pub(super) fn while_it_waits(bench: &Bench, meanwhile: impl Fn(&Shell)) -> Ran {
    let asked = Arc::new(AtomicUsize::new(0));
    let go = Arc::new(AtomicUsize::new(0));
    let (count, may) = (Arc::clone(&asked), Arc::clone(&go));
    let port = serve(Arc::new(move |_: &Value| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            return cell(FIX);
        }
        while may.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        cell("print(submit('Fix low'))")
    }));
    let child = command(&bench.shell, port, &["fix low", "--max-turns", "2"])
        .spawn()
        .expect("the program starts");
    let begun = Instant::now();
    while asked.load(Ordering::SeqCst) < 2 && begun.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(10));
    }
    meanwhile(&bench.shell);
    go.store(1, Ordering::SeqCst);
    let output = child.wait_with_output().expect("the program ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_batch_of_100_slow_answers_runs_20_at_once() {
    let Some(bench) = Bench::new() else { return };
    let functions: Vec<String> = (0..100)
        .map(|n| {
            format!(
                "def f{n}(a):\n    return a + {n}  # {}\n",
                "long ".repeat(30)
            )
        })
        .collect();
    bench.shell.write("many.py", &functions.join("\n\n"));
    bench.shell.commit("many");
    let turn = AtomicUsize::new(0);
    let port = serve(Arc::new(move |request: &Value| {
        let system = request["messages"][0]["content"]
            .as_str()
            .unwrap_or_default();
        if system.starts_with("You read source code") {
            std::thread::sleep(Duration::from_millis(200));
            let prompt = request["messages"][1]["content"]
                .as_str()
                .unwrap_or_default();
            let name = prompt.split("many.py::").nth(1).unwrap_or_default();
            return name
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
        }
        match turn.fetch_add(1, Ordering::SeqCst) {
            0 => cell(
                "import time\nnames = [f'many.py::f{n}' for n in range(100)]\nt = time.perf_counter()\nanswers = rlm_batch('name?', names, width=20)\nprint(answers == [f'f{n}' for n in range(100)])\nprint(time.perf_counter() - t)",
            ),
            _ => cell("pass"),
        }
    }));
    let ran = ran(&mut command(
        &bench.shell,
        port,
        &["name them", "--max-turns", "1"],
    ))
    .exits(1);
    let text = super::seen(&ran, 1);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("True"), "{text}\n{}", ran.stderr);
    let seconds: f64 = lines
        .next()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    println!("rlm_batch of 100 × 200 ms at width 20: {seconds:.2} s");
    assert!(seconds < 4.0, "in sequence it would take 20 s: {seconds}");
    assert_eq!(end(&ran)["sub"]["calls"], 100);
    assert_eq!(end(&ran)["sub"]["prompt_tokens"], 100 * 100);
}

#[test]
fn a_killed_host_is_taken_up_again_against_a_live_model() {
    let Some(bench) = Bench::new() else { return };
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let hang = Arc::new(AtomicUsize::new(1));
    let hanging = Arc::clone(&hang);
    let port = serve(Arc::new(move |request: &Value| {
        count.fetch_add(1, Ordering::SeqCst);
        let said = request["messages"].as_array().map_or(0, Vec::len);
        if said < 4 {
            return cell(FIX);
        }
        while hanging.load(Ordering::SeqCst) == 1 {
            std::thread::sleep(Duration::from_millis(5));
        }
        cell("print(submit('Fix low'))")
    }));
    let mut child = command(&bench.shell, port, &["fix low"])
        .spawn()
        .expect("it starts");
    let begun = Instant::now();
    while asked.load(Ordering::SeqCst) < 2 && begun.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("it ended");
    hang.store(0, Ordering::SeqCst);
    let runs = bench.shell.path(".git/happy/runs");
    let run = std::fs::read_dir(runs)
        .expect("runs")
        .next()
        .expect("one")
        .expect("readable");
    let run = run.file_name().into_string().expect("text");
    let mut again = command(&bench.shell, port, &["--resume", &run]);
    let ran = ran(&mut again).exits(0);
    assert_eq!(bench.shell.read("lib.py"), super::FIXED);
    // The first answer was recorded: only the second was asked for again.
    assert_eq!(asked.load(Ordering::SeqCst), 3, "{}", ran.stdout);
}
