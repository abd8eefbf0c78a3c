//! What happens in a run of the agent, as text for people.

use std::io;

use super::text::{BOLD, DIM, GREEN, MAGENTA, Pen, RED, YELLOW, printable};
use crate::record::agent::{Event, Spent};

/// Writes an event.
pub(super) fn write(pen: &mut Pen<'_>, event: &Event) -> io::Result<()> {
    match event {
        Event::AgentStart {
            run,
            task,
            model,
            sub_model,
            sandbox,
            ..
        } => {
            pen.put(BOLD, &format!("run {run}"))?;
            pen.put(
                DIM,
                &format!("  {model}, sub-agents {sub_model}, in {sandbox}"),
            )?;
            indented(pen, "", task)
        }
        Event::AgentResume { count, .. } => pen.put(YELLOW, &format!("taken up again ({count})")),
        Event::AgentReply {
            key, text, spent, ..
        } => {
            let depth = key.matches('/').count();
            let mark = if depth > 1 { "  ├ " } else { "" };
            pen.put(MAGENTA, &format!("{mark}{key}"))?;
            pen.put(DIM, &format!("  {} tokens", spent.tokens()))?;
            if depth > 1 {
                let first = text.lines().find(|line| !line.trim().is_empty());
                return pen.put(DIM, &format!("  {}", first.unwrap_or_default()));
            }
            // The cell follows as a record of its own.
            let prose = text.split("```").next().unwrap_or_default();
            indented(pen, "", prose.trim())
        }
        Event::AgentFailure { key, message } => pen.put(RED, &format!("{key}  {message}")),
        Event::AgentCell { code, .. } => {
            pen.put(DIM, "cell")?;
            indented(pen, DIM, code)
        }
        Event::AgentCall {
            name, about, error, ..
        } => {
            pen.put(DIM, &format!("  │ {name} {about}"))?;
            match error {
                Some(error) => pen.put(RED, &format!("  {error}")),
                None => Ok(()),
            }
        }
        Event::AgentObservation {
            ok, text, budget, ..
        } => {
            pen.put(
                if *ok { GREEN } else { RED },
                if *ok { "ok" } else { "error" },
            )?;
            pen.put(DIM, &format!("  {budget}"))?;
            indented(pen, "", text)
        }
        Event::AgentGate { .. } => gate(pen, event),
        Event::AgentLanding { diff, .. } => {
            write!(pen.out, "edits")?;
            indented(pen, "", diff)
        }
        Event::AgentLanded { commit, paths, .. } => {
            pen.put(GREEN, "landed")?;
            if let Some(commit) = commit {
                write!(pen.out, " as {}", &commit[..commit.len().min(12)])?;
            }
            for path in paths {
                write!(pen.out, "\n    ")?;
                pen.put(MAGENTA, path)?;
            }
            Ok(())
        }
        Event::AgentEnd {
            outcome,
            summary,
            turns,
            root,
            sub,
            leak,
            peeked,
            draft,
            milliseconds,
            ..
        } => {
            let style = match outcome.as_str() {
                "landed" | "tested" | "answered" => GREEN,
                _ => RED,
            };
            pen.put(style, outcome)?;
            write!(
                pen.out,
                "  {turns} turns, {:.1} s",
                *milliseconds as f64 / 1e3
            )?;
            indented(pen, "", summary)?;
            write!(
                pen.out,
                "\n    root {}; sub-agents {}",
                used(root),
                used(sub)
            )?;
            let shown = format!(
                "longest run of source shown to the root: {leak} characters, peeked at {peeked}"
            );
            write!(pen.out, "\n    ")?;
            pen.put(DIM, &shown)?;
            match draft {
                Some(draft) => write!(pen.out, "\n    the edits are in {}", printable(draft)),
                None => Ok(()),
            }
        }
    }
}

fn gate(pen: &mut Pen<'_>, event: &Event) -> io::Result<()> {
    let Event::AgentGate {
        passed,
        reason,
        ran,
        fixed,
        broken,
        restored,
        notes,
        ..
    } = event
    else {
        return Ok(());
    };
    if *passed {
        pen.put(GREEN, &format!("gate passed: {ran} tests ran"))?;
    } else {
        let reason = reason.as_deref().unwrap_or_default();
        pen.put(RED, &format!("gate refused: {reason}"))?;
    }
    let lists = [
        (GREEN, "fixed", fixed),
        (RED, "broken", broken),
        (YELLOW, "put back", restored),
        (DIM, "note:", notes),
    ];
    for (style, title, names) in lists {
        for name in names.iter().take(20) {
            write!(pen.out, "\n    ")?;
            pen.put(style, &format!("{title} {name}"))?;
        }
    }
    Ok(())
}

fn used(spent: &Spent) -> String {
    let Spent {
        calls,
        prompt_tokens,
        completion_tokens,
        cost,
        ..
    } = spent;
    format!("{calls} calls, {prompt_tokens} + {completion_tokens} tokens, ${cost:.4}")
}

fn indented(pen: &mut Pen<'_>, style: &str, text: &str) -> io::Result<()> {
    for line in text.trim_end().lines() {
        write!(pen.out, "\n    ")?;
        if style.is_empty() {
            write!(pen.out, "{}", printable(line))?;
        } else {
            pen.put(style, line)?;
        }
    }
    Ok(())
}
