//! What is generated from the command line's own description: man pages and
//! completions. Both are committed, and a test holds them against this.

use clap::{Command, CommandFactory as _};

use super::Cli;

/// A shell whose completions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
}

impl Shell {
    /// All of them, each with the name of its file.
    pub const FILES: [(Self, &str); 3] = [
        (Self::Bash, "happy.bash"),
        (Self::Zsh, "_happy"),
        (Self::Fish, "happy.fish"),
    ];
}

/// The man pages: names of files and texts.
pub fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = Cli::command().term_width(80);
    command.build();
    let mut pages = Vec::new();
    page("happy", &command, &mut pages)?;
    // `git help happy` looks for this one.
    let also = command.clone().name("git-happy").bin_name("git happy");
    render("git-happy", also, &mut pages)?;
    pages.sort();
    Ok(pages)
}

fn page(name: &str, command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    for verb in command.get_subcommands() {
        if !verb.is_hide_set() && verb.get_name() != "help" {
            page(&format!("{name}-{}", verb.get_name()), verb, pages)?;
        }
    }
    let called = name.replace('-', " ");
    let command = command.clone().name(name.to_owned()).bin_name(called);
    render(name, command, pages)
}

fn render(name: &str, command: Command, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let man = clap_mangen::Man::new(command.version(version))
        .title(name.to_uppercase())
        .source(format!("happy {version}"))
        .manual("Manual of happy");
    let mut text = Vec::new();
    man.render(&mut text)?;
    pages.push((format!("{name}.1"), text));
    Ok(())
}

const BASH: &str = include_str!("../../completions/dynamic.bash");
const ZSH: &str = include_str!("../../completions/dynamic.zsh");
const FISH: &str = include_str!("../../completions/dynamic.fish");

/// The completions of a shell: verbs and options as they are, symbols and
/// revisions as `happy util complete` says.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut command = visible(&Cli::command());
    let mut text = Vec::new();
    let generator = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    clap_complete::generate(generator, &mut command, "happy", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    match shell {
        // What is registered last holds.
        Shell::Bash => format!("{text}\n{BASH}"),
        Shell::Fish => format!("{text}\n{FISH}"),
        Shell::Zsh => zsh(&text),
    }
    .into_bytes()
}

/// The command without what is hidden, which nobody is to be offered.
fn visible(command: &Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let verbs: Vec<Command> = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .map(visible)
        .collect();
    let mut shown = Command::new(command.get_name().to_owned())
        .args(command.get_arguments())
        .subcommands(verbs);
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    if !names.is_empty() {
        shown = shown.disable_help_subcommand(true);
    }
    shown
}

/// Wherever Zsh would offer files, our own candidates come first.
fn zsh(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let asks = [
            ":SYMBOL:",
            ":REV:",
            ":RANGE:",
            ":KEY:",
            ":symbols ",
            ":symbol ",
        ];
        let positional = line.contains(" -- ") && line.contains(":_default'");
        if (positional || asks.iter().any(|word| line.contains(word))) && !line.contains("(-)") {
            out.push_str(&line.replace(":_default'", ":_happy_dynamic'"));
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    let mark = "_happy() {";
    out.replacen(mark, &format!("{ZSH}\n{mark}"), 1)
}
