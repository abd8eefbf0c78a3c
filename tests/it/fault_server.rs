//! A server that answers as a test tells it to, faults included.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// A part of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes so often, which need not be held.
    Repeat(&'static [u8], usize),
    /// Nothing for so long.
    Pause(Duration),
    /// The connection breaks.
    Break,
}

/// An answer to one request.
pub(crate) type Answer = Vec<Piece>;

/// A whole answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    vec![Piece::Bytes(format!("{head}\r\n{body}").into_bytes())]
}

/// A whole answer of JSON.
pub(crate) fn json(status: u16, body: &Value) -> Answer {
    answer(
        status,
        &[("Content-Type", "application/json")],
        &body.to_string(),
    )
}

/// The head of a stream of events that ends with the connection.
pub(crate) fn stream() -> Piece {
    Piece::Bytes(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec())
}

/// A piece of a stream.
pub(crate) fn piece(text: &str) -> Piece {
    Piece::Bytes(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())
}

/// The proper end of a stream.
pub(crate) fn end() -> Piece {
    Piece::Bytes(b"0\r\n\r\n".to_vec())
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Its path.
    pub(crate) path: String,
    /// Its head, in lower case.
    pub(crate) head: String,
    /// Its body.
    pub(crate) body: Value,
}

type Script = Box<dyn Fn(usize, &Request) -> Answer + Send + Sync>;

/// The server; it stops when dropped.
pub(crate) struct FaultServer {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    closed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl FaultServer {
    /// Answers the first request with the first answer and so on; the last
    /// answer is given again and again.
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        Self::scripted(Box::new(move |at, _| {
            answers[at.min(answers.len() - 1)].clone()
        }))
    }

    /// Answers as a function of the number of the request and the request.
    pub(crate) fn scripted(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let closed = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let server = Self {
            address,
            requests: Arc::clone(&requests),
            closed: Arc::clone(&closed),
            stop: Arc::clone(&stop),
        };
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (requests, closed) = (Arc::clone(&requests), Arc::clone(&closed));
                let script = Arc::clone(&script);
                std::thread::spawn(move || {
                    // A client that goes away is what some tests are about.
                    if serve(stream, &requests, &script).is_err() {
                        closed.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        server
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests
            .lock()
            .expect("no test panicked in it")
            .clone()
    }

    /// How many clients went away in the middle of an answer.
    pub(crate) fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<Request>>,
    script: &Script,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = Request {
        path,
        head,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let at = {
        let mut requests = requests.lock().expect("no thread panicked in it");
        requests.push(request.clone());
        requests.len() - 1
    };
    for piece in script(at, &request) {
        match piece {
            Piece::Bytes(bytes) => stream.write_all(&bytes)?,
            Piece::Repeat(bytes, times) => {
                for _ in 0..times {
                    stream.write_all(bytes)?;
                }
            }
            Piece::Pause(time) => {
                stream.flush()?;
                std::thread::sleep(time);
            }
            Piece::Break => return stream.shutdown(Shutdown::Both),
        }
        stream.flush()?;
    }
    Ok(())
}
