//! Setting one member in a settings file that people write: JSON with comments
//! and trailing commas, whose other bytes stay as they are.

use std::ops::Range;

use serde_json::Value;

/// Sets `keys[0].keys[1]…` of the object in `text` to `value`.
pub fn set(text: &str, keys: &[&str], value: &Value) -> Result<String, String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let scan = Scan {
        bytes: text.as_bytes(),
    };
    let start = scan.blank(0);
    let edited = if start == text.len() {
        let value = keys.iter().rev().fold(value.clone(), |inner, key| {
            Value::Object([((*key).to_owned(), inner)].into_iter().collect())
        });
        format!("{}{newline}", pretty(&value, "", "  ", newline))
    } else {
        let unit = unit_of(text);
        let (range, new) = edit(text, &scan, start, keys, value, unit, newline)?;
        format!("{}{new}{}", &text[..range.start], &text[range.end..])
    };
    // Whatever the edit did, it has to mean this and nothing else.
    let mut wanted = match text.trim() {
        "" => Value::Object(serde_json::Map::new()),
        _ => read(text)?,
    };
    let mut place = &mut wanted;
    for key in keys {
        let map = place.as_object_mut().ok_or("it is not an object")?;
        place = map
            .entry(*key)
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    *place = value.clone();
    if read(&edited)? == wanted {
        Ok(edited)
    } else {
        Err("its form is not understood".to_owned())
    }
}

/// Reads JSON with comments and trailing commas.
pub fn read(text: &str) -> Result<Value, String> {
    let scan = Scan {
        bytes: text.as_bytes(),
    };
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let next = scan.blank(at);
        if next > at {
            plain.push(b' ');
            at = next;
            continue;
        }
        let end = match scan.bytes[at] {
            b'"' => scan.string(at).ok_or("a text does not end")?,
            b',' if matches!(scan.bytes.get(scan.blank(at + 1)), Some(b'}' | b']')) => {
                at += 1;
                continue;
            }
            _ => at + 1,
        };
        plain.extend_from_slice(&scan.bytes[at..end]);
        at = end;
    }
    serde_json::from_slice(&plain).map_err(|error| error.to_string())
}

/// What to replace, and by what.
fn edit(
    text: &str,
    scan: &Scan<'_>,
    object: usize,
    keys: &[&str],
    value: &Value,
    unit: &str,
    newline: &str,
) -> Result<(Range<usize>, String), String> {
    let [key, rest @ ..] = keys else {
        return Err("there is no key".to_owned());
    };
    let members = scan.members(object)?;
    let indent = match members.list.first() {
        Some(member) => line_indent(text, member.key),
        None => None,
    };
    let outer = line_indent(text, object).unwrap_or_else(|| leading(text, object));
    let indent = indent.unwrap_or_else(|| format!("{outer}{unit}"));
    if let Some(member) = members.list.iter().find(|member| member.name == *key) {
        if !rest.is_empty() && text.as_bytes()[member.value.start] == b'{' {
            return edit(text, scan, member.value.start, rest, value, unit, newline);
        }
        let inner = rest.iter().rev().fold(value.clone(), |inner, key| {
            Value::Object([((*key).to_owned(), inner)].into_iter().collect())
        });
        return Ok((member.value.clone(), pretty(&inner, &indent, unit, newline)));
    }
    let inner = rest.iter().rev().fold(value.clone(), |inner, key| {
        Value::Object([((*key).to_owned(), inner)].into_iter().collect())
    });
    let entry = format!(
        "{newline}{indent}{}: {}",
        Value::from(*key),
        pretty(&inner, &indent, unit, newline)
    );
    // The new member stands behind whatever is said about the last one.
    let last = members.list.last().map(|member| member.value.end);
    let after = last.unwrap_or(object + 1);
    let gap = &text[after..members.close];
    let end = after + gap.trim_end().len();
    let comma = if last.is_some() && !members.trailing_comma {
        ","
    } else {
        ""
    };
    let tail = if gap[end - after..].contains('\n') {
        String::new()
    } else {
        format!("{newline}{outer}")
    };
    let new = format!("{comma}{}{entry}{tail}", &text[after..end]);
    let stop = if tail.is_empty() { end } else { members.close };
    Ok((after..stop, new))
}

/// A value on several lines, the first of which goes on where it is put.
fn pretty(value: &Value, indent: &str, unit: &str, newline: &str) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    if serde::Serialize::serialize(value, &mut serializer).is_err() {
        return value.to_string();
    }
    let text = String::from_utf8_lossy(&out).into_owned();
    text.replace('\n', &format!("{newline}{indent}"))
}

/// How the file indents: by the first line that is.
fn unit_of(text: &str) -> &str {
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if !indent.is_empty() && !line.trim().is_empty() {
            return indent;
        }
    }
    "  "
}

/// The blanks before `at`, where nothing else stands before it on its line.
fn line_indent(text: &str, at: usize) -> Option<String> {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[start..at];
    (before.trim().is_empty() && start > 0).then(|| before.to_owned())
}

/// The blanks that the line of `at` begins with.
fn leading(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..at];
    line[..line.len() - line.trim_start().len()].to_owned()
}

struct Member {
    name: String,
    key: usize,
    value: Range<usize>,
}

struct Members {
    list: Vec<Member>,
    close: usize,
    trailing_comma: bool,
}

struct Scan<'a> {
    bytes: &'a [u8],
}

impl Scan<'_> {
    /// Behind blanks and comments.
    fn blank(&self, mut at: usize) -> usize {
        loop {
            match self.bytes.get(at..).unwrap_or_default() {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => at += 1,
                [0xef, 0xbb, 0xbf, ..] => at += 3,
                [b'/', b'/', rest @ ..] => {
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    at = end.map_or(self.bytes.len(), |end| at + 2 + end);
                }
                [b'/', b'*', rest @ ..] => {
                    let end = rest.windows(2).position(|pair| pair == b"*/");
                    at = end.map_or(self.bytes.len(), |end| at + 4 + end);
                }
                _ => return at,
            }
        }
    }

    /// Behind the text that begins at `at`.
    fn string(&self, at: usize) -> Option<usize> {
        let mut at = at + 1;
        loop {
            match self.bytes.get(at)? {
                b'\\' => at += 2,
                b'"' => return Some(at + 1),
                _ => at += 1,
            }
        }
    }

    /// Behind the value that begins at `at`.
    fn value(&self, at: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'"' => self.string(at),
            b'{' | b'[' => {
                let (mut depth, mut at) = (0_usize, at);
                loop {
                    at = self.blank(at);
                    match self.bytes.get(at)? {
                        b'"' => {
                            at = self.string(at)?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    at += 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
            }
            _ => {
                let rest = &self.bytes[at..];
                let end = rest
                    .iter()
                    .position(|byte| b",}] \t\r\n/".contains(byte))
                    .unwrap_or(rest.len());
                (end > 0).then_some(at + end)
            }
        }
    }

    /// The members of the object that begins at `at`.
    fn members(&self, at: usize) -> Result<Members, String> {
        let broken = || "it is not valid JSON".to_owned();
        if self.bytes.get(at) != Some(&b'{') {
            return Err("it is not an object".to_owned());
        }
        let mut found = Members {
            list: Vec::new(),
            close: at,
            trailing_comma: false,
        };
        let mut at = self.blank(at + 1);
        loop {
            if self.bytes.get(at) == Some(&b'}') {
                found.close = at;
                return Ok(found);
            }
            let end = match self.bytes.get(at) {
                Some(b'"') => self.string(at).ok_or_else(broken)?,
                _ => return Err(broken()),
            };
            let name = serde_json::from_slice(&self.bytes[at..end]).map_err(|_| broken())?;
            let key = at;
            at = self.blank(end);
            if self.bytes.get(at) != Some(&b':') {
                return Err(broken());
            }
            at = self.blank(at + 1);
            let end = self.value(at).ok_or_else(broken)?;
            let value = at..end;
            found.list.push(Member { name, key, value });
            at = self.blank(end);
            found.trailing_comma = self.bytes.get(at) == Some(&b',');
            if found.trailing_comma {
                at = self.blank(at + 1);
            } else if self.bytes.get(at) != Some(&b'}') {
                return Err(broken());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry() -> Value {
        json!({ "command": "happy" })
    }

    fn put(text: &str) -> String {
        set(text, &["servers", "happy"], &entry()).expect("it can be set")
    }

    #[test]
    fn comments_order_and_trailing_commas_stay() {
        let text = "// mine\n{\n    \"a\": 1, // one\n    \"servers\": {\n        /* other */\n        \
                    \"x\": {\"command\": \"{\"}, // x\n    },\n}\n";
        let wanted = "// mine\n{\n    \"a\": 1, // one\n    \"servers\": {\n        /* other */\n        \
                      \"x\": {\"command\": \"{\"}, // x\n        \"happy\": {\n            \
                      \"command\": \"happy\"\n        }\n    },\n}\n";
        assert_eq!(put(text), wanted);
        assert_eq!(put(wanted), wanted);
    }

    #[test]
    fn a_member_is_added_to_files_of_every_shape() {
        assert_eq!(
            put(""),
            "{\n  \"servers\": {\n    \"happy\": {\n      \"command\": \"happy\"\n    }\n  }\n}\n"
        );
        assert_eq!(
            put("{}"),
            "{\n  \"servers\": {\n    \"happy\": {\n      \"command\": \"happy\"\n    }\n  }\n}"
        );
        assert_eq!(
            put("{\r\n\t\"a\": [1]\r\n}\r\n"),
            "{\r\n\t\"a\": [1],\r\n\t\"servers\": {\r\n\t\t\"happy\": {\r\n\t\t\t\"command\": \"happy\"\r\n\t\t}\r\n\t}\r\n}\r\n"
        );
        assert_eq!(
            put("{\"servers\":{\"happy\":{\"command\":\"old\",\"env\":{}}},\"b\":2}"),
            "{\"servers\":{\"happy\":{\n    \"command\": \"happy\"\n  }},\"b\":2}"
        );
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for text in [
            "[1]",
            "{\"a\": }",
            "{\"servers\": 3",
            "{\"a\": 1 \"b\": 2}",
            "{'a': 1}",
        ] {
            assert!(
                set(text, &["servers", "happy"], &entry()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn any_text_is_refused_or_edited_and_never_a_panic() {
        let pieces = [
            "{", "}", "\"a\"", ":", ",", "1", "//x\n", "/*", "*/", " ", "\n", "\"", "[", "]", "é",
        ];
        let mut random = fastrand::Rng::with_seed(1);
        let mut edited = 0;
        for _ in 0..20_000 {
            let length = random.usize(0..12);
            let text: String = (0..length)
                .map(|_| pieces[random.usize(0..pieces.len())])
                .collect();
            edited += usize::from(set(&text, &["servers", "happy"], &entry()).is_ok());
        }
        assert!(edited > 100, "{edited}");
    }
}
