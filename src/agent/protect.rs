//! Files that decide what a test run says: they are put back to what they were
//! before the edits are judged, unless the task allows their change.

use std::sync::OnceLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::patch::{Change, Plan};

/// Tests, what configures them, and what runs before them. Each pattern is
/// matched in any folder and in any case.
const PROTECTED: &[&str] = &[
    // Tests, by their folder.
    "{test,tests,testing,spec,specs,__tests__,__mocks__,testdata,fixtures}/**",
    "src/test/**",
    // Tests, by their name.
    "test_*.py",
    "*_test.py",
    "tests.py",
    "test.py",
    "*_test.go",
    "*_test.rs",
    "tests.rs",
    "*.{test,spec}.{js,jsx,ts,tsx,mjs,cjs,mts,cts}",
    "*Test.java",
    "*Tests.java",
    "*IT.java",
    "*_test.{c,cc,cpp}",
    "*.snap",
    // What Python runs before the tests, and what configures them.
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "*.pth",
    "pytest.{ini,toml}",
    ".pytest.ini",
    "tox.ini",
    "noxfile.py",
    "setup.{cfg,py}",
    "pyproject.toml",
    ".coveragerc",
    "pyvenv.cfg",
    "{.venv,venv}/**",
    // JavaScript.
    "package.json",
    "{jest,vitest,vite,babel,playwright,cypress,karma}.config.*",
    ".mocharc*",
    ".babelrc*",
    "tsconfig*.json",
    ".npmrc",
    "node_modules/**",
    // Rust, Go, Java, C.
    "Cargo.toml",
    ".cargo/**",
    "build.rs",
    "nextest.toml",
    ".config/nextest.toml",
    "rust-toolchain*",
    "go.{mod,work}",
    "pom.xml",
    "*.gradle",
    "*.gradle.kts",
    "gradle.properties",
    "CMakeLists.txt",
    "CTestTestfile.cmake",
    "CTestCustom.cmake",
    "{Makefile,makefile,GNUmakefile,justfile}",
];

/// Modules that a runner of Python loads. A new file of such a name in a folder
/// that Python searches would be loaded in their stead.
const SHADOWED: &[&str] = &[
    "pytest",
    "_pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "exceptiongroup",
    "tomli",
    "happy_report",
    "xdist",
    "coverage",
    "nose",
    "hypothesis",
];

fn patterns() -> Option<&'static GlobSet> {
    static SET: OnceLock<Option<GlobSet>> = OnceLock::new();
    SET.get_or_init(|| {
        let mut set = GlobSetBuilder::new();
        for pattern in PROTECTED {
            let anywhere = format!("**/{pattern}");
            let mut glob = GlobBuilder::new(&anywhere);
            set.add(glob.case_insensitive(true).build().ok()?);
        }
        set.build().ok()
    })
    .as_ref()
}

/// Whether a path is protected. Where the patterns cannot be read, all are.
pub(super) fn is_protected(path: &str) -> bool {
    patterns().is_none_or(|set| set.is_match(path))
}

/// Whether a new file would be loaded in place of a module of the runner's.
fn shadows(path: &str) -> bool {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let top = path.split('/').next().unwrap_or(path);
    let module = top.split('.').next().unwrap_or(top).to_ascii_lowercase();
    let is_python = top.contains('.')
        || path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("__init__."));
    let is_module = path.to_ascii_lowercase().ends_with(".py")
        || path.to_ascii_lowercase().ends_with(".pyc")
        || path.to_ascii_lowercase().ends_with(".so");
    let standard = include_str!("../lang/python/stdlib.txt");
    is_python
        && is_module
        && (SHADOWED.contains(&module.as_str()) || standard.lines().any(|known| known == module))
}

/// Takes the changes of protected files out of a plan. Answers the plan
/// without them, and their paths.
pub(super) fn put_back(plan: &Plan) -> (Plan, Vec<String>) {
    let mut restored = Vec::new();
    let mut kept = plan.clone();
    kept.changes.retain(|change| {
        let found = protected_path(change);
        restored.extend(found.clone());
        found.is_none()
    });
    (kept, restored)
}

fn protected_path(change: &Change) -> Option<String> {
    let path = String::from_utf8_lossy(change.path.as_bytes()).into_owned();
    let from = change
        .from
        .as_ref()
        .map(|from| String::from_utf8_lossy(from.as_bytes()).into_owned());
    if is_protected(&path) || (change.before.is_none() && shadows(&path)) {
        return Some(path);
    }
    from.filter(|from| is_protected(from) || shadows(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_what_runs_before_them_are_protected() {
        for path in [
            "tests/unit/x.py",
            "a/test_b.py",
            "conftest.py",
            "a/b/Conftest.py",
            "sitecustomize.py",
            "lib/evil.pth",
            "pyproject.toml",
            "web/package.json",
            "pkg/a_test.go",
            "src/a.spec.ts",
            "Cargo.toml",
            "src/test/java/A.java",
        ] {
            assert!(is_protected(path), "{path}");
        }
    }

    #[test]
    fn ordinary_code_is_not() {
        for path in [
            "src/lib.rs",
            "a/login.py",
            "contest.py",
            "src/latest.ts",
            "README.md",
        ] {
            assert!(!is_protected(path) && !shadows(path), "{path}");
        }
    }

    #[test]
    fn a_module_that_stands_in_for_the_runner_s_is_found() {
        for path in [
            "pytest.py",
            "src/unittest.py",
            "json.py",
            "_pytest/__init__.py",
            "src/os.py",
        ] {
            assert!(shadows(path), "{path}");
        }
        assert!(!shadows("app/json.py"));
    }
}
