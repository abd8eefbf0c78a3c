//! Cargo's own test command, and nextest.

use std::path::PathBuf;

use super::report::Libtest;
use super::{Host, Job, Missing, Parser, Project, Runner, Wanted};

/// `cargo test`.
pub struct CargoTest;

/// `cargo nextest run`, where the project is set up for it.
pub struct Nextest;

impl Runner for CargoTest {
    fn name(&self) -> &'static str {
        "cargo"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        project.has("Cargo.toml")
    }

    fn job(&self, _: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let (program, mut job) = toolchain(host)?;
        job.command = [&program, "test", "--offline", "--no-fail-fast"]
            .iter()
            .map(|text| (*text).to_owned())
            .collect();
        let (cargo, harness) = split(&wanted.args);
        job.command.extend(cargo);
        job.command.push("--".to_owned());
        job.command.extend(harness);
        job.command.extend(names(wanted));
        job.parser = Parser::Libtest(Libtest::default());
        job.failed = vec![101];
        Ok(job)
    }
}

impl Runner for Nextest {
    fn name(&self) -> &'static str {
        "nextest"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        project.has(".config/nextest.toml") && project.has("Cargo.toml")
    }

    fn job(&self, _: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let nextest = host
            .find("cargo-nextest")
            .ok_or_else(|| Missing::program("cargo-nextest"))?;
        let (_, mut job) = toolchain(host)?;
        let program = nextest.to_string_lossy().into_owned();
        // The project's own profiles stay; the report goes where we look for it.
        let config = "[profile.default.junit]\npath = \"/opt/happy/out/nextest.xml\"\n";
        job.files.push(("nextest.toml", config));
        job.command = [
            &program,
            "nextest",
            "run",
            "--offline",
            "--no-fail-fast",
            "--tool-config-file",
            "happy:/opt/happy/report/nextest.toml",
        ]
        .iter()
        .map(|text| (*text).to_owned())
        .collect();
        job.command.extend(wanted.args.iter().cloned());
        job.command.extend(names(wanted));
        job.reads.push(nextest);
        job.parser = Parser::Junit;
        job.failed = vec![100];
        Ok(job)
    }
}

/// Arguments for Cargo, and those after `--` for the tests' own program.
fn split(args: &[String]) -> (Vec<String>, Vec<String>) {
    if let Some(at) = args.iter().position(|arg| arg == "--") {
        (args[..at].to_vec(), args[at + 1..].to_vec())
    } else {
        (args.to_vec(), Vec::new())
    }
}

/// Names of tests as filters. Where a module stands is Cargo's to say, so the
/// last part serves; a whole file is all of its module.
fn names(wanted: &Wanted) -> Vec<String> {
    let tests = wanted.tests.iter().flatten();
    let mut names: Vec<String> = tests
        .map(|test| {
            if let Some(name) = &test.name {
                name.rsplit('.').next().unwrap_or(name).to_owned()
            } else {
                let name = test.path.rsplit('/').next().unwrap_or(&test.path);
                name.trim_end_matches(".rs").to_owned()
            }
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The toolchain, read-only, with what was downloaded before; nothing that
/// holds a credential.
fn toolchain(host: &dyn Host) -> Result<(String, Job), Missing> {
    let rustc = host
        .find("rustc")
        .ok_or_else(|| Missing::program("rustc"))?;
    let sysroot = host
        .ask(&rustc, &["--print", "sysroot"])
        .ok_or_else(|| Missing::program("rustc"))?;
    let sysroot = PathBuf::from(sysroot.trim());
    let cargo = sysroot.join("bin/cargo");
    let cargo = if cargo.is_file() {
        cargo
    } else {
        host.find("cargo")
            .ok_or_else(|| Missing::program("cargo"))?
    };
    let bin = sysroot.join("bin");
    let home = host.home().unwrap_or_default().join(".cargo");
    let mut job = Job {
        env: vec![
            ("CARGO_HOME".to_owned(), home.to_string_lossy().into_owned()),
            ("CARGO_NET_OFFLINE".to_owned(), "true".to_owned()),
            ("CARGO_TERM_COLOR".to_owned(), "never".to_owned()),
            (
                "PATH".to_owned(),
                format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()),
            ),
        ],
        reads: vec![sysroot],
        scratch: vec![home.clone()],
        ..Job::default()
    };
    for name in ["registry", "git"] {
        let folder = home.join(name);
        if folder.is_dir() {
            job.reads.push(folder);
        }
    }
    let config = home.join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap_or_default();
    // Which registry stands in for which is needed; a token is not.
    let secret = ["token", "password", "secret", "@"]
        .iter()
        .any(|word| text.contains(word));
    if !text.is_empty() && !secret {
        job.reads.push(config);
    }
    Ok((cargo.to_string_lossy().into_owned(), job))
}
