//! Reading a TOML table field by field: every mistake is noted with its line, none stops the rest.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::{Datetime, Offset as TomlOffset};

use super::Problem;
use crate::money::Money;
use crate::utc;

/// The mistakes found so far, with what turns an offset into a line.
pub(super) struct Notes<'t> {
    file: &'t str,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Notes<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            problems: RefCell::default(),
        }
    }

    /// Lines count from 1. A byte beyond the text is on its last line.
    fn line(&self, offset: usize) -> usize {
        let before = self
            .text
            .as_bytes()
            .get(..offset)
            .unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    pub(super) fn problem(&self, span: &Range<usize>, reason: impl Into<String>) {
        let problem = Problem {
            file: self.file.to_owned(),
            line: self.line(span.start),
            reason: reason.into(),
        };
        self.problems.borrow_mut().push(problem);
    }

    /// How many mistakes there are.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }
}

/// A table whose fields are taken one by one; those left at the end are unknown.
pub(super) struct Fields<'a, 'i> {
    notes: &'a Notes<'a>,
    table: &'a DeTable<'i>,
    span: Range<usize>,
    /// What the table is, for messages: `rate`.
    what: &'static str,
    known: RefCell<BTreeSet<&'static str>>,
    before: Cell<usize>,
}

impl<'a, 'i> Fields<'a, 'i> {
    pub(super) fn new(
        notes: &'a Notes<'a>,
        table: &'a DeTable<'i>,
        span: Range<usize>,
        what: &'static str,
    ) -> Self {
        Self {
            notes,
            table,
            span,
            what,
            known: RefCell::default(),
            before: Cell::new(notes.count()),
        }
    }

    /// The fields of a value that has to be a table.
    pub(super) fn of(
        notes: &'a Notes<'a>,
        value: &'a Spanned<DeValue<'i>>,
        what: &'static str,
    ) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(notes, table, value.span(), what)),
            other => {
                notes.problem(
                    &value.span(),
                    format!("a {what} must be a table, not {}", kind(other)),
                );
                None
            }
        }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The span of a field, or of the table where the field is absent.
    pub(super) fn span_of(&self, key: &str) -> Range<usize> {
        self.table
            .get(key)
            .map_or_else(|| self.span(), Spanned::span)
    }

    pub(super) fn problem(&self, span: &Range<usize>, reason: impl Into<String>) {
        self.notes.problem(span, reason);
    }

    /// A field as it stands, remembered as known.
    pub(super) fn take(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.known.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// Remembers a field that does not belong here, with the reason.
    pub(super) fn refuse(&self, key: &'static str, reason: &str) {
        if let Some(value) = self.take(key) {
            self.notes.problem(&value.span(), reason);
        }
    }

    /// A text, or nothing when it is absent or noted as wrong.
    pub(super) fn text(&self, key: &'static str) -> Option<&'a str> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            other => {
                self.wrong_kind(key, value, "a text in quotes", other);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, key: &'static str) -> Option<&'a str> {
        self.require(key);
        self.text(key)
    }

    /// A text that is read as one of a kind of words or numbers.
    pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        key: &'static str,
    ) -> Option<T> {
        let text = self.text(key)?;
        match text.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.problem(&self.span_of(key), format!("{key}: {error}"));
                None
            }
        }
    }

    /// A whole number.
    pub(super) fn whole(&self, key: &'static str) -> Option<u64> {
        let value = self.take(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_kind(key, value, "a whole number", value.get_ref());
            return None;
        };
        let parsed = u64::from_str_radix(number.as_str(), number.radix());
        if parsed.is_err() {
            self.problem(
                &value.span(),
                format!("{key} {} is not a whole number from 0 up", number.as_str()),
            );
        }
        parsed.ok()
    }

    /// An exact amount: a decimal in quotes, or a whole number. A TOML float is refused, since a
    /// reader may round it before anybody sees it.
    pub(super) fn money(&self, key: &'static str) -> Option<Money> {
        self.require(key);
        let value = self.take(key)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => {
                let reason = format!(
                    "{key} {number} is a floating-point number, which is not exact; put it in quotes: \"{number}\"",
                    number = number.as_str()
                );
                self.problem(&value.span(), reason);
                return None;
            }
            other => {
                self.wrong_kind(key, value, "a decimal in quotes", other);
                return None;
            }
        };
        match text.parse() {
            Ok(money) => Some(money),
            Err(error) => {
                self.problem(
                    &value.span(),
                    format!("{key} \"{}\": {error}", text.escape_debug()),
                );
                None
            }
        }
    }

    /// A day.
    pub(super) fn date(&self, key: &'static str) -> Option<Date> {
        let value = self.take(key)?;
        let date = match value.get_ref() {
            DeValue::Datetime(Datetime {
                date: Some(date),
                time: None,
                offset: None,
            }) => Some(*date),
            _ => None,
        };
        let date = date.and_then(|date| civil_date(&date));
        if date.is_none() {
            self.problem(
                &value.span(),
                format!("{key} must be a date without quotes, like 2026-11-23"),
            );
        }
        date
    }

    /// An instant: a day, from its midnight in UTC, or a time with its offset.
    pub(super) fn instant(&self, key: &'static str) -> Option<Timestamp> {
        let value = self.take(key)?;
        let instant = match value.get_ref() {
            DeValue::Datetime(datetime) => instant(datetime),
            _ => None,
        };
        if instant.is_none() {
            let rule = "must be a date (from its midnight in UTC) or a time with its offset, without quotes, \
                        like 2027-01-01 or 2027-01-01T00:00:00Z";
            self.problem(&value.span(), format!("{key} {rule}"));
        }
        instant
    }

    /// The elements of a list; none when it is absent.
    pub(super) fn list(&self, key: &'static str) -> &'a [Spanned<DeValue<'i>>] {
        match self.take(key).map(|value| (value, value.get_ref())) {
            None => &[],
            Some((_, DeValue::Array(list))) => list,
            Some((value, other)) => {
                self.wrong_kind(key, value, "a list", other);
                &[]
            }
        }
    }

    /// The named tables of a table; none when it is absent.
    pub(super) fn tables(&self, key: &'static str) -> Option<&'a DeTable<'i>> {
        match self.take(key).map(|value| (value, value.get_ref())) {
            None => None,
            Some((_, DeValue::Table(table))) => Some(table),
            Some((value, other)) => {
                self.wrong_kind(key, value, "a table", other);
                None
            }
        }
    }

    /// Notes every field that nobody asked for. Returns whether the table was without mistakes.
    pub(super) fn finish(&self) -> bool {
        let known = self.known.borrow();
        for key in self.table.keys() {
            if !known.contains(key.get_ref().as_ref()) {
                let names: Vec<_> = known.iter().copied().collect();
                let shown: String = key.get_ref().escape_debug().take(64).collect();
                let reason = format!(
                    "a {} has no `{shown}`; it has {}",
                    self.what,
                    names.join(", ")
                );
                self.notes.problem(&key.span(), reason);
            }
        }
        self.notes.count() == self.before.get()
    }

    fn require(&self, key: &'static str) {
        if !self.table.contains_key(key) {
            self.problem(&self.span, format!("a {} needs `{key}`", self.what));
        }
    }

    fn wrong_kind(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        wanted: &str,
        found: &DeValue<'_>,
    ) {
        self.problem(
            &value.span(),
            format!("{key} must be {wanted}, not {}", kind(found)),
        );
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a floating-point number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn civil_date(date: &toml::value::Date) -> Option<Date> {
    let month = i8::try_from(date.month).ok()?;
    let day = i8::try_from(date.day).ok()?;
    Date::new(i16::try_from(date.year).ok()?, month, day).ok()
}

fn instant(datetime: &Datetime) -> Option<Timestamp> {
    let date = civil_date(&datetime.date?)?;
    match (&datetime.time, &datetime.offset) {
        (None, None) => utc::midnight(date),
        (Some(time), Some(offset)) => {
            let time = jiff::civil::Time::new(
                i8::try_from(time.hour).ok()?,
                i8::try_from(time.minute).ok()?,
                i8::try_from(time.second.unwrap_or(0)).ok()?,
                i32::try_from(time.nanosecond.unwrap_or(0)).ok()?,
            )
            .ok()?;
            let seconds = match offset {
                TomlOffset::Z => 0,
                TomlOffset::Custom { minutes } => i32::from(*minutes) * 60,
            };
            let offset = Offset::from_seconds(seconds).ok()?;
            offset.to_timestamp(DateTime::from_parts(date, time)).ok()
        }
        _ => None,
    }
}
