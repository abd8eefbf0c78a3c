//! Maven, Gradle and `CTest`: build tools that leave `JUnit` files behind.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Host, Job, Missing, Parser, Project, Runner, Wanted};

/// `mvn test`.
pub struct Maven;

/// `gradle test`.
pub struct Gradle;

/// `ctest`, on a build that is there already.
pub struct Ctest;

/// Runs the command, then copies the reports to where they are looked for.
const COLLECT: &str = "\"$@\"; code=$?; find . -type f -name 'TEST-*.xml' -exec sh -c 'n=0; for f do cp \"$f\" /opt/happy/out/; done' sh {} +; exit $code";

fn collecting(command: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = ["/bin/sh", "-c", COLLECT, "sh"]
        .iter()
        .map(|text| (*text).to_owned())
        .collect();
    all.extend(command);
    all
}

/// `Class#method` or `Class.method`, by the file's name.
fn classes(wanted: &Wanted, joint: &str) -> Vec<String> {
    let tests = wanted.tests.iter().flatten();
    let names: BTreeSet<String> = tests
        .map(|test| {
            let file = test.path.rsplit('/').next().unwrap_or(&test.path);
            let class = file.split('.').next().unwrap_or(file);
            match test.name.as_ref().and_then(|name| name.rsplit_once('.')) {
                Some((_, method)) => format!(
                    "{class}{joint}{}",
                    method.split('#').next().unwrap_or(method)
                ),
                None => class.to_owned(),
            }
        })
        .collect();
    names.into_iter().collect()
}

impl Runner for Maven {
    fn name(&self) -> &'static str {
        "maven"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        project.has("pom.xml")
    }

    fn job(&self, _: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let maven = host.find("mvn").ok_or_else(|| Missing::program("mvn"))?;
        let local = host.home().unwrap_or_default().join(".m2/repository");
        let mut command = vec![
            maven.to_string_lossy().into_owned(),
            "--offline".to_owned(),
            "--batch-mode".to_owned(),
        ];
        let mut reads = vec![PathBuf::from("/etc/maven")];
        reads.retain(|path| path.is_dir());
        if local.is_dir() {
            command.push(format!("-Dmaven.repo.local={}", local.display()));
            reads.push(local);
        }
        let chosen = classes(wanted, "#");
        if wanted.tests.is_some() {
            command.push(format!("-Dtest={}", chosen.join(",")));
            command.push("-Dsurefire.failIfNoSpecifiedTests=false".to_owned());
        }
        command.extend(wanted.args.iter().cloned());
        command.push("test".to_owned());
        Ok(Job {
            command: collecting(command),
            reads,
            parser: Parser::Junit,
            failed: vec![1],
            ..Job::default()
        })
    }
}

impl Runner for Gradle {
    fn name(&self) -> &'static str {
        "gradle"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        project.has("build.gradle") || project.has("build.gradle.kts")
    }

    fn job(&self, _: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let gradle = host
            .find("gradle")
            .ok_or_else(|| Missing::program("gradle"))?;
        let gradle = gradle.canonicalize().unwrap_or(gradle);
        let home = gradle.parent().and_then(|bin| bin.parent());
        let caches = host.home().unwrap_or_default().join(".gradle/caches");
        let mut command = vec![
            gradle.to_string_lossy().into_owned(),
            "--offline".to_owned(),
            "--no-daemon".to_owned(),
            "--continue".to_owned(),
            "test".to_owned(),
        ];
        for name in classes(wanted, ".") {
            command.extend(["--tests".to_owned(), format!("*{name}")]);
        }
        command.extend(wanted.args.iter().cloned());
        let mut reads: Vec<PathBuf> = home.map(PathBuf::from).into_iter().collect();
        let mut env = vec![("GRADLE_USER_HOME".to_owned(), "/tmp/gradle".to_owned())];
        if caches.is_dir() {
            env.push((
                "GRADLE_RO_DEP_CACHE".to_owned(),
                caches.to_string_lossy().into_owned(),
            ));
            reads.push(caches);
        }
        Ok(Job {
            command: collecting(command),
            env,
            reads,
            parser: Parser::Junit,
            failed: vec![1],
            ..Job::default()
        })
    }
}

impl Runner for Ctest {
    fn name(&self) -> &'static str {
        "ctest"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        project.has("CMakeLists.txt")
    }

    fn job(&self, project: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let ctest = host
            .find("ctest")
            .ok_or_else(|| Missing::program("ctest"))?;
        let built = ["build", "."].iter().find(|folder| {
            project
                .root
                .join(folder)
                .join("CTestTestfile.cmake")
                .is_file()
        });
        let built = built.ok_or_else(|| Missing {
            what: "there is no build of the project to test".to_owned(),
            hint: "build it in `build/` first: `cmake -B build && cmake --build build`".to_owned(),
        })?;
        let mut command = vec![
            ctest.to_string_lossy().into_owned(),
            "--test-dir".to_owned(),
            (*built).to_owned(),
            "--output-junit".to_owned(),
            "/opt/happy/out/ctest.xml".to_owned(),
        ];
        command.extend(wanted.args.iter().cloned());
        Ok(Job {
            command,
            parser: Parser::Junit,
            failed: vec![8],
            ..Job::default()
        })
    }
}
