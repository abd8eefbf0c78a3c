//! node:test, jest and vitest.

use std::path::{Path, PathBuf};

use super::{Host, Job, Missing, Parser, Project, REPORT, Runner, Wanted};

/// Node's own test runner.
pub struct NodeTest;

/// jest.
pub struct Jest;

/// vitest.
pub struct Vitest;

impl Runner for NodeTest {
    fn name(&self) -> &'static str {
        "node"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        script(project).contains("node --test") || script(project).contains("node:test") || {
            project.has("package.json")
                && project
                    .files
                    .iter()
                    .any(|path| is_test(path) && project.text(path).contains("node:test"))
        }
    }

    fn job(&self, _: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let (program, mut job) = node(host)?;
        job.command = vec![
            program,
            "--test".to_owned(),
            format!("--test-reporter={REPORT}/happy-report.mjs"),
            "--test-reporter-destination=stdout".to_owned(),
        ];
        job.files = vec![("happy-report.mjs", include_str!("report/happy-report.mjs"))];
        job.command.extend(wanted.args.iter().cloned());
        job.command.extend(files(wanted));
        Ok(job)
    }
}

impl Runner for Jest {
    fn name(&self) -> &'static str {
        "jest"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        depends(project, "jest") || project.any(|_, name| name.starts_with("jest.config."))
    }

    fn job(&self, project: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let (program, mut job) = node(host)?;
        let jest = installed(project, "jest/bin/jest.js")?;
        job.command = vec![
            program,
            jest,
            "--ci".to_owned(),
            format!("--reporters={REPORT}/happy-report.cjs"),
            "--cacheDirectory=/tmp/jest".to_owned(),
        ];
        job.files = vec![("happy-report.cjs", include_str!("report/happy-report.cjs"))];
        job.command.extend(wanted.args.iter().cloned());
        if wanted.tests.is_some() {
            job.command.push("--runTestsByPath".to_owned());
            job.command.extend(files(wanted));
        }
        Ok(job)
    }
}

impl Runner for Vitest {
    fn name(&self) -> &'static str {
        "vitest"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        depends(project, "vitest") || project.any(|_, name| name.starts_with("vitest.config."))
    }

    fn job(&self, project: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let (program, mut job) = node(host)?;
        let vitest = installed(project, "vitest/vitest.mjs")?;
        job.command = vec![
            program,
            vitest,
            "run".to_owned(),
            "--reporter=default".to_owned(),
            "--reporter=junit".to_owned(),
            "--outputFile.junit=/opt/happy/out/vitest.xml".to_owned(),
        ];
        job.parser = Parser::Junit;
        job.command.extend(wanted.args.iter().cloned());
        job.command.extend(files(wanted));
        Ok(job)
    }
}

fn is_test(path: &str) -> bool {
    let ending = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];
    ending.iter().any(|ending| path.ends_with(ending)) && !path.contains("node_modules/")
}

/// The text of `scripts.test`.
fn script(project: &Project<'_>) -> String {
    let package: serde_json::Value =
        serde_json::from_str(&project.text("package.json")).unwrap_or_default();
    package["scripts"]["test"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn depends(project: &Project<'_>, name: &str) -> bool {
    let package: serde_json::Value =
        serde_json::from_str(&project.text("package.json")).unwrap_or_default();
    ["dependencies", "devDependencies"]
        .iter()
        .any(|kind| package[*kind].get(name).is_some())
}

fn node(host: &dyn Host) -> Result<(String, Job), Missing> {
    let node = host.find("node").ok_or_else(|| Missing::program("node"))?;
    let real = host.ask(&node, &["-p", "process.execPath"]);
    let real = PathBuf::from(real.ok_or_else(|| Missing::program("node"))?.trim());
    let job = Job {
        // Only the program: it brings what it needs.
        reads: vec![real.clone()],
        env: vec![
            ("NO_COLOR".to_owned(), "1".to_owned()),
            ("CI".to_owned(), "1".to_owned()),
        ],
        parser: Parser::Marked,
        failed: vec![1],
        ..Job::default()
    };
    Ok((real.to_string_lossy().into_owned(), job))
}

/// A program of a package that the project has installed.
fn installed(project: &Project<'_>, path: &str) -> Result<String, Missing> {
    let inside = Path::new("node_modules").join(path);
    if project.root.join(&inside).is_file() {
        return Ok(inside.to_string_lossy().into_owned());
    }
    Err(Missing {
        what: format!("`{}` is not there", inside.display()),
        hint: "install the project's packages first, for instance with `npm ci`".to_owned(),
    })
}

/// Tests stand in callbacks without a name: their files are run whole.
fn files(wanted: &Wanted) -> Vec<String> {
    let tests = wanted.tests.iter().flatten();
    let mut files: Vec<_> = tests.map(|test| test.path.clone()).collect();
    files.sort();
    files.dedup();
    files
}
