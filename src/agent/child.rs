//! An agent's turns: prompt, cell, observation. The root is one, and so is
//! every agent that another one starts.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::answer;
use super::broker::{self, Cell};
use super::models::{Question, ask};
use super::prompts;
use super::run::Run;
use super::session::{Heard, Session};
use super::{Error, leak};
use crate::model::{self, AskError, Finish, Message, Role, Who, estimate};
use crate::record::agent::Event;
use crate::sandbox::protocol::{FromSession, ToSession};

/// Times that an agent's session is started again.
const RESTARTS: u32 = 5;
/// What the host waits longer than a cell may run.
const GRACE: Duration = Duration::from_secs(3);
/// Observations that are never shortened.
const FRESH: usize = 3;
/// Characters that are left of a shortened observation.
const STUB: usize = 240;

/// An agent that is to work.
pub(super) struct Agent {
    /// Where it stands in the run: `root`, `root/3/2`.
    pub(super) path: String,
    /// Its instructions.
    system: &'static str,
    /// What it is to do.
    opening: String,
    /// How many agents stand above it.
    pub(super) depth: u32,
    /// On whose account it works.
    pub(super) who: Who,
}

impl Agent {
    /// The orchestrating one.
    pub(super) fn root(opening: String) -> Self {
        Self {
            path: "root".to_owned(),
            system: prompts::ROOT,
            opening,
            depth: 0,
            who: Who::Root,
        }
    }

    /// One that another started.
    pub(super) fn child(path: String, opening: String, depth: u32) -> Self {
        Self {
            path,
            system: prompts::CHILD,
            opening,
            depth,
            who: Who::Sub,
        }
    }

    /// Whether it is the orchestrating one.
    pub(super) fn is_root(&self) -> bool {
        self.depth == 0
    }
}

/// How an agent closed.
#[derive(Debug)]
pub(super) enum Closed {
    /// It submitted.
    Submitted(String),
    /// Turns, tokens, money or time are over.
    Spent(String),
    /// The model gave no answer.
    Failed(model::Error),
    /// It was told to stop.
    Stopped,
}

/// What an agent did.
#[derive(Debug)]
pub(super) struct Worked {
    pub(super) closed: Closed,
    pub(super) turns: u32,
}

/// Lets an agent work to its end.
pub(super) fn work<'a>(
    run: &'a Run<'a>,
    agent: Agent,
) -> Pin<Box<dyn Future<Output = Result<Worked, Error>> + 'a>> {
    Box::pin(async move {
        let mut worker = Worker::new(run, agent);
        let mut turns = 0;
        loop {
            if turns == run.options.turns {
                let why = format!("all {turns} turns are used");
                return Ok(Worked {
                    closed: Closed::Spent(why),
                    turns,
                });
            }
            turns += 1;
            if worker.agent.is_root() {
                run.turn.set(turns);
            }
            if let Some(closed) = worker.turn(turns).await? {
                return Ok(Worked { closed, turns });
            }
            run.check()?;
        }
    })
}

type Starting = JoinHandle<Result<Session, Error>>;

struct Worker<'a> {
    run: &'a Run<'a>,
    agent: Agent,
    messages: Vec<Message>,
    /// Places of observations among the messages.
    observations: Vec<usize>,
    /// The cold start is hidden behind the model's first answer.
    starting: Option<Starting>,
    session: Option<Session>,
    restarts: u32,
}

fn message(role: Role, content: impl Into<String>) -> Message {
    Message {
        role,
        content: content.into(),
    }
}

impl<'a> Worker<'a> {
    fn new(run: &'a Run<'a>, agent: Agent) -> Self {
        let messages = vec![
            message(Role::System, agent.system),
            message(Role::User, agent.opening.clone()),
        ];
        let mut worker = Self {
            run,
            agent,
            messages,
            observations: Vec::new(),
            starting: None,
            session: None,
            restarts: 0,
        };
        worker.begin_session();
        worker
    }

    fn begin_session(&mut self) {
        let spec = self.run.spec.clone();
        self.starting = Some(tokio::task::spawn_blocking(move || Session::start(&spec)));
    }

    async fn turn(&mut self, turn: u32) -> Result<Option<Closed>, Error> {
        self.compact();
        let key = format!("{}/{turn}", self.agent.path);
        let code = match self.next_cell(&key).await {
            Ok(code) => code,
            Err(AskError::Exhausted(why)) => return Ok(Some(Closed::Spent(why.to_string()))),
            Err(AskError::Model(error)) => return Ok(Some(Closed::Failed(error))),
        };
        let begun = Instant::now();
        let mut cell = Cell::new(&self.agent, turn, key.clone());
        let (ok, text) = match code {
            Ok(code) => {
                self.run.note(&Event::AgentCell {
                    key: format!("{key}/cell"),
                    turn,
                    code: code.clone(),
                });
                self.execute(&mut cell, turn, code).await?
            }
            Err(what) => (false, format!("No cell was run: the answer has {what}.")),
        };
        let mut text = text;
        for notice in &cell.notices {
            text.push_str(&format!("\n[{notice}]"));
        }
        if self.agent.is_root() {
            text = self.run.meter(|meter| meter.filter(&text))?;
        }
        let budget = self.run.budget_line(turn);
        self.run.note(&Event::AgentObservation {
            key: format!("{key}/observation"),
            turn,
            ok,
            text: text.clone(),
            budget: budget.clone(),
            microseconds: begun.elapsed().as_micros() as u64,
        });
        let text = if text.trim().is_empty() {
            "(no output)".to_owned()
        } else {
            text
        };
        self.observations.push(self.messages.len());
        self.messages
            .push(message(Role::User, format!("{text}\n\n{budget}")));
        Ok(cell.submitted.map(Closed::Submitted))
    }

    /// Asks for a cell; a malformed answer gets one correction.
    async fn next_cell(&mut self, key: &str) -> Result<Result<String, &'static str>, AskError> {
        let mut key = key.to_owned();
        for last in [false, true] {
            let question = Question {
                key: &key,
                who: self.agent.who,
                about: "",
                messages: self.messages.clone(),
            };
            let reply = ask(self.run, question).await?;
            let found = answer::cell(&reply.text);
            self.messages
                .push(message(Role::Assistant, reply.text.clone()));
            let what = match found {
                Ok(code) => return Ok(Ok(code)),
                Err(_) if reply.finish == Finish::Length => "no end: it was cut at its limit",
                Err(_) if reply.finish == Finish::Refused => "no cell: it was refused",
                Err(what) => what,
            };
            if last {
                return Ok(Err(what));
            }
            self.messages
                .push(message(Role::User, prompts::correction(what)));
            key.push('b');
        }
        Ok(Err("no cell"))
    }

    /// Runs a cell and serves its calls.
    async fn execute(
        &mut self,
        cell: &mut Cell,
        turn: u32,
        code: String,
    ) -> Result<(bool, String), Error> {
        let id = u64::from(turn);
        self.session().await?;
        let Some(session) = self.session.as_mut() else {
            return Ok((false, "there is no session".to_owned()));
        };
        session.say(ToSession::Execute { id, code });
        let mut left = self.run.options.cell + GRACE;
        let lost = loop {
            let waiting = Instant::now();
            let heard = session.hear(left).await;
            left = left.saturating_sub(waiting.elapsed());
            match heard {
                Heard::Frame(FromSession::Call {
                    id,
                    name,
                    arguments,
                }) => {
                    let answer = match broker::call(self.run, cell, &name, &arguments).await? {
                        Ok(value) => ToSession::Answer { id, value },
                        Err(message) => ToSession::Failure { id, message },
                    };
                    session.say(answer);
                    self.run.check()?;
                }
                Heard::Frame(FromSession::Result {
                    id: of,
                    ok,
                    output,
                    error,
                }) if of == id => {
                    let mut text = output;
                    if let Some(error) = error {
                        if !text.is_empty() && !text.ends_with('\n') {
                            text.push('\n');
                        }
                        text.push_str("error:\n");
                        text.push_str(&error);
                    }
                    return Ok((ok, clipped(text)));
                }
                // A result of another cell is of no use to anybody.
                Heard::Frame(FromSession::Result { .. } | FromSession::Ready) => {}
                Heard::Frame(FromSession::Finished) => break "it finished".to_owned(),
                Heard::Silence => {
                    break "the cell did not end, and could not be interrupted".into();
                }
                Heard::End(why) => break why,
            }
        };
        let why = match self.session.take() {
            Some(mut session) => session.end(&lost),
            None => lost,
        };
        self.restarts += 1;
        if self.restarts > RESTARTS {
            return Err(Error::Session {
                why: format!("it was killed {} times, at last: {why}", self.restarts),
            });
        }
        self.begin_session();
        Ok((
            false,
            format!(
                "The session was killed: {why}. A new one has started: all variables are gone, \
                 the edits so far are kept."
            ),
        ))
    }

    async fn session(&mut self) -> Result<(), Error> {
        if self.session.is_some() {
            return Ok(());
        }
        if self.starting.is_none() {
            self.begin_session();
        }
        if let Some(starting) = self.starting.take() {
            let started = starting.await.map_err(|error| Error::Session {
                why: error.to_string(),
            })?;
            self.session = Some(started?);
        }
        Ok(())
    }

    /// Shortens old observations once the conversation is long: what they said
    /// is still in the session.
    fn compact(&mut self) {
        let tokens: u64 = self
            .messages
            .iter()
            .map(|message| estimate(&message.content))
            .sum();
        if tokens <= self.run.options.context || self.observations.len() <= FRESH {
            return;
        }
        let old = self.observations.len() - FRESH;
        for &at in &self.observations[..old] {
            let content = &mut self.messages[at].content;
            let count = content.chars().count();
            if count > STUB * 2 {
                let stub: String = content.chars().take(STUB).collect();
                *content = format!(
                    "{stub}\n[{} characters left out; variables of the session still hold them]",
                    count - STUB
                );
            }
        }
    }
}

/// Most characters of an observation.
const OBSERVATION: usize = 12_000;

fn clipped(text: String) -> String {
    // A session that was taken over may say more than the bootstrap would.
    let count = text.chars().count();
    if count <= OBSERVATION + leak::LONGEST {
        return text;
    }
    let kept: String = text.chars().take(OBSERVATION).collect();
    format!("{kept}\n[{} characters left out]", count - OBSERVATION)
}
