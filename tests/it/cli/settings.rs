//! `happy config`: which value holds, and whom it is believed from.

use std::fmt::Write as _;

use super::World;

/// The value that holds, and its origin.
fn value(world: &World, script: &str, key: &str) -> (String, String) {
    let said = world
        .repo(&format!("{script}; happy config {key} --show-origin"))
        .ok();
    let used = said
        .lines()
        .into_iter()
        .find(|record| record["used"] == true)
        .expect("one value holds");
    let text = |name: &str| used[name].as_str().unwrap_or_default().to_owned();
    (text("value"), text("origin"))
}

fn pair(value: &str, origin: &str) -> (String, String) {
    (value.to_owned(), origin.to_owned())
}

#[test]
fn the_environment_comes_before_git_and_git_before_the_file() {
    let world = World::small();
    let key = "test.timeout";
    assert_eq!(value(&world, "true", key), pair("600", "default"));
    world.write(".happy.toml", b"[test]\ntimeout = 1\n");
    assert_eq!(value(&world, "true", key), pair("1", "file"));
    world.repo("git config happy.test.timeout 2").ok();
    assert_eq!(value(&world, "true", key), pair("2", "git"));
    assert_eq!(
        value(&world, "export HAPPY_TEST_TIMEOUT=3", key),
        pair("3", "environment")
    );
    let all = world.repo("happy config --show-origin test.timeout").ok();
    assert_eq!(all.lines().len(), 2, "{all:?}");
    let text = world.repo("happy config test.timeout --format text").ok();
    assert_eq!(text.stdout, "test.timeout=2\n");
}

#[test]
fn the_user_comes_before_nobody_and_the_repository_before_the_user() {
    let world = World::small();
    let user =
        "export GIT_CONFIG_GLOBAL=\"$ROOT/user\"; git config --global happy.hook.prePush impact";
    assert_eq!(value(&world, user, "hook.prePush"), pair("impact", "git"));
    world.repo("git config happy.hook.prepush off").ok();
    assert_eq!(value(&world, user, "hook.prePush"), pair("off", "git"));
}

#[test]
fn a_command_of_the_repository_holds_only_while_it_is_trusted() {
    let world = World::small();
    world.write(
        ".happy.toml",
        b"[test]\ncommand = \"make check\"\ntimeout = 9\n",
    );
    let refused = world.repo("happy config test.command --show-origin").ok();
    assert_eq!(refused.lines()[0]["used"], false, "{refused:?}");
    assert!(refused.stdout.contains("happy config trust"), "{refused:?}");
    assert_eq!(value(&world, "true", "test.timeout"), pair("9", "file"));
    let trusted = world.repo("happy config trust").ok();
    assert!(
        trusted.stderr.contains("make check"),
        "what is trusted is shown: {trusted:?}"
    );
    assert_eq!(
        value(&world, "true", "test.command"),
        pair("make check", "file")
    );
    world.write(
        ".happy.toml",
        b"[test]\ncommand = \"make check\"\ntimeout = 8\n",
    );
    let changed = world.repo("happy config test.command").fails(1, "");
    assert_eq!(changed.stdout, "", "any change takes trust away");
    world.write(
        ".happy.toml",
        b"[test]\ncommand = \"make check\"\ntimeout = 9\n",
    );
    assert_eq!(
        value(&world, "true", "test.command"),
        pair("make check", "file")
    );
    world.repo("happy config untrust").ok();
    world.repo("happy config test.command").fails(1, "");
    // Trust is the user's, not the repository's, and not another repository's.
    world.repo("happy config trust").ok();
    let elsewhere = world.repo("cp -r . ../copy && cd ../copy && happy config test.command");
    assert_eq!(elsewhere.code, 1, "{elsewhere:?}");
    let nobody = world.repo("HOME= happy config test.command");
    assert_eq!(nobody.code, 1, "{nobody:?}");
    world.repo("HOME= happy config trust").fails(2, "HOME");
}

#[test]
fn what_only_the_user_may_say_is_not_taken_from_the_repository() {
    let world = World::small();
    world.write(
        ".happy.toml",
        b"indexDir = \"/tmp/elsewhere\"\n[model]\nbaseUrl = \"http://evil.example\"\n[test]\nsandbox = \"none\"\n",
    );
    world
        .repo("git config happy.model.apiKey abc; git config happy.test.command 'touch canary'")
        .ok();
    let said = world.repo("happy config --show-origin").ok();
    for record in said.lines() {
        if record["origin"] == "git" || record["origin"] == "file" {
            assert_eq!(record["used"], false, "{record}");
        }
    }
    let user = "export GIT_CONFIG_GLOBAL=\"$ROOT/user\"; git config --global happy.model.apiKey sk-123; happy config --show-origin";
    let said = world.repo(user).ok();
    assert!(
        said.lines()
            .iter()
            .any(|record| record["key"] == "model.apiKey" && record["used"] == true)
    );
    assert!(!said.stdout.contains("sk-123"), "a secret is not shown");
}

#[test]
fn a_file_that_makes_no_sense_is_said_and_hinders_nothing() {
    let world = World::small();
    world.write(".happy.toml", b"[test\n");
    let said = world.repo("happy config").ok();
    assert!(
        said.stderr.contains(".happy.toml` cannot be read"),
        "{said:?}"
    );
    world.write(".happy.toml", b"[test]\nnonsense = 1\n");
    let said = world.repo("happy config").ok();
    assert!(said.stderr.contains("no setting of happy"), "{said:?}");
    world
        .repo("rm .happy.toml; ln -s /etc/passwd .happy.toml")
        .ok();
    let said = world.repo("happy config").ok();
    assert!(said.stderr.contains("is a link"), "{said:?}");
    world.repo("happy config no.such").fails(2, "test.timeout");
    world
        .repo("rm .happy.toml; git config happy.test.timeout soon; happy test")
        .fails(2, "whole number");
}

/// The table of settings, as the program has them.
fn table() -> String {
    let mut text = String::from(
        "| setting | variable | default | who may say it | what it is |\n|---|---|---|---|---|\n",
    );
    for key in happy::cmd::settings::KEYS {
        let default = match key.default {
            "" => String::new(),
            text => format!("`{text}`"),
        };
        let variable = happy::cmd::settings::variable_of(key.name);
        let reach = key.reach.name();
        let _ = writeln!(
            text,
            "| `{}` | `{variable}` | {default} | {reach} | {} |",
            key.name, key.about
        );
    }
    text
}

#[test]
fn every_setting_stands_in_the_documents() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let text = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = text.split_once("<!-- settings -->\n").expect("a mark");
    let (_, after) = rest.split_once("<!-- end -->\n").expect("a mark");
    let current = format!(
        "{before}<!-- settings -->\n{}<!-- end -->\n{after}",
        table()
    );
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &current).expect("the page can be written");
    }
    let text = std::fs::read_to_string(&path).expect("the page is there");
    assert!(
        text == current,
        "docs/configuration.md is stale: run `UPDATE=1 cargo test`"
    );
}

#[test]
fn the_index_lies_where_the_user_says_and_never_where_the_repository_says() {
    let world = World::small();
    world
        .repo("HAPPY_INDEX_DIR=../one happy index && ls ../one/commits")
        .ok();
    world.repo("test ! -e .git/happy").ok();
    world
        .repo("export GIT_CONFIG_GLOBAL=\"$ROOT/user\"; git config --global happy.indexDir \"$ROOT/all\"; happy index && ls \"$ROOT\"/all/*/commits")
        .ok();
    world.repo("git config happy.indexDir ../evil && happy index && test ! -e ../evil && ls .git/happy/commits").ok();
}
