//! From a model's answer to the cell in it.

/// The cell of an answer: prose, and exactly one fenced block of Python.
/// The error says what is wrong, for the model to read.
pub fn cell(text: &str) -> Result<String, &'static str> {
    let mut cells: Vec<String> = Vec::new();
    let mut open: Option<(usize, Vec<&str>)> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let ticks = trimmed.bytes().take_while(|byte| *byte == b'`').count();
        match &mut open {
            Some((fence, lines)) => {
                if ticks >= *fence && trimmed[ticks..].trim().is_empty() {
                    cells.push(lines.join("\n"));
                    open = None;
                } else {
                    lines.push(line);
                }
            }
            None if ticks >= 3 => {
                let info = trimmed[ticks..].trim().to_ascii_lowercase();
                if !matches!(info.as_str(), "python" | "py" | "python3" | "") {
                    return Err("a fenced block that is not Python");
                }
                open = Some((ticks, Vec::new()));
            }
            None => {}
        }
    }
    if open.is_some() {
        return Err("a fenced block that does not end");
    }
    let mut cells = cells.into_iter();
    match (cells.next(), cells.next()) {
        (Some(cell), None) if cell.trim().is_empty() => Err("an empty cell"),
        (Some(cell), None) => Ok(cell),
        (None, _) => Err("no fenced block of Python"),
        (Some(_), Some(_)) => Err("more than one fenced block"),
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn one_fenced_block_is_the_cell() {
        let text = "I look.\n\n```python\nx = 1\nprint(x)\n```\nThen I go on.";
        assert_eq!(cell(text).as_deref(), Ok("x = 1\nprint(x)"));
    }

    #[test]
    fn a_longer_fence_may_hold_a_shorter_one() {
        let text = "````py\ncreate('a.md', '''\n```\nx\n```\n''')\n````";
        assert_eq!(
            cell(text).as_deref(),
            Ok("create('a.md', '''\n```\nx\n```\n''')")
        );
    }

    #[test]
    fn none_several_open_foreign_and_empty_are_malformed() {
        assert_eq!(cell("print(1)"), Err("no fenced block of Python"));
        let two = "```python\na\n```\n```python\nb\n```";
        assert_eq!(cell(two), Err("more than one fenced block"));
        assert_eq!(
            cell("```python\na"),
            Err("a fenced block that does not end")
        );
        assert_eq!(
            cell("```sh\nls\n```"),
            Err("a fenced block that is not Python")
        );
        assert_eq!(cell("```python\n\n```"), Err("an empty cell"));
    }
}
