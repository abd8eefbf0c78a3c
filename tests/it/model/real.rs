//! Against llama.cpp's server with a model of 135 million parameters, neither of
//! them ours: `HAPPY_TEST_MODEL_SERVER=1` runs these, after
//! `tools/model-server.sh` made the environment they need.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use happy::http;
use happy::model::{Error, Finish, Request, Settings, WireKind, connect};

use super::{block_on, complete, question};

/// The server; it ends with its standard input.
pub(crate) struct ModelServer {
    child: Child,
    url: String,
}

impl ModelServer {
    /// Starts it; nothing, with the reason printed, where it is not asked for.
    #[expect(clippy::print_stdout, reason = "a skip says why")]
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        if std::env::var_os("HAPPY_TEST_MODEL_SERVER").is_none() {
            println!(
                "skip: set `HAPPY_TEST_MODEL_SERVER=1` to download a model of 98 MB and test against it"
            );
            return None;
        }
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools");
        let made = Command::new(tools.join("model-server.sh"))
            .output()
            .expect("a shell is here");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let python = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let mut child = Command::new(python)
            .arg(tools.join("model-server.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python is here");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it is");
        assert!(line.starts_with("http"), "the server did not start: {line}");
        Some(Self {
            child,
            url: format!("{}/v1", line.trim()),
        })
    }

    fn settings(&self, wire: WireKind) -> Settings {
        Settings {
            limits: http::Limits {
                idle: Duration::from_secs(60),
                ..http::Limits::default()
            },
            ..Settings::new(wire, &self.url, "smollm2")
        }
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_server_streams_tells_usage_stops_and_knows_its_limits_on_each_wire() {
    let Some(server) = ModelServer::start(&[]) else {
        return;
    };
    let overlong = question(&"word ".repeat(4000));
    for wire in WireKind::ALL {
        let settings = server.settings(wire);
        let request = Request {
            max_output_tokens: 12,
            temperature: Some(0.0),
            ..question("Tell me about the sea.")
        };
        let (reply, heard) = complete(&settings, &request);
        let reply = reply.expect("it answers");
        assert!(heard.len() > 3, "{wire}: it is streamed: {heard:?}");
        assert_eq!(heard.concat(), reply.text, "{wire}");
        assert!(!reply.usage.estimated, "{wire}");
        assert!(
            (15..80).contains(&reply.usage.prompt_tokens),
            "{wire}: {:?}",
            reply.usage
        );
        assert!(
            (10..=12).contains(&reply.usage.completion_tokens),
            "{wire}: {:?}",
            reply.usage
        );
        // llama.cpp calls a response that was cut `completed`.
        if wire != WireKind::Responses {
            assert_eq!(reply.finish, Finish::Length, "{wire}");
        }

        let (reply, _) = complete(&settings, &overlong);
        assert!(
            matches!(reply, Err(Error::ContextOverflow { .. })),
            "{wire}: {reply:?}"
        );

        // Cancelled in the middle, the server is free again at once.
        let long = Request {
            max_output_tokens: 400,
            ..request.clone()
        };
        let client = connect(&settings).expect("usable");
        block_on(async {
            let (sender, heard) = tokio::sync::oneshot::channel();
            let mut sender = Some(sender);
            let mut hear = move |_: &str| {
                if let Some(sender) = sender.take() {
                    let _ = sender.send(());
                }
            };
            tokio::select! {
                reply = client.complete(&long, &mut hear) => panic!("it ended: {reply:?}"),
                _ = heard => {}
            }
        });
        let started = Instant::now();
        complete(&settings, &request).0.expect("it answers again");
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{wire}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn a_prompt_that_comes_again_is_read_from_the_real_servers_cache() {
    let Some(server) = ModelServer::start(&[]) else {
        return;
    };
    let settings = server.settings(WireKind::ChatCompletions);
    let request = Request {
        max_output_tokens: 4,
        ..question("Count the ships that sail on the sea, and say their names.")
    };
    let first = complete(&settings, &request).0.expect("it answers").usage;
    let second = complete(&settings, &request).0.expect("it answers").usage;
    assert_eq!(first.prompt_tokens, second.prompt_tokens);
    assert!(second.cached_tokens > first.prompt_tokens / 2, "{second:?}");
}
