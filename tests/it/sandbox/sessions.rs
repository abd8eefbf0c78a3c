//! Programs that stay.

use std::io::{BufReader, Write};
use std::time::{Duration, Instant};

use happy::sandbox::protocol::{
    Frame, FrameReader, FromSession, GarbageKind, MOST, ToSession, write_frame,
};
use happy::sandbox::{Limit, Limits, Session, Status};

use super::{backends, everywhere, python};

/// A session in a few lines: it runs cells, and can be told to misbehave.
const SERVER: &str = r#"
import json, sys
def send(message):
    text = json.dumps(message).encode()
    sys.stdout.buffer.write(b"%d %s\n" % (len(text), text)); sys.stdout.buffer.flush()
def receive():
    length, _, text = sys.stdin.buffer.readline().partition(b" ")
    return json.loads(text) if text else {"type": "finish"}
def host(name, **arguments):
    send({"type": "call", "id": 1, "name": name, "arguments": arguments})
    return receive()["value"]
send({"type": "ready"})
space = {"host": host, "sys": sys}
while (message := receive())["type"] != "finish":
    try:
        exec(message["code"], space); error = None
    except Exception as e: error = repr(e)
    send({"type": "result", "id": message["id"], "ok": error is None, "output": "", "error": error})
"#;

type Reader = FrameReader<BufReader<std::process::ChildStdout>>;

fn started(chosen: &happy::sandbox::Chosen, limits: Limits) -> Option<(Session, Reader)> {
    let policy = python(SERVER)?.limits(limits);
    let mut session = chosen
        .sandbox
        .spawn_session(&policy)
        .expect("a session starts");
    let stdout = session.stdout.take().expect("its output");
    let mut reader = FrameReader::new(BufReader::new(stdout), 1 << 16, 64 << 20);
    let first = reader.read().expect("the pipe can be read");
    assert_eq!(
        first,
        Some(Frame::Message(FromSession::Ready)),
        "{}",
        chosen.sandbox.name()
    );
    Some((session, reader))
}

fn execute(session: &mut Session, code: &str) {
    let message = ToSession::Execute {
        id: 9,
        code: code.to_owned(),
    };
    send(session, &message);
}

fn send(session: &mut Session, message: &ToSession) {
    let stdin = session.stdin.as_mut().expect("its input");
    write_frame(stdin, message, MOST).expect("the session listens");
}

fn limits() -> Limits {
    Limits {
        wall: Duration::from_secs(30),
        memory: 256 << 20,
        processes: 64,
        ..Limits::default()
    }
}

#[test]
fn a_cell_calls_the_host_and_state_stays() {
    for chosen in everywhere() {
        let Some((mut session, mut reader)) = started(&chosen, limits()) else {
            return;
        };
        execute(&mut session, "x = host('add', a=1)");
        let Some(Frame::Message(FromSession::Call {
            id,
            name,
            arguments,
        })) = reader.read().expect("readable")
        else {
            panic!("no call came");
        };
        assert_eq!((name.as_str(), arguments["a"].as_i64()), ("add", Some(1)));
        let value = serde_json::json!({"sum": 41});
        send(&mut session, &ToSession::Answer { id, value });
        let result = |reader: &mut Reader| match reader.read().expect("readable") {
            Some(Frame::Message(FromSession::Result { ok, error, .. })) => (ok, error),
            other => panic!("no result but {other:?}"),
        };
        assert_eq!(result(&mut reader), (true, None));
        execute(&mut session, "assert x['sum'] + 1 == 43");
        assert_eq!(
            result(&mut reader),
            (false, Some("AssertionError()".to_owned()))
        );
        send(&mut session, &ToSession::Finish);
        let ended = session.wait().expect("the session ends");
        assert_eq!((ended.status, ended.limit_hit), (Status::Exited(0), None));
    }
}

#[test]
fn garbage_and_giant_frames_are_values_and_the_session_goes_on() {
    let code = "
sys.stdout.write('hello\\n')
sys.stdout.write('300000 ' + 'x' * 300000 + '\\n'); sys.stdout.flush()";
    for chosen in everywhere() {
        let Some((mut session, mut reader)) = started(&chosen, limits()) else {
            return;
        };
        execute(&mut session, code);
        let mut kinds = Vec::new();
        loop {
            match reader.read::<FromSession>().expect("readable") {
                Some(Frame::Garbage(garbage)) => kinds.push(garbage.why),
                Some(Frame::Message(FromSession::Result { ok, .. })) => break assert!(ok),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(kinds, [GarbageKind::NoLength, GarbageKind::TooLong]);
    }
}

#[test]
fn a_session_over_its_limit_ends_with_the_limits_name() {
    let cases = [
        (
            "x = bytearray(1 << 30)\nfor i in range(0, 1 << 30, 4096): x[i] = 1",
            Limit::Memory,
        ),
        (
            "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
            Limit::Processes,
        ),
        ("while True: pass", Limit::Wall),
    ];
    for chosen in backends() {
        for (code, expected) in cases {
            let limits = Limits {
                wall: Duration::from_secs(if expected == Limit::Wall { 2 } else { 20 }),
                ..limits()
            };
            let Some((mut session, _reader)) = started(&chosen, limits) else {
                return;
            };
            execute(&mut session, code);
            let ended = session.wait().expect("the session ends");
            let name = chosen.sandbox.name();
            assert_eq!(ended.limit_hit, Some(expected), "{name}: {ended:?}");
        }
    }
}

#[test]
fn a_killed_session_leaves_no_process_behind() {
    // Children that have left the session, the group and their parent.
    let code = "
import os, time, signal
for _ in range(5):
    if os.fork() == 0:
        os.setsid(); signal.signal(15, signal.SIG_IGN)
        if os.fork() == 0: time.sleep(300)
        os._exit(0)
time.sleep(0.2)";
    for chosen in backends() {
        let Some((mut session, mut reader)) = started(&chosen, limits()) else {
            return;
        };
        execute(&mut session, code);
        reader.read::<FromSession>().expect("the cell has run");
        let before = tree(session.pid());
        assert!(before.len() >= 3, "{}: {before:?}", chosen.sandbox.name());
        let since = Instant::now();
        session.kill().expect("the session can be killed");
        assert!(since.elapsed() < Duration::from_secs(3));
        let left: Vec<u32> = before.into_iter().filter(|pid| lives(*pid)).collect();
        assert!(left.is_empty(), "{}: {left:?}", chosen.sandbox.name());
    }
}

#[test]
fn a_dropped_session_leaves_nothing_in_the_temporary_folder() {
    for chosen in backends() {
        let Some((session, _reader)) = started(&chosen, limits()) else {
            return;
        };
        let plans = format!("/proc/{}/cmdline", session.pid());
        assert!(std::path::Path::new(&plans).exists());
        let pid = session.pid();
        drop(session);
        assert!(!lives(pid), "{}", chosen.sandbox.name());
    }
}

#[test]
fn a_session_that_closes_its_pipes_and_hangs_is_still_killed() {
    for chosen in backends() {
        let Some((mut session, mut reader)) = started(&chosen, limits()) else {
            return;
        };
        execute(
            &mut session,
            "import os, time\nos.close(1); os.close(0); time.sleep(300)",
        );
        // Nobody reads, so a writer is stuck until the session is gone.
        let mut stdin = session.stdin.take().expect("its input");
        let writer = std::thread::spawn(move || stdin.write_all(&vec![b'x'; 1 << 20]));
        let reading = std::thread::spawn(move || reader.read::<FromSession>());
        std::thread::sleep(Duration::from_millis(300));
        assert!(session.is_alive(), "{}", chosen.sandbox.name());
        let since = Instant::now();
        session.kill().expect("the session can be killed");
        assert!(writer.join().expect("no panic").is_err());
        assert_eq!(reading.join().expect("no panic").expect("readable"), None);
        assert!(since.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn nothing_outlives_a_host_that_is_killed() {
    use std::io::BufRead;
    for chosen in backends() {
        let mut host = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args([
                "sandbox::sessions::a_host_that_will_be_killed",
                "--exact",
                "--ignored",
            ])
            .arg("--nocapture")
            .env("HAPPY_TEST_VICTIM", chosen.sandbox.name())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the host starts");
        let mut lines = BufReader::new(host.stdout.take().expect("its output")).lines();
        let pid = lines
            .find_map(|line| {
                line.expect("readable")
                    .strip_prefix("session ")?
                    .parse()
                    .ok()
            })
            .expect("the session's process");
        let processes = tree(pid);
        assert!(
            processes.len() >= 2,
            "{}: {processes:?}",
            chosen.sandbox.name()
        );
        host.kill().expect("the host is killed");
        host.wait().expect("and gone");
        let since = Instant::now();
        while processes.iter().any(|pid| lives(*pid)) {
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "{}: of {processes:?} some are left",
                chosen.sandbox.name()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
#[ignore = "started, and killed, by `nothing_outlives_a_host_that_is_killed`"]
fn a_host_that_will_be_killed() {
    let name = std::env::var_os("HAPPY_TEST_VICTIM").expect("the name of a backend");
    let chosen = backends()
        .into_iter()
        .find(|chosen| name == chosen.sandbox.name())
        .expect("a backend that works");
    let (mut session, mut reader) = started(&chosen, limits()).expect("Python");
    execute(&mut session, "import os, time\nos.fork()");
    reader.read::<FromSession>().expect("the cell has run");
    println!("\nsession {}", session.pid());
    std::thread::sleep(Duration::from_mins(1));
    panic!("the host was not killed");
}

fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        next += 1;
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let text = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(
                text.split_whitespace()
                    .filter_map(|c| c.parse::<u32>().ok()),
            );
        }
    }
    found
}

fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|text| {
        !text
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim().starts_with('Z'))
    })
}
