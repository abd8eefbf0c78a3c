//! What the host does for a cell that asks.

use futures_util::StreamExt as _;
use serde_json::{Map, Value, json};

use super::child::{Agent, Closed, work};
use super::models::{Question, ask};
use super::questions::{self, Arguments, Fault, nodes};
use super::run::Run;
use super::workplace::{Step, Trial, Which};
use super::{Error, prompts, protect, source};
use crate::model::{Message, Role, Who, estimate};
use crate::patch::Plan;
use crate::record::agent::Event;
use crate::runner::{Outcome, Test};

/// A cell that is running.
pub(super) struct Cell {
    agent: String,
    depth: u32,
    turn: u32,
    /// The key of its turn.
    key: String,
    calls: u32,
    /// What it submitted, if that ends the agent.
    pub(super) submitted: Option<String>,
    /// What the model is to be told beside its output.
    pub(super) notices: Vec<String>,
}

impl Cell {
    pub(super) fn new(agent: &Agent, turn: u32, key: String) -> Self {
        Self {
            agent: agent.path.clone(),
            depth: agent.depth,
            turn,
            key,
            calls: 0,
            submitted: None,
            notices: Vec::new(),
        }
    }

    fn is_root(&self) -> bool {
        self.depth == 0
    }
}

/// Serves a call. The inner error is for the cell, the outer one stops the run.
pub(super) async fn call(
    run: &Run<'_>,
    cell: &mut Cell,
    name: &str,
    arguments: &Value,
) -> Result<Result<Value, String>, Error> {
    cell.calls += 1;
    let key = format!("{}/{}", cell.key, cell.calls);
    let about = about(name, arguments);
    let name: String = name.chars().take(40).collect();
    run.place.begin(&Step::Calls {
        key: &key,
        name: &name,
        about: &about,
    });
    let served = serve(run, cell, &key, &name, &Arguments(arguments)).await;
    let (answer, error) = match served {
        Ok(value) => (Ok(value), None),
        Err(Fault::Cell(message)) => (Err(message.clone()), Some(message)),
        Err(Fault::Host(error)) => return Err(error),
    };
    run.note(&Event::AgentCall {
        key,
        name,
        about,
        error,
    });
    Ok(answer)
}

/// What a call is about, in a few words.
fn about(name: &str, arguments: &Value) -> String {
    let fields = [
        "summary", "question", "symbol", "query", "path", "pattern", "source", "which",
    ];
    let found = fields.iter().find_map(|field| arguments.get(field));
    let text = match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let most = if name == "submit" { 4000 } else { 200 };
    text.chars().take(most).collect()
}

async fn serve(
    run: &Run<'_>,
    cell: &mut Cell,
    key: &str,
    name: &str,
    arguments: &Arguments<'_>,
) -> Result<Value, Fault> {
    if let Some(answer) = questions::answer(run.place, &*run.embedder, name, arguments) {
        return answer;
    }
    let changes = matches!(name, "edit" | "create" | "delete" | "reset");
    if changes && !cell.is_root() {
        return Err(Fault::Cell(
            "only the agent that was given the task edits; say in your answer what to change"
                .to_owned(),
        ));
    }
    match name {
        "peek" => peek(run, cell, arguments),
        "llm" => {
            let text = arguments.text("question")?;
            let handles = arguments.texts("handles")?;
            let prompt = reading(run, text, &handles)?;
            Ok(asked(run, key, &handles.join(", "), prompt).await)
        }
        "rlm_batch" => batch(run, cell, key, arguments).await,
        "rlm" => child(run, cell, key, arguments).await,
        "edit" | "create" | "delete" => run.draft.borrow_mut().change(run.place, name, arguments),
        "reset" => {
            run.draft.borrow_mut().reset();
            Ok(Value::Null)
        }
        "diff" => Ok(run.draft.borrow().diff().into()),
        "run_tests" => run_tests(run, arguments),
        "submit" => submit(run, cell, key, arguments.text("summary")?),
        "budget" => Ok(run.budget_line(cell.turn).into()),
        other => Err(Fault::Cell(format!("the host knows no `{other}`"))),
    }
}

fn peek(run: &Run<'_>, cell: &Cell, arguments: &Arguments<'_>) -> Result<Value, Fault> {
    let range = match arguments.0.get("lines") {
        None | Some(Value::Null) => None,
        Some(lines) => {
            let number = |at: usize| lines.get(at).and_then(Value::as_u64);
            match (number(0), number(1)) {
                (Some(first), Some(last)) if first >= 1 && last >= first => {
                    Some((first as u32, last.min(u64::from(u32::MAX - 1)) as u32))
                }
                _ => return Err(Fault::Cell("`lines` is (first, last), from 1".to_owned())),
            }
        }
    };
    let found = nodes(run.place, arguments.text("symbol")?)?;
    let Some(&node) = found
        .iter()
        .find(|node| !run.place.snapshot().is_external(**node))
    else {
        return Err(Fault::Cell("it stands outside the repository".to_owned()));
    };
    let text = source::lines(run.place, node, range)?;
    let first = match range {
        Some((first, _)) => first,
        None => source::measure(run.place, node)?.first,
    };
    let who = if cell.is_root() { Who::Root } else { Who::Sub };
    vouch(run, who, node, first, &text)?;
    if !cell.is_root() {
        return Ok(text.into());
    }
    let size = text.chars().count() as u64;
    let peeked = run.meter(|meter| meter.peeked_characters)?;
    if peeked + size > run.options.peek {
        return Err(Fault::Cell(format!(
            "{peeked} of {} characters were peeked at, and these are {size}: ask a sub-agent",
            run.options.peek
        )));
    }
    run.meter(|meter| meter.peek(&text))?;
    Ok(text.into())
}

/// Refuses text of the repository that must not be sent to a model. A recording
/// is sent nothing.
fn vouch(run: &Run<'_>, who: Who, node: u32, first: u32, text: &str) -> Result<(), Error> {
    let voice = match who {
        Who::Root => &run.models.root,
        Who::Sub => &run.models.sub,
    };
    let redactor = run.options.secrets.as_ref().filter(|_| voice.is_live());
    match redactor.and_then(|redactor| redactor.first(text)) {
        None => Ok(()),
        Some(finding) => Err(Error::Secret {
            run: run.id.0.clone(),
            what: finding.what,
            path: source::path(run.place, node)?,
            line: first + finding.line.saturating_sub(1) as u32,
        }),
    }
}

/// What a sub-agent reads: the question, and the sources of handles.
fn reading(run: &Run<'_>, question: &str, handles: &[String]) -> Result<String, Fault> {
    let mut prompt = format!("Question: {question}\n");
    for (number, handle) in handles.iter().enumerate() {
        prompt.push_str(&format!("\n# Source {}\n\n", number + 1));
        prompt.push_str(&dossier(run, handle)?);
    }
    Ok(prompt)
}

fn dossier(run: &Run<'_>, handle: &str) -> Result<String, Fault> {
    let found = nodes(run.place, handle)?;
    let mut text = String::new();
    for node in found.iter().take(4) {
        let vouch = |first, body: &str| vouch(run, Who::Sub, *node, first, body);
        text.push_str(&source::dossier(run.place, *node, &vouch)?);
    }
    let path = handle.split("::").next().unwrap_or(handle);
    if let Some(diff) = run.draft.borrow().diff_of(path) {
        text.push_str(&format!(
            "\nEdits of this file that are not applied yet:\n\n```\n{diff}```\n"
        ));
    }
    Ok(text)
}

fn sub_messages(prompt: String) -> Vec<Message> {
    let message = |role, content| Message { role, content };
    vec![
        message(Role::System, prompts::SUB.to_owned()),
        message(Role::User, prompt),
    ]
}

/// Asks a sub-agent; a failure is a value.
async fn asked(run: &Run<'_>, key: &str, about: &str, prompt: String) -> Value {
    let question = Question {
        key,
        who: Who::Sub,
        about,
        messages: sub_messages(prompt),
    };
    match ask(run, question).await {
        Ok(reply) => reply.text.into(),
        Err(error) => failure(&error.to_string()),
    }
}

fn failure(message: &str) -> Value {
    json!({"failure": message})
}

/// Asks one sub-agent for each handle, so many at once; where all of them are
/// small, one for all.
async fn batch(
    run: &Run<'_>,
    cell: &mut Cell,
    key: &str,
    arguments: &Arguments<'_>,
) -> Result<Value, Fault> {
    let question = arguments.text("question")?;
    let handles = arguments.texts("handles")?;
    let width = arguments.0.get("width").and_then(Value::as_u64);
    let width = width.map_or(run.options.width, |width| width as usize);
    let width = width.clamp(1, 64);
    let mut dossiers = Vec::with_capacity(handles.len());
    for handle in &handles {
        dossiers.push(match dossier(run, handle) {
            Ok(text) => Ok(text),
            Err(Fault::Cell(message)) => Err(message),
            Err(error) => return Err(error),
        });
    }
    let tokens: u64 = dossiers.iter().flatten().map(|text| estimate(text)).sum();
    if handles.len() > 1 && tokens <= run.options.small && dossiers.iter().all(Result::is_ok) {
        cell.notices.push(format!(
            "the slice is small, {} sources of {tokens} tokens: one sub-agent read them all",
            handles.len()
        ));
        return Ok(together(run, key, question, &dossiers).await);
    }
    run.place.begin(&Step::Fans {
        key,
        count: handles.len(),
    });
    let each = dossiers.into_iter().zip(&handles).enumerate();
    let each = each.map(|(at, (dossier, handle))| {
        let key = format!("{key}.{}", at + 1);
        async move {
            let answer = match dossier {
                Ok(dossier) => {
                    let prompt = format!("Question: {question}\n\n{dossier}");
                    asked(run, &key, handle, prompt).await
                }
                Err(message) => failure(&message),
            };
            (at, answer)
        }
    });
    // A slow answer holds up no question that comes after it.
    let mut answers: Vec<(usize, Value)> = futures_util::stream::iter(each)
        .buffer_unordered(width)
        .collect()
        .await;
    answers.sort_unstable_by_key(|(at, _)| *at);
    let answers = answers.into_iter().map(|(_, answer)| answer);
    Ok(answers.collect::<Vec<_>>().into())
}

async fn together(
    run: &Run<'_>,
    key: &str,
    question: &str,
    dossiers: &[Result<String, String>],
) -> Value {
    let mut prompt = format!("Question: {question}\n\n{}", prompts::TOGETHER);
    for (number, dossier) in dossiers.iter().enumerate() {
        let text = dossier.as_deref().unwrap_or_default();
        prompt.push_str(&format!("\n# Source {}\n\n{text}", number + 1));
    }
    let about = format!("{} sources", dossiers.len());
    let answer = asked(run, &format!("{key}.all"), &about, prompt).await;
    let Value::String(text) = answer else {
        return vec![answer; dossiers.len()].into();
    };
    let parts = split(&text, dossiers.len());
    let parts = parts.into_iter().map(|part| match part {
        Some(part) => Value::from(part),
        None => failure("the sub-agent gave no answer for this source"),
    });
    parts.collect::<Vec<_>>().into()
}

/// The answers of one that read several sources, by their `### N` lines.
fn split(text: &str, count: usize) -> Vec<Option<String>> {
    let mut parts: Vec<Option<String>> = vec![None; count];
    let mut at = None;
    for line in text.lines() {
        let number = line.trim().strip_prefix("### ");
        let number =
            number.and_then(|rest| rest.trim_end_matches(':').trim().parse::<usize>().ok());
        if let Some(number) = number.filter(|number| (1..=count).contains(number)) {
            at = Some(number - 1);
            parts[number - 1].get_or_insert_default();
        } else if let Some(part) = at.and_then(|at| parts[at].as_mut()) {
            part.push_str(line);
            part.push('\n');
        }
    }
    for part in parts.iter_mut().flatten() {
        *part = part.trim().to_owned();
    }
    parts
}

/// Gives a question to an agent with a session of its own.
async fn child(
    run: &Run<'_>,
    cell: &Cell,
    key: &str,
    arguments: &Arguments<'_>,
) -> Result<Value, Fault> {
    if cell.depth >= run.options.depth {
        return Ok(failure(&format!(
            "agents may start agents {} deep, and `{}` is that deep",
            run.options.depth, cell.agent
        )));
    }
    let mut opening = format!("Question: {}\n", arguments.text("question")?);
    for handle in arguments.texts("handles")? {
        opening.push_str(&format!("- `{handle}`\n"));
    }
    let agent = Agent::child(key.to_owned(), opening, cell.depth + 1);
    let worked = work(run, agent).await?;
    Ok(match worked.closed {
        Closed::Submitted(answer) => answer.into(),
        Closed::Spent(why) => failure(&why),
        Closed::Failed(error) => failure(&error.to_string()),
        Closed::Stopped => failure("it was told to stop"),
    })
}

fn run_tests(run: &Run<'_>, arguments: &Arguments<'_>) -> Result<Value, Fault> {
    let draft = run.draft.borrow();
    let plan = if run.options.test_changes {
        draft.plan().clone()
    } else {
        protect::put_back(draft.plan()).0
    };
    let plan: Option<Plan> = (!plan.changes.is_empty()).then_some(plan);
    let which = match arguments.0.get("which") {
        Some(Value::String(text)) if text == "all" => Which::All,
        Some(Value::String(text)) if text == "affected" => match &plan {
            None => Which::All,
            Some(plan) => match run.place.affected(plan)? {
                Some(tests) if tests.is_empty() => {
                    return Ok(summary(&Trial::default(), "no test reaches the edits"));
                }
                Some(tests) => Which::Some(tests),
                None => Which::All,
            },
        },
        Some(Value::String(text)) => Which::Some(vec![test(text)]),
        _ => {
            let names = arguments.texts("which")?;
            Which::Some(names.iter().map(|name| test(name)).collect())
        }
    };
    let trial = run.place.test(plan.as_ref(), &which)?;
    Ok(summary(&trial, ""))
}

/// A test by the name that a cell gives it.
fn test(name: &str) -> Test {
    match name.split_once("::") {
        Some((path, name)) => Test {
            path: path.to_owned(),
            name: Some(name.replace("::", ".")),
        },
        None => Test {
            path: name.to_owned(),
            name: None,
        },
    }
}

fn summary(trial: &Trial, why: &str) -> Value {
    let passed: Vec<&String> = trial.named(Outcome::Passed).collect();
    let mut messages = Map::new();
    let mut failed = Vec::new();
    for (name, ending) in trial.bad() {
        failed.push(name.clone());
        if let Some(message) = &ending.message {
            messages.insert(name.clone(), gist(message).into());
        }
    }
    let mut text = format!("{} passed, {} failed", passed.len(), failed.len());
    if !why.is_empty() {
        text = format!("{text}: {why}");
    }
    if let Some(trouble) = &trial.trouble {
        text = format!("{text}; {trouble}");
        let last = trial.output.trim().lines().last().unwrap_or_default();
        if !last.is_empty() && failed.is_empty() {
            text = format!("{text}: {last}");
        }
    }
    json!({
        "ok": trial.is_good(),
        "passed": passed,
        "failed": failed,
        "messages": messages,
        "summary": text,
    })
}

/// What a failure says, without the source lines that runners print around it.
fn gist(message: &str) -> String {
    let marked: Vec<&str> = message
        .lines()
        .filter_map(|line| line.strip_prefix("E ").map(str::trim))
        .take(3)
        .collect();
    let text = if marked.is_empty() {
        let mut lines = message.lines().map(str::trim);
        lines
            .rfind(|line| !line.is_empty())
            .unwrap_or_default()
            .to_owned()
    } else {
        marked.join(" | ")
    };
    text.chars().take(300).collect()
}

/// Hands in: the root's edits to the gate, another agent's answer to whoever
/// started it.
fn submit(run: &Run<'_>, cell: &mut Cell, key: &str, summary: &str) -> Result<Value, Fault> {
    if !cell.is_root() {
        cell.submitted = Some(summary.to_owned());
        return Ok("handed in".into());
    }
    if run.draft.borrow().is_empty() {
        let again = run.refused.borrow().as_deref() == Some(NOTHING);
        if again {
            cell.submitted = Some(summary.to_owned());
            return Ok("there are no edits: the run ends with this answer".into());
        }
        *run.refused.borrow_mut() = Some(NOTHING.to_owned());
        return Ok(format!(
            "rejected: {NOTHING}; if an answer is all that the task asks for, submit it again"
        )
        .into());
    }
    let draft = run.draft.borrow();
    let verdict = run.gate.judge(run.place, run.options, draft.plan())?;
    run.note(&verdict.event(key));
    let told = verdict.told();
    if let Some(reason) = &verdict.reason {
        *run.refused.borrow_mut() = Some(reason.clone());
    } else {
        *run.passed.borrow_mut() = Some((verdict, summary.to_owned()));
        cell.submitted = Some(summary.to_owned());
    }
    Ok(told.into())
}

const NOTHING: &str = "there are no edits";

#[cfg(test)]
mod tests {
    use super::{gist, split};

    #[test]
    fn an_answer_for_several_sources_is_split_by_its_headings() {
        let parts = split("### 2\nb\nmore\n### 1\na\n### 9\nx", 3);
        assert_eq!(parts[0].as_deref(), Some("a\n### 9\nx"));
        assert_eq!(parts[1].as_deref(), Some("b\nmore"));
        assert_eq!(parts[2], None);
    }

    #[test]
    fn a_failure_is_told_without_the_source_around_it() {
        let message = "def test_a():\n>   assert low(1) == 2\nE   assert 3 == 2\nE    +  where 3 = low(1)\n\ntest_a.py:4: AssertionError";
        assert_eq!(gist(message), "assert 3 == 2 | +  where 3 = low(1)");
        assert_eq!(
            gist("Traceback\n  x\nAssertionError: 3 != 2\n"),
            "AssertionError: 3 != 2"
        );
    }
}
