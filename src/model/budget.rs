//! What a run may use: turns, tokens, money, time. Each call reserves the most
//! that it may use before it starts and settles what it used when it ends, so
//! that calls at the same time cannot overdraw what they share.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::prices::{Money, Price};
use super::{Error, ModelClient, Reply, Request, Usage, estimate_request};

/// What a run may use; nothing set is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Turns of the root model.
    pub turns: Option<u32>,
    /// Tokens of prompts and answers, root and sub-agents together.
    pub tokens: Option<u64>,
    /// Money, root and sub-agents together.
    pub money: Option<Money>,
    /// Time from the start.
    pub wall: Option<Duration>,
}

/// On whose account a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The orchestrating model.
    Root,
    /// A sub-agent.
    Sub,
}

/// What one side used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Calls that were answered or broke off.
    pub calls: u64,
    /// Tokens; `estimated` if any of them were.
    pub usage: Usage,
    /// Money, as far as prices are known.
    pub money: Money,
    /// Whether a call's price was not known, so that `money` is too little.
    pub unpriced: bool,
}

impl Spent {
    fn add(&mut self, usage: &Usage, price: Option<Price>) {
        self.calls += 1;
        self.usage.prompt_tokens += usage.prompt_tokens;
        self.usage.cached_tokens += usage.cached_tokens;
        self.usage.completion_tokens += usage.completion_tokens;
        self.usage.estimated |= usage.estimated;
        match price {
            Some(price) => self.money += price.cost(usage),
            None => self.unpriced = true,
        }
    }

    /// Tokens of prompts and answers.
    pub fn tokens(&self) -> u64 {
        self.usage.prompt_tokens + self.usage.completion_tokens
    }
}

/// A limit that stands in the way of the next step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// All turns are used.
    #[error("the budget of {0} turns is used up")]
    Turns(u32),
    /// Too few tokens are left.
    #[error("the budget of {limit} tokens is used up ({left} left, {needed} needed)")]
    Tokens {
        /// The limit.
        limit: u64,
        /// What is neither used nor reserved.
        left: u64,
        /// What the call needs at least.
        needed: u64,
    },
    /// Too little money is left.
    #[error("the budget of {limit} is used up ({left} left, up to {needed} needed)")]
    Money {
        /// The limit.
        limit: Money,
        /// What is neither used nor reserved.
        left: Money,
        /// What the call may cost.
        needed: Money,
    },
    /// Money is limited and the price is not known.
    #[error("the price of this model is not known, so a budget of {0} cannot be kept")]
    Unpriced(Money),
    /// The time is over.
    #[error("the time of {} s is over", .0.as_secs())]
    Wall(Duration),
}

/// What was used until now, and what may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The limits.
    pub limits: Limits,
    /// Turns that were begun.
    pub turns: u32,
    /// The orchestrating model.
    pub root: Spent,
    /// Sub-agents.
    pub sub: Spent,
    /// Time since the start.
    pub elapsed: Duration,
}

impl Report {
    /// Tokens of both.
    pub fn tokens(&self) -> u64 {
        self.root.tokens() + self.sub.tokens()
    }

    /// Money of both.
    pub fn money(&self) -> Money {
        self.root.money + self.sub.money
    }
}

impl fmt::Display for Report {
    /// `turn 3/20 · 12k/50k tokens · $0.08/$1.00 · 12/600 s`; `≥` before money
    /// where a price was not known, `~` before tokens that were estimated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "turn {}", self.turns)?;
        if let Some(limit) = self.limits.turns {
            write!(f, "/{limit}")?;
        }
        let estimated = self.root.usage.estimated || self.sub.usage.estimated;
        let about = if estimated { "~" } else { "" };
        write!(f, " · {about}{}", short(self.tokens()))?;
        if let Some(limit) = self.limits.tokens {
            write!(f, "/{}", short(limit))?;
        }
        f.write_str(" tokens · ")?;
        if self.root.unpriced || self.sub.unpriced {
            f.write_str("≥")?;
        }
        write!(f, "{}", self.money())?;
        if let Some(limit) = self.limits.money {
            write!(f, "/{limit}")?;
        }
        if let Some(limit) = self.limits.wall {
            write!(f, " · {}/{} s", self.elapsed.as_secs(), limit.as_secs())?;
        }
        Ok(())
    }
}

fn short(tokens: u64) -> String {
    match tokens {
        0..1000 => tokens.to_string(),
        1000..9950 => format!("{:.1}k", tokens as f64 / 1000.0),
        9950..999_500 => format!("{:.0}k", tokens as f64 / 1000.0),
        _ => format!("{:.1}M", tokens as f64 / 1e6),
    }
}

#[derive(Debug, Default)]
struct Ledger {
    turns: u32,
    root: Spent,
    sub: Spent,
    reserved_tokens: u64,
    reserved_money: Money,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    started: Instant,
    before: Duration,
    ledger: Mutex<Ledger>,
}

/// A budget; clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Inner>);

impl Budget {
    /// A fresh budget; its time begins now.
    pub fn new(limits: Limits) -> Self {
        Self::resume(limits, None)
    }

    /// A budget of which an earlier part of the run used that much.
    pub fn resume(limits: Limits, used: Option<Report>) -> Self {
        let ledger = used.map_or_else(Ledger::default, |used| Ledger {
            turns: used.turns,
            root: used.root,
            sub: used.sub,
            ..Ledger::default()
        });
        Self(Arc::new(Inner {
            limits,
            started: Instant::now(),
            before: used.map_or(Duration::ZERO, |used| used.elapsed),
            ledger: Mutex::new(ledger),
        }))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Nothing panics while it is held; its numbers hold after any panic.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was used until now.
    pub fn report(&self) -> Report {
        let ledger = self.ledger();
        Report {
            limits: self.0.limits,
            turns: ledger.turns,
            root: ledger.root,
            sub: ledger.sub,
            elapsed: self.elapsed(),
        }
    }

    fn elapsed(&self) -> Duration {
        self.0.before + self.0.started.elapsed()
    }

    /// The time that is left; nothing where it is not limited.
    pub fn time_left(&self) -> Option<Duration> {
        Some(self.0.limits.wall?.saturating_sub(self.elapsed()))
    }

    /// Begins a turn of the root model; its number, from 1.
    pub fn begin_turn(&self) -> Result<u32, Exhausted> {
        self.check_time()?;
        let mut ledger = self.ledger();
        match self.0.limits.turns {
            Some(limit) if ledger.turns >= limit => Err(Exhausted::Turns(limit)),
            _ => {
                ledger.turns += 1;
                Ok(ledger.turns)
            }
        }
    }

    fn check_time(&self) -> Result<(), Exhausted> {
        match self.0.limits.wall {
            Some(wall) if self.elapsed() >= wall => Err(Exhausted::Wall(wall)),
            _ => Ok(()),
        }
    }

    /// Sets aside the tokens of a prompt, and of an answer as many as are left:
    /// `output` at most and `least` at least.
    pub fn reserve(
        &self,
        who: Who,
        prompt: u64,
        output: u32,
        least: u32,
        price: Option<Price>,
    ) -> Result<Reservation, Exhausted> {
        self.check_time()?;
        let least = u64::from(least.min(output));
        let limits = &self.0.limits;
        let mut ledger = self.ledger();
        let mut granted = u64::from(output);
        if let Some(limit) = limits.tokens {
            let used = ledger.root.tokens() + ledger.sub.tokens() + ledger.reserved_tokens;
            let left = limit.saturating_sub(used);
            let needed = prompt + least;
            if left < needed {
                return Err(Exhausted::Tokens {
                    limit,
                    left,
                    needed,
                });
            }
            granted = granted.min(left - prompt);
        }
        let usage = |completion_tokens| Usage {
            prompt_tokens: prompt,
            completion_tokens,
            estimated: true,
            ..Usage::default()
        };
        if let Some(limit) = limits.money {
            let price = price.ok_or(Exhausted::Unpriced(limit))?;
            let used = ledger.root.money + ledger.sub.money + ledger.reserved_money;
            let left = limit.minus(used);
            let needed = price.cost(&usage(least));
            if left < needed {
                return Err(Exhausted::Money {
                    limit,
                    left,
                    needed,
                });
            }
            while granted > least && price.cost(&usage(granted)) > left {
                granted = least.max(granted - granted.div_ceil(8));
            }
        }
        let usage = usage(granted);
        let money = price.map_or(Money::ZERO, |price| price.cost(&usage));
        ledger.reserved_tokens += prompt + granted;
        ledger.reserved_money += money;
        drop(ledger);
        Ok(Reservation {
            budget: self.clone(),
            who,
            price,
            usage,
            money,
            open: true,
        })
    }
}

/// Tokens and money set aside for one call. Dropped unsettled, as when a call is
/// cancelled, it counts as used: the provider may have done all the work.
#[derive(Debug)]
#[must_use = "an unsettled reservation counts as used"]
pub struct Reservation {
    budget: Budget,
    who: Who,
    price: Option<Price>,
    usage: Usage,
    money: Money,
    open: bool,
}

impl Reservation {
    /// Tokens that the answer may have.
    pub fn output(&self) -> u32 {
        self.usage.completion_tokens as u32
    }

    /// Books what the call used; what it cost.
    pub fn settle(mut self, usage: &Usage) -> Money {
        self.close(Some(*usage));
        self.price.map_or(Money::ZERO, |price| price.cost(usage))
    }

    /// Gives everything back: the call reached no model.
    pub fn release(mut self) {
        self.close(None);
    }

    fn close(&mut self, used: Option<Usage>) {
        if !std::mem::replace(&mut self.open, false) {
            return;
        }
        let tokens = self.usage.prompt_tokens + self.usage.completion_tokens;
        let mut ledger = self.budget.ledger();
        ledger.reserved_tokens = ledger.reserved_tokens.saturating_sub(tokens);
        ledger.reserved_money = ledger.reserved_money.minus(self.money);
        if let Some(used) = used {
            let spent = match self.who {
                Who::Root => &mut ledger.root,
                Who::Sub => &mut ledger.sub,
            };
            spent.add(&used, self.price);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.close(Some(self.usage));
    }
}

/// Why [`ask`] has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The budget does not allow the call, or its time ended during it.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// The model gave no answer.
    #[error(transparent)]
    Model(#[from] Error),
}

/// The fewest tokens of an answer that are worth a call.
const LEAST_OUTPUT: u32 = 256;

/// Asks a model within a budget: reserves, calls, settles. The answer is
/// shortened to what the budget has left; a call that outlasts the budget's time
/// is cancelled.
pub async fn ask(
    client: &dyn ModelClient,
    request: &Request,
    on_text: &mut (dyn FnMut(&str) + Send),
    budget: &Budget,
    who: Who,
    price: Option<Price>,
) -> Result<Reply, AskError> {
    let reservation = budget.reserve(
        who,
        estimate_request(request),
        request.max_output_tokens,
        LEAST_OUTPUT,
        price,
    )?;
    let request = &Request {
        max_output_tokens: reservation.output(),
        ..request.clone()
    };
    let answer = client.complete(request, on_text);
    let answer = match budget.time_left() {
        None => answer.await,
        Some(left) => match tokio::time::timeout(left, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                let wall = budget.0.limits.wall.unwrap_or_default();
                return Err(Exhausted::Wall(wall).into());
            }
        },
    };
    match answer {
        Ok(reply) => {
            reservation.settle(&reply.usage);
            Ok(reply)
        }
        Err(error) => {
            // An answer that broke off or made no sense was worked for.
            if !matches!(error, Error::Malformed { .. } | Error::Broken { .. }) {
                reservation.release();
            }
            Err(error.into())
        }
    }
}
