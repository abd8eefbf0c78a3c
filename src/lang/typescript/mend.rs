//! What the grammar cannot read, written so that it can: byte for byte in the
//! same places.
//!
//! Three things are mended in files that do not parse: variance annotations of
//! type parameters (`<in out T>`), which are blanked; members of a type
//! without a semicolon before a signature that starts with `<` or `[` (the
//! grammar takes `A⏎<B>(x: B): C` for the type `A<B>`), which get one; and
//! escapes in templates, which the grammar does not know in types.

/// The mended text, or `None` where there is nothing to mend.
pub(super) fn mend(source: &[u8]) -> Option<Vec<u8>> {
    let mut out = source.to_vec();
    let mut scan = Scan {
        source,
        at: 0,
        last: 0,
        joined: false,
        open: Vec::new(),
    };
    let mut mended = false;
    while let Some(byte) = scan.source.get(scan.at).copied() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => scan.at += 1,
            b'/' if scan.skip_comment_or_pattern() => {}
            b'"' | b'\'' | b'`' => {
                let from = scan.at;
                scan.skip_quoted(byte);
                mended |= byte == b'`' && blank_escapes(&mut out[from..scan.at]);
            }
            b'<' | b'[' if scan.starts_member() => {
                out[scan.at - 1] = b';';
                mended = true;
                scan.take();
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => {
                let from = scan.at;
                let word = scan.word();
                let variance = matches!(word, b"in" | b"out") && matches!(scan.last, b'<' | b',');
                if variance && scan.names_follow() {
                    out[from..scan.at].fill(b' ');
                    mended = true;
                } else {
                    scan.last = b'a';
                    scan.joined = JOINING.contains(&word);
                }
            }
            _ => scan.take(),
        }
    }
    mended.then_some(out)
}

/// Words after which a type goes on in the next line.
const JOINING: [&[u8]; 9] = [
    b"extends",
    b"infer",
    b"keyof",
    b"typeof",
    b"readonly",
    b"is",
    b"as",
    b"in",
    b"asserts",
];

/// Writes plain letters for the escapes of a template; `true` where there are any.
fn blank_escapes(template: &mut [u8]) -> bool {
    let mut at = 0;
    let mut any = false;
    while at + 1 < template.len() {
        if template[at] != b'\\' {
            at += 1;
            continue;
        }
        any = true;
        template[at] = b'_';
        if template[at + 1].is_ascii_graphic() {
            template[at + 1] = b'_';
        }
        at += 2;
    }
    any
}

struct Scan<'s> {
    source: &'s [u8],
    at: usize,
    /// The last byte that was neither white space nor comment.
    last: u8,
    /// What ends there goes on in the next line: `extends`, `=>`.
    joined: bool,
    /// Brackets that are open.
    open: Vec<u8>,
}

impl<'s> Scan<'s> {
    fn take(&mut self) {
        let byte = self.source[self.at];
        match byte {
            b'{' | b'(' | b'[' => self.open.push(byte),
            b'}' | b')' | b']' => {
                self.open.pop();
            }
            _ => {}
        }
        self.joined = byte == b'>' && self.last == b'=';
        self.last = byte;
        self.at += 1;
    }

    fn word(&mut self) -> &'s [u8] {
        let rest = &self.source[self.at..];
        let end = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// Whether white space and a name come next, and no operator in letters.
    fn names_follow(&self) -> bool {
        let rest = &self.source[self.at..];
        let trimmed = rest.trim_ascii_start();
        let name = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$');
        if trimmed.len() == rest.len() || !trimmed.first().is_some_and(name) {
            return false;
        }
        let end = trimmed.iter().position(|b| !b.is_ascii_alphanumeric());
        let operators: [&[u8]; 7] = [
            b"as",
            b"instanceof",
            b"in",
            b"of",
            b"satisfies",
            b"extends",
            b"is",
        ];
        !operators.contains(&&trimmed[..end.unwrap_or(trimmed.len())])
    }

    /// Whether a member of a type starts here, after one without a semicolon.
    fn starts_member(&self) -> bool {
        let before = &self.source[..self.at];
        let indent = before
            .iter()
            .rev()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let first = indent > 0 && before[..before.len() - indent].ends_with(b"\n");
        let ended = self.last.is_ascii_alphanumeric()
            || matches!(self.last, b'>' | b')' | b']' | b'}' | b'"');
        let spaced = matches!(
            self.source.get(self.at + 1),
            Some(b' ' | b'=' | b'<') | None
        );
        first && ended && !spaced && !self.joined && self.open.last() == Some(&b'{')
    }

    /// Skips a comment or a regular expression; `false` where a slash divides.
    fn skip_comment_or_pattern(&mut self) -> bool {
        let rest = &self.source[self.at..];
        let length = match rest.get(1) {
            Some(b'/') => rest.iter().position(|byte| *byte == b'\n'),
            Some(b'*') => rest[2..]
                .windows(2)
                .position(|pair| pair == b"*/")
                .map(|at| at + 4),
            _ => {
                let operand = self.last.is_ascii_alphanumeric()
                    || matches!(self.last, b')' | b']' | b'}' | b'"' | b'>' | b'<');
                if operand {
                    return false;
                }
                self.last = b'"';
                self.joined = false;
                self.at += Self::pattern(rest);
                return true;
            }
        };
        self.at += length.unwrap_or(rest.len());
        true
    }

    fn pattern(rest: &[u8]) -> usize {
        let mut class = false;
        let mut at = 1;
        while let Some(byte) = rest.get(at) {
            match byte {
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'\n' => return at,
                b'/' if !class => return at + 1,
                _ => {}
            }
            at += 1;
        }
        rest.len()
    }

    /// Skips a string; a template with all that stands in it.
    fn skip_quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.source.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' if quote != b'`' => break,
                byte if *byte == quote => break,
                _ => {}
            }
        }
        self.at = self.at.min(self.source.len());
        self.last = b'"';
        self.joined = false;
    }
}

#[cfg(test)]
mod tests {
    use super::mend;

    fn mended(source: &str) -> String {
        let text = mend(source.as_bytes()).unwrap_or_else(|| source.as_bytes().to_vec());
        String::from_utf8(text).expect("ASCII stays ASCII")
    }

    #[test]
    fn variance_annotations_are_blanked_in_place() {
        assert_eq!(
            mended("class A<in out T, out U> {}"),
            "class A<       T,     U> {}"
        );
        assert_eq!(mended("f(a, out as B)"), "f(a, out as B)");
        assert_eq!(mended("if (a < out) {}"), "if (a < out) {}");
    }

    #[test]
    fn a_signature_after_a_type_gets_the_semicolon_it_lacks() {
        let source = "type F = {\n  <A>(a: A): B\n  // text\n  <C>(c: C): D\n}";
        let wanted = "type F = {\n  <A>(a: A): B\n  // text\n ;<C>(c: C): D\n}";
        assert_eq!(mended(source), wanted);
        assert_eq!(mended("f(\n  a\n  <b\n)"), "f(\n  a\n  <b\n)");
    }

    #[test]
    fn a_bracket_after_a_word_that_joins_starts_no_member() {
        let source = "type F = {\n  a: B extends\n    [C] ? D : E\n}";
        assert_eq!(mended(source), source);
        let source = "f(() => {\n  return (a) =>\n    [a] as B\n})";
        assert_eq!(mended(source), source);
    }

    #[test]
    fn escapes_in_templates_become_letters() {
        assert_eq!(
            mended("type A = `a \\`b\\` ${C}`; const d = 1"),
            "type A = `a __b__ ${C}`; const d = 1"
        );
        assert_eq!(mended("`\\`"), "`__");
    }

    #[test]
    fn text_in_strings_comments_and_patterns_stays() {
        let source = "const a = {\n  b: '\\'<in T>', // <in T>\n  c: /[/]<in T>/, d: `<in ${T}`\n}";
        assert_eq!(mended(source), source);
    }

    #[test]
    fn a_cut_file_is_no_trouble() {
        for source in ["'", "`\\", "/", "/*", "//", "/[", "<in ", "{\n <", "\\"] {
            mend(source.as_bytes());
        }
    }
}
