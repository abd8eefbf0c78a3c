//! What a run may use, what it has used, and what is promised to calls under way.

use std::time::{Duration, Instant};

use crate::record::agent::Spent;

/// Who a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The orchestrating model.
    Root,
    /// A sub-agent.
    Sub,
}

/// What is promised to one call.
#[derive(Debug)]
#[must_use = "a reservation is settled when its call ends"]
pub struct Reserved {
    tokens: u64,
    cost: f64,
}

/// The budget of a run.
#[derive(Debug)]
pub struct Purse {
    tokens: u64,
    cost: Option<f64>,
    until: Instant,
    wall: Duration,
    reserved_tokens: u64,
    reserved_cost: f64,
    /// What the root used.
    pub root: Spent,
    /// What sub-agents used.
    pub sub: Spent,
}

impl Purse {
    /// A budget that begins now.
    pub fn new(tokens: u64, cost: Option<f64>, wall: Duration) -> Self {
        let now = Instant::now();
        Self {
            tokens,
            cost,
            until: now.checked_add(wall).unwrap_or(now),
            wall,
            reserved_tokens: 0,
            reserved_cost: 0.0,
            root: Spent::default(),
            sub: Spent::default(),
        }
    }

    /// All that was used.
    pub fn spent(&self) -> Spent {
        let mut all = self.root;
        all.add(&self.sub);
        all
    }

    /// Promises tokens and money to a call, or says what does not suffice.
    pub fn reserve(&mut self, tokens: u64, cost: f64) -> Result<Reserved, String> {
        if self.left().is_zero() {
            return Err(format!("the time of {} s is over", self.wall.as_secs()));
        }
        let spent = self.spent();
        let taken = spent.tokens() + self.reserved_tokens;
        if taken.saturating_add(tokens) > self.tokens {
            return Err(format!(
                "{taken} of {} tokens are spent or promised, and this call may take {tokens}",
                self.tokens
            ));
        }
        let paid = spent.cost + self.reserved_cost;
        if let Some(most) = self.cost
            && paid + cost > most
        {
            return Err(format!(
                "${paid:.2} of ${most:.2} are spent or promised, and this call may cost ${cost:.2}"
            ));
        }
        self.reserved_tokens += tokens;
        self.reserved_cost += cost;
        Ok(Reserved { tokens, cost })
    }

    /// Takes a promise back and notes what was really used.
    #[expect(clippy::needless_pass_by_value, reason = "a promise is settled once")]
    pub fn settle(&mut self, reserved: Reserved, who: Who, spent: &Spent) {
        self.reserved_tokens = self.reserved_tokens.saturating_sub(reserved.tokens);
        self.reserved_cost = (self.reserved_cost - reserved.cost).max(0.0);
        match who {
            Who::Root => self.root.add(spent),
            Who::Sub => self.sub.add(spent),
        }
    }

    /// Time that is left.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Tokens and money as one line: `12k/50k tokens · $0.08`.
    pub fn line(&self) -> String {
        let spent = self.spent();
        let tokens = format!("{}/{} tokens", thousands(spent.tokens()), thousands(self.tokens));
        match self.cost {
            Some(most) => format!("{tokens} · ${:.2}/${most:.2}", spent.cost),
            None => format!("{tokens} · ${:.2}", spent.cost),
        }
    }
}

fn thousands(count: u64) -> String {
    match count {
        0..1000 => count.to_string(),
        1000..10_000 if count % 1000 >= 100 => {
            format!("{}.{}k", count / 1000, count % 1000 / 100)
        }
        _ => format!("{}k", count / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(tokens: u64, cost: f64) -> Spent {
        Spent {
            prompt_tokens: tokens,
            cost,
            calls: 1,
            ..Spent::default()
        }
    }

    #[test]
    fn what_is_promised_cannot_be_promised_again() {
        let mut purse = Purse::new(100, None, Duration::from_mins(1));
        let first = purse.reserve(60, 0.0).expect("there is enough");
        assert!(purse.reserve(60, 0.0).is_err());
        purse.settle(first, Who::Sub, &used(10, 0.0));
        let second = purse.reserve(60, 0.0).expect("there is enough again");
        purse.settle(second, Who::Root, &used(5, 0.0));
        assert_eq!((purse.root.tokens(), purse.sub.tokens()), (5, 10));
    }

    #[test]
    fn money_and_time_run_out_too() {
        let mut purse = Purse::new(u64::MAX, Some(1.0), Duration::from_mins(1));
        let paid = purse.reserve(1, 0.8).expect("there is enough");
        assert!(purse.reserve(1, 0.3).expect_err("too much").contains("$0.80 of $1.00"));
        purse.settle(paid, Who::Root, &used(1, 0.5));
        assert!(purse.reserve(1, 0.4).is_ok());
        let mut late = Purse::new(100, None, Duration::ZERO);
        assert!(late.reserve(1, 0.0).expect_err("late").contains("time"));
    }

    #[test]
    fn the_line_is_short() {
        let mut purse = Purse::new(50_000, None, Duration::from_mins(1));
        let call = purse.reserve(12_000, 0.0).expect("there is enough");
        purse.settle(call, Who::Root, &used(12_345, 0.08));
        assert_eq!(purse.line(), "12k/50k tokens · $0.08");
    }
}
