//! What `impact` and `test` found, as one document for CI: Markdown for a
//! summary, SARIF for code scanning, commands for GitHub's annotations.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::output::Format;
use crate::record::{Record, Symbol};

/// Most rows of one table: a summary is for people.
const ROWS: usize = 50;

/// The document of these records; nothing for a format that has none.
pub fn render(format: Format, records: &[Record]) -> String {
    match format {
        Format::Markdown => markdown(records),
        Format::Sarif => {
            let mut text = sarif(records).to_string();
            text.push('\n');
            text
        }
        Format::Github => github(records),
        _ => String::new(),
    }
}

/// A symbol that a change touches, with how many others it reaches.
struct Touched<'r> {
    symbol: &'r Symbol,
    change: &'static str,
    reached: usize,
    tests: usize,
}

impl Touched<'_> {
    fn reach(&self) -> String {
        let reached = counted(self.reached, "symbol");
        format!(
            "reaches {reached}, {} among these",
            counted(self.tests, "test")
        )
    }
}

/// A number and what it counts.
pub fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

fn touched(records: &[Record]) -> Vec<Touched<'_>> {
    let mut found: Vec<Touched<'_>> = Vec::new();
    for record in records {
        if let Record::Touched { symbol, change } = record {
            found.push(Touched {
                symbol,
                change,
                reached: 0,
                tests: 0,
            });
        }
    }
    for record in records {
        if let Record::Impacted { of, test, .. } = record
            && let Some(place) = found.iter_mut().find(|known| known.symbol.symbol == *of)
        {
            place.reached += 1;
            place.tests += usize::from(*test);
        }
    }
    found
}

/// A test that failed, and why.
struct Failure<'r> {
    name: &'r str,
    path: Option<&'r str>,
    message: &'r str,
    /// It passed before the change.
    broken: bool,
}

/// The tests that failed; with a baseline only those that the change broke.
fn failures(records: &[Record]) -> Vec<Failure<'_>> {
    let compared = records
        .iter()
        .any(|record| matches!(record, Record::TestSummary { side, .. } if *side == Some("base")));
    let later = |wanted: &str| {
        records.iter().find_map(|record| match record {
            Record::TestFailure { name, message } if name == wanted => Some(message.as_str()),
            _ => None,
        })
    };
    let mut found = Vec::new();
    for record in records {
        let (name, path, message, broken) = match record {
            Record::TestChange {
                name,
                path,
                message,
                verdict: "broken",
                ..
            } => (name, path, message, true),
            Record::Test {
                name,
                path,
                outcome: "failed" | "errored",
                message,
                ..
            } if !compared => (name, path, message, false),
            _ => continue,
        };
        let message = message.as_deref().or_else(|| later(name));
        found.push(Failure {
            name,
            path: path.as_deref(),
            message: message.unwrap_or_default(),
            broken,
        });
    }
    found
}

/// The last line that says something: of a traceback, the error.
fn gist(message: &str) -> &str {
    let mut lines = message.lines().rev().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

/// The line of `path` that a traceback names last.
fn line_in(path: &str, message: &str) -> Option<u32> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut found = None;
    for (at, _) in message.match_indices(name) {
        let rest = message[at + name.len()..].trim_start_matches(['"', ',', ':', ' ']);
        let rest = rest.strip_prefix("line ").unwrap_or(rest);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        found = rest[..digits].parse().ok().or(found);
    }
    found
}

/// Text inside a cell of a Markdown table.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

fn markdown(records: &[Record]) -> String {
    let mut out = String::new();
    let touched = touched(records);
    let tests: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Impacted {
                symbol,
                test: true,
                chain,
                ..
            } => Some((symbol, chain)),
            _ => None,
        })
        .collect();
    let summaries: Vec<_> = records
        .iter()
        .filter(|record| matches!(record, Record::TestSummary { .. }))
        .collect();
    if summaries.is_empty() {
        let reached: usize = records
            .iter()
            .filter(|record| matches!(record, Record::Impacted { .. }))
            .count();
        let _ = writeln!(
            out,
            "### Impact\n\n{} changed, {reached} reached, {} among these.\n",
            counted(touched.len(), "symbol"),
            counted(tests.len(), "test")
        );
    }
    if !touched.is_empty() {
        out.push_str("| changed | how | reached | tests |\n|---|---|---:|---:|\n");
        for row in touched.iter().take(ROWS) {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                cell(&row.symbol.symbol.lossy()),
                row.change,
                row.reached,
                row.tests
            );
        }
        rest(&mut out, touched.len());
    }
    if !tests.is_empty() {
        out.push_str("\n| test | through |\n|---|---|\n");
        for (symbol, chain) in tests.iter().take(ROWS) {
            let through: Vec<_> = chain
                .iter()
                .skip(1)
                .map(|link| cell(&link.lossy()))
                .collect();
            let _ = writeln!(
                out,
                "| {} | {} |",
                cell(&symbol.symbol.lossy()),
                through.join(" → ")
            );
        }
        rest(&mut out, tests.len());
    }
    for summary in summaries {
        let Record::TestSummary {
            runner,
            sandbox,
            side,
            passed,
            failed,
            skipped,
            errored,
            milliseconds,
            limit,
            ..
        } = summary
        else {
            continue;
        };
        let side = side.map(|side| format!(" ({side})")).unwrap_or_default();
        let _ = writeln!(
            out,
            "### Tests{side}\n\n{passed} passed, {failed} failed, {errored} errors, {skipped} skipped: {runner} in {sandbox}, {:.1} s.{}\n",
            *milliseconds as f64 / 1000.0,
            limit
                .map(|limit| format!(" Stopped by the limit on {limit}."))
                .unwrap_or_default()
        );
    }
    let failures = failures(records);
    if !failures.is_empty() {
        out.push_str("| failed | why |\n|---|---|\n");
        for failure in failures.iter().take(ROWS) {
            let _ = writeln!(
                out,
                "| {} | {} |",
                cell(failure.name),
                cell(gist(failure.message))
            );
        }
        rest(&mut out, failures.len());
    }
    out
}

fn rest(out: &mut String, count: usize) {
    if count > ROWS {
        let _ = writeln!(out, "\nand {} more", count - ROWS);
    }
}

fn place(path: &str, line: Option<u32>) -> Value {
    let mut physical =
        json!({ "artifactLocation": { "uri": uri(path), "uriBaseId": "%SRCROOT%" } });
    if let Some(line) = line.filter(|line| *line > 0) {
        physical["region"] = json!({ "startLine": line });
    }
    json!({ "physicalLocation": physical })
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+@!$&'()*,;=".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn sarif(records: &[Record]) -> Value {
    let mut results = Vec::new();
    for row in touched(records) {
        let Some(path) = &row.symbol.path else {
            continue;
        };
        let name = row.symbol.symbol.lossy();
        results.push(json!({
            "ruleId": "impact",
            "level": "note",
            "message": { "text": format!("{} `{name}`: {}", row.change, row.reach()) },
            "locations": [place(&path.lossy(), row.symbol.line)],
            "partialFingerprints": { "happySymbol/v1": format!("{} {name}", row.change) },
        }));
    }
    for failure in failures(records) {
        let path = failure.path.unwrap_or(".");
        let line = line_in(path, failure.message);
        let word = if failure.broken { "broke" } else { "failed" };
        results.push(json!({
            "ruleId": "test-failed",
            "level": "error",
            "message": { "text": format!("{word}: {}\n{}", failure.name, failure.message).trim_end() },
            "locations": [place(path, line)],
            "partialFingerprints": { "happyTest/v1": failure.name },
        }));
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "happy",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [
                    { "id": "impact", "shortDescription": { "text": "A symbol that the change touches" } },
                    { "id": "test-failed", "shortDescription": { "text": "A test that fails" } },
                ],
            } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

/// Text of a workflow command.
fn escaped(text: &str, property: bool) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    if property {
        text.replace(':', "%3A").replace(',', "%2C")
    } else {
        text
    }
}

fn github(records: &[Record]) -> String {
    let mut out = String::new();
    let mut command =
        |level: &str, path: Option<&str>, line: Option<u32>, title: &str, text: &str| {
            let mut properties = Vec::new();
            if let Some(path) = path {
                properties.push(format!("file={}", escaped(path, true)));
                properties.extend(line.map(|line| format!("line={line}")));
            }
            properties.push(format!("title={}", escaped(title, true)));
            let _ = writeln!(
                out,
                "::{level} {}::{}",
                properties.join(","),
                escaped(text, false)
            );
        };
    for row in touched(records) {
        let path = row
            .symbol
            .path
            .as_ref()
            .map(|path| path.lossy().into_owned());
        let text = row.reach();
        let title = format!("{} {}", row.change, row.symbol.symbol.lossy());
        command("notice", path.as_deref(), row.symbol.line, &title, &text);
    }
    for failure in failures(records) {
        let line = failure.path.and_then(|path| line_in(path, failure.message));
        let text = if failure.message.is_empty() {
            failure.name
        } else {
            failure.message
        };
        command("error", failure.path, line, failure.name, text);
    }
    out
}
