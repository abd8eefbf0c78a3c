//! One virtual machine: the agent in it starts programs and keeps files. It
//! is deleted when this is dropped, whatever went wrong before.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::connect::{Event, Frames, event, frame};
use super::service::{Made, Service};
use super::settings::PORT;
use crate::http::{
    Body, Client, Error, Limits, Method, Payload, Policy, Redactor, Request, Secret,
};
use crate::sandbox::outcome::{Status, Stream};

/// The agent says that a program is still there this often.
const ALIVE: Duration = Duration::from_secs(20);
/// A stream without a word for so long is dead.
const SILENT: Duration = Duration::from_secs(70);
/// How long deleting a machine may hold the caller up.
const DELETE: Duration = Duration::from_secs(20);
/// What the answer to a small question may measure.
const ANSWER: usize = 1 << 20;

/// A machine.
#[derive(Debug)]
pub(super) struct Machine {
    held: Held,
    client: Client,
    url: String,
    headers: Vec<(&'static str, Secret)>,
}

impl Machine {
    /// Makes one. It has to be deleted even if nothing else can be done with
    /// it, so it is made first and looked at afterwards.
    pub(super) async fn make(service: Service) -> Result<Self, Error> {
        let made = service.make().await?;
        let held = Held {
            service,
            id: made.id.clone(),
        };
        let url = held.service.machine_url(&made);
        let url = url.map_err(Error::Unusable)?;
        Ok(Self {
            client: client(&url, &made)?,
            headers: headers(&made),
            url,
            held,
        })
    }

    /// The control plane and the machine's name there, to keep it alive by.
    pub(super) fn lease(&self) -> (Service, String) {
        (self.held.service.clone(), self.held.id.clone())
    }

    fn lost(&self, message: impl Into<String>) -> Error {
        Error::Malformed {
            endpoint: self.client.endpoint().to_owned(),
            message: message.into(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Writes a file, as root. The same again does no harm, so it is retried.
    pub(super) async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let boundary = format!("happy-{:016x}", fastrand::u64(..));
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut whole = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        whole.extend_from_slice(bytes);
        whole.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        let url = self.url(&format!("/files?path={}&username=root", escaped(path)));
        let mut retrier = self.client.retrier();
        loop {
            let request = Request {
                method: Method::Post,
                url: &url,
                headers: &self.headers,
                payload: Payload::Bytes(&kind, whole.clone()),
            };
            match self.client.ask(request).await {
                Ok(body) => return body.bytes(ANSWER).await.map(|_| ()),
                Err(error) => retrier.wait(error).await?,
            }
        }
    }

    /// Reads a file, as root, piece by piece.
    pub(super) async fn read(&self, path: &str) -> Result<Body, Error> {
        let url = self.url(&format!("/files?path={}&username=root", escaped(path)));
        let request = Request {
            method: Method::Get,
            url: &url,
            headers: &self.headers,
            payload: Payload::Nothing,
        };
        self.client.ask(request).await
    }

    /// Starts a program, as root. It has to end within `wall` by the machine's own clock.
    pub(super) async fn start(
        &self,
        command: &[String],
        stdin: bool,
        wall: Duration,
    ) -> Result<Process<'_>, Error> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(self.lost("there is no program"));
        };
        let request = json!({
            "process": { "cmd": program, "args": arguments, "envs": {}, "cwd": "/" },
            "stdin": stdin,
        });
        let mut headers = self.headers.clone();
        let plain = |text: String| Secret::new(text);
        headers.extend([
            (
                "authorization",
                plain(format!("Basic {}", STANDARD.encode("root:"))),
            ),
            ("connect-protocol-version", plain("1".to_owned())),
            ("connect-timeout-ms", plain(wall.as_millis().to_string())),
            (
                "keepalive-ping-interval",
                plain(ALIVE.as_secs().to_string()),
            ),
        ]);
        let url = self.url("/process.Process/Start");
        let text = request.to_string();
        let body = self
            .client
            .ask(Request {
                method: Method::Post,
                url: &url,
                headers: &headers,
                payload: Payload::Bytes("application/connect+json", frame(text.as_bytes())),
            })
            .await?;
        Ok(Process {
            machine: self,
            body,
            frames: Frames::default(),
            messages: VecDeque::new(),
            heard: Instant::now(),
        })
    }

    async fn call(&self, method: &str, request: &Value) -> Result<(), Error> {
        let mut headers = self.headers.clone();
        headers.push(("connect-protocol-version", Secret::new("1")));
        let url = self.url(&format!("/process.Process/{method}"));
        let request = Request {
            method: Method::Post,
            url: &url,
            headers: &headers,
            payload: Payload::Json(request),
        };
        let body = self.client.ask(request).await?;
        body.bytes(ANSWER).await.map(|_| ())
    }

    /// Writes to a program's standard input.
    pub(super) async fn send_input(&self, pid: u32, bytes: &[u8]) -> Result<(), Error> {
        let input = json!({ "stdin": STANDARD.encode(bytes) });
        let request = json!({ "process": { "pid": pid }, "input": input });
        self.call("SendInput", &request).await
    }

    /// Closes a program's standard input.
    pub(super) async fn close_input(&self, pid: u32) -> Result<(), Error> {
        let request = json!({ "process": { "pid": pid } });
        self.call("CloseStdin", &request).await
    }

    /// Kills a program. What it started is not killed with it.
    pub(super) async fn kill(&self, pid: u32) -> Result<(), Error> {
        let request = json!({ "process": { "pid": pid }, "signal": "SIGNAL_SIGKILL" });
        self.call("SendSignal", &request).await
    }

    /// Runs a program of ours to its end: how it ended and what it printed.
    pub(super) async fn command(
        &self,
        command: &[String],
        patience: Duration,
    ) -> Result<(Status, String, String), Error> {
        let run = async {
            let mut process = self.start(command, false, patience).await?;
            let (mut out, mut err) = (Vec::new(), Vec::new());
            loop {
                match process.next().await? {
                    Event::Printed(stream, bytes) => {
                        let to = if stream == Stream::Stdout {
                            &mut out
                        } else {
                            &mut err
                        };
                        to.extend(bytes);
                        if out.len() + err.len() > ANSWER {
                            return Err(self.lost("a command of ours printed too much"));
                        }
                    }
                    Event::Ended(status) => {
                        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                        return Ok((status, text(&out), text(&err)));
                    }
                    Event::Started(_) | Event::Alive => {}
                }
            }
        };
        match tokio::time::timeout(patience, run).await {
            Ok(ended) => ended,
            Err(_) => Err(Error::Silent {
                endpoint: self.client.endpoint().to_owned(),
                what: "did not finish a command of ours",
                after: patience,
            }),
        }
    }
}

/// What has to be deleted.
#[derive(Debug)]
struct Held {
    service: Service,
    id: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        // This may be dropped where a runtime waits, so it has one of its own;
        // and connections of its own, since those that there are belong to the
        // runtime that waits.
        let (service, id) = (self.service.afresh(), self.id.clone());
        let thread = std::thread::spawn(move || {
            if let (Ok(runtime), Ok(service)) = (super::runtime(), service) {
                // What cannot be deleted ends with its lease.
                let deleted = async { tokio::time::timeout(DELETE, service.delete(&id)).await };
                let _ = runtime.block_on(deleted);
            }
        });
        let _ = thread.join();
    }
}

/// A program in a machine, and what it says.
#[derive(Debug)]
pub(super) struct Process<'a> {
    machine: &'a Machine,
    body: Body,
    frames: Frames,
    messages: VecDeque<Vec<u8>>,
    heard: Instant,
}

impl Process<'_> {
    /// What it says next. After its end, or an error, there is nothing to ask
    /// for. Given up half-way, nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return event(&message).map_err(|why| self.machine.lost(why));
            }
            if self.frames.has_ended() {
                return Err(self.machine.lost("it did not say how the program ended"));
            }
            let Some(bytes) = self.body.piece().await? else {
                return Err(Error::Cut {
                    endpoint: self.machine.client.endpoint().to_owned(),
                    message: "the stream ended in the middle".to_owned(),
                });
            };
            self.heard = Instant::now();
            self.frames
                .feed(&bytes, &mut self.messages)
                .map_err(|why| self.machine.lost(why))?;
        }
    }

    /// The error of a stream that says something out of turn.
    pub(super) fn odd(&self, event: &Event) -> Error {
        let word = match event {
            Event::Started(_) => "it started",
            Event::Printed(..) => "it printed",
            Event::Ended(_) => "it ended",
            Event::Alive => "it is alive",
        };
        self.machine.lost(format!(
            "it said `{word}` before it said which program it started"
        ))
    }

    /// Whether it has been silent for too long: a program that says nothing is
    /// still said to be there.
    pub(super) fn is_silent(&self) -> Option<Error> {
        (self.heard.elapsed() > SILENT).then(|| Error::Silent {
            endpoint: self.machine.client.endpoint().to_owned(),
            what: "was silent",
            after: SILENT,
        })
    }
}

fn client(url: &str, made: &Made) -> Result<Client, Error> {
    let tokens = [&made.envd_access_token, &made.traffic_access_token];
    let redactor = Redactor::new(
        tokens
            .into_iter()
            .flatten()
            .map(|text| Secret::new(text.as_str())),
    );
    let limits = Limits {
        first_byte: Duration::from_mins(2),
        idle: SILENT,
        bytes: usize::MAX,
        ..Limits::default()
    };
    let policy = Policy {
        tries: 4,
        first_wait: Duration::from_millis(200),
        ..Policy::default()
    };
    Client::new(url, limits, policy, redactor)
}

fn headers(made: &Made) -> Vec<(&'static str, Secret)> {
    let mut headers = vec![
        ("e2b-sandbox-id", Secret::new(made.id.as_str())),
        ("e2b-sandbox-port", Secret::new(PORT.to_string())),
    ];
    if let Some(token) = &made.envd_access_token {
        headers.push(("x-access-token", Secret::new(token.as_str())));
    }
    if let Some(token) = &made.traffic_access_token {
        headers.push(("e2b-traffic-access-token", Secret::new(token.as_str())));
    }
    headers
}

/// A path in a query.
fn escaped(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
