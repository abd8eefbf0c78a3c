//! Django's own tests, which a script of its own starts.

use std::collections::BTreeSet;

use super::project::Lines;
use super::python::Python;
use super::{Host, Job, Missing, Parser, Project, Runner, Test, Wanted};

/// The script `tests/runtests.py` of Django's own repository.
pub struct Django;

const SCRIPT: &str = "tests/runtests.py";

impl Runner for Django {
    fn name(&self) -> &'static str {
        "django"
    }

    fn detect(&self, project: &Project<'_>) -> bool {
        project.has(SCRIPT) && project.has("django/test/runner.py")
    }

    fn job(&self, project: &Project<'_>, host: &dyn Host, wanted: &Wanted) -> Result<Job, Missing> {
        let python = Python::find(project, host)?;
        let mut command = vec![python.program().to_string_lossy().into_owned()];
        let labels: Option<Vec<String>> = wanted.tests.as_deref().map(labels);
        if labels.as_ref().is_some_and(Vec::is_empty) {
            // Without a label the script runs everything.
            command.extend(["-c".to_owned(), String::new()]);
        } else {
            let options = [SCRIPT, "-v", "2", "--parallel", "1"];
            command.extend(options.map(str::to_owned));
            command.extend(wanted.args.iter().cloned());
            command.extend(labels.into_iter().flatten());
        }
        let mut job = python.job(project, command, vec![1]);
        job.parser = Parser::Lines(Lines::new(false));
        let root = project.root.to_string_lossy();
        for (name, value) in &mut job.env {
            if name == "PYTHONPATH" {
                *value = format!("{value}:{root}");
            }
        }
        Ok(job)
    }
}

/// `utils_tests.test_text.TestUtilsText.test_slugify`, in the order of the
/// tests. A file that holds no tests stands for the application around it.
fn labels(tests: &[Test]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut labels = Vec::new();
    for test in tests {
        let Some(path) = test.path.strip_prefix("tests/") else {
            continue; // Helpers that Django ships for the tests of others.
        };
        let Some((folder, file)) = path.rsplit_once('/') else {
            continue; // What stands beside the script is no test.
        };
        let stem = file.strip_suffix(".py").unwrap_or(file);
        let package = folder.replace('/', ".");
        if package.split('.').next() == Some("gis_tests") {
            continue; // Without a spatial database the script gives up on all labels.
        }
        let label = match (&test.name, stem.starts_with("test")) {
            (Some(name), true) => format!("{package}.{stem}.{name}"),
            (None, true) => format!("{package}.{stem}"),
            (_, false) => folder.split('/').next().unwrap_or(folder).to_owned(),
        };
        if seen.insert(label.clone()) {
            labels.push(label);
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_named_from_the_folder_of_tests_and_a_helper_by_its_application() {
        let test = |path: &str, name: Option<&str>| Test {
            path: path.to_owned(),
            name: name.map(str::to_owned),
        };
        let tests = [
            test(
                "tests/utils_tests/test_text.py",
                Some("TestText.test_slugify"),
            ),
            test("tests/humanize_tests/tests.py", Some("HumanizeTests")),
            test("tests/template_tests/filter_tests/test_add.py", None),
            test("tests/admin_views/models.py", None),
            test("tests/admin_views/urls.py", None),
            test("tests/urls.py", None),
            test("tests/gis_tests/tests.py", Some("Geo.test_geo")),
            test("django/test/utils.py", None),
        ];
        assert_eq!(
            labels(&tests),
            [
                "utils_tests.test_text.TestText.test_slugify",
                "humanize_tests.tests.HumanizeTests",
                "template_tests.filter_tests.test_add",
                "admin_views",
            ]
        );
    }
}
