//! What a run on E2B leaves, sends and keeps.

use std::path::Path;
use std::time::Duration;

use happy::sandbox::{Limit, Limits, Mount, Policy, Status, TreeView};

use super::e2b::fresh;
use super::{open_folder, python, run, shown, stdout};

fn ended(state: &serde_json::Value) -> bool {
    state["machines"].as_array().is_some_and(Vec::is_empty)
}

#[test]
fn a_machine_is_made_without_a_network_and_deleted_after_the_run() {
    let Some((server, chosen)) = &fresh() else {
        return;
    };
    let Some(policy) = python("print(1)") else {
        return;
    };
    let before = server.state()["created"].as_u64();
    let outcome = run(chosen, &policy);
    assert_eq!(stdout(&outcome), "1\n", "{}", shown(chosen, &outcome));
    let state = server.state();
    assert_eq!(state["created"].as_u64(), before.map(|n| n + 1));
    assert!(ended(&state), "{state}");
    let body = &state["bodies"][0];
    assert_eq!(body["allow_internet_access"], false);
    assert_eq!(body["network"]["allowPublicTraffic"], false);
    assert_eq!(body["autoPause"], false);
    let lease = body["timeout"].as_u64().expect("a number of seconds");
    assert!(
        lease <= 120,
        "a machine that is left behind lives {lease} s"
    );
    assert_eq!(state["key_in_machine"], false);
}

#[test]
fn a_host_that_gives_up_leaves_no_machine() {
    let Some((server, chosen)) = &fresh() else {
        return;
    };
    // Its folder for results goes away while the program runs.
    let kept = tempfile::tempdir().expect("a folder");
    let out = kept.path().join("out");
    std::fs::create_dir(&out).expect("made");
    let Some(policy) = python("import time; print('up', flush=True); time.sleep(1)") else {
        return;
    };
    let policy = policy.mount(Mount::Writable {
        host: out.clone(),
        inside: "/opt/out".into(),
    });
    let result = chosen.sandbox.run(&policy, b"", &mut |_, _| {
        let _ = std::fs::remove_dir_all(kept.path());
    });
    assert!(result.is_err(), "{result:?}");
    assert!(ended(&server.state()));
}

#[test]
fn a_program_can_gain_no_rights_and_reach_no_network_and_not_our_own_files() {
    let Some((_server, chosen)) = &fresh() else {
        return;
    };
    let code = "
import os, socket, subprocess
def refused(attempt):
    try: attempt()
    except OSError as error: return type(error).__name__
    return 'BREACH'
status = open('/proc/self/status').read()
print('NoNewPrivs:\\t1' in status, 'CapBnd:\\t0000000000000000' in status or os.getuid() != 1000)
print(sorted(os.environ))
print(refused(lambda: socket.create_connection(('192.0.2.1', 80), 1)))
print(os.getuid() != 0)
if os.getuid() == 1000: print(refused(lambda: os.listdir('/var/lib/happy')))
else: print('PermissionError')
";
    let Some(policy) = python(code) else { return };
    let outcome = run(chosen, &policy);
    assert_eq!(
        stdout(&outcome),
        "True True\n['HOME', 'LANG', 'PATH', 'TMPDIR']\nOSError\nTrue\nPermissionError\n",
        "{}",
        shown(chosen, &outcome)
    );
}

#[test]
fn what_comes_back_is_the_folder_as_the_program_left_it_even_when_it_was_stopped() {
    let Some((_server, chosen)) = &fresh() else {
        return;
    };
    let kept = open_folder();
    std::fs::write(kept.path().join("gone"), "x").expect("written");
    std::fs::write(kept.path().join("stays"), "x").expect("written");
    let code = "
import os, time
os.remove('/opt/kept/gone'); open('/opt/kept/new', 'w').write('new')
os.symlink('/etc/passwd', '/opt/kept/link'); os.mkfifo('/opt/kept/fifo')
print('done', flush=True); time.sleep(60)";
    let Some(policy) = python(code) else { return };
    let policy = policy
        .mount(Mount::Writable {
            host: kept.path().into(),
            inside: "/opt/kept".into(),
        })
        .limits(Limits {
            wall: Duration::from_secs(3),
            ..Limits::default()
        });
    let outcome = run(chosen, &policy);
    assert_eq!(
        outcome.limit_hit,
        Some(Limit::Wall),
        "{}",
        shown(chosen, &outcome)
    );
    let mut names: Vec<_> = std::fs::read_dir(kept.path())
        .expect("readable")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    assert_eq!(names, ["link", "new", "stays"]);
    assert!(kept.path().join("link").is_symlink());
}

#[test]
fn secrets_and_git_do_not_leave_with_a_read_only_folder_or_a_view() {
    let Some((_server, chosen)) = &fresh() else {
        return;
    };
    let tree = open_folder();
    for name in [
        ".env",
        ".git/config",
        ".netrc",
        "src/.env.local",
        "src/a.py",
    ] {
        let path = tree.path().join(name);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        std::fs::write(path, "secret").expect("written");
    }
    let code = "
import os
for top in ['/opt/shown', '/work']:
    print(sorted(os.path.join(d, f) for d, _, fs in os.walk(top) for f in fs))";
    let Some(policy) = python(code) else { return };
    let scratch = open_folder();
    let view = TreeView::new(tree.path(), scratch.path(), true).expect("a view");
    let policy = policy
        .mount(Mount::ReadOnly {
            host: tree.path().into(),
            inside: "/opt/shown".into(),
        })
        .mount(view.mount("/work"));
    let outcome = run(chosen, &policy);
    let expected = "['/opt/shown/src/a.py']\n['/work/src/a.py']\n";
    assert_eq!(stdout(&outcome), expected, "{}", shown(chosen, &outcome));
}

#[test]
fn input_and_output_pass_byte_for_byte_and_a_signal_is_told() {
    let Some((_server, chosen)) = &fresh() else {
        return;
    };
    let code = "
import os, sys
data = sys.stdin.buffer.read()
sys.stdout.buffer.write(data[::-1]); sys.stdout.flush()
sys.stderr.write('err\\n'); sys.stderr.flush()
os.abort()";
    let Some(policy) = python(code) else { return };
    let input: Vec<u8> = (0..300_000u32).map(|n| (n * 7 % 256) as u8).collect();
    let outcome = chosen
        .sandbox
        .run(&policy, &input, &mut |_, _| ())
        .expect("it runs");
    let reversed: Vec<u8> = input.iter().rev().copied().collect();
    assert!(outcome.stdout == reversed, "{} bytes", outcome.stdout.len());
    assert_eq!(outcome.stderr, b"err\n");
    assert_eq!(outcome.status, Status::Signaled(6));
}

#[test]
fn a_machine_that_is_used_is_kept_and_a_killed_session_is_deleted() {
    let Some((server, chosen)) = &fresh() else {
        return;
    };
    let Some(policy) = python("import time; print('up', flush=True); time.sleep(600)") else {
        return;
    };
    let session = chosen.sandbox.spawn_session(&policy).expect("a session");
    assert!(session.is_alive() && !ended(&server.state()));
    let finished = session.kill().expect("it is killed");
    assert_eq!(finished.status, Status::Signaled(9));
    assert!(ended(&server.state()));
    let dropped = chosen.sandbox.spawn_session(&policy).expect("a session");
    drop(dropped);
    assert!(ended(&server.state()));
}

#[test]
fn a_session_whose_output_nobody_reads_can_be_killed() {
    let Some((server, chosen)) = &fresh() else {
        return;
    };
    let code = "import sys\nwhile True: sys.stdout.write('x' * 65536)";
    let Some(policy) = python(code) else { return };
    let session = chosen.sandbox.spawn_session(&policy).expect("a session");
    std::thread::sleep(Duration::from_secs(1));
    let since = std::time::Instant::now();
    let finished = session.kill().expect("it is killed");
    assert_eq!(finished.limit_hit, None);
    assert!(
        since.elapsed() < Duration::from_secs(10),
        "{:?}",
        since.elapsed()
    );
    assert!(ended(&server.state()));
}

#[test]
fn more_than_may_be_sent_is_refused_before_a_machine_is_made() {
    let Some((server, chosen)) = &fresh() else {
        return;
    };
    let folder = open_folder();
    let file = std::fs::File::create(folder.path().join("giant")).expect("made");
    file.set_len(3 << 30).expect("a hole");
    let before = server.state()["created"].clone();
    let policy = Policy::new(["true"]).mount(Mount::ReadOnly {
        host: folder.path().into(),
        inside: "/opt/x".into(),
    });
    let error = chosen.sandbox.run(&policy, b"", &mut |_, _| ());
    let error = error.expect_err("too much").to_string();
    assert!(
        error.contains("more than 1024 MiB") && error.contains("giant"),
        "{error}"
    );
    assert_eq!(server.state()["created"], before);
    assert!(Path::new(folder.path()).exists());
}
