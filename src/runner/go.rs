//! `go test`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Host, Job, Missing, Parser, Project, Runner, Wanted};

/// `go test`.
pub struct GoTest;

impl Runner for GoTest {
    fn name(&self) -> &'static str {
        "go"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        project.has("go.mod")
    }

    fn job(&self, _: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let go = host.find("go").ok_or_else(|| Missing::program("go"))?;
        let answer = host.ask(&go, &["env", "GOROOT", "GOMODCACHE"]);
        let answer = answer.ok_or_else(|| Missing::program("go"))?;
        let mut lines = answer.lines().map(PathBuf::from);
        let (root, modules) = (lines.next(), lines.next());
        let mut command: Vec<String> = [go.to_string_lossy().as_ref(), "test", "-json"]
            .iter()
            .map(|text| (*text).to_owned())
            .collect();
        command.extend(wanted.args.iter().cloned());
        match &wanted.tests {
            None => command.push("./...".to_owned()),
            Some(tests) => {
                let names: BTreeSet<_> = tests.iter().map(|test| &test.name).collect();
                if !names.contains(&None) {
                    let names: Vec<_> = names.into_iter().flatten().map(String::as_str).collect();
                    command.push(format!("-run=^({})$", names.join("|")));
                }
                let folders: BTreeSet<_> = tests.iter().map(|test| folder(&test.path)).collect();
                command.extend(folders);
            }
        }
        let env = [
            ("GOFLAGS", "-mod=mod"),
            ("GOPROXY", "off"),
            ("GONOSUMDB", "*"),
            ("GOFLAGS", ""),
            ("GOTOOLCHAIN", "local"),
            ("GOCACHE", "/tmp/go-build"),
            ("GOPATH", "/tmp/go"),
        ];
        let mut env: Vec<_> = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut reads: Vec<PathBuf> = root.into_iter().collect();
        if let Some(modules) = modules.filter(|modules| modules.is_dir()) {
            env.push((
                "GOMODCACHE".to_owned(),
                modules.to_string_lossy().into_owned(),
            ));
            reads.push(modules);
        }
        Ok(Job {
            command,
            env,
            reads,
            parser: Parser::Go(Vec::new()),
            failed: vec![1],
            ..Job::default()
        })
    }
}

fn folder(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, _)) => format!("./{folder}"),
        None => ".".to_owned(),
    }
}
