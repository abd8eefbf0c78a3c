//! Programs that stay.

use std::io::{BufReader, Write};
use std::time::{Duration, Instant};

use happy::sandbox::protocol::{
    Frame, FrameReader, FromSession, GarbageKind, MOST, ToSession, write_frame,
};
use happy::sandbox::{Limit, Limits, Session, Status};

use super::{backends, python};

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
    let first = reader.next().expect("the pipe can be read");
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
    for chosen in backends() {
        let Some((mut session, mut reader)) = started(&chosen, limits()) else {
            return;
        };
        execute(&mut session, "x = host('add', a=1)");
        let Some(Frame::Message(FromSession::Call {
            id,
            name,
            arguments,
        })) = reader.next().expect("readable")
        else {
            panic!("no call came");
        };
        assert_eq!((name.as_str(), arguments["a"].as_i64()), ("add", Some(1)));
        let value = serde_json::json!({"sum": 41});
        send(&mut session, &ToSession::Answer { id, value });
        let result = |reader: &mut Reader| match reader.next().expect("readable") {
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
    for chosen in backends() {
        let Some((mut session, mut reader)) = started(&chosen, limits()) else {
            return;
        };
        execute(&mut session, code);
        let mut kinds = Vec::new();
        loop {
            match reader.next::<FromSession>().expect("readable") {
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
        reader.next::<FromSession>().expect("the cell has run");
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
fn a_session_that_closes_its_pipes_is_still_killed() {
    for chosen in backends() {
        let Some((mut session, mut reader)) = started(&chosen, limits()) else {
            return;
        };
        execute(
            &mut session,
            "import os, time\nos.close(1); os.close(0); time.sleep(300)",
        );
        assert_eq!(reader.next::<FromSession>().expect("readable"), None);
        if let Some(stdin) = &mut session.stdin {
            let _ = stdin.write_all(&vec![b'x'; 1 << 20]);
        }
        assert!(session.is_alive());
        session.kill().expect("the session can be killed");
    }
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
