//! E2B, against a server on this machine that speaks the same frames and runs
//! the programs in bubblewrap.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use happy::http::Secret;
use happy::sandbox::e2b::{E2b, Settings};
use happy::sandbox::{Chosen, Sandbox};
use serde_json::Value;

use super::PYTHON;

pub(crate) const KEY: &str = "e2b_0123456789abcdef0123456789abcdef01234567";

/// A local server; it ends with its input.
pub(crate) struct Server {
    _child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts one, or says why not.
    pub(crate) fn start() -> Result<Self, String> {
        for tool in [
            PYTHON,
            "/usr/bin/bwrap",
            "/usr/bin/setpriv",
            "/usr/bin/prlimit",
        ] {
            if !std::path::Path::new(tool).exists() {
                return Err(format!("{tool} is not installed"));
            }
        }
        // Its file may lie where an ordinary user cannot go.
        let script = include_str!("../../clients/e2b_server.py");
        let mut child = Command::new(PYTHON)
            .args(["-c", script, KEY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("it was piped"))
            .read_line(&mut port)
            .map_err(|error| error.to_string())?;
        if port.trim().is_empty() {
            return Err("the local server did not start".to_owned());
        }
        let url = format!("http://127.0.0.1:{}", port.trim());
        Ok(Self { _child: child, url })
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            api_url: self.url.clone(),
            machine_url: Some(self.url.clone()),
            ..Settings::new(Secret::new(KEY))
        }
    }

    /// What it has seen.
    pub(crate) fn state(&self) -> Value {
        let output = Command::new(PYTHON)
            .args([
                "-c",
                "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())",
            ])
            .arg(format!("{}/test/state", self.url))
            .output()
            .expect("Python runs");
        serde_json::from_slice(&output.stdout).expect("the server tells its state")
    }
}

/// A server of the test's own, and the backend that speaks to it: for tests
/// that count what it has seen.
pub(crate) fn fresh() -> Option<(Server, Chosen)> {
    match Server::start() {
        Ok(server) => {
            let sandbox: &'static dyn Sandbox = Box::leak(Box::new(E2b::new(server.settings())));
            let chosen = Chosen {
                sandbox,
                overlay: true,
            };
            Some((server, chosen))
        }
        Err(why) => {
            println!("skip e2b: {why}");
            None
        }
    }
}

/// The server of this process, and the backend that speaks to it.
pub(crate) fn local() -> Option<&'static (Server, Chosen)> {
    static LOCAL: OnceLock<Option<(Server, Chosen)>> = OnceLock::new();
    LOCAL.get_or_init(fresh).as_ref()
}
