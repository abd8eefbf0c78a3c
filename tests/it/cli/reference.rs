//! `docs/cli.md` is what `--help` says.

use std::fmt::Write;
use std::path::Path;

use clap::CommandFactory;

fn reference() -> String {
    let mut command = happy::cmd::Cli::command().term_width(80);
    command.build();
    let mut text = String::from(
        "# The command line\n\nGenerated from the program; `UPDATE=1 cargo test` writes it anew.\n",
    );
    section(&mut text, "happy", &mut command.clone());
    for verb in command.get_subcommands() {
        if verb.is_hide_set() {
            continue;
        }
        let name = format!("happy {}", verb.get_name());
        section(&mut text, &name, &mut verb.clone().term_width(80));
    }
    text
}

fn section(text: &mut String, name: &str, command: &mut clap::Command) {
    let help = command.render_long_help().to_string();
    let _ = write!(text, "\n## {name}\n\n```text\n");
    for line in help.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("```\n");
}

#[test]
fn the_reference_of_the_command_line_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let current = reference();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &current).expect("the reference can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == current,
        "docs/cli.md is stale: run `UPDATE=1 cargo test`"
    );
}
