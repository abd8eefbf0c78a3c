//! Which backend is used, and what a policy cannot say.

use std::time::Duration;

use happy::sandbox::{
    BACKENDS, Limits, Mount, Policy, PolicyError, SandboxError, choose, probe_all,
};

use super::{backends, everywhere};

#[test]
fn auto_is_the_first_that_works_and_never_none() {
    let working = backends();
    match choose("auto") {
        Ok(chosen) => assert_eq!(chosen.sandbox.name(), working[0].sandbox.name()),
        Err(SandboxError::NoneWorks(why)) => {
            assert!(working.is_empty(), "{why}");
        }
        Err(other) => panic!("{other}"),
    }
    for name in ["none", "", "AUTO", "docker"] {
        assert!(
            matches!(choose(name), Err(SandboxError::Unknown(_))),
            "{name}"
        );
    }
}

#[test]
fn a_backend_that_does_not_work_says_why_and_what_to_do() {
    let _ = backends();
    let probes = probe_all();
    assert_eq!(probes.len(), BACKENDS.len());
    for probe in &probes {
        assert!(!probe.guarantee.is_empty());
        println!(
            "{}: {:?} {:?} overlay {}",
            probe.name, probe.works, probe.hint, probe.overlay
        );
        if let Err(why) = &probe.works {
            assert!(!why.is_empty() && probe.hint.is_some(), "{}", probe.name);
        }
    }
    if std::env::var_os("E2B_API_KEY").is_none() {
        assert!(matches!(
            choose("e2b"),
            Err(SandboxError::Unusable { name: "e2b", .. })
        ));
    }
    let seatbelt = choose("seatbelt");
    if cfg!(target_os = "linux") {
        assert!(matches!(
            seatbelt,
            Err(SandboxError::Unusable {
                name: "seatbelt",
                ..
            })
        ));
    }
}

fn read_only(host: &str) -> Mount {
    Mount::ReadOnly {
        host: host.into(),
        inside: host.into(),
    }
}

fn writable(host: &str) -> Mount {
    Mount::Writable {
        host: host.into(),
        inside: host.into(),
    }
}

#[test]
fn a_child_is_never_weaker_than_its_parent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("it is there");
    let path = |name: &str| root.join(name).to_string_lossy().into_owned();
    for name in ["w/sub", "other"] {
        std::fs::create_dir_all(root.join(name)).expect("made");
    }
    // What a program may leave in a folder that it could write.
    std::os::unix::fs::symlink(root.join("other"), root.join("w/link")).expect("linked");
    let mut parent = Policy::new(["true"]).env("A", "1");
    parent.mounts = vec![read_only("/usr"), writable(&path("w"))];
    parent.limits.memory = 100;
    parent.limits.wall = Duration::from_secs(5);
    let mut wanted = Policy::new(["sh"]).env("A", "2").env("SECRET", "x");
    wanted.mounts = vec![
        read_only("/usr/lib"),
        writable("/usr"),
        writable(&path("w/sub")),
        read_only("/etc"),
        writable(&path("")),
        read_only(&path("w/../other")),
        read_only(&path("w/link")),
        writable(&path("w/link")),
        Mount::Scratch {
            inside: "/tmp".into(),
        },
        Mount::Overlay {
            layers: vec!["/usr".into()],
            inside: "/x".into(),
        },
    ];
    wanted.limits = Limits {
        memory: 1000,
        processes: 3,
        ..Limits::default()
    };
    let child = parent.child(&wanted);
    assert_eq!(
        child.mounts,
        [
            read_only("/usr/lib"),
            read_only("/usr"),
            writable(&path("w/sub"))
        ]
    );
    assert_eq!((child.limits.memory, child.limits.processes), (100, 3));
    assert_eq!(child.limits.wall, Duration::from_secs(5));
    assert_eq!(child.env.get("A").map(String::as_str), Some("2"));
    assert!(!child.env.contains_key("SECRET"));
    // And a grandchild that asks for everything again gets no more.
    assert_eq!(child.child(&wanted), child);
    // A parent that may write to memory may let its child do so.
    let parent = parent.mount(Mount::Scratch {
        inside: "/tmp".into(),
    });
    assert_eq!(parent.child(&wanted).mounts.len(), 5);
}

#[test]
fn a_policy_that_contradicts_itself_is_refused_before_anything_starts() {
    let mount = |inside: &str| Mount::Scratch {
        inside: inside.into(),
    };
    let policy = || Policy::new(["true"]);
    let none: [&str; 0] = [];
    let cases = [
        (Policy::new(none), "no command"),
        (policy().cwd("relative"), "relative"),
        (policy().mount(mount("/")), "mounted over"),
        (policy().mount(mount("/proc/x")), "mounted over"),
        (policy().mount(mount("/etc")), "mounted over"),
        (policy().mount(mount("/a/../b")), "without `..`"),
        (policy().read_only("/nonexistent/x"), "does not exist"),
        (policy().env("A=B", "x"), "environment"),
        (policy().env("A", "x\0y"), "environment"),
    ];
    for (policy, expected) in cases {
        let error = policy.check().expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
        for chosen in everywhere() {
            let result = chosen.sandbox.run(&policy, b"", &mut |_, _| ());
            assert!(matches!(result, Err(SandboxError::Policy(_))));
        }
    }
    let mut zero = policy();
    zero.limits.memory = 0;
    assert_eq!(zero.check(), Err(PolicyError::ZeroLimit("memory")));
}

#[test]
fn a_program_that_does_not_exist_is_an_error_and_not_a_result() {
    for chosen in everywhere() {
        let policy = Policy::new(["/no/such/program"]);
        match chosen.sandbox.run(&policy, b"", &mut |_, _| ()) {
            Err(SandboxError::Start { why, .. }) => {
                assert!(why.contains("/no/such/program"), "{why}");
            }
            Ok(outcome) => assert!(!outcome.success(), "{}", super::shown(&chosen, &outcome)),
            Err(other) => panic!("{other}"),
        }
    }
}
