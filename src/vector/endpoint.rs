//! Embeddings from a server: any that speaks `POST /embeddings`.
//!
//! Texts go in batches, several at a time. A text that is longer than the model
//! takes is cut into pieces whose vectors are averaged. Every vector is checked:
//! as many as were asked for, all of one length, every number finite. There is
//! no other embedder behind this one: what the server does not give is an error.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::{Done, Embedder, EmbedderId, Error};
use crate::http::{self, Call, Client, Redactor, Secret};

/// Where the vectors come from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's address, `/embeddings` comes after it.
    pub base_url: String,
    /// The model.
    pub model: String,
    /// The key; some servers need none.
    pub key: Option<Secret>,
    /// How many numbers to ask for, where the model can shorten its vectors.
    pub dimensions: Option<usize>,
    /// Texts of one request.
    pub batch: usize,
    /// Requests at a time.
    pub concurrency: usize,
    /// Tokens that the model takes of one text.
    pub input_tokens: usize,
    /// Whether a key may go over plain HTTP to another machine.
    pub allow_plain_http: bool,
    /// Time and size of answers.
    pub limits: http::Limits,
    /// What is tried again.
    pub policy: http::Policy,
}

impl Settings {
    /// The server of the default model.
    pub const BASE_URL: &'static str = "https://api.openai.com/v1";
    /// The default model.
    pub const MODEL: &'static str = "text-embedding-3-small";

    /// The default model at its own server, or at the one of `base_url`.
    pub fn new(base_url: Option<&str>, model: Option<&str>) -> Self {
        let base_url = base_url.unwrap_or(Self::BASE_URL).trim_end_matches('/');
        Self {
            base_url: base_url.to_owned(),
            model: model.unwrap_or(Self::MODEL).to_owned(),
            key: None,
            dimensions: None,
            batch: 64,
            concurrency: 4,
            input_tokens: 8000,
            allow_plain_http: false,
            limits: http::Limits {
                first_byte: Duration::from_secs(120),
                ..http::Limits::default()
            },
            policy: http::Policy::default(),
        }
    }
}

/// How many numbers the vectors of well-known models have.
const KNOWN: &[(&str, usize)] = &[
    ("text-embedding-3-small", 1536),
    ("text-embedding-3-large", 3072),
    ("text-embedding-ada-002", 1536),
];
/// More numbers than any model gives.
const MOST_DIMENSIONS: usize = 16_384;
/// Tokens that a text may be cut down to before a server's limit is believed.
const LEAST_TOKENS: usize = 64;
/// Estimated tokens of one request.
const REQUEST_TOKENS: usize = 100_000;
/// Bytes of a token, rather too few: a piece must fit.
const TOKEN_BYTES: usize = 3;

/// About how many tokens a text has.
pub fn tokens(text: &str) -> usize {
    text.len().div_ceil(TOKEN_BYTES)
}

/// Says whether to stop.
type Stop = Box<dyn Fn() -> bool + Send + Sync>;

/// How often it is asked whether to stop.
const BLINK: Duration = Duration::from_millis(50);

/// An embedder that asks a server.
pub struct Endpoint {
    settings: Settings,
    url: String,
    headers: Vec<(&'static str, Secret)>,
    id: EmbedderId,
    /// What one text may have; less once the server said that it takes less.
    input_tokens: AtomicUsize,
    stop: OnceLock<Stop>,
}

impl Endpoint {
    /// Makes one. Where nothing tells how many numbers a vector has, the server
    /// is asked for the vector of one word.
    pub fn connect(settings: Settings) -> Result<Self, Error> {
        let refuse = |message: &str| Err(Error::Endpoint(message.to_owned()));
        if settings.key.is_some()
            && !settings.allow_plain_http
            && http::is_open_to_others(&settings.base_url)
        {
            return refuse(
                "a key would go over plain HTTP to another machine: use `https://`, or set `HAPPY_ALLOW_HTTP=1` to accept the risk",
            );
        }
        if settings.model.trim().is_empty() {
            return refuse("no embedding model is named");
        }
        if settings
            .dimensions
            .is_some_and(|dims| dims == 0 || dims > MOST_DIMENSIONS)
        {
            return refuse("no model gives vectors of so many numbers");
        }
        let known = || {
            KNOWN
                .iter()
                .find(|known| known.0 == settings.model)
                .map(|known| known.1)
        };
        let dims = settings.dimensions.or_else(known);
        let mut made = Self {
            url: format!("{}/embeddings", settings.base_url.trim_end_matches('/')),
            headers: settings
                .key
                .iter()
                .map(|key| {
                    (
                        "authorization",
                        Secret::new(format!("Bearer {}", key.expose())),
                    )
                })
                .collect(),
            id: EmbedderId {
                model: settings.model.clone(),
                // Two servers may call different models by one name.
                hash: format!(
                    "{:032x}",
                    xxhash_rust::xxh3::xxh3_128(settings.base_url.as_bytes())
                ),
                dims: dims.unwrap_or_default(),
            },
            input_tokens: AtomicUsize::new(settings.input_tokens.max(LEAST_TOKENS)),
            stop: OnceLock::new(),
            settings,
        };
        made.client()?;
        if dims.is_none() {
            let found = made.embed(&["login"])?;
            made.id.dims = found.first().map_or(0, Vec::len);
        }
        Ok(made)
    }

    fn client(&self) -> Result<Client, Error> {
        let settings = &self.settings;
        let redactor = Redactor::new(settings.key.clone());
        let client = Client::new(
            &settings.base_url,
            settings.limits,
            settings.policy,
            redactor,
        );
        client.map_err(|error| Error::Endpoint(error.to_string()))
    }

    /// The server, as people name it: host and port.
    pub fn server(&self) -> String {
        self.client()
            .map_or_else(|_| self.url.clone(), |client| client.endpoint().to_owned())
    }

    /// Whether the server runs on this machine.
    pub fn is_local(&self) -> bool {
        http::is_loopback(&self.settings.base_url)
    }

    /// Calls are given up soon after `stop` says so. Only the first one is heard.
    pub fn stop_when(&self, stop: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.stop.set(Box::new(stop));
    }

    async fn stopped(&self) {
        loop {
            tokio::time::sleep(BLINK).await;
            if self.stop.get().is_some_and(|stop| stop()) {
                return;
            }
        }
    }

    /// Vectors of texts, which are asked for side by side. Where one request
    /// fails, those under way are waited for, since they are paid for.
    async fn all(&self, texts: &[&str], done: &mut Done<'_>) -> Result<(), Error> {
        let client = &self.client()?;
        let failed = &AtomicBool::new(false);
        let mut results = stream::iter(self.batches(texts))
            .map(|(start, batch)| async move {
                if failed.load(Ordering::Relaxed) {
                    return None;
                }
                let made = self.batch(client, batch).await;
                failed.fetch_or(made.is_err(), Ordering::Relaxed);
                Some((start, made))
            })
            .buffer_unordered(self.settings.concurrency.max(1));
        let mut outcome = Ok(());
        while let Some(result) = results.next().await {
            let Some((start, made)) = result else {
                continue;
            };
            let taken = made.and_then(|made| done(start, made));
            if taken.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            outcome = outcome.and(taken);
        }
        outcome
    }

    /// Cuts texts into batches by number and by length.
    fn batches<'a, 't>(&self, texts: &'a [&'t str]) -> Vec<(usize, &'a [&'t str])> {
        let mut out = Vec::new();
        let (mut start, mut sum) = (0, 0);
        for (at, text) in texts.iter().enumerate() {
            let more = tokens(text);
            let full = at - start >= self.settings.batch.max(1) || sum + more > REQUEST_TOKENS;
            if full && at > start {
                out.push((start, &texts[start..at]));
                (start, sum) = (at, 0);
            }
            sum += more;
        }
        if start < texts.len() {
            out.push((start, &texts[start..]));
        }
        out
    }

    /// The vectors of one batch; smaller pieces where the server takes less.
    async fn batch(&self, client: &Client, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        loop {
            let limit = self.input_tokens.load(Ordering::Relaxed);
            let pieces: Vec<Vec<&str>> = texts.iter().map(|text| cut(text, limit)).collect();
            let inputs: Vec<&str> = pieces.iter().flatten().copied().collect();
            match self.ask(client, &inputs).await {
                Ok(vectors) => return Ok(join(&pieces, vectors)),
                Err(error) => {
                    if !is_too_long(&error) || limit <= LEAST_TOKENS {
                        return Err(Error::Endpoint(error.to_string()));
                    }
                    // Another batch may have found out at the same time.
                    let less = (limit / 2).max(LEAST_TOKENS);
                    self.input_tokens.fetch_min(less, Ordering::Relaxed);
                }
            }
        }
    }

    async fn ask(&self, client: &Client, inputs: &[&str]) -> Result<Vec<Vec<f32>>, http::Error> {
        let inputs: Vec<&str> = inputs
            .iter()
            // An empty text is refused by most servers.
            .map(|text| if text.trim().is_empty() { "." } else { text })
            .collect();
        let mut body = json!({
            "model": self.settings.model,
            "input": inputs,
            "encoding_format": "float",
        });
        if let Some(dims) = self.settings.dimensions {
            body["dimensions"] = dims.into();
        }
        let call = Call {
            url: &self.url,
            headers: &self.headers,
            body: &body,
        };
        let found = client.json(&call).await?;
        read(&found, inputs.len(), self.id.dims).map_err(|message| http::Error::Malformed {
            endpoint: client.endpoint().to_owned(),
            message,
        })
    }
}

impl Embedder for Endpoint {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    /// Asks the server. May be called from inside an asynchronous runtime, which
    /// it blocks: it has a thread and a runtime of its own.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        let mut out = vec![Vec::new(); texts.len()];
        self.embed_each(texts, &mut |start, made| {
            for (slot, vector) in out[start..].iter_mut().zip(made) {
                *slot = vector;
            }
            Ok(())
        })?;
        Ok(out)
    }

    fn embed_each(&self, texts: &[&str], done: &mut Done<'_>) -> Result<(), Error> {
        if texts.is_empty() {
            return Ok(());
        }
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Error::Endpoint(format!("no runtime can be made: {error}")))?;
            runtime.block_on(async {
                tokio::select! {
                    made = self.all(texts, done) => made,
                    () = self.stopped() => Err(Error::Endpoint("interrupted".to_owned())),
                }
            })
        };
        std::thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|_| {
            Err(Error::Endpoint(
                "the request failed unexpectedly".to_owned(),
            ))
        })
    }
}

fn is_too_long(error: &http::Error) -> bool {
    const SIGNS: &[&str] = &[
        "context length",
        "context size",
        "context window",
        "too long",
        "too large",
        "maximum input",
        "token limit",
        "batch size",
        "tokens",
    ];
    match error.last() {
        http::Error::Status {
            status: 400 | 413 | 422 | 500,
            message,
            ..
        } => {
            let message = message.to_ascii_lowercase();
            SIGNS.iter().any(|sign| message.contains(sign))
        }
        _ => false,
    }
}

/// Pieces of at most so many tokens, cut at the ends of lines where there are any.
fn cut(text: &str, tokens: usize) -> Vec<&str> {
    let longest = tokens * TOKEN_BYTES;
    let mut out = Vec::new();
    let mut rest = text;
    while rest.len() > longest {
        let mut at = longest;
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let line = rest[..at].rfind('\n').filter(|line| *line > at / 2);
        let (piece, after) = rest.split_at(line.map_or(at, |line| line + 1));
        out.push(piece);
        rest = after;
    }
    if out.is_empty() || !rest.is_empty() {
        out.push(rest);
    }
    out
}

/// One vector a text: the mean of its pieces', longer ones counting more.
fn join(pieces: &[Vec<&str>], vectors: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let mut vectors = vectors.into_iter();
    pieces
        .iter()
        .map(|pieces| {
            let mut sum: Vec<f32> = Vec::new();
            for (piece, mut vector) in pieces.iter().zip(vectors.by_ref()) {
                unit(&mut vector);
                let weight = piece.len().max(1) as f32;
                if sum.is_empty() {
                    sum = vec![0.0; vector.len()];
                }
                for (sum, x) in sum.iter_mut().zip(&vector) {
                    *sum += weight * x;
                }
            }
            unit(&mut sum);
            sum
        })
        .collect()
}

fn unit(vector: &mut [f32]) {
    let length = vector
        .iter()
        .map(|x| f64::from(*x).powi(2))
        .sum::<f64>()
        .sqrt();
    if length > 0.0 {
        for x in vector {
            *x = (f64::from(*x) / length) as f32;
        }
    }
}

/// The vectors of an answer, each at its place and of the right length; `dims`
/// of nought stands for any.
fn read(answer: &Value, count: usize, dims: usize) -> Result<Vec<Vec<f32>>, String> {
    let data = answer.get("data").and_then(Value::as_array);
    let data = data.ok_or("it has no `data`")?;
    if data.len() != count {
        return Err(format!(
            "{count} texts were sent, {} vectors came",
            data.len()
        ));
    }
    let mut out: Vec<Vec<f32>> = vec![Vec::new(); count];
    let mut expected = dims;
    for (at, item) in data.iter().enumerate() {
        let place = item
            .get("index")
            .and_then(Value::as_u64)
            .map_or(at, |at| at as usize);
        let numbers = item.get("embedding").and_then(Value::as_array);
        let numbers = numbers.ok_or("a vector is no list of numbers")?;
        let vector: Option<Vec<f32>> = numbers
            .iter()
            .map(|number| number.as_f64().map(|x| x as f32).filter(|x| x.is_finite()))
            .collect();
        let vector = vector.ok_or("a vector holds something that is no finite number")?;
        if expected == 0 {
            expected = vector.len();
        }
        if vector.is_empty() || vector.len() > MOST_DIMENSIONS || vector.len() != expected {
            return Err(format!(
                "a vector has {} numbers instead of {expected}; is `HAPPY_EMBEDDING_DIMENSIONS` right for this model?",
                vector.len()
            ));
        }
        match out.get_mut(place) {
            Some(slot) if slot.is_empty() => *slot = vector,
            _ => return Err("two vectors are for one text".to_owned()),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_lines_and_nothing_is_lost() {
        let text = "a line of text\n".repeat(100) + &"é".repeat(1000);
        let pieces = cut(&text, 100);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.len() <= 300));
        assert!(pieces[0].ends_with('\n'));
        assert_eq!(cut("", 100), [""]);
    }

    #[test]
    fn the_vector_of_pieces_is_their_mean_of_length_one() {
        let made = join(
            &[vec!["aaa", "bbb"], vec!["c"]],
            vec![vec![2.0, 0.0], vec![0.0, 5.0], vec![0.0, 3.0]],
        );
        let half = 0.5_f32.sqrt();
        assert!((made[0][0] - half).abs() < 1e-6 && (made[0][1] - half).abs() < 1e-6);
        assert_eq!(made[1], [0.0, 1.0]);
    }
}
