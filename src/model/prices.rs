//! What tokens cost: a small table, a user's own before it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, AddAssign};

use serde::Deserialize;

use super::Usage;

/// An amount of money, exact to a billionth of a dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many dollars; nothing where that is no amount.
    pub fn dollars(dollars: f64) -> Option<Self> {
        let nanos = dollars * 1e9;
        (nanos.is_finite() && (0.0..1e18).contains(&nanos)).then(|| Self(nanos.round() as u64))
    }

    /// So many billionths of a dollar.
    pub fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// In billionths of a dollar.
    pub fn nanos(self) -> u64 {
        self.0
    }

    /// In dollars, for showing.
    pub fn as_dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// What is left after `other`, nothing at least.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Money {
    /// `$1.25`; small amounts with two digits that say something.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dollars = self.as_dollars();
        if self.0 == 0 || dollars >= 0.0995 {
            write!(f, "${dollars:.2}")
        } else {
            let digits = (1.0 - dollars.log10().floor()).clamp(3.0, 9.0) as usize;
            write!(f, "${dollars:.digits$}")
        }
    }
}

/// What the tokens of one model cost, in dollars for a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// A token of the prompt.
    pub input: f64,
    /// One that the provider's cache had; like any other where it is not said.
    pub cached: Option<f64>,
    /// One that goes into the provider's cache.
    pub written: Option<f64>,
    /// A token of the answer.
    #[serde(default)]
    pub output: f64,
}

impl Price {
    /// A model on one's own machine.
    pub const FREE: Self = Self {
        input: 0.0,
        cached: None,
        written: None,
        output: 0.0,
    };

    /// What a call costs that used this. Where writing into the provider's cache
    /// costs more, every token that did not come from it counts as written: the
    /// servers' totals do not tell them apart, and too much is safer than too
    /// little.
    pub fn cost(&self, usage: &Usage) -> Money {
        let cached = usage.cached_tokens.min(usage.prompt_tokens);
        let fresh = (usage.prompt_tokens - cached) as f64;
        // A dollar for a million tokens is a thousand billionths for one.
        let nanos = fresh * self.written.unwrap_or(self.input)
            + cached as f64 * self.cached.unwrap_or(self.input)
            + usage.completion_tokens as f64 * self.output;
        Money((nanos * 1000.0).ceil() as u64)
    }

    fn is_sound(&self) -> bool {
        [
            Some(self.input),
            self.cached,
            self.written,
            Some(self.output),
        ]
        .into_iter()
        .flatten()
        .all(|price| (0.0..1e6).contains(&price))
    }
}

/// A table of prices that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// It is not TOML of the right form.
    #[error("the table of prices cannot be read: {0}")]
    Form(String),
    /// A price is negative or no number.
    #[error("the price of `{0}` is not a sensible number of dollars")]
    Number(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    model: BTreeMap<String, Price>,
}

/// Prices by model.
#[derive(Clone, Debug)]
pub struct Prices {
    table: BTreeMap<String, Price>,
}

impl Prices {
    /// The table that the program brings.
    pub fn built_in() -> Self {
        let mut prices = Self {
            table: BTreeMap::new(),
        };
        // A test reads it; a table that could not be read would know no price.
        let _ = prices.add(include_str!("prices.toml"));
        prices
    }

    /// Adds a user's table, whose prices come before those that are there.
    pub fn add(&mut self, toml: &str) -> Result<(), PriceError> {
        let table: Table =
            toml::from_str(toml).map_err(|error| PriceError::Form(error.message().to_owned()))?;
        if let Some((name, _)) = table.model.iter().find(|(_, price)| !price.is_sound()) {
            return Err(PriceError::Number(name.clone()));
        }
        self.table.extend(table.model);
        Ok(())
    }

    /// The price of a model; nothing where it is not known.
    pub fn of(&self, model: &str) -> Option<Price> {
        let mut name = model;
        loop {
            if let Some(price) = self.table.get(name) {
                return Some(*price);
            }
            // `openai/gpt-5`, `models/gemini-2.5-pro`
            if let Some((_, after)) = name.split_once('/') {
                name = after;
                continue;
            }
            let (before, after) = name.rsplit_once(['-', '@'])?;
            let dated = !after.is_empty()
                && after.len() != 1
                && after.bytes().all(|byte| byte.is_ascii_digit());
            if !dated && !matches!(after, "latest" | "preview" | "exp") {
                return None;
            }
            name = before;
        }
    }
}

impl Default for Prices {
    fn default() -> Self {
        Self::built_in()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_can_be_read() {
        let mut prices = Prices {
            table: BTreeMap::new(),
        };
        prices
            .add(include_str!("prices.toml"))
            .expect("it is sound");
        assert!(prices.table.len() > 10);
    }

    #[test]
    fn a_name_stands_for_its_dated_versions_and_for_no_other_model() {
        let prices = Prices::built_in();
        let known = prices.of("gpt-5-mini");
        assert!(known.is_some());
        for name in [
            "gpt-5-mini-2025-08-07",
            "openai/gpt-5-mini",
            "gpt-5-mini-latest",
        ] {
            assert_eq!(prices.of(name), known, "{name}");
        }
        assert_eq!(
            prices.of("claude-sonnet-4-5-20250929"),
            prices.of("claude-sonnet-4-5")
        );
        for name in [
            "gpt-5-pro",
            "gpt-5.1",
            "gpt",
            "",
            "qwen3:8b",
            "claude-sonnet-4-9",
        ] {
            assert_eq!(prices.of(name), None, "{name}");
        }
    }

    #[test]
    fn a_call_costs_its_tokens_with_cached_ones_cheaper() {
        let price = Price {
            input: 2.0,
            cached: Some(0.5),
            written: None,
            output: 8.0,
        };
        let usage = Usage {
            prompt_tokens: 1000,
            cached_tokens: 400,
            completion_tokens: 100,
            estimated: false,
        };
        // 600 * 2 + 400 * 0.5 + 100 * 8 = 2200 dollars for a million
        assert_eq!(price.cost(&usage), Money::from_nanos(2_200_000));
        let written = Price {
            written: Some(2.5),
            ..price
        };
        assert_eq!(written.cost(&usage), Money::from_nanos(2_500_000));
        assert_eq!(Price::FREE.cost(&usage), Money::ZERO);
    }

    #[test]
    fn a_users_table_comes_first_and_nonsense_in_it_is_refused() {
        let mut prices = Prices::built_in();
        prices
            .add("[model.\"gpt-5\"]\ninput = 1\noutput = 2")
            .expect("a sound table");
        assert_eq!(prices.of("gpt-5").map(|price| price.output), Some(2.0));
        assert!(
            matches!(prices.add("[model.x]\ninput = -1"), Err(PriceError::Number(name)) if name == "x")
        );
        assert!(matches!(
            prices.add("[model.x]\ninput = nan"),
            Err(PriceError::Number(_))
        ));
        assert!(matches!(
            prices.add("[model.x]\ninptu = 1"),
            Err(PriceError::Form(_))
        ));
    }

    #[test]
    fn money_is_shown_with_digits_that_say_something() {
        let show = |dollars| Money::dollars(dollars).expect("an amount").to_string();
        assert_eq!(show(0.0), "$0.00");
        assert_eq!(show(12.345), "$12.35");
        assert_eq!(show(0.08), "$0.080");
        assert_eq!(show(0.00042), "$0.00042");
        assert_eq!(Money::dollars(-1.0), None);
        assert_eq!(Money::dollars(f64::NAN), None);
    }
}
