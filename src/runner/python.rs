//! pytest and unittest.

use std::path::{Path, PathBuf};

use super::{Host, Job, Missing, Parser, Project, REPORT, Runner, Test, Wanted};

const REPORTER: (&str, &str) = ("happy_report.py", include_str!("report/happy_report.py"));

/// pytest.
pub struct Pytest;

/// The standard library's unittest.
pub struct Unittest;

fn has_tests(project: &Project<'_>) -> bool {
    project.any(|path, name| {
        let stem = name.strip_suffix(".py");
        stem.is_some_and(|stem| {
            stem.starts_with("test_")
                || stem.ends_with("_test")
                || stem == "tests"
                || stem == "test"
        }) && !path.split('/').any(|part| part == "node_modules")
    })
}

fn configured(project: &Project<'_>) -> bool {
    project.has("pytest.ini")
        || project.has("pytest.toml")
        || project.any(|_, name| name == "conftest.py")
        || project.text("pyproject.toml").contains("[tool.pytest")
        || project.text("setup.cfg").contains("[tool:pytest]")
        || project.text("tox.ini").contains("[pytest]")
}

fn imports_pytest(project: &Project<'_>) -> bool {
    project.files.iter().any(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.strip_suffix(".py").unwrap_or_default();
        (stem.starts_with("test_") || stem.ends_with("_test")) && {
            let text = project.text(path);
            text.contains("import pytest") || !text.contains("unittest")
        }
    })
}

impl Runner for Pytest {
    fn name(&self) -> &'static str {
        "pytest"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        (has_tests(project) && imports_pytest(project)) || configured(project)
    }

    fn job(&self, project: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let python = Python::find(project, host)?;
        if !python.pytest {
            return Err(Missing {
                what: format!("pytest is not installed for `{}`", python.program.display()),
                hint: "install it there, or in a virtual environment `.venv` of the project"
                    .to_owned(),
            });
        }
        let program = python.program.to_string_lossy().into_owned();
        let mut command: Vec<String> = [
            &program,
            "-m",
            "pytest",
            "-p",
            "happy_report",
            "-q",
            "-p",
            "no:cacheprovider",
        ]
        .iter()
        .map(|text| (*text).to_owned())
        .collect();
        command.extend(wanted.args.iter().cloned());
        for test in wanted.tests.iter().flatten() {
            command.push(node_id(test));
        }
        Ok(python.job(project, command, vec![1]))
    }
}

/// `path::Class::name`; a file with shared fixtures stands for its folder.
fn node_id(test: &Test) -> String {
    if let Some(folder) = test.path.strip_suffix("conftest.py") {
        return if folder.is_empty() {
            ".".to_owned()
        } else {
            folder.to_owned()
        };
    }
    match &test.name {
        Some(name) => format!("{}::{}", test.path, name.replace('.', "::")),
        None => test.path.clone(),
    }
}

impl Runner for Unittest {
    fn name(&self) -> &'static str {
        "unittest"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        has_tests(project)
    }

    fn job(&self, project: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let python = Python::find(project, host)?;
        let program = python.program.to_string_lossy().into_owned();
        let script = format!("{REPORT}/{}", REPORTER.0);
        let mut command = vec![program, script];
        match &wanted.tests {
            Some(tests) => {
                for test in tests {
                    let module = test.path.trim_end_matches(".py").replace('/', ".");
                    command.push(match &test.name {
                        Some(name) => format!("{module}.{name}"),
                        None => module,
                    });
                }
            }
            None if wanted.args.is_empty() => command.push("discover".to_owned()),
            None => {}
        }
        command.extend(wanted.args.iter().cloned());
        Ok(python.job(project, command, vec![1]))
    }
}

/// The interpreter that a project's tests run in.
pub(super) struct Python {
    program: PathBuf,
    /// Folders outside the project that it reads.
    reads: Vec<PathBuf>,
    /// The folder of the user's own packages.
    user: Option<PathBuf>,
    pytest: bool,
}

const QUESTION: &str = "import sys, site, importlib.util as u
print(sys.executable)
print(sys.prefix)
print(sys.base_prefix)
print(site.getuserbase())
print(int(u.find_spec('pytest') is not None))";

impl Python {
    /// The interpreter.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    pub(super) fn find(project: &Project<'_>, host: &dyn Host) -> Result<Self, Missing> {
        for name in [".venv", "venv"] {
            if let Some(found) = Self::of_project(&project.root.join(name), host) {
                return Ok(found);
            }
        }
        let names = ["python3", "python"];
        let program = names.iter().find_map(|name| host.find(name));
        let program = program.ok_or_else(|| Missing::program("python3"))?;
        let answer = host.ask(&program, &["-c", QUESTION]);
        let answer = answer.ok_or_else(|| Missing {
            what: format!("`{}` does not run", program.display()),
            hint: "repair it, or put another one first on PATH".to_owned(),
        })?;
        let lines: Vec<&str> = answer.lines().collect();
        let [program, prefix, base, user, pytest] = lines[..] else {
            return Err(Missing::program("python3"));
        };
        let mut reads = vec![PathBuf::from(prefix), PathBuf::from(base)];
        let user = PathBuf::from(user);
        let packages = user.join("lib");
        let user = packages.is_dir().then_some(user);
        reads.extend(user.is_some().then_some(packages));
        Ok(Self {
            program: PathBuf::from(program),
            reads,
            user,
            pytest: pytest == "1",
        })
    }

    /// A virtual environment in the project. Whoever made the project may have
    /// made it too: it is not run outside the sandbox, and what it points to is
    /// shown only if it looks like a Python and is no home.
    fn of_project(folder: &Path, host: &dyn Host) -> Option<Self> {
        let program = folder.join("bin/python");
        let real = program.canonicalize().ok()?;
        let prefix = real.parent()?.parent()?.to_owned();
        let is_home = host.home().is_some_and(|home| home.starts_with(&prefix));
        let libraries = std::fs::read_dir(prefix.join("lib")).ok()?;
        let is_python = libraries.flatten().any(|entry| {
            entry.file_name().to_string_lossy().starts_with("python3")
                && entry.path().join("os.py").is_file()
        });
        if is_home || !is_python {
            return None;
        }
        let packages = std::fs::read_dir(folder.join("lib")).ok()?;
        let pytest = packages
            .flatten()
            .any(|entry| entry.path().join("site-packages/pytest").is_dir());
        Some(Self {
            program,
            reads: vec![prefix],
            user: None,
            pytest,
        })
    }

    pub(super) fn job(self, project: &Project<'_>, command: Vec<String>, failed: Vec<i32>) -> Job {
        let mut path = vec![REPORT.to_owned()];
        if project.files.iter().any(|file| file.starts_with("src/")) {
            path.push(project.root.join("src").to_string_lossy().into_owned());
        }
        let mut env = vec![
            ("PYTHONPATH".to_owned(), path.join(":")),
            ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
            ("PYTHONUNBUFFERED".to_owned(), "1".to_owned()),
        ];
        if let Some(user) = &self.user {
            env.push((
                "PYTHONUSERBASE".to_owned(),
                user.to_string_lossy().into_owned(),
            ));
        }
        if let Some(bin) = self.program.parent() {
            let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
            env.push(("PATH".to_owned(), path));
        }
        Job {
            command,
            env,
            reads: self.reads,
            files: vec![REPORTER],
            parser: Parser::Marked,
            failed,
            ..Job::default()
        }
    }
}
