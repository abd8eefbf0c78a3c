//! What packages take along is there.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_asset_of_the_debian_package_is_there() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    let manifest: toml::Table = text.parse().expect("TOML");
    let assets = manifest["package"]["metadata"]["deb"]["assets"]
        .as_array()
        .expect("a list");
    assert!(assets.len() >= 6);
    for asset in assets {
        let path = asset[0].as_str().expect("a path");
        if path.starts_with("target/") {
            continue;
        }
        let there = match path.split_once('*') {
            Some((folder, ending)) => std::fs::read_dir(root().join(folder))
                .expect("the folder is there")
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().ends_with(ending)),
            None => root().join(path).is_file(),
        };
        assert!(there, "the package lacks {path}");
    }
}

#[test]
fn an_archive_unpacks_to_what_installers_look_for_and_the_formula_knows_its_sum() {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let programs = Path::new(env!("CARGO_BIN_EXE_happy"))
        .parent()
        .expect("a folder");
    let run = |program: &Path, args: &[&std::ffi::OsStr]| {
        let output = Command::new(program).args(args).output().expect("it runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("happy-{version}-x86_64-unknown-linux-gnu");
    run(
        &root().join("packaging/archive.sh"),
        &[
            "x86_64-unknown-linux-gnu".as_ref(),
            programs.as_ref(),
            scratch.path().as_ref(),
        ],
    );
    let archive = scratch.path().join(format!("{name}.tar.gz"));
    let listed = run(Path::new("tar"), &["-tzf".as_ref(), archive.as_ref()]);
    for file in [
        "bin/happy",
        "bin/git-happy",
        "man/happy-callers.1",
        "completions/_happy",
        "LICENSE-MIT",
    ] {
        let path = format!("{name}/{file}");
        assert!(
            listed.lines().any(|line| line == path),
            "{path} is not in {listed}"
        );
    }
    let formula = run(
        &root().join("packaging/formula.sh"),
        &[
            "https://example.com/happy".as_ref(),
            version.as_ref(),
            scratch.path().as_ref(),
        ],
    );
    let sum = std::fs::read_to_string(scratch.path().join(format!("{name}.tar.gz.sha256")))
        .expect("a sum");
    let sum = sum.split(' ').next().expect("a sum");
    assert!(
        formula.contains(&format!("{name}.tar.gz\"\n      sha256 \"{sum}\"")),
        "{formula}"
    );
    assert!(
        !formula.contains("@VERSION@") && !formula.contains("@HOME@"),
        "{formula}"
    );
}
