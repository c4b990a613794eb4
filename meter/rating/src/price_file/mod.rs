//! Price files: a price book or a set of overrides in TOML.
//!
//! ```toml
//! name = "my-prices"            # a book only, as are title, as_of, currency, services and models
//! title = "What our contract says"
//! as_of = 2026-11-23            # the day the prices were last compared with their sources
//! currency = "USD"
//!
//! [sources.contract]            # where a rate was read; rates refer to it
//! title = "Contract 4711"
//! url = "https://example.com/contract"
//! date = 2026-11-01
//!
//! [services.gemini]
//! billing = "pay_per_use"       # or "subscription", or "free"
//! display_name = "Gemini"
//! default_model = "gemini-2.5-flash"   # whose rates a model without any takes, marked so
//!
//! [[models]]                    # what is known of a model beside its rates
//! service = "gemini"
//! model = "gemini-3-pro-preview"
//! shut_down = 2026-03-09
//!
//! [[rates]]
//! service = "gemini"
//! model = "gemini-2.5-pro"      # left out: every model of the service
//! metric = "input_tokens"
//! amount = "2.50"               # an exact decimal in quotes, or a whole number; never a float
//! per = 1_000_000               # made of twos and fives
//! variant = "standard"          # or "batch", "flex", "priority"; left out: standard
//! above_input_tokens = 200_000  # a context tier: strictly above, for the whole request
//! from = 2026-01-01             # a day (from its midnight in UTC) or a time with its offset
//! until = 2027-01-01            # the first instant at which it no longer applies
//! source = "contract"           # may be left out in a file of overrides
//! note = "half price in autumn"
//! ```
//!
//! Every mistake is refused, with file, line and reason: a key nobody knows, an amount that is not
//! exact, two rates of a book for the same usage at the same time. In a file of overrides two rates
//! may differ in their start alone: the later one takes over at its date.

mod fields;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::fields::{Fields, Notes};
use crate::name::Name;
use crate::overrides::{Overrides, overlap, repeated};
use crate::price_book::{BookSpec, Model, PriceBook, Service};
use crate::rate::{Rate, RateSpec, Source, check_name};
use crate::usage::Variant;

/// A larger text is no price file; the limit keeps hostile input cheap.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;
/// A message does not list more mistakes than a person reads.
const SHOWN_PROBLEMS: usize = 20;

/// One mistake of a price file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// Every mistake of a price file, in the order of its lines; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceFileError {
    problems: Vec<Problem>,
}

impl PriceFileError {
    /// An error of one mistake.
    #[must_use]
    pub fn single(file: &str, line: usize, reason: String) -> Self {
        Self {
            problems: vec![Problem {
                file: file.to_owned(),
                line,
                reason,
            }],
        }
    }

    /// The mistakes.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for PriceFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().take(SHOWN_PROBLEMS).enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        match self.problems.len().saturating_sub(SHOWN_PROBLEMS) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more mistakes"),
        }
    }
}

impl std::error::Error for PriceFileError {}

/// Reads a price book.
pub(crate) fn book(file: &str, text: &str) -> Result<PriceBook, PriceFileError> {
    read(file, text, |notes, root| {
        let fields = Fields::new(notes, root.get_ref(), 0..0, "price book");
        let name = fields.required_text("name");
        let title = fields.text("title").unwrap_or_default().to_owned();
        let as_of = fields.date("as_of");
        if as_of.is_none() && !root.get_ref().contains_key("as_of") {
            fields.problem(
                &(0..0),
                "a price book needs `as_of`, the day its prices were last checked",
            );
        }
        if let Some(currency) = fields.text("currency")
            && currency != "USD"
        {
            fields.problem(
                &fields.span_of("currency"),
                format!("currency must be USD, not {}", currency.escape_debug()),
            );
        }
        let sources = sources(notes, &fields);
        let services = services(notes, &fields);
        let models = models(notes, &fields);
        let rates = rates(notes, &fields, &sources, None);
        if let Some(name) = name {
            noted_name(&fields, "name", name);
        }
        fields.finish();
        for (span, rate) in &rates {
            if !services.contains_key(&rate.service) {
                let reason = format!(
                    "service `{}` has no table [services.{0}], which says how it bills",
                    rate.service
                );
                notes.problem(span, reason);
            }
        }
        refuse_overlap(notes, &rates);
        let rates = without_spans(rates);
        for (service, (span, entry)) in &services {
            if let Some(default) = &entry.default_model
                && !rates
                    .iter()
                    .any(|rate| rate.service == *service && rate.model.as_ref() == Some(default))
            {
                notes.problem(
                    span,
                    format!("default_model `{default}` has no rates in this book"),
                );
            }
        }
        let spec = BookSpec {
            name: name?.to_owned(),
            title,
            as_of: as_of?,
            sources: sources.into_values().collect(),
            services: services
                .into_iter()
                .map(|(name, (_, service))| (name, service))
                .collect(),
            models,
            rates,
        };
        // With a mistake noted already, what the book itself finds is the same said twice.
        if notes.count() > 0 {
            return None;
        }
        PriceBook::new(spec)
            .map_err(|error| notes.problem(&(0..0), error.to_string()))
            .ok()
    })
}

/// Reads a file of overrides.
pub(crate) fn overrides(file: &str, text: &str) -> Result<Overrides, PriceFileError> {
    read(file, text, |notes, root| {
        let fields = Fields::new(notes, root.get_ref(), 0..0, "file of overrides");
        for key in ["name", "title", "as_of", "services", "models"] {
            fields.refuse(
                key,
                &format!(
                    "`{key}` belongs into a price book; a file of overrides has rates and sources"
                ),
            );
        }
        let sources = sources(notes, &fields);
        let rates = rates(notes, &fields, &sources, Some(&Source::named(file)));
        fields.finish();
        refuse_repeated(notes, &rates);
        Some(
            without_spans(rates)
                .iter()
                .map(|rate| Rate::clone(rate))
                .collect(),
        )
    })
}

fn read<T>(
    file: &str,
    text: &str,
    build: impl FnOnce(&Notes<'_>, &Spanned<DeTable<'_>>) -> Option<T>,
) -> Result<T, PriceFileError> {
    if text.len() > MAX_FILE_BYTES {
        return Err(PriceFileError::single(
            file,
            1,
            format!("larger than {MAX_FILE_BYTES} bytes; this is no price file"),
        ));
    }
    let notes = Notes::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        notes.problem(&error.span().unwrap_or(0..0), error.message().to_owned());
    }
    // A text that is not TOML would only lead to mistakes that nobody made.
    let built = if errors.is_empty() {
        build(&notes, &root)
    } else {
        None
    };
    match built {
        Some(built) if notes.count() == 0 => Ok(built),
        _ => Err(PriceFileError {
            problems: notes.into_problems(),
        }),
    }
}

type Sources = BTreeMap<String, Arc<Source>>;

fn sources<'a>(notes: &'a Notes<'a>, root: &Fields<'a, '_>) -> Sources {
    let mut sources = Sources::new();
    for (key, value) in root.tables("sources").into_iter().flatten() {
        let Some(fields) = Fields::of(notes, value, "source") else {
            continue;
        };
        let id = key.get_ref().as_ref();
        let title = fields.required_text("title").unwrap_or_default().to_owned();
        let url = fields.text("url").unwrap_or_default().to_owned();
        let date = fields.date("date");
        fields.finish();
        sources.insert(
            id.to_owned(),
            Arc::new(Source {
                id: Name::from(id),
                title,
                url,
                date,
            }),
        );
    }
    sources
}

fn services<'a>(
    notes: &'a Notes<'a>,
    root: &Fields<'a, '_>,
) -> BTreeMap<Name, (Range<usize>, Service)> {
    let mut services = BTreeMap::new();
    for (key, value) in root.tables("services").into_iter().flatten() {
        let Some(fields) = Fields::of(notes, value, "service") else {
            continue;
        };
        if let Err(error) = check_name("service", key.get_ref()) {
            notes.problem(&key.span(), error.to_string());
        }
        let name = Name::from(key.get_ref().as_ref());
        fields.required_text("billing");
        let billing = fields.parsed("billing");
        let display_name = fields.text("display_name").unwrap_or(&name).to_owned();
        let default_model = fields.text("default_model").map(Name::from);
        fields.finish();
        if let Some(billing) = billing {
            let service = Service {
                display_name,
                billing,
                default_model,
            };
            services.insert(name, (fields.span_of("default_model"), service));
        }
    }
    services
}

fn models<'a>(notes: &'a Notes<'a>, root: &Fields<'a, '_>) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    for value in root.list("models") {
        let Some(fields) = Fields::of(notes, value, "model") else {
            continue;
        };
        let service = fields
            .required_text("service")
            .and_then(|name| noted_name(&fields, "service", name));
        let model = fields
            .required_text("model")
            .and_then(|name| noted_name(&fields, "model", name));
        let shut_down = fields.date("shut_down");
        let credits_per_character = fields.parsed("credits_per_character");
        let note = fields.text("note").unwrap_or_default().to_owned();
        fields.finish();
        let (Some(service), Some(model)) = (service, model) else {
            continue;
        };
        if models
            .iter()
            .any(|other| other.service == service && other.model == model)
        {
            notes.problem(
                &fields.span(),
                format!("model `{model}` of {service} is described twice"),
            );
        }
        models.push(Model {
            service,
            model,
            shut_down,
            credits_per_character,
            note,
        });
    }
    models
}

/// The rates with their spans. Without a default every rate has to name its source.
fn rates<'a>(
    notes: &'a Notes<'a>,
    root: &Fields<'a, '_>,
    sources: &Sources,
    default: Option<&Arc<Source>>,
) -> Vec<(Range<usize>, Arc<Rate>)> {
    let list = root.list("rates");
    list.iter()
        .filter_map(|value| rate(notes, value, sources, default))
        .collect()
}

fn rate<'a>(
    notes: &'a Notes<'a>,
    value: &'a Spanned<DeValue<'_>>,
    sources: &Sources,
    default: Option<&Arc<Source>>,
) -> Option<(Range<usize>, Arc<Rate>)> {
    let fields = Fields::of(notes, value, "rate")?;
    let service = fields.required_text("service");
    let model = fields.text("model");
    let metric = fields.required_text("metric");
    let amount = fields.money("amount");
    if fields.take("per").is_none() {
        fields.problem(
            &fields.span(),
            "a rate needs `per`, the number of units that the amount is for",
        );
    }
    let unit_size = fields.whole("per");
    let variant = fields.parsed("variant").unwrap_or(Variant::Standard);
    let above_input_tokens = fields.whole("above_input_tokens");
    let start = fields.instant("from");
    let end = fields.instant("until");
    let note = fields.text("note").unwrap_or_default().to_owned();
    let source = match (fields.text("source"), default) {
        (Some(id), _) => match sources.get(id) {
            Some(source) => Some(Arc::clone(source)),
            None => {
                let reason = format!("source `{}` has no table [sources.{0}]", id.escape_debug());
                fields.problem(&fields.span_of("source"), reason);
                None
            }
        },
        (None, Some(default)) => Some(Arc::clone(default)),
        (None, None) => {
            fields.problem(
                &fields.span(),
                "a rate of a price book needs `source`, where it was read",
            );
            None
        }
    };
    if !fields.finish() {
        return None;
    }
    let spec = RateSpec {
        service: Name::from(service?),
        model: model.map(Name::from),
        metric: Name::from(metric?),
        variant,
        above_input_tokens,
        amount: amount?,
        unit_size: unit_size?,
        start,
        end,
        source: source?,
        note,
    };
    match Rate::new(spec) {
        Ok(rate) => Some((fields.span(), Arc::new(rate))),
        Err(error) => {
            fields.problem(&fields.span(), error.to_string());
            None
        }
    }
}

fn noted_name(fields: &Fields<'_, '_>, key: &'static str, name: &str) -> Option<Name> {
    match check_name(key, name) {
        Ok(()) => Some(Name::from(name)),
        Err(error) => {
            fields.problem(&fields.span_of(key), error.to_string());
            None
        }
    }
}

/// Notes a rate of a book that answers a question which another answers at the same time.
fn refuse_overlap(notes: &Notes<'_>, rates: &[(Range<usize>, Arc<Rate>)]) {
    let plain: Vec<_> = rates.iter().map(|(_, rate)| Arc::clone(rate)).collect();
    if let Some((place, rate)) = overlap(&plain)
        && let Some((span, _)) = rates.get(place)
    {
        let reason =
            format!("a second rate for {rate} at the same time; give the earlier one an `until`");
        notes.problem(span, reason);
    }
}

/// Notes an override that says the same as another from the same start.
fn refuse_repeated(notes: &Notes<'_>, rates: &[(Range<usize>, Arc<Rate>)]) {
    let plain: Vec<_> = rates.iter().map(|(_, rate)| Arc::clone(rate)).collect();
    if let Some((place, rate)) = repeated(&plain)
        && let Some((span, _)) = rates.get(place)
    {
        let reason =
            format!("a second rate for {rate} from the same start; keep one, or give one a date");
        notes.problem(span, reason);
    }
}

fn without_spans(rates: Vec<(Range<usize>, Arc<Rate>)>) -> Vec<Arc<Rate>> {
    rates.into_iter().map(|(_, rate)| rate).collect()
}
