//! `JUnit`'s XML, as much of it as says which tests ran and how they ended.
//!
//! The file comes out of a sandbox: nothing in it is trusted, no entity beyond
//! XML's own five is expanded, and nesting is not recursion.

use super::report::{Case, Outcome, shortened};
use super::seconds;

/// The test cases of a `JUnit` file. Broken XML yields fewer.
pub fn cases(text: &str) -> Vec<Case> {
    let mut found = Vec::new();
    let mut current: Option<Case> = None;
    let mut rest = text;
    // Text between tags belongs to the failure that is open.
    let mut open = false;
    while let Some(at) = rest.find('<') {
        if let (true, Some(case)) = (open, &mut current) {
            add(case, &unescaped(&rest[..at]));
        }
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("<![CDATA[") {
            let end = after.find("]]>").unwrap_or(after.len());
            if let (true, Some(case)) = (open, &mut current) {
                add(case, &after[..end]);
            }
            rest = after.get(end + 3..).unwrap_or_default();
            continue;
        }
        if let Some(after) = rest.strip_prefix("<!--") {
            let end = after.find("-->").unwrap_or(after.len());
            rest = after.get(end + 3..).unwrap_or_default();
            continue;
        }
        let Some(end) = tag_end(rest) else { break };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let empty = tag.ends_with('/');
        let name = tag
            .split(|c: char| c.is_whitespace() || c == '/')
            .find(|part| !part.is_empty())
            .unwrap_or_default();
        match (tag.starts_with('/'), name) {
            (false, "testcase") => {
                let case = begun(tag);
                if empty {
                    found.push(case);
                } else {
                    current = Some(case);
                }
            }
            (true, "testcase") => found.extend(current.take()),
            (false, "failure" | "error" | "skipped") => {
                if let Some(case) = &mut current {
                    case.outcome = match name {
                        "failure" => Outcome::Failed,
                        "error" => Outcome::Errored,
                        _ => Outcome::Skipped,
                    };
                    if let Some(message) = attribute(tag, "message") {
                        add(case, &message);
                    }
                    open = !empty;
                }
            }
            (true, "failure" | "error" | "skipped") => open = false,
            _ => {}
        }
    }
    found
}

fn begun(tag: &str) -> Case {
    let name = attribute(tag, "name").unwrap_or_default();
    let name = match attribute(tag, "classname") {
        Some(class) if !class.is_empty() && class != name => format!("{class}.{name}"),
        _ => name,
    };
    Case {
        name,
        path: attribute(tag, "file"),
        outcome: match attribute(tag, "status").as_deref() {
            Some("notrun" | "disabled") => Outcome::Skipped,
            _ => Outcome::Passed,
        },
        time: attribute(tag, "time")
            .and_then(|time| time.parse().ok())
            .and_then(seconds),
        message: None,
    }
}

fn add(case: &mut Case, text: &str) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    let before = case.message.take().unwrap_or_default();
    let joint = if before.is_empty() { "" } else { "\n" };
    case.message = Some(shortened(&format!("{before}{joint}{text}")));
}

/// Where a tag ends: its `>` outside quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'>') => return Some(at),
            _ => {}
        }
    }
    None
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    for (at, _) in tag.match_indices(name) {
        let before = tag[..at].chars().next_back();
        let after = tag[at + name.len()..].trim_start();
        if !before.is_some_and(char::is_whitespace) || !after.starts_with('=') {
            continue;
        }
        let value = after[1..].trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = value[1..].find(quote)?;
        return Some(unescaped(&value[1..=end]));
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find(';').filter(|end| *end <= 10) else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let letter = match &rest[1..end] {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            number => number
                .strip_prefix('#')
                .and_then(|number| match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => number.parse().ok(),
                })
                .and_then(char::from_u32),
        };
        match letter {
            Some(letter) => out.push(letter),
            None => out.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}
