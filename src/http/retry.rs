//! When to try again, and how long to wait before.

use std::time::Duration;

use tokio::time::Instant;

use super::error::Error;

/// How often and how patiently a request is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Tries in all, the first included.
    pub tries: u32,
    /// The wait before the second try; each next one is twice as long.
    pub first_wait: Duration,
    /// The longest wait of our own choice.
    pub longest_wait: Duration,
    /// The longest wait that a server may ask for; a longer one ends the tries.
    pub longest_asked: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
            longest_asked: Duration::from_secs(90),
        }
    }
}

impl Policy {
    /// The wait after so many failed tries: what the server asks, with a little
    /// more so that not all clients come back at once; else twice as long each
    /// time, of which a random part between half and all is waited.
    fn wait(&self, failed: u32, asked: Option<Duration>) -> Option<Duration> {
        if let Some(asked) = asked {
            return (asked <= self.longest_asked)
                .then(|| asked + self.first_wait.mul_f64(fastrand::f64()));
        }
        let doubled = self
            .first_wait
            .saturating_mul(1 << failed.saturating_sub(1).min(16));
        let full = doubled.min(self.longest_wait);
        Some(full.mul_f64(0.5 + fastrand::f64() / 2.0))
    }
}

/// The tries of one request.
///
/// ```text
/// let mut retrier = Retrier::new(policy);
/// loop {
///     match attempt().await {
///         Ok(found) => return Ok(found),
///         Err(error) => retrier.wait(error).await?,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Retrier {
    policy: Policy,
    started: Instant,
    failed: u32,
}

impl Retrier {
    /// No try yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            started: Instant::now(),
            failed: 0,
        }
    }

    /// How many tries failed so far.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// Waits until the next try; an error where there is none.
    pub async fn wait(&mut self, error: Error) -> Result<(), Error> {
        self.failed += 1;
        if !error.is_transient() {
            return Err(error);
        }
        let wait = (self.failed < self.policy.tries)
            .then(|| self.policy.wait(self.failed, error.retry_after()))
            .flatten();
        match wait {
            Some(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            None => Err(Error::GaveUp {
                tries: self.failed,
                spent: self.started.elapsed(),
                last: Box::new(error),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_within_its_jitter_up_to_the_longest() {
        let policy = Policy::default();
        for failed in 1..40 {
            let full = (0.5 * 2_f64.powi(failed as i32 - 1)).min(20.0);
            let wait = policy.wait(failed, None).expect("no server asked for more");
            let wait = wait.as_secs_f64();
            assert!(
                wait >= full / 2.0 - 1e-6 && wait <= full + 1e-6,
                "{failed}: {wait}"
            );
        }
    }

    #[test]
    fn a_server_is_never_asked_earlier_than_it_says() {
        let policy = Policy::default();
        let asked = Duration::from_secs(7);
        for _ in 0..100 {
            let wait = policy.wait(1, Some(asked)).expect("7 s are allowed");
            assert!(wait >= asked && wait <= asked + policy.first_wait);
        }
        assert_eq!(policy.wait(1, Some(Duration::from_secs(3600))), None);
    }
}
