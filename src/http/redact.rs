//! Secrets: values that never show themselves, and texts with them taken out.
//!
//! Two kinds are found: values that were configured, and the shapes that
//! well-known services give their keys. The rules are data, in [`SHAPES`].

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A value that neither `Debug` nor `Display` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Hides a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into().into())
    }

    /// The value itself, to be sent and to nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A secret that was found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it looks like, such as `an AWS access key`.
    pub what: &'static str,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// A text without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted<'a> {
    /// The text, each secret replaced by `[redacted: what]`.
    pub text: Cow<'a, str>,
    /// What was taken out, in order.
    pub found: Vec<Finding>,
}

/// A configured value shorter than this is no secret: taking it out would
/// garble every text.
const SHORTEST: usize = 6;

/// Takes secrets out of texts.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    values: Vec<Secret>,
    /// Whether what looks like a key stays.
    no_shapes: bool,
}

impl Redactor {
    /// One that knows these values, besides all shapes.
    pub fn new(values: impl IntoIterator<Item = Secret>) -> Self {
        let mut values: Vec<Secret> = values
            .into_iter()
            .filter(|value| value.expose().trim().len() >= SHORTEST)
            .collect();
        // A value that holds another goes first.
        values.sort_by_key(|value| std::cmp::Reverse(value.expose().len()));
        values.dedup();
        Self {
            values,
            no_shapes: false,
        }
    }

    /// The same, but what only looks like a key stays.
    #[must_use]
    pub fn without_shapes(self) -> Self {
        Self {
            no_shapes: true,
            ..self
        }
    }

    /// The first secret in a text.
    pub fn first(&self, text: &str) -> Option<Finding> {
        self.redact(text).found.into_iter().next()
    }

    /// The text without secrets. Borrowed where there are none.
    pub fn redact<'a>(&self, text: &'a str) -> Redacted<'a> {
        let spans = self.spans(text);
        if spans.is_empty() {
            return Redacted {
                text: Cow::Borrowed(text),
                found: Vec::new(),
            };
        }
        let mut out = String::with_capacity(text.len());
        let mut found = Vec::with_capacity(spans.len());
        let (mut at, mut line) = (0, 1);
        for (span, what) in spans {
            let before = &text[at..span.start];
            line += before.matches('\n').count();
            found.push(Finding { what, line });
            line += text[span.clone()].matches('\n').count();
            out.push_str(before);
            out.push_str("[redacted: ");
            out.push_str(what);
            out.push(']');
            at = span.end;
        }
        out.push_str(&text[at..]);
        Redacted {
            text: Cow::Owned(out),
            found,
        }
    }

    /// Where the secrets stand: in order, none inside another.
    fn spans(&self, text: &str) -> Vec<(Range<usize>, &'static str)> {
        let mut spans: Vec<(Range<usize>, &'static str)> = Vec::new();
        for value in &self.values {
            let value = value.expose().trim();
            spans.extend(
                text.match_indices(value)
                    .map(|(at, _)| (at..at + value.len(), "a configured secret")),
            );
        }
        let shapes = if self.no_shapes { &[] } else { SHAPES };
        for shape in shapes {
            for (at, _) in text.match_indices(shape.start) {
                if let Some(end) = shape.end(text, at) {
                    spans.push((at + shape.keep..end, shape.what));
                }
            }
        }
        spans.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut out: Vec<(Range<usize>, &'static str)> = Vec::with_capacity(spans.len());
        for (span, what) in spans {
            match out.last_mut() {
                Some((last, _)) if span.start < last.end => last.end = last.end.max(span.end),
                _ => out.push((span, what)),
            }
        }
        out
    }
}

/// What a key looks like.
struct Shape {
    /// What it is called.
    what: &'static str,
    /// How it begins.
    start: &'static str,
    /// Bytes of the beginning that stay.
    keep: usize,
    /// What follows.
    rest: Rest,
}

enum Rest {
    /// So many letters, digits, `_` and `-` at least.
    Word(usize),
    /// The same, of which some are digits and some are letters of either case:
    /// what begins like words of a style sheet must also look random.
    Random(usize),
    /// Exactly so many upper-case letters and digits.
    Upper(usize),
    /// Three parts of base64 joined by dots, the first after the beginning.
    Token,
    /// Everything to the end of this kind of block.
    Block(&'static str),
    /// A user and a password before `@`.
    Login,
}

const fn shape(what: &'static str, start: &'static str, rest: Rest) -> Shape {
    Shape {
        what,
        start,
        keep: 0,
        rest,
    }
}

/// What keys look like.
const SHAPES: &[Shape] = &[
    shape("a model provider's key", "sk-", Rest::Random(20)),
    shape("an AWS access key", "AKIA", Rest::Upper(16)),
    shape("an AWS access key", "ASIA", Rest::Upper(16)),
    shape("a GitHub token", "ghp_", Rest::Word(36)),
    shape("a GitHub token", "gho_", Rest::Word(36)),
    shape("a GitHub token", "ghu_", Rest::Word(36)),
    shape("a GitHub token", "ghs_", Rest::Word(36)),
    shape("a GitHub token", "ghr_", Rest::Word(36)),
    shape("a GitHub token", "github_pat_", Rest::Word(22)),
    shape("a GitLab token", "glpat-", Rest::Word(20)),
    shape("a Slack token", "xoxb-", Rest::Word(20)),
    shape("a Slack token", "xoxp-", Rest::Word(20)),
    shape("a Slack token", "xoxa-", Rest::Word(20)),
    shape("a Slack token", "xoxr-", Rest::Word(20)),
    shape("a Slack token", "xoxs-", Rest::Word(20)),
    shape("a Slack token", "xapp-", Rest::Word(20)),
    shape("a Google key", "AIza", Rest::Word(35)),
    shape("a Google token", "ya29.", Rest::Word(20)),
    shape("a Hugging Face token", "hf_", Rest::Random(30)),
    shape("an npm token", "npm_", Rest::Random(36)),
    shape("a PyPI token", "pypi-AgE", Rest::Word(50)),
    shape("a Stripe key", "sk_live_", Rest::Word(16)),
    shape("a Stripe key", "rk_live_", Rest::Word(16)),
    shape("a Stripe key", "sk_test_", Rest::Word(16)),
    shape("a Groq key", "gsk_", Rest::Random(40)),
    shape("an xAI key", "xai-", Rest::Random(40)),
    shape("a Replicate token", "r8_", Rest::Random(30)),
    shape("a DigitalOcean token", "dop_v1_", Rest::Word(40)),
    shape("an E2B key", "e2b_", Rest::Random(30)),
    shape("a SendGrid key", "SG.", Rest::Token),
    shape("a web token", "eyJ", Rest::Token),
    shape("an age key", "AGE-SECRET-KEY-1", Rest::Upper(58)),
    shape(
        "a private key",
        "-----BEGIN RSA PRIVATE KEY-----",
        Rest::Block("PRIVATE KEY-----"),
    ),
    shape(
        "a private key",
        "-----BEGIN EC PRIVATE KEY-----",
        Rest::Block("PRIVATE KEY-----"),
    ),
    shape(
        "a private key",
        "-----BEGIN DSA PRIVATE KEY-----",
        Rest::Block("PRIVATE KEY-----"),
    ),
    shape(
        "a private key",
        "-----BEGIN PRIVATE KEY-----",
        Rest::Block("PRIVATE KEY-----"),
    ),
    shape(
        "a private key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----",
        Rest::Block("PRIVATE KEY-----"),
    ),
    shape(
        "a private key",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        Rest::Block("PRIVATE KEY-----"),
    ),
    shape(
        "a private key",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        Rest::Block("PRIVATE KEY BLOCK-----"),
    ),
    Shape {
        what: "a bearer token",
        start: "Bearer ",
        keep: 7,
        rest: Rest::Random(20),
    },
    Shape {
        what: "a login",
        start: "://",
        keep: 3,
        rest: Rest::Login,
    },
];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is(**byte)).count()
}

impl Shape {
    /// Where the key that begins at `at` ends; nothing where it is none.
    fn end(&self, text: &str, at: usize) -> Option<usize> {
        let before = text.as_bytes()[..at].last().copied();
        // A key does not begin in the middle of a word.
        if self.start.as_bytes()[0].is_ascii_alphanumeric() && before.is_some_and(is_word) {
            return None;
        }
        let start = at + self.start.len();
        let rest = &text.as_bytes()[start..];
        let length = match self.rest {
            Rest::Word(least) => Some(run(rest, is_word)).filter(|len| *len >= least),
            Rest::Random(least) => {
                let len = run(rest, |byte| {
                    is_word(byte) || matches!(byte, b'.' | b'+' | b'/' | b'=') && self.keep > 0
                });
                let word = &rest[..len];
                let has = |is: fn(&u8) -> bool| word.iter().any(is);
                (len >= least
                    && has(u8::is_ascii_digit)
                    && has(u8::is_ascii_lowercase)
                    && (has(u8::is_ascii_uppercase) || !word[..len.min(32)].contains(&b'-')))
                .then_some(len)
            }
            Rest::Upper(exact) => {
                let len = run(rest, |byte| {
                    byte.is_ascii_uppercase() || byte.is_ascii_digit()
                });
                (len == exact && !rest.get(len).copied().is_some_and(is_word)).then_some(len)
            }
            Rest::Token => {
                let one = run(rest, is_word);
                let two = run(rest.get(one + 1..)?, is_word);
                let dotted = rest.get(one) == Some(&b'.') && one >= 10 && two >= 10;
                let three = match rest.get(one + two + 1) {
                    Some(b'.') => 1 + run(&rest[one + two + 2..], is_word),
                    _ => 0,
                };
                dotted.then_some(one + 1 + two + three)
            }
            Rest::Block(end) => {
                let found = text[start..]
                    .find("-----END ")
                    .and_then(|from| Some(from + text[start + from..].find(end)? + end.len()));
                // A block that is cut off is a key all the same.
                Some(found.unwrap_or(rest.len()))
            }
            Rest::Login => {
                let user = run(rest, |byte| {
                    byte.is_ascii_graphic() && !b"/@:\"'`<>{}$()?#".contains(&byte)
                });
                let word = rest.get(user + 1..)?;
                let password = run(word, |byte| {
                    byte.is_ascii_graphic() && !b"/@\"'`<>{}$()".contains(&byte)
                });
                let whole = rest.get(user) == Some(&b':') && password >= 3;
                (whole && word.get(password) == Some(&b'@')).then_some(user + 1 + password)
            }
        };
        length.map(|length| start + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(text: &str) -> String {
        Redactor::default().redact(text).text.into_owned()
    }

    /// A key in pieces, so that no scanner of this repository takes it for one.
    fn key(start: &str, rest: &str) -> String {
        format!("{start}{rest}")
    }

    const RANDOM: &str = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";

    #[test]
    fn keys_of_well_known_services_are_taken_out() {
        for (start, rest, what) in [
            ("sk-", RANDOM, "a model provider's key"),
            ("sk-proj-", RANDOM, "a model provider's key"),
            ("sk-ant-api03-", RANDOM, "a model provider's key"),
            ("AKIA", "ABCDEFGHIJKLMNOP", "an AWS access key"),
            ("ghp_", RANDOM, "a GitHub token"),
            ("glpat-", RANDOM, "a GitLab token"),
            ("AIza", RANDOM, "a Google key"),
            ("hf_", RANDOM, "a Hugging Face token"),
            (
                "eyJ",
                "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def",
                "a web token",
            ),
        ] {
            let key = key(start, rest);
            let text = format!("key = \"{key}\" # mine\n");
            assert_eq!(
                redact(&text),
                format!("key = \"[redacted: {what}]\" # mine\n")
            );
        }
    }

    #[test]
    fn a_private_key_is_taken_out_to_its_end_and_a_cut_one_entirely() {
        let begin = key("-----BEGIN RSA ", "PRIVATE KEY-----");
        let end = key("-----END RSA ", "PRIVATE KEY-----");
        let text = format!("a\n{begin}\nMIIE\n{end}\nb");
        assert_eq!(redact(&text), "a\n[redacted: a private key]\nb");
        assert_eq!(
            redact(&format!("a {begin}\nMIIE")),
            "a [redacted: a private key]"
        );
    }

    #[test]
    fn a_login_in_an_address_is_taken_out_and_its_host_stays() {
        let text = key("postgres://admin:", "hunter2@db.local/x");
        assert_eq!(redact(&text), "postgres://[redacted: a login]@db.local/x");
    }

    #[test]
    fn ordinary_code_stays_as_it_is() {
        for text in [
            "class=\"sk-fading-circle sk-circle-container-of-many-words12\"",
            "task-0123456789abcdefghijABCDEFGHIJ",
            "https://example.com:8080/a@b",
            "f\"https://{user}:{password}@host\"",
            "AKIA is how they begin; hf_ too; eyJ as well",
            "let eyJack = a.b.c;",
            "Authorization: Bearer <token>",
            "",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn configured_values_are_found_with_their_lines_and_short_ones_are_not_looked_for() {
        let redactor = Redactor::new([
            Secret::new("correct horse"),
            Secret::new("a"),
            Secret::new("horse battery"),
        ]);
        let out = redactor.redact("a\nb correct horse battery\ncorrect horse");
        assert_eq!(
            out.text,
            "a\nb [redacted: a configured secret]\n[redacted: a configured secret]"
        );
        let lines: Vec<_> = out.found.iter().map(|found| found.line).collect();
        assert_eq!(lines, [2, 3]);
        assert_eq!(
            format!("{:?} {}", Secret::new("xyzzy"), Secret::new("xyzzy")),
            "Secret(…) [secret]"
        );
    }
}
