//! The list book: which services are in it, how they bill, and the text that is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use reelmeter_rating::price_book::{Billing, BookSpec, Model, Service};
use reelmeter_rating::rate::Source;
use reelmeter_rating::{Name, PriceBook, service};

use crate::listing::LeftOut;
use crate::merge::{self, Disagreement, Sources};
use crate::{genai, gone, litellm, python};

/// The packages' data and what it is.
pub struct Packages {
    /// The text of `genai_prices/data.py`.
    pub genai: String,
    /// Its version.
    pub genai_version: String,
    /// The text of LiteLLM's price file.
    pub litellm: String,
    /// Its version.
    pub litellm_version: String,
    /// The day the prices are of.
    pub as_of: Date,
}

/// A built book.
pub struct Built {
    /// The book.
    pub book: PriceBook,
    /// The text to commit.
    pub text: String,
    /// What was not taken over.
    pub left_out: BTreeSet<LeftOut>,
    /// What the packages disagree on.
    pub disagreements: BTreeSet<Disagreement>,
    /// The models, as `service/model`, that are only in the book before this one and stay.
    pub gone: Vec<String>,
}

/// ElevenLabs' published credits a character on the API: one for its multilingual models, half of
/// it for flash and turbo (54 characters of flash were answered with `character-cost: 27`). What
/// its v4 models take is not settled between sources, so they have none.
const CREDITS: [(&str, &str); 6] = [
    ("eleven_multilingual_v2", "1"),
    ("eleven_v3", "1"),
    ("eleven_flash_v2", "0.5"),
    ("eleven_flash_v2_5", "0.5"),
    ("eleven_turbo_v2", "0.5"),
    ("eleven_turbo_v2_5", "0.5"),
];

/// Builds the book that comes after an earlier one, if there is one.
///
/// # Errors
/// What in the packages is not as expected.
pub fn build(packages: &Packages, earlier: Option<&PriceBook>) -> Result<Built, String> {
    let providers = python::assigned(&packages.genai, "providers")
        .map_err(|error| format!("data.py: {error}"))?;
    let litellm_error = |error| format!("LiteLLM's price file: {error}");
    let genai = genai::read(&providers, "google", service::GEMINI)?;
    let litellm =
        litellm::read(&packages.litellm, "gemini/", service::GEMINI).map_err(litellm_error)?;
    let characters =
        litellm::character_prices(&packages.litellm, "elevenlabs/").map_err(litellm_error)?;
    let source = |id: &str, title: String, url: &str| {
        Arc::new(Source {
            id: Name::from(id),
            title,
            url: url.to_owned(),
            date: Some(packages.as_of),
        })
    };
    let sources = Sources {
        genai: source(
            "genai-prices",
            format!(
                "genai-prices {} (MIT), from ai.google.dev/gemini-api/docs/pricing",
                packages.genai_version
            ),
            "https://github.com/pydantic/genai-prices",
        ),
        litellm: source(
            "litellm",
            format!(
                "LiteLLM {} (MIT), model_prices_and_context_window_backup.json",
                packages.litellm_version
            ),
            "https://github.com/BerriAI/litellm",
        ),
    };
    let mut merged = merge::merge(genai, litellm, &sources, packages.as_of);
    let gone = match earlier {
        Some(earlier) => gone::from(earlier, &merged.listed, packages.as_of)?,
        None => gone::Gone::default(),
    };
    merged.rates.extend(gone.rates);
    merge::in_book_order(&mut merged.rates);
    let priced: BTreeSet<_> = merged
        .rates
        .iter()
        .filter_map(|rate| rate.model.clone())
        .collect();
    let mut models = Vec::new();
    for (model, price) in &characters {
        models.push(speech_model(model, &price.to_string())?);
    }
    for ((service, model), (day, note)) in &merged.shut_downs {
        if priced.contains(model.as_str()) {
            models.push(Model {
                service: Name::from(service.as_str()),
                model: Name::from(model.as_str()),
                shut_down: Some(*day),
                credits_per_character: None,
                note: note.clone(),
            });
        }
    }
    let name = |model: &Model| format!("{}/{}", model.service, model.model);
    let names = gone.models.iter().map(name).collect();
    models.extend(gone.models);
    models.sort_by(|a, b| (&a.service, &a.model).cmp(&(&b.service, &b.model)));
    let spec = BookSpec {
        name: "list".to_owned(),
        title: "Published list prices".to_owned(),
        as_of: packages.as_of,
        sources: vec![sources.genai, sources.litellm],
        services: services(),
        models,
        rates: merged.rates,
    };
    let book = PriceBook::new(spec).map_err(|error| error.to_string())?;
    let text = format!("{}{}", header(packages), book.to_toml());
    Ok(Built {
        book,
        text,
        left_out: merged.left_out,
        disagreements: merged.disagreements,
        gone: names,
    })
}

fn speech_model(model: &str, price: &str) -> Result<Model, String> {
    let credits = CREDITS
        .iter()
        .find(|(known, _)| *known == model)
        .map(|(_, credits)| credits.parse());
    Ok(Model {
        service: Name::from(service::ELEVENLABS),
        model: Name::from(model),
        shut_down: None,
        credits_per_character: credits
            .transpose()
            .map_err(|error| format!("{model}: {error}"))?,
        note: format!(
            "listed at {price} USD a character by LiteLLM; the true price depends on the plan"
        ),
    })
}

fn services() -> BTreeMap<Name, Service> {
    let entry = |name: &str, display_name: &str, billing| {
        (
            Name::from(name),
            Service {
                display_name: display_name.to_owned(),
                billing,
                default_model: None,
            },
        )
    };
    BTreeMap::from([
        entry(service::GEMINI, "Gemini", Billing::PayPerUse),
        entry(service::ELEVENLABS, "ElevenLabs", Billing::Subscription),
        entry(service::OLLAMA, "Ollama", Billing::Free),
    ])
}

fn header(packages: &Packages) -> String {
    format!(
        "\
# Published list prices of the models that video tools use. Written by a command; edit nothing here:
#
#   pip install --no-deps --target target/prices genai-prices=={} litellm=={}
#   cargo run -p reelmeter-rating --bin prices-refresh -- --packages target/prices
#
# No service has a default model: what the list does not know is unpriced, never guessed. ElevenLabs
# is a subscription; a person's own rate, as an override, turns its characters into money.

",
        packages.genai_version, packages.litellm_version
    )
}
