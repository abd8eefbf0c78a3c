//! The clients whose settings we know: a table. Where the file is, under which
//! key its servers stand, and how an entry looks.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::jsonc;

/// Whom the settings are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// A file of the project: everybody who opens it.
    Project(&'static str),
    /// A file below the home folder: one person, all projects.
    Home {
        /// On Linux and elsewhere.
        path: &'static str,
        /// On macOS, where it differs.
        mac: Option<&'static str>,
    },
}

/// How an entry looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `command` and `args`.
    Plain,
    /// With `"type": "stdio"`.
    Typed,
    /// Command and arguments in one list.
    List,
    /// A TOML table.
    Toml,
}

/// A client.
pub struct Client {
    /// What people pass.
    pub name: &'static str,
    scope: Scope,
    key: &'static str,
    shape: Shape,
}

const fn client(name: &'static str, scope: Scope, key: &'static str, shape: Shape) -> Client {
    Client {
        name,
        scope,
        key,
        shape,
    }
}

const fn home(path: &'static str, mac: Option<&'static str>) -> Scope {
    Scope::Home { path, mac }
}

/// All of them.
pub static CLIENTS: [Client; 9] = [
    client(
        "claude-code",
        Scope::Project(".mcp.json"),
        "mcpServers",
        Shape::Plain,
    ),
    client(
        "claude-desktop",
        home(
            ".config/Claude/claude_desktop_config.json",
            Some("Library/Application Support/Claude/claude_desktop_config.json"),
        ),
        "mcpServers",
        Shape::Plain,
    ),
    client(
        "codex",
        home(".codex/config.toml", None),
        "mcp_servers",
        Shape::Toml,
    ),
    client(
        "cursor",
        Scope::Project(".cursor/mcp.json"),
        "mcpServers",
        Shape::Plain,
    ),
    client(
        "gemini",
        Scope::Project(".gemini/settings.json"),
        "mcpServers",
        Shape::Plain,
    ),
    client(
        "opencode",
        Scope::Project("opencode.json"),
        "mcp",
        Shape::List,
    ),
    client(
        "vscode",
        Scope::Project(".vscode/mcp.json"),
        "servers",
        Shape::Typed,
    ),
    client(
        "windsurf",
        home(".codeium/windsurf/mcp_config.json", None),
        "mcpServers",
        Shape::Plain,
    ),
    client(
        "zed",
        Scope::Project(".zed/settings.json"),
        "context_servers",
        Shape::Plain,
    ),
];

impl Client {
    /// The client of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.name == name)
    }

    /// Whether the file belongs to the project.
    pub fn is_of_project(&self) -> bool {
        matches!(self.scope, Scope::Project(_))
    }

    /// Its settings file.
    pub fn file(&self, root: &Path, home: Option<&Path>) -> Option<PathBuf> {
        match self.scope {
            Scope::Project(path) => Some(root.join(path)),
            Scope::Home { path, mac } => {
                let path = if cfg!(target_os = "macos") {
                    mac.unwrap_or(path)
                } else {
                    path
                };
                home.map(|home| home.join(path))
            }
        }
    }

    /// The settings with our entry in them.
    pub fn edit(&self, text: &str, name: &str, command: &[String]) -> Result<String, String> {
        let (program, args) = command.split_first().ok_or("there is no command")?;
        let entry = match self.shape {
            Shape::Plain => json!({ "command": program, "args": args }),
            Shape::Typed => json!({ "type": "stdio", "command": program, "args": args }),
            Shape::List => json!({ "type": "local", "command": command, "enabled": true }),
            Shape::Toml => return toml_set(text, self.key, name, program, args),
        };
        jsonc::set(text, &[self.key, name], &kept(text, self.key, name, entry))
    }
}

/// Our entry, with what people added to the one that is there.
fn kept(text: &str, key: &str, name: &str, entry: Value) -> Value {
    let old = jsonc::read(text).unwrap_or_default();
    let Value::Object(mut merged) = old[key][name].clone() else {
        return entry;
    };
    if let Value::Object(entry) = entry {
        merged.extend(entry);
    }
    Value::Object(merged)
}

/// Sets `command` and `args` of the table `[key.name]`.
fn toml_set(
    text: &str,
    key: &str,
    name: &str,
    program: &str,
    args: &[String],
) -> Result<String, String> {
    let read = |text: &str| -> Result<toml::Table, String> {
        text.parse()
            .map_err(|error: toml::de::Error| error.message().to_owned())
    };
    let mut wanted = read(text)?;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = [
        format!("command = {}", toml::Value::from(program)),
        format!("args = {}", toml::Value::from(args.to_vec())),
    ];
    let header = format!("[{key}.{name}]");
    let mut edited = String::new();
    let (mut inside, mut found, mut open) = (false, false, 0_i32);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        // A value of ours that went over several lines goes with its first one.
        if open > 0 {
            open += balance(trimmed);
            continue;
        }
        if trimmed.starts_with('[') {
            inside = trimmed.split('#').next().unwrap_or_default().trim() == header;
            edited.push_str(line);
            if inside {
                found = true;
                for line in &lines {
                    edited.push_str(&format!("{line}{newline}"));
                }
            }
            continue;
        }
        let key = trimmed.split('=').next().unwrap_or_default().trim();
        if inside && matches!(key, "command" | "args") && trimmed.contains('=') {
            open = balance(trimmed);
            continue;
        }
        edited.push_str(line);
    }
    if !found {
        if !edited.is_empty() && !edited.ends_with('\n') {
            edited.push_str(newline);
        }
        if !edited.is_empty() {
            edited.push_str(newline);
        }
        edited.push_str(&format!("{header}{newline}"));
        for line in &lines {
            edited.push_str(&format!("{line}{newline}"));
        }
    }
    let servers = wanted
        .entry(key)
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let table = servers
        .as_table_mut()
        .ok_or("its form is not understood")?
        .entry(name)
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let table = table.as_table_mut().ok_or("its form is not understood")?;
    table.insert("command".to_owned(), program.into());
    table.insert("args".to_owned(), args.to_vec().into());
    if read(&edited)? == wanted {
        Ok(edited)
    } else {
        Err("its form is not understood".to_owned())
    }
}

/// Brackets that a line leaves open; those in texts do not count.
fn balance(line: &str) -> i32 {
    let (mut depth, mut quote) = (0, None);
    for c in line.chars() {
        match (quote, c) {
            (None, '#') => break,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '[') => depth += 1,
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Vec<String> {
        ["happy", "-C", "/a b", "mcp"].map(str::to_owned).to_vec()
    }

    #[test]
    fn every_client_takes_its_entry_and_a_second_time_changes_nothing() {
        for client in &CLIENTS {
            let once = client.edit("", "happy", &command()).expect("it is empty");
            let twice = client.edit(&once, "happy", &command()).expect("it is ours");
            assert_eq!(once, twice, "{}", client.name);
            assert!(once.contains("/a b"), "{once}");
        }
    }

    #[test]
    fn a_table_keeps_what_people_added_to_it() {
        let codex = Client::named("codex").expect("it is in the table");
        let text = "model = \"x\" # mine\n\n[mcp_servers.happy] # ours\nargs = [\n  \"old\", # ]\n  \
                    \"]\",\n]\ncommand = \"old\"\nstartup_timeout_sec = 20\n\n[mcp_servers.other]\ncommand = \"o\"\n";
        let edited = codex
            .edit(text, "happy", &command())
            .expect("it can be set");
        assert_eq!(
            edited,
            "model = \"x\" # mine\n\n[mcp_servers.happy] # ours\ncommand = \"happy\"\n\
             args = [\"-C\", \"/a b\", \"mcp\"]\nstartup_timeout_sec = 20\n\n\
             [mcp_servers.other]\ncommand = \"o\"\n"
        );
        let inline = "mcp_servers = { happy = { command = \"x\" } }\n";
        assert!(codex.edit(inline, "happy", &command()).is_err());
    }

    #[test]
    fn an_entry_keeps_what_people_added_to_it() {
        let cursor = Client::named("cursor").expect("it is in the table");
        let text = "{\"mcpServers\": {\"happy\": {\"env\": {\"A\": \"1\"}, \"command\": \"old\"}}}";
        let edited = cursor
            .edit(text, "happy", &command())
            .expect("it can be set");
        let read = jsonc::read(&edited).expect("it is JSON");
        assert_eq!(read["mcpServers"]["happy"]["env"]["A"], "1");
        assert_eq!(read["mcpServers"]["happy"]["command"], "happy");
    }
}
