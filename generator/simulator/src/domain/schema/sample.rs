//! An instance of a schema, filled with what is known about the request.

use serde_json::Value;

use super::{Field, ListShape, Ordered, Shape, TextShape, pattern};
use crate::domain::script::{Scene, Script};
use crate::domain::script_names as called;
use crate::domain::seed::{Rng, Seed};
use crate::domain::words;

/// What an instance is about.
#[derive(Clone, Debug, Default)]
pub struct Brief {
    /// Fields of some names get these values, wherever they stand: title, verdict and the like.
    pub known: Vec<(String, Value)>,
    /// Sentences for texts that nothing else is known about; never empty after [`Brief::about`].
    pub sentences: Vec<String>,
    /// The script, where the schema is a script's, and the path to its scenes.
    pub script: Option<(Script, Vec<String>)>,
    /// The texts for narration fields, in order, where the request was to reword them.
    pub narrations: Vec<String>,
    /// Lists of these names are left empty, where the schema allows it.
    pub empty_lists: Vec<String>,
}

impl Brief {
    /// A brief with the sentences of a script.
    #[must_use]
    pub fn about(script: &Script) -> Self {
        let sentences = script
            .scenes
            .iter()
            .flat_map(|scene| words::sentences(&scene.narration))
            .collect();
        Self {
            known: vec![("title".to_owned(), script.title.clone().into())],
            sentences,
            script: None,
            narrations: Vec::new(),
            empty_lists: Vec::new(),
        }
    }
}

/// An instance of a shape: valid, about the brief, and the same for the same seed.
#[must_use]
pub fn instance(shape: &Shape, brief: &Brief, seed: Seed) -> Ordered {
    let mut sampler = Sampler {
        brief,
        rng: seed.and("instance").rng(),
        scene: None,
        sentence: 0,
        narration: 0,
        path: Vec::new(),
    };
    sampler.value(shape, "", 0)
}

/// Below this depth optional fields are left out and lists kept short, so that instances end.
const DEPTH_FULL: usize = 6;

struct Sampler<'a> {
    brief: &'a Brief,
    rng: Rng,
    /// The scene whose fields are being written, and its index.
    scene: Option<(&'a Scene, usize)>,
    sentence: usize,
    narration: usize,
    path: Vec<String>,
}

impl<'a> Sampler<'a> {
    fn value(&mut self, shape: &Shape, name: &str, depth: usize) -> Ordered {
        match shape {
            Shape::Any => self.text(name, &TextShape::default()),
            Shape::Null => Ordered::Plain(Value::Null),
            Shape::Boolean => self
                .known(name)
                .filter(Value::is_boolean)
                .map_or_else(|| Ordered::from(!self.rng.one_in(3)), Ordered::Plain),
            Shape::Integer { min, max, step } => self.integer(name, *min, *max, *step),
            Shape::Number { min, max } => self.number(name, *min, *max),
            Shape::Text(shape) => self.text(name, shape),
            Shape::OneOf(values) => {
                let mut meant = self
                    .brief
                    .known
                    .iter()
                    .filter(|(known, _)| known.eq_ignore_ascii_case(name));
                let known =
                    meant.find_map(|(_, value)| values.contains(value).then(|| value.clone()));
                let at = self.rng.below(values.len());
                known
                    .or_else(|| values.get(at).cloned())
                    .map_or(Ordered::Plain(Value::Null), Ordered::Plain)
            }
            Shape::List(list) => self.list(list, name, depth),
            Shape::Object { fields } => self.object(fields, depth),
            Shape::Either(shapes) => {
                let real: Vec<&Shape> = shapes
                    .iter()
                    .filter(|shape| **shape != Shape::Null)
                    .collect();
                if depth > DEPTH_FULL && real.len() < shapes.len() {
                    return Ordered::Plain(Value::Null);
                }
                let choice = if depth > DEPTH_FULL {
                    0
                } else {
                    self.rng.below(real.len())
                };
                real.get(choice)
                    .map_or(Ordered::Plain(Value::Null), |shape| {
                        self.value(shape, name, depth + 1)
                    })
            }
        }
    }

    fn object(&mut self, fields: &[Field], depth: usize) -> Ordered {
        let mut values = Vec::new();
        for field in fields {
            if !field.required && depth > DEPTH_FULL {
                continue;
            }
            self.path.push(field.name.clone());
            let value = self.value(&field.shape, &field.name, depth + 1);
            self.path.pop();
            values.push((field.name.clone(), value));
        }
        Ordered::Fields(values)
    }

    fn list(&mut self, list: &ListShape, name: &str, depth: usize) -> Ordered {
        let brief = self.brief;
        if let Some((script, path)) = &brief.script
            && *path == self.path
            && self.scene.is_none()
        {
            let items = script.scenes.iter().enumerate().map(|(at, scene)| {
                self.scene = Some((scene, at));
                let item = self.value(&list.item, name, depth + 1);
                self.scene = None;
                item
            });
            return Ordered::List(items.collect());
        }
        let fewest = list.min.unwrap_or(0).max(list.first.len());
        let empty = self
            .brief
            .empty_lists
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name));
        let natural = if empty || depth > DEPTH_FULL {
            0
        } else {
            self.natural_length(list, name)
        };
        let length = natural
            .max(fewest)
            .min(list.max.unwrap_or(usize::MAX))
            .min(ITEMS_MAX.max(fewest));
        let mut items: Vec<Ordered> = Vec::with_capacity(length);
        for at in 0..length {
            let shape = list.first.get(at).unwrap_or(&list.item);
            let mut item = self.value(shape, name, depth + 1);
            for _ in 0..UNIQUE_TRIES {
                if !list.unique || !items.contains(&item) {
                    break;
                }
                item = self.value(shape, name, depth + 1);
            }
            if list.unique && items.contains(&item) && items.len() >= fewest {
                break;
            }
            items.push(item);
        }
        Ordered::List(items)
    }

    /// As many items as there are narrations to reword, else three.
    fn natural_length(&self, list: &ListShape, name: &str) -> usize {
        let holds_narration = match list.item.settled() {
            Shape::Text(_) | Shape::Any => {
                called::is_narration(name) || self.brief.known.is_empty()
            }
            Shape::Object { fields } => {
                fields.iter().any(|field| called::is_narration(&field.name))
            }
            _ => false,
        };
        if holds_narration && !self.brief.narrations.is_empty() {
            self.brief.narrations.len()
        } else {
            3
        }
    }

    fn known(&self, name: &str) -> Option<Value> {
        self.brief
            .known
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    }

    fn integer(
        &mut self,
        name: &str,
        min: Option<i64>,
        max: Option<i64>,
        step: Option<i64>,
    ) -> Ordered {
        let low = min.unwrap_or_else(|| max.map_or(1, |max| max.min(1)));
        let high = max.unwrap_or_else(|| low.saturating_add(9));
        let fits = |n: i64| n >= low && n <= high && step.is_none_or(|step| n % step == 0);
        let meant = match self.scene {
            Some((_, at)) if called::is_ordinal(name) => i64::try_from(at + 1).ok(),
            Some((scene, _)) if called::is_seconds(name) => {
                Some(spoken_seconds(&scene.narration).ceil() as i64)
            }
            _ => self.known(name).and_then(|value| value.as_i64()),
        };
        if let Some(meant) = meant.filter(|n| fits(*n)) {
            return Ordered::from(meant);
        }
        let span = usize::try_from(high.saturating_sub(low).saturating_add(1).max(1))
            .unwrap_or(usize::MAX);
        let drawn = low.saturating_add(i64::try_from(self.rng.below(span)).unwrap_or(0));
        // The multiple at or above the number drawn, else the one below it.
        let stepped = step.map_or(drawn, |step| {
            let up = drawn.saturating_add(step - 1).div_euclid(step) * step;
            if up <= high {
                up
            } else {
                high.div_euclid(step) * step
            }
        });
        Ordered::from(stepped)
    }

    fn number(&mut self, name: &str, min: Option<f64>, max: Option<f64>) -> Ordered {
        let low = min.unwrap_or_else(|| max.map_or(0.0, |max| max.min(0.0)));
        let high = max.unwrap_or(low + 10.0);
        let meant = match self.scene {
            Some((scene, _)) if called::is_seconds(name) => Some(spoken_seconds(&scene.narration)),
            _ => self.known(name).and_then(|value| value.as_f64()),
        };
        let drawn = self.rng.range(low, high);
        let short = (drawn * 100.0).round() / 100.0;
        let short = if short >= low && short <= high {
            short
        } else {
            drawn
        };
        Ordered::from(meant.filter(|n| *n >= low && *n <= high).unwrap_or(short))
    }

    fn text(&mut self, name: &str, shape: &TextShape) -> Ordered {
        if let Some(pattern) = &shape.pattern
            && let Some(text) = pattern::matching(pattern, &mut self.rng)
        {
            return Ordered::text(text);
        }
        if let Some(text) = shape
            .format
            .as_deref()
            .and_then(|format| self.formatted(format))
        {
            return Ordered::text(text);
        }
        let text = self.meant(name).unwrap_or_else(|| self.next_sentence());
        Ordered::text(sized(text, shape.min_length, shape.max_length))
    }

    fn meant(&mut self, name: &str) -> Option<String> {
        if let Some((scene, at)) = self.scene {
            if called::is_narration(name) {
                return Some(scene.narration.clone());
            }
            if called::is_image_prompt(name) {
                return Some(scene.image_prompt.clone());
            }
            if called::is_heading(name) {
                return Some(scene.heading.clone());
            }
            if called::is_ordinal(name) {
                return Some((at + 1).to_string());
            }
        }
        let narrations = &self.brief.narrations;
        if !narrations.is_empty() && (called::is_narration(name) || self.brief.known.is_empty()) {
            let text = narrations[self.narration % narrations.len()].clone();
            self.narration += 1;
            return Some(text);
        }
        if let Some(Value::String(text)) = self.known(name) {
            return Some(text);
        }
        called::is_title(name)
            .then(|| self.known("title"))
            .flatten()
            .and_then(|value| value.as_str().map(str::to_owned))
    }

    fn next_sentence(&mut self) -> String {
        let sentences = &self.brief.sentences;
        if sentences.is_empty() {
            return "Nothing more is known about this.".to_owned();
        }
        let text = sentences[self.sentence % sentences.len()].clone();
        self.sentence += 1;
        text
    }

    fn formatted(&mut self, format: &str) -> Option<String> {
        let number = self.rng.next_u64();
        let day = 1 + number % 28;
        let month = 1 + (number >> 8) % 12;
        let time = format!(
            "{:02}:{:02}:{:02}",
            (number >> 16) % 24,
            (number >> 24) % 60,
            (number >> 32) % 60
        );
        Some(match format {
            "date-time" => format!("2026-{month:02}-{day:02}T{time}Z"),
            "date" => format!("2026-{month:02}-{day:02}"),
            "time" => format!("{time}Z"),
            "duration" => format!("PT{}S", 1 + number % 60),
            "email" => format!("person{}@example.org", number % 1_000),
            "hostname" => format!("host{}.example.org", number % 1_000),
            "ipv4" => format!("192.0.2.{}", number % 256),
            "ipv6" => format!("2001:db8::{:x}", number % 0xffff),
            "uri" | "url" => format!("https://example.org/{:x}", number % 0xffff),
            "uuid" => {
                let other = self.rng.next_u64();
                format!(
                    "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                    number >> 32,
                    (number >> 16) & 0xffff,
                    number & 0xfff,
                    other & 0xfff,
                    other >> 16
                )
            }
            _ => return None,
        })
    }
}

/// A list is not made longer than this of our own accord.
const ITEMS_MAX: usize = 100;

/// How often another item is tried where all must differ.
const UNIQUE_TRIES: usize = 20;

/// How long a narration takes to say, in seconds, at about 150 words a minute.
fn spoken_seconds(narration: &str) -> f64 {
    let seconds = narration.split_whitespace().count() as f64 / 2.5;
    (seconds * 10.0).round() / 10.0
}

fn sized(text: String, min: Option<usize>, max: Option<usize>) -> String {
    let mut text = text;
    if let Some(max) = max
        && text.chars().count() > max
    {
        text = text.chars().take(max).collect();
    }
    if let Some(min) = min {
        while text.chars().count() < min {
            text.push_str(" and so on");
        }
        if let Some(max) = max {
            text = text.chars().take(max).collect();
        }
    }
    text
}
