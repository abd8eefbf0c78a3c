//! `happy mcp install`

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::clients::{CLIENTS, Client};
use crate::cmd::context::{Context, variable};
use crate::cmd::error::Error;
use crate::record::{Record, Text};

/// Write the entry for this server into a client's settings
///
/// Shows the change, and writes it with `--yes` or where you say so at the
/// prompt; the rest of the file stays as it is, comments included. Without a
/// client it lists those that are known and whether they have the entry.
/// Clients whose settings belong to the project start the server there; the
/// others (`claude-desktop`, `codex`, `windsurf`) get this repository's path.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `claude-code`, `claude-desktop`, `codex`, `cursor`, `gemini`, `opencode`,
    /// `vscode`, `windsurf` or `zed`
    #[arg(value_name = "CLIENT")]
    clients: Vec<String>,
    /// Write without asking
    #[arg(short, long)]
    yes: bool,
    /// The entry's name in the settings
    #[arg(long, value_name = "NAME", default_value = "happy")]
    name: String,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args, allowed: &[&'static str]) -> Result<(), Error> {
    if !args
        .name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        || args.name.is_empty()
    {
        return Err(Error::Usage(
            "a name has letters, digits, `-` and `_`".to_owned(),
        ));
    }
    let mut chosen = Vec::new();
    for name in &args.clients {
        chosen.push(Client::named(name).ok_or_else(|| {
            let names: Vec<&str> = CLIENTS.iter().map(|client| client.name).collect();
            Error::Usage(format!(
                "no client `{name}`; there are {}",
                names.join(", ")
            ))
        })?);
    }
    let repo = context.repo()?;
    let root = repo.work_dir().unwrap_or(repo.git_dir());
    let home = variable("HOME").map(PathBuf::from);
    let list = chosen.is_empty();
    let clients: Vec<&Client> = if list {
        CLIENTS.iter().collect()
    } else {
        chosen
    };
    for client in clients {
        let Some(file) = client.file(root, home.as_deref()) else {
            context.warn(&format!(
                "no home folder for the settings of `{}`",
                client.name
            ));
            continue;
        };
        let done = one(context, args, allowed, client, root, &file, list);
        match done {
            // A list goes on where one file cannot be read.
            Err(error) if list => context.warn(&error.to_string()),
            done => done?,
        }
    }
    Ok(())
}

fn one(
    context: &Context,
    args: &Args,
    allowed: &[&'static str],
    client: &Client,
    root: &Path,
    file: &Path,
    list: bool,
) -> Result<(), Error> {
    let io = |action: &'static str| {
        let path = file.to_owned();
        move |source| {
            Error::Git(crate::git::Error::Io {
                action,
                path,
                source,
            })
        }
    };
    // A repository could point its settings at any file of ours.
    if client.is_of_project() && is_led_away(root, file) {
        return Err(Error::Usage(format!(
            "`{}` goes through a symbolic link; edit it by hand",
            file.display()
        )));
    }
    let old = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(io("read")(error)),
    };
    let command = command(context, client, root, allowed);
    let new = client.edit(&old, &args.name, &command).map_err(|why| {
        Error::Usage(format!(
            "cannot change `{}`: {why}; the command is `{}`",
            file.display(),
            command.join(" ")
        ))
    })?;
    let change = if old == new {
        "unchanged"
    } else if old.is_empty() {
        "added"
    } else {
        "modified"
    };
    let mut applied = false;
    if old != new && !list {
        context.output.note(&diff(file, &old, &new));
        if args.yes || agreed(context, file)? {
            write(file, new.as_bytes()).map_err(io("write"))?;
            applied = true;
        } else {
            context.warn("nothing is written; `--yes` writes it");
        }
    }
    context.output.emit(&Record::Configured {
        client: client.name,
        path: Text::from(file.to_string_lossy().as_ref()),
        change,
        applied,
    });
    Ok(())
}

/// How the client starts the server.
fn command(
    context: &Context,
    client: &Client,
    root: &Path,
    allowed: &[&'static str],
) -> Vec<String> {
    let mut command = vec![program(context)];
    if !client.is_of_project() {
        command.push("-C".to_owned());
        command.push(root.to_string_lossy().into_owned());
    }
    command.push("mcp".to_owned());
    if !allowed.is_empty() {
        command.push(format!("--allow={}", allowed.join(",")));
    }
    command
}

/// `happy` where that is this program, otherwise where this program is.
fn program(context: &Context) -> String {
    let Ok(own) = std::env::current_exe() else {
        return "happy".to_owned();
    };
    let own = own.canonicalize().unwrap_or(own);
    let path = variable("PATH").unwrap_or_default();
    let first = std::env::split_paths(&path)
        .map(|folder| folder.join("happy"))
        .find(|file| file.is_file());
    match first.and_then(|file| file.canonicalize().ok()) {
        Some(found) if found == own => "happy".to_owned(),
        _ => {
            if !context.args.quiet {
                context.warn("`happy` on PATH is not this program; its full path is written");
            }
            own.to_string_lossy().into_owned()
        }
    }
}

fn is_led_away(root: &Path, file: &Path) -> bool {
    let Ok(inside) = file.strip_prefix(root) else {
        return true;
    };
    let mut at = root.to_owned();
    for part in inside.components() {
        at.push(part);
        if at.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
            return true;
        }
    }
    false
}

fn diff(file: &Path, old: &str, new: &str) -> String {
    let name = file.display().to_string();
    let diff = similar::TextDiff::from_lines(old, new);
    diff.unified_diff().header(&name, &name).to_string()
}

/// Asks at a terminal; nobody there has not agreed.
fn agreed(context: &Context, file: &Path) -> Result<bool, Error> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    context
        .output
        .note(&format!("write `{}`? [y/N]", file.display()));
    let mut line = String::new();
    stdin.read_line(&mut line).map_err(|source| Error::Stream {
        action: "read standard input",
        source,
    })?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// Writes the file whole or not at all; through a link of the user's.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(bytes)?;
    let permissions = match file.metadata() {
        Ok(meta) => meta.permissions(),
        Err(_) => std::os::unix::fs::PermissionsExt::from_mode(0o644),
    };
    new.as_file().set_permissions(permissions)?;
    new.as_file().sync_all()?;
    new.persist(&file).map_err(|error| error.error)?;
    Ok(())
}
