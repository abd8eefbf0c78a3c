//! What a run is doing, as lines of a tree: what it used so far, the calls of
//! the cell that runs, and the sub-agents that each call has at work.

use std::time::Duration;

use super::super::text::{BOLD, DIM, GREEN, RED, YELLOW, printable};
use crate::agent::Step;
use crate::record::agent::{Event, Spent};

/// Most calls of a cell that are shown; the last ones.
const CALLS: usize = 6;
/// Most sub-agents at work that are shown of a call; those that wait longest.
const LEAVES: usize = 6;

/// The state of a run, for whoever watches.
#[derive(Debug, Default)]
pub(super) struct Tree {
    turn: u32,
    turns: u32,
    spent: Spent,
    phase: String,
    calls: Vec<Call>,
    tests: u32,
    test: String,
}

#[derive(Debug)]
struct Call {
    key: String,
    text: String,
    /// How many sub-agents it asks, where it fans out.
    fan: Option<usize>,
    answered: usize,
    failed: usize,
    done: Option<bool>,
    leaves: Vec<Leaf>,
}

#[derive(Debug)]
struct Leaf {
    key: String,
    text: String,
    since: Duration,
}

impl Tree {
    /// Of a run that may have so many turns.
    pub(super) fn new(turns: u32) -> Self {
        Self {
            turns,
            phase: "it begins".to_owned(),
            ..Self::default()
        }
    }

    /// Something begins.
    pub(super) fn begin(&mut self, step: &Step<'_>, now: Duration) {
        match *step {
            Step::Asks { key, about } => match self.call_above(key) {
                Some(call) => {
                    let text = if about.is_empty() {
                        format!("turn {}", key.rsplit('/').next().unwrap_or_default())
                    } else {
                        about.to_owned()
                    };
                    call.leaves.push(Leaf::new(key, text, now));
                }
                None => "the model thinks".clone_into(&mut self.phase),
            },
            Step::Calls { key, name, about } => {
                let text = format!("{name} {about}");
                match self.call_above(key) {
                    Some(call) => call.leaves.push(Leaf::new(key, text, now)),
                    None => self.calls.push(Call {
                        key: key.to_owned(),
                        text,
                        fan: None,
                        answered: 0,
                        failed: 0,
                        done: None,
                        leaves: Vec::new(),
                    }),
                }
            }
            Step::Fans { key, count } => {
                if let Some(call) = self.calls.iter_mut().find(|call| call.key == key) {
                    call.fan = Some(count);
                }
            }
        }
    }

    /// Something happened.
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::AgentReply { key, spent, .. } => {
                self.spent.add(spent);
                self.answered(key, true);
            }
            Event::AgentFailure { key, .. } => self.answered(key, false),
            Event::AgentCell { key, turn, .. } if is_root(key) => {
                self.turn = *turn;
                self.calls.clear();
                "a cell runs".clone_into(&mut self.phase);
            }
            Event::AgentCall { key, error, .. } => {
                if let Some(call) = self.calls.iter_mut().find(|call| call.key == *key) {
                    call.done = Some(error.is_none());
                    call.leaves.clear();
                } else if let Some(call) = self.call_above(key) {
                    call.leaves.retain(|leaf| leaf.key != *key);
                }
                self.tests = 0;
            }
            Event::AgentObservation { key, .. } if is_root(key) => {
                self.calls.clear();
                self.tests = 0;
            }
            Event::AgentGate { passed, .. } => {
                let phase = if *passed {
                    "the gate is passed"
                } else {
                    "the gate has refused"
                };
                phase.clone_into(&mut self.phase);
            }
            Event::AgentLanding { .. } => "the edits land".clone_into(&mut self.phase),
            _ => {}
        }
    }

    /// A test ended.
    pub(super) fn test(&mut self, name: &str) {
        self.tests += 1;
        name.clone_into(&mut self.test);
    }

    fn answered(&mut self, key: &str, well: bool) {
        if let Some(call) = self.call_above(key) {
            call.leaves.retain(|leaf| leaf.key != key);
            call.answered += 1;
            call.failed += usize::from(!well);
        }
    }

    /// The call that a key stands under: `root/3/2` of `root/3/2.7`.
    fn call_above(&mut self, key: &str) -> Option<&mut Call> {
        let above = |call: &&mut Call| {
            let rest = key.strip_prefix(&call.key);
            call.done.is_none()
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
        };
        self.calls.iter_mut().find(above)
    }

    /// The lines, none wider than `width` columns.
    pub(super) fn lines(&self, width: usize, color: bool, now: Duration) -> Vec<String> {
        let mut lines = vec![self.head(now)];
        let left_out = self.calls.len().saturating_sub(CALLS);
        if left_out > 0 {
            lines.push(Line::of(DIM, format!("├─ {left_out} calls before")));
        }
        let shown = &self.calls[left_out..];
        for (at, call) in shown.iter().enumerate() {
            let last = at + 1 == shown.len() && self.tests == 0;
            call.lines(last, now, &mut lines);
        }
        if self.tests > 0 {
            let mut line = Line::of("", format!("└─ {} tests", self.tests));
            line.add(DIM, format!("  {}", self.test));
            lines.push(line);
        }
        lines.iter().map(|line| line.render(width, color)).collect()
    }

    fn head(&self, now: Duration) -> Line {
        let mut line = Line::of(BOLD, format!("turn {}/{}", self.turn.max(1), self.turns));
        let Spent { calls, cost, .. } = self.spent;
        let tokens = short(self.spent.tokens());
        line.add("", format!(" · {calls} calls · {tokens} tokens"));
        if cost > 0.0 {
            line.add("", format!(" · ${cost:.2}"));
        }
        let seconds = now.as_secs();
        line.add("", format!(" · {}:{:02}", seconds / 60, seconds % 60));
        line.add(DIM, format!(" · {}", self.phase));
        line
    }
}

impl Leaf {
    fn new(key: &str, text: String, since: Duration) -> Self {
        Self {
            key: key.to_owned(),
            text,
            since,
        }
    }
}

impl Call {
    fn lines(&self, last: bool, now: Duration, lines: &mut Vec<Line>) {
        let (branch, stem) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let mut line = Line::of("", branch.to_owned());
        match self.done {
            None => {}
            Some(true) => line.add(GREEN, "ok ".to_owned()),
            Some(false) => line.add(RED, "failed ".to_owned()),
        }
        if let Some(count) = self.fan {
            line.add(YELLOW, format!("{}/{count}", self.answered));
            if self.failed > 0 {
                line.add(RED, format!(" {} failed", self.failed));
            }
            line.add("", " ".to_owned());
        }
        line.add("", self.text.clone());
        lines.push(line);
        let more = self.leaves.len().saturating_sub(LEAVES);
        for (at, leaf) in self.leaves.iter().take(LEAVES).enumerate() {
            let last = more == 0 && at + 1 == self.leaves.len();
            let branch = if last { "└─" } else { "├─" };
            let waited = now.saturating_sub(leaf.since).as_secs_f64();
            let mut line = Line::of("", format!("{stem}{branch} "));
            line.add(DIM, format!("{waited:.1} s "));
            line.add("", leaf.text.clone());
            lines.push(line);
        }
        if more > 0 {
            lines.push(Line::of(DIM, format!("{stem}└─ and {more} more")));
        }
    }
}

/// Whether a key is the root's own: `root/3/cell`.
fn is_root(key: &str) -> bool {
    key.matches('/').count() == 2
}

fn short(tokens: u64) -> String {
    match tokens {
        0..1000 => tokens.to_string(),
        1000..1_000_000 => format!("{:.1}k", tokens as f64 / 1e3),
        _ => format!("{:.1}M", tokens as f64 / 1e6),
    }
}

/// Pieces of text and how each looks.
#[derive(Debug, Default)]
struct Line(Vec<(&'static str, String)>);

impl Line {
    fn of(style: &'static str, text: String) -> Self {
        Self(vec![(style, text)])
    }

    fn add(&mut self, style: &'static str, text: String) {
        self.0.push((style, text));
    }

    fn render(&self, width: usize, color: bool) -> String {
        let all: usize = self.0.iter().map(|(_, text)| text.chars().count()).sum();
        // A line that is cut shows that it is.
        let mut left = if all > width {
            width.saturating_sub(1)
        } else {
            width
        };
        let mut out = String::new();
        for (style, text) in &self.0 {
            let piece: String = text.chars().take(left).collect();
            left -= piece.chars().count();
            let piece = printable(&piece);
            if color && !style.is_empty() && !piece.is_empty() {
                out.push_str(style);
                out.push_str(&piece);
                out.push_str("\x1b[0m");
            } else {
                out.push_str(&piece);
            }
        }
        if all > width && width > 0 {
            out.push('…');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(key: &str, tokens: u64) -> Event {
        Event::AgentReply {
            key: key.to_owned(),
            model: String::new(),
            asked: String::new(),
            text: String::new(),
            finish: String::new(),
            spent: Spent {
                prompt_tokens: tokens,
                calls: 1,
                cost: 0.01,
                ..Spent::default()
            },
            estimated: false,
            milliseconds: 0,
        }
    }

    fn cell(turn: u32) -> Event {
        Event::AgentCell {
            key: format!("root/{turn}/cell"),
            turn,
            code: String::new(),
        }
    }

    fn call(key: &str, error: Option<&str>) -> Event {
        Event::AgentCall {
            key: key.to_owned(),
            name: String::new(),
            about: String::new(),
            error: error.map(str::to_owned),
        }
    }

    fn calls<'a>(key: &'a str, name: &'a str, about: &'a str) -> Step<'a> {
        Step::Calls { key, name, about }
    }

    /// A run in the middle of a fan-out.
    fn busy() -> Tree {
        let mut tree = Tree::new(20);
        let at = Duration::from_secs;
        tree.begin(
            &Step::Asks {
                key: "root/3",
                about: "",
            },
            at(1),
        );
        tree.event(&reply("root/3", 12_000));
        tree.event(&cell(3));
        tree.begin(&calls("root/3/1", "callers", "app/auth.py::login"), at(60));
        tree.event(&call("root/3/1", None));
        tree.begin(&calls("root/3/2", "show", "app/auth.py::lgoin"), at(60));
        tree.event(&call("root/3/2", Some("no symbol")));
        tree.begin(
            &calls("root/3/3", "rlm_batch", "does it check the password?"),
            at(61),
        );
        tree.begin(
            &Step::Fans {
                key: "root/3/3",
                count: 100,
            },
            at(61),
        );
        let keys: Vec<String> = (1..=20).map(|at| format!("root/3/3.{at}")).collect();
        for (number, key) in keys.iter().enumerate() {
            let about = format!("app/view_{number}.py::View.get_context_data_for_the_page");
            tree.begin(&Step::Asks { key, about: &about }, at(62));
        }
        for key in &keys[..11] {
            tree.event(&reply(key, 500));
        }
        tree.event(&Event::AgentFailure {
            key: keys[11].clone(),
            message: "no quota".to_owned(),
        });
        tree
    }

    #[test]
    fn a_fan_out_is_a_tree_of_what_is_at_work() {
        let lines = busy().lines(60, false, Duration::from_millis(63_500));
        assert_eq!(
            lines.join("\n"),
            "\
turn 3/20 · 12 calls · 17.5k tokens · $0.12 · 1:03 · a cell…
├─ ok callers app/auth.py::login
├─ failed show app/auth.py::lgoin
└─ 12/100 1 failed rlm_batch does it check the password?
   ├─ 1.5 s app/view_12.py::View.get_context_data_for_the_p…
   ├─ 1.5 s app/view_13.py::View.get_context_data_for_the_p…
   ├─ 1.5 s app/view_14.py::View.get_context_data_for_the_p…
   ├─ 1.5 s app/view_15.py::View.get_context_data_for_the_p…
   ├─ 1.5 s app/view_16.py::View.get_context_data_for_the_p…
   ├─ 1.5 s app/view_17.py::View.get_context_data_for_the_p…
   └─ and 2 more"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_colour_is_not_counted() {
        for width in [1, 8, 20, 41, 200] {
            let plain = busy().lines(width, false, Duration::from_secs(64));
            assert!(
                plain.iter().all(|line| line.chars().count() <= width),
                "{plain:?}"
            );
            let mut painted = busy()
                .lines(width, true, Duration::from_secs(64))
                .join("\n");
            assert!(width < 8 || painted.contains('\x1b'));
            for code in [BOLD, DIM, GREEN, RED, YELLOW, "\x1b[0m"] {
                painted = painted.replace(code, "");
            }
            assert_eq!(painted, plain.join("\n"));
        }
    }

    #[test]
    fn an_agent_that_another_started_shows_its_turns_and_calls_under_the_call() {
        let mut tree = Tree::new(9);
        tree.event(&cell(1));
        let at = Duration::from_secs;
        tree.begin(&calls("root/1/1", "rlm", "where is it parsed?"), at(1));
        tree.begin(
            &Step::Asks {
                key: "root/1/1/2",
                about: "",
            },
            at(2),
        );
        tree.event(&reply("root/1/1/2", 10));
        tree.event(&Event::AgentCell {
            key: "root/1/1/2/cell".to_owned(),
            turn: 2,
            code: String::new(),
        });
        tree.begin(&calls("root/1/1/2/1", "search", "parser"), at(3));
        let lines = tree.lines(80, false, at(4));
        assert_eq!(
            lines[1..].join("\n"),
            "└─ rlm where is it parsed?\n   └─ 1.0 s search parser"
        );
        tree.event(&call("root/1/1/2/1", None));
        tree.event(&call("root/1/1", None));
        assert_eq!(
            tree.lines(80, false, at(4))[1],
            "└─ ok rlm where is it parsed?"
        );
    }

    #[test]
    fn tests_are_counted_while_they_run_and_controls_are_not_shown() {
        let mut tree = Tree::new(9);
        tree.event(&cell(1));
        let at = Duration::from_secs(1);
        tree.begin(&calls("root/1/1", "run_tests", "\x1b[2Jall\nx"), at);
        tree.test("test_lib.Lib.test_low");
        tree.test("test_lib.Lib.test_high");
        assert_eq!(
            tree.lines(80, false, at)[1..].join("\n"),
            "├─ run_tests ?[2Jall?x\n└─ 2 tests  test_lib.Lib.test_high"
        );
        tree.event(&call("root/1/1", None));
        assert_eq!(tree.lines(80, false, at).len(), 2);
    }
}
