//! The budget: reserved before, settled after, never overdrawn.

use std::sync::Mutex;
use std::time::Duration;

use happy::model::{
    AskError, Budget, Error, Exhausted, Finish, Limits, ModelClient, Money, Pending, Price, Reply,
    Request, Usage, Who, ask,
};

use super::{block_on, question};

const PRICE: Price = Price {
    input: 1.0,
    cached: None,
    written: None,
    output: 10.0,
};

fn tokens(limit: u64) -> Budget {
    Budget::new(Limits {
        tokens: Some(limit),
        ..Limits::default()
    })
}

fn used(prompt_tokens: u64, completion_tokens: u64) -> Usage {
    Usage {
        prompt_tokens,
        completion_tokens,
        ..Usage::default()
    }
}

/// A model that answers after a while.
struct Fake {
    answer: fn() -> Result<Reply, Error>,
    delay: Duration,
    asked: Mutex<Vec<Request>>,
}

impl Fake {
    fn new(answer: fn() -> Result<Reply, Error>) -> Self {
        Self {
            answer,
            delay: Duration::from_millis(5),
            asked: Mutex::default(),
        }
    }
}

impl ModelClient for Fake {
    fn model(&self) -> &'static str {
        "fake"
    }

    fn complete<'a>(
        &'a self,
        request: &'a Request,
        _: &'a mut (dyn FnMut(&str) + Send),
    ) -> Pending<'a> {
        Box::pin(async move {
            self.asked.lock().expect("no panic").push(request.clone());
            tokio::time::sleep(self.delay).await;
            (self.answer)()
        })
    }
}

fn answered() -> Result<Reply, Error> {
    Ok(Reply {
        text: "yes".to_owned(),
        usage: used(10, 20),
        finish: Finish::Stop,
    })
}

#[test]
fn what_is_reserved_is_not_given_twice_and_what_is_not_used_comes_back() {
    let budget = tokens(1000);
    let one = budget
        .reserve(Who::Root, 300, 400, 100, None)
        .expect("there is enough");
    let two = budget
        .reserve(Who::Sub, 100, 400, 100, None)
        .expect("for a shorter answer");
    assert_eq!((one.output(), two.output()), (400, 200));
    let error = budget
        .reserve(Who::Sub, 1, 1, 1, None)
        .expect_err("all is reserved");
    assert_eq!(
        error,
        Exhausted::Tokens {
            limit: 1000,
            left: 0,
            needed: 2
        }
    );
    one.settle(&used(290, 10));
    two.release();
    assert_eq!(budget.report().tokens(), 300);
    let three = budget
        .reserve(Who::Sub, 700, 9, 0, None)
        .expect("700 are left");
    assert_eq!(three.output(), 0);
    // Cancelled: it counts as used.
    drop(three);
    let report = budget.report();
    assert_eq!((report.root.tokens(), report.sub.tokens()), (300, 700));
    assert!(report.sub.usage.estimated && !report.root.usage.estimated);
}

#[test]
fn money_is_kept_with_a_price_and_refused_without() {
    let limit = Money::dollars(0.01).expect("an amount");
    let budget = Budget::new(Limits {
        money: Some(limit),
        ..Limits::default()
    });
    let refused = budget
        .reserve(Who::Root, 10, 10, 1, None)
        .expect_err("no price");
    assert_eq!(refused, Exhausted::Unpriced(limit));
    // A cent is 10,000 tokens in, or 1,000 out.
    let all = budget
        .reserve(Who::Root, 5000, 4000, 100, Some(PRICE))
        .expect("a cent");
    assert!((300..=500).contains(&all.output()), "{}", all.output());
    assert!(matches!(
        budget.reserve(Who::Root, 5000, 4000, 100, Some(PRICE)),
        Err(Exhausted::Money { .. })
    ));
    let cost = all.settle(&used(5000, 100));
    assert_eq!(cost, Money::dollars(0.006).expect("an amount"));
    assert_eq!(budget.report().money(), cost);
}

#[test]
fn turns_and_time_end() {
    let budget = Budget::new(Limits {
        turns: Some(2),
        wall: Some(Duration::from_millis(60)),
        ..Limits::default()
    });
    assert_eq!(budget.begin_turn(), Ok(1));
    assert_eq!(budget.begin_turn(), Ok(2));
    assert_eq!(budget.begin_turn(), Err(Exhausted::Turns(2)));
    let slow = Fake {
        delay: Duration::from_secs(5),
        ..Fake::new(answered)
    };
    let request = question("x");
    let mut hear = |_: &str| {};
    let error = block_on(async { ask(&slow, &request, &mut hear, &budget, Who::Root, None).await })
        .expect_err("it takes too long");
    assert!(
        matches!(error, AskError::Exhausted(Exhausted::Wall(_))),
        "{error}"
    );
    assert!(
        budget.report().root.tokens() > 0,
        "the cancelled call counts"
    );
    assert_eq!(
        budget.begin_turn(),
        Err(Exhausted::Wall(Duration::from_millis(60)))
    );
}

#[test]
fn a_hundred_calls_at_once_never_overdraw() {
    let budget = tokens(2000);
    let fake = Fake::new(answered);
    let request = question("How many?");
    let done = block_on(async {
        let calls = (0..100).map(|_| async {
            let mut hear = |_: &str| {};
            ask(&fake, &request, &mut hear, &budget, Who::Sub, None).await
        });
        futures_util::future::join_all(calls).await
    });
    let answered = done.iter().filter(|reply| reply.is_ok()).count();
    let refused = done
        .iter()
        .filter(|reply| matches!(reply, Err(AskError::Exhausted(Exhausted::Tokens { .. }))))
        .count();
    assert_eq!(answered + refused, 100);
    assert!(answered >= 10 && refused >= 10, "{answered} {refused}");
    assert_eq!(budget.report().tokens(), 30 * answered as u64);
}

#[test]
fn an_answer_is_asked_no_longer_than_the_budget_has_left() {
    let budget = tokens(400);
    let fake = Fake::new(answered);
    let request = Request {
        max_output_tokens: 100_000,
        ..question("x")
    };
    let mut hear = |_: &str| {};
    let asked = async { ask(&fake, &request, &mut hear, &budget, Who::Root, Some(PRICE)).await };
    block_on(asked).expect("it answers");
    let asked = fake.asked.lock().expect("no panic")[0].max_output_tokens;
    assert!((300..400).contains(&asked), "{asked}");
}

#[test]
fn a_call_that_reached_no_model_costs_nothing_and_one_that_broke_off_does() {
    let budget = tokens(10_000);
    let refused = Fake::new(|| {
        Err(Error::Rejected {
            status: 401,
            message: String::new(),
        })
    });
    let broken = Fake::new(|| {
        Err(Error::Broken {
            endpoint: String::new(),
            message: String::new(),
        })
    });
    let ask = |fake: &Fake| {
        let request = question("x");
        let mut hear = |_: &str| {};
        block_on(async { ask(fake, &request, &mut hear, &budget, Who::Root, None).await })
    };
    ask(&refused).expect_err("refused");
    assert_eq!(budget.report().tokens(), 0);
    ask(&broken).expect_err("broken");
    assert!(budget.report().tokens() > 64);
}

#[test]
fn a_report_is_one_line_and_a_run_goes_on_from_it() {
    let limits = Limits {
        turns: Some(20),
        tokens: Some(50_000),
        money: Money::dollars(1.0),
        wall: None,
    };
    let budget = Budget::new(limits);
    budget.begin_turn().expect("the first");
    let reserved = budget
        .reserve(Who::Root, 10_000, 3000, 1, Some(PRICE))
        .expect("enough");
    reserved.settle(&used(12_000, 300));
    let report = budget.report();
    assert_eq!(
        report.to_string(),
        "turn 1/20 · 12k/50k tokens · $0.015/$1.00"
    );
    let resumed = Budget::resume(limits, Some(report));
    assert_eq!(resumed.begin_turn(), Ok(2));
    assert_eq!(resumed.report().tokens(), 12_300);
}
