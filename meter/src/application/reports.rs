//! Receipts, what-if reports, and questions about a time: read, rated, and recorded nowhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use reelmeter_rating::{Money, Overrides, Rate, RateTable};

use super::Error;
use super::meter::{Meter, checked_session};
use super::ports::UsageRange;
use crate::domain::limits::{RATES_MAX, SUBSTITUTIONS_MAX};
use crate::domain::problem::Problem;
use crate::domain::query::{self, Grouping, Question, ROWS_MAX};
use crate::domain::receipt::{Receipt, ReceiptPart, WhatIf, receipt};
use crate::domain::summary::{Prices, rated_now};
use crate::domain::text;
use crate::domain::usage::SessionUsage;

/// A receipt as a caller asks for it.
#[derive(Clone, Debug, Default)]
pub struct ReceiptRequest {
    /// The session.
    pub session_id: String,
    /// What-if: another price book; empty for the session's own prices.
    pub price_book: String,
    /// What-if: rates that go before all others.
    pub rates: Vec<Rate>,
    /// What-if: the model on the left is priced as the one on the right.
    pub substitutions: BTreeMap<String, String>,
}

/// A question about a time as a caller asks it.
#[derive(Clone, Debug, Default)]
pub struct UsageQuestion {
    /// Which usage.
    pub range: UsageRange,
    /// How to group it, and of which service.
    pub question: Question,
}

impl Meter {
    /// The receipt of a session, or what it would be.
    ///
    /// # Errors
    /// A broken rule, no such session or price book, or the ledger cannot be read.
    pub async fn receipt(
        &self,
        request: ReceiptRequest,
    ) -> Result<(Arc<SessionUsage>, Receipt), Error> {
        let key = self.key(checked_session(&request.session_id)?);
        check_substitutions(&request.substitutions)?;
        if request.rates.len() > RATES_MAX {
            return Err(Problem::new(
                "rates",
                format!(
                    "has {} entries; at most {RATES_MAX} are read",
                    request.rates.len()
                ),
            )
            .into());
        }
        let book = match request.price_book.as_str() {
            "" => None,
            name => Some(RateTable::of_book(self.book(name)?.clone())),
        };
        let asked: Overrides = request.rates.into_iter().collect();
        let (current, now) = (self.prices(), self.now());
        self.read(move |library| {
            let missing = || Error::no_session(&key.session_id);
            let usage = library.usage(&key)?.ok_or_else(missing)?;
            let (own, _) = rated_now(&usage, &current, now);
            let changes_prices = book.is_some() || !asked.is_empty();
            let table = book.unwrap_or(own.table).under(&asked);
            let fine = library
                .fine_usage(&key, table.boundaries())?
                .ok_or_else(missing)?;
            let what_if = WhatIf {
                prices: changes_prices.then_some(Prices::new(table, own.revision)),
                substitutions: request.substitutions,
            };
            let parts = fine.parts.iter().map(|part| ReceiptPart {
                class: &part.class,
                scene: part.scene,
                attempt: part.attempt,
                sum: &part.sum,
            });
            let receipt = receipt(&fine.usage, parts, &current, &what_if, now);
            Ok((Arc::new(fine.usage), receipt))
        })
        .await
    }

    /// What was used in a time, and what it cost.
    ///
    /// # Errors
    /// A broken rule, more groups than an answer may have, or the ledger cannot be read.
    pub async fn query_usage(
        &self,
        asked: UsageQuestion,
    ) -> Result<(Vec<query::Row>, Money), Error> {
        text::labels("labels", &asked.range.labels)?;
        for grouping in &asked.question.group_by {
            if let Grouping::Label(key) = grouping {
                text::name("label_key", key)?;
            }
        }
        let tenant = Arc::clone(&self.tenant);
        let (current, now) = (self.prices(), self.now());
        self.read(move |library| {
            let mut answer = query::Answer::new(&asked.question, &current, now);
            library.usage_between(&tenant, &asked.range, &mut |fine| {
                let used = fine.parts.iter().map(|part| (part.day, &part.class, &part.sum));
                answer.add(&fine.usage, used).map_err(|query::TooManyRows| {
                    Problem::new("group_by", format!("gives more than {ROWS_MAX} rows; ask for a shorter time or fewer groups")).into()
                })
            })?;
            Ok(answer.finish())
        })
        .await
    }
}

fn check_substitutions(substitutions: &BTreeMap<String, String>) -> Result<(), Problem> {
    let field = "rate_model_substitutions";
    if substitutions.len() > SUBSTITUTIONS_MAX {
        let reason = format!(
            "has {} entries; at most {SUBSTITUTIONS_MAX} are read",
            substitutions.len()
        );
        return Err(Problem::new(field, reason));
    }
    for (from, to) in substitutions {
        text::name(field, from)?;
        text::name(field, to)?;
    }
    Ok(())
}
