//! What no sandboxed program may do, tried by a program that tries.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use super::{backends, everywhere, open_folder, python, run, shown, stdout};

/// Tries one thing after another and prints `name ok` if it was refused.
const ATTACKS: &str = r#"
import ctypes, errno, os, platform, socket, sys, glob
canary, port, marker = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def refused(name, attempt):
    try:
        got = attempt()
        print(name, "BREACH" if got is not False else "ok", repr(got)[:80] if got is not False else "")
    except OSError as error:
        print(name, "ok")
def read(path):
    with open(path, "rb") as file: return file.read(40)
def write(path):
    with open(path, "wb") as file: file.write(b"changed")
    return True
def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(1)
        s.connect(address)
    return True
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
def call(x86_number, arm_number, *arguments):
    def attempt():
        number = x86_number if x86 else arm_number
        return libc.syscall(ctypes.c_long(number), *arguments) != -1
    return attempt
refused("read_outside", lambda: read(canary))
refused("write_outside", lambda: write(canary))
refused("create_beside", lambda: write(os.path.join(os.path.dirname(canary), "new")))
refused("shadow", lambda: read("/etc/shadow"))
refused("root_home", lambda: os.listdir("/root") or False)
refused("write_usr", lambda: write("/usr/new"))
refused("write_etc", lambda: write("/etc/new"))
refused("write_root", lambda: write("/new"))
refused("core_pattern", lambda: write("/proc/sys/kernel/core_pattern"))
refused("sysrq", lambda: write("/proc/sysrq-trigger"))
refused("connect_loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", port)))
refused("connect_loopback6", lambda: connect(socket.AF_INET6, ("::1", port)))
refused("connect_outside", lambda: connect(socket.AF_INET, ("192.0.2.1", 80)))
refused("resolve", lambda: socket.getaddrinfo("example.com", 80))
refused("abstract_socket", lambda: connect(socket.AF_UNIX, "\0" + marker))
refused("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
refused("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
def read_quietly(path):
    try: return read_all(path)
    except OSError: return b""
def host_processes():
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if path != f"/proc/{os.getpid()}/cmdline" and marker.encode() in read_all(path): return path
        except OSError: pass
    return False
def read_all(path):
    with open(path, "rb") as file: return file.read()
refused("host_processes", host_processes)
refused("many_processes", lambda: len(glob.glob("/proc/[0-9]*")) > 6)
refused("environment", lambda: [k for k in os.environ if k not in
    ("PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", "HOSTNAME", "SHLVL", "_")] or False)
refused("other_environment", lambda: [p for p in glob.glob("/proc/[0-9]*/environ")
    if p != f"/proc/{os.getpid()}/environ" and b"CARGO" in (read_quietly(p))] or False)
os.makedirs("/tmp/m", exist_ok=True)
refused("ptrace", call(101, 117, 0, 0, 0, 0))
refused("ptrace_init", call(101, 117, 16, 1, 0, 0))
refused("process_vm_readv", call(310, 270, 1, 0, 0, 0, 0, 0))
refused("mount", call(165, 40, b"tmpfs", b"/tmp/m", b"tmpfs", 0, 0))
refused("umount", call(166, 39, b"/tmp", 2))
refused("pivot_root", call(155, 41, b"/tmp", b"/tmp/m"))
refused("chroot", call(161, 51, b"/tmp"))
refused("fsopen", call(430, 430, b"tmpfs", 0))
refused("open_tree", call(428, 428, -100, b"/", 1))
refused("unshare_user", call(272, 97, 0x10000000))
refused("unshare_mount", call(272, 97, 0x00020000))
refused("setns", call(308, 268, 0, 0))
refused("keyctl", call(250, 219, 0, -3, 0))
refused("add_key", call(248, 217, b"user", b"k", b"v", 1, -3))
buffer = ctypes.create_string_buffer(240)
refused("io_uring", call(425, 425, 1, buffer))
refused("bpf", call(321, 280, 0, buffer, 120))
refused("perf", call(298, 241, buffer, 0, -1, -1, 0))
refused("userfaultfd", call(323, 282, 0))
refused("clone_user", call(56, 220, 0x10000000 | 17, 0, 0, 0, 0))
def disk():
    os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0))
    return read("/tmp/disk")
refused("mknod_disk", disk)
refused("setuid", lambda: os.getuid() != 0 and (os.setuid(0) or True))
refused("kill_init_group", lambda: os.kill(1, 0) or False)
print("end")
"#;

#[test]
fn nothing_outside_the_policy_can_be_reached() {
    for chosen in backends() {
        let folder = open_folder();
        let canary = folder.path().join("canary");
        std::fs::write(&canary, "canary").expect("the canary is written");
        let marker = format!("happy-marker-{}", std::process::id());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback");
        let port = listener.local_addr().expect("its address").port();
        let Some(mut policy) = python(ATTACKS) else {
            return;
        };
        policy.command.extend([
            canary.to_string_lossy().into_owned(),
            port.to_string(),
            marker.clone(),
        ]);
        let mut host_process = Command::new("sleep")
            .args(["300"])
            .env("HAPPY_MARKER", &marker)
            .arg0_marker(&marker)
            .stdout(Stdio::null())
            .spawn()
            .expect("a process of the host's");
        let outcome = run(&chosen, &policy);
        let _ = host_process.kill();
        let _ = host_process.wait();

        let text = stdout(&outcome);
        let breaches: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("BREACH"))
            .collect();
        assert!(
            breaches.is_empty(),
            "{}: {breaches:#?}",
            chosen.sandbox.name()
        );
        assert!(text.ends_with("end\n"), "{}", shown(&chosen, &outcome));
        assert!(text.lines().filter(|line| line.contains(" ok")).count() >= 40);
        assert_eq!(
            std::fs::read(&canary).expect("the canary is there"),
            b"canary"
        );
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("readable").count(),
            1
        );
        listener
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        assert!(
            listener.accept().is_err(),
            "something reached the host's loopback"
        );
    }
}

trait Arg0 {
    fn arg0_marker(&mut self, marker: &str) -> &mut Self;
}

impl Arg0 for Command {
    fn arg0_marker(&mut self, marker: &str) -> &mut Self {
        std::os::unix::process::CommandExt::arg0(self, marker)
    }
}

#[test]
fn what_the_policy_allows_works() {
    let code = "
import multiprocessing, os, socket, subprocess, sys, tempfile, threading, sqlite3, ssl
assert os.getcwd() == '/tmp', os.getcwd()
assert os.environ['GREETING'] == 'a b\\nc'
assert open('/opt/given/file').read() == 'given'
assert sys.stdin.read() == 'input'
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
assert subprocess.run(['sh', '-c', 'echo out; exit 3'], capture_output=True).returncode == 3
with tempfile.TemporaryDirectory() as d: open(d + '/f', 'w').write('x' * 100000)
os.mkfifo('/tmp/fifo'); os.symlink('a', '/tmp/link')
with multiprocessing.get_context('fork').Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
open('/opt/kept/result', 'w').write('kept')
import pwd; pwd.getpwuid(os.getuid())
print('fine'); sys.exit(7)
";
    for chosen in everywhere() {
        let given = open_folder();
        let kept = open_folder();
        std::fs::write(given.path().join("file"), "given").expect("written");
        let Some(policy) = python(code) else { return };
        let policy = policy
            .env("GREETING", "a b\nc")
            .mount(happy::sandbox::Mount::ReadOnly {
                host: given.path().into(),
                inside: "/opt/given".into(),
            })
            .mount(happy::sandbox::Mount::Writable {
                host: kept.path().into(),
                inside: "/opt/kept".into(),
            });
        let mut lines = Vec::new();
        let outcome = chosen
            .sandbox
            .run(&policy, b"input", &mut |_, line| {
                lines.push(line.to_owned());
            })
            .expect("the program runs");
        assert_eq!(stdout(&outcome), "fine\n", "{}", shown(&chosen, &outcome));
        assert_eq!(lines, ["fine"], "{}", chosen.sandbox.name());
        assert_eq!(outcome.status, happy::sandbox::Status::Exited(7));
        assert_eq!(outcome.limit_hit, None);
        let result = std::fs::read_to_string(kept.path().join("result"));
        assert_eq!(result.expect("the file was kept"), "kept");
    }
}

#[test]
fn a_read_only_mount_cannot_be_written_even_by_its_owner() {
    for chosen in backends() {
        let folder = open_folder();
        let Some(policy) = python("open('/opt/x/new', 'w')") else {
            return;
        };
        let policy = policy.mount(happy::sandbox::Mount::ReadOnly {
            host: folder.path().into(),
            inside: "/opt/x".into(),
        });
        let outcome = run(&chosen, &policy);
        assert!(!outcome.success(), "{}", shown(&chosen, &outcome));
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("readable").count(),
            0
        );
        assert_eq!(outcome.denied.write, 1, "{}", shown(&chosen, &outcome));
    }
}

#[test]
fn the_usual_runtimes_start_and_compute() {
    let programs: [(&str, &[&str], &str); 7] = [
        ("/usr/bin/node", &["-e", NODE], "6 worker 42 spawned ok"),
        (
            "/usr/bin/perl",
            &["-e", "print 'x' . (fork() ? wait() > 0 : exit 0)"],
            "x1",
        ),
        ("/usr/bin/git", &["init", "--quiet", "/tmp/repository"], ""),
        ("/bin/sh", &["-c", GCC], "compiled"),
        ("/usr/bin/java", &["-XX:+UseSerialGC", "-version"], ""),
        ("/usr/bin/make", &["--version"], "GNU Make"),
        (
            "/bin/bash",
            &["-c", "cat <(echo a) | tee >(cat >/dev/null); ulimit -c"],
            "a\n0",
        ),
    ];
    for chosen in backends() {
        for (program, arguments, expected) in programs {
            if !std::path::Path::new(program).exists() {
                println!("skip: {program} is not installed");
                continue;
            }
            let command = std::iter::once(&program).chain(arguments).copied();
            let outcome = run(&chosen, &happy::sandbox::Policy::new(command));
            assert!(outcome.success(), "{program} {}", shown(&chosen, &outcome));
            assert!(
                stdout(&outcome).starts_with(expected),
                "{program} {}",
                shown(&chosen, &outcome)
            );
        }
    }
}

const NODE: &str = "
const { Worker } = require('worker_threads'); const { execSync } = require('child_process');
const server = require('http').createServer((q, r) => r.end('ok')).listen(0, '127.0.0.1', () => {
  new Worker('require(\"worker_threads\").parentPort.postMessage(42)', { eval: true }).on('message', m => {
    require('http').get({ port: server.address().port, host: '127.0.0.1' }, r => r.on('data', d => {
      console.log(1 + 2 + 3, 'worker', m, execSync('echo spawned').toString().trim(), d.toString());
      process.exit(0);
    }));
  });
});";

const GCC: &str = "
command -v gcc >/dev/null || { echo compiled; exit 0; }
cd /tmp && printf 'int main(void){return 0;}' > a.c && gcc a.c -o a && ./a && echo compiled";

#[test]
fn landlock_is_the_second_wall_where_a_mount_is_not_the_programs() {
    // The launcher and its plan are in bubblewrap's mount namespace, and no
    // part of the policy: only Landlock keeps the program from them.
    let Some(chosen) = backends()
        .into_iter()
        .find(|chosen| chosen.sandbox.name() == "bubblewrap")
    else {
        println!("skip: bubblewrap does not work here");
        return;
    };
    if !std::fs::read_to_string("/proc/kallsyms").is_ok_and(|text| text.contains("landlock_")) {
        println!("skip: this kernel has no Landlock");
        return;
    }
    let code = "
for path in ('/run/happy/plan', '/run/happy/launch'):
    try: open(path, 'rb'); print('open')
    except PermissionError: print('denied')";
    let Some(policy) = python(code) else { return };
    let outcome = run(&chosen, &policy);
    assert_eq!(
        stdout(&outcome),
        "denied\ndenied\n",
        "{}",
        shown(&chosen, &outcome)
    );
}

#[test]
fn a_preloaded_library_takes_no_effect_before_the_walls_stand() {
    // The variable reaches the program, and nothing of the sandbox's own: a
    // loader that cannot find the library complains once for each process.
    for chosen in backends() {
        let Some(policy) = python("print('ran')") else {
            return;
        };
        let policy = policy.env("LD_PRELOAD", "/nonexistent/happy-preload.so");
        let outcome = run(&chosen, &policy);
        let complaints = String::from_utf8_lossy(&outcome.stderr)
            .matches("happy-preload.so")
            .count();
        assert_eq!(stdout(&outcome), "ran\n", "{}", shown(&chosen, &outcome));
        assert_eq!(complaints, 1, "{}", shown(&chosen, &outcome));
    }
}
