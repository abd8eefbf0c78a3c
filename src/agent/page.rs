//! A run as one page of HTML that needs nothing else.

use crate::record::agent::{Event, Spent};

const STYLE: &str = include_str!("page.css");

/// The page of a run.
pub fn page(events: &[Event]) -> String {
    let mut body = String::new();
    let mut title = String::from("A run of happy agent");
    for event in events {
        if let Event::AgentStart { task, .. } = event {
            title = task.lines().next().unwrap_or_default().to_owned();
        }
        section(&mut body, event);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{}</title><style>{STYLE}</style></head><body>\n<h1>{}</h1>\n{body}</body></html>\n",
        escaped(&title),
        escaped(&title)
    )
}

fn section(out: &mut String, event: &Event) {
    let block = |class: &str, head: String, text: &str| {
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("<pre>{}</pre>", escaped(text))
        };
        format!("<section class=\"{class}\"><h2>{head}</h2>{text}</section>\n")
    };
    let html = match event {
        Event::AgentStart {
            run,
            model,
            sub_model,
            sandbox,
            head,
            ..
        } => format!(
            "<p>Run <code>{}</code> · model <code>{}</code>, sub-agents <code>{}</code> · \
             sandbox <code>{}</code> · commit <code>{}</code></p>\n",
            escaped(run),
            escaped(model),
            escaped(sub_model),
            escaped(sandbox),
            escaped(head.as_deref().unwrap_or("none"))
        ),
        Event::AgentResume { count, .. } => format!("<p>Taken up again ({count})</p>\n"),
        Event::AgentReply {
            key, text, spent, ..
        } => block(
            if key.matches('/').count() == 1 {
                "reply"
            } else {
                "reply sub"
            },
            format!("{} · {} tokens", escaped(key), spent.tokens()),
            text,
        ),
        Event::AgentFailure { key, message } => {
            block("bad", format!("{} · no answer", escaped(key)), message)
        }
        // The cell stands in the reply already.
        Event::AgentCell { .. } => String::new(),
        Event::AgentCall {
            key,
            name,
            about,
            error,
        } => {
            let error = error.as_deref().unwrap_or_default();
            format!(
                "<p class=\"call\"><code>{}</code> {} <i>{}</i> <b>{}</b></p>\n",
                escaped(key),
                escaped(name),
                escaped(about),
                escaped(error)
            )
        }
        Event::AgentObservation {
            text, budget, ok, ..
        } => block(if *ok { "seen" } else { "bad" }, escaped(budget), text),
        Event::AgentGate {
            passed,
            reason,
            ran,
            fixed,
            broken,
            restored,
            notes,
            ..
        } => {
            let mut text = String::new();
            for (title, names) in [
                ("fixed", fixed),
                ("broken", broken),
                ("put back", restored),
                ("note", notes),
            ] {
                for name in names {
                    text.push_str(&format!("{title}: {name}\n"));
                }
            }
            let head = match reason {
                Some(reason) => format!("Gate: {}", escaped(reason)),
                None => format!("Gate: passed, {ran} tests ran"),
            };
            block(if *passed { "good" } else { "bad" }, head, &text)
        }
        Event::AgentLanding { diff, .. } => block("diff", "Edits".to_owned(), diff),
        Event::AgentLanded { commit, paths, .. } => {
            let commit = commit.as_deref().map(|id| format!(" as {id}"));
            let head = format!("Landed{}", escaped(&commit.unwrap_or_default()));
            block("good", head, &paths.join("\n"))
        }
        Event::AgentEnd {
            outcome,
            summary,
            root,
            sub,
            leak,
            peeked,
            turns,
            ..
        } => {
            let head = format!("End: {} after {turns} turns", escaped(outcome));
            block("end", head, summary) + &table(root, sub, *leak, *peeked)
        }
    };
    out.push_str(&html);
}

fn table(root: &Spent, sub: &Spent, leak: u64, peeked: u64) -> String {
    let row = |name: &str, spent: &Spent| {
        format!(
            "<tr><td>{name}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>${:.4}</td></tr>",
            spent.calls,
            spent.prompt_tokens,
            spent.cached_tokens,
            spent.completion_tokens,
            spent.cost
        )
    };
    format!(
        "<table><tr><th></th><th>calls</th><th>prompt</th><th>cached</th><th>answer</th>\
         <th>cost</th></tr>{}{}</table>\n<p>Longest run of repository text shown to the root: \
         {leak} characters; peeked at: {peeked}.</p>\n",
        row("root", root),
        row("sub-agents", sub)
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_models_and_repositories_say_is_text_in_the_page() {
        let events = [Event::AgentObservation {
            key: "root/1/observation".to_owned(),
            turn: 1,
            ok: true,
            text: "<script>alert(1)</script>".to_owned(),
            budget: "a & b".to_owned(),
            milliseconds: 1,
        }];
        let html = page(&events);
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("a &amp; b"));
    }
}
