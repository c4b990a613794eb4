//! A drawing, in words and back.

use crate::domain::words;

/// The kinds of drawings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Parts in a ring, and something that goes round.
    Cycle,
    /// Steps one after the other.
    Chain,
    /// Quantities side by side; labels are `name = number`.
    Bars,
    /// How one quantity follows another: the first label is across, the second upwards.
    Graph,
    /// What lies on top of what, from the top.
    Layers,
    /// Two things side by side.
    Compare,
    /// One thing in the middle, and what belongs to it.
    Hub,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Cycle,
        Self::Chain,
        Self::Bars,
        Self::Graph,
        Self::Layers,
        Self::Compare,
        Self::Hub,
    ];

    /// Its name in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cycle => "Cycle",
            Self::Chain => "Chain of steps",
            Self::Bars => "Bar chart",
            Self::Graph => "Graph",
            Self::Layers => "Cross-section",
            Self::Compare => "Comparison",
            Self::Hub => "Map of ideas",
        }
    }
}

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Its kind.
    pub kind: Kind,
    /// A few words above it.
    pub heading: String,
    /// Its parts, two to six.
    pub labels: Vec<String>,
    /// What moves or what it shows, in a few words.
    pub caption: String,
}

/// The most labels of a drawing made of words, and the most letters of one.
const LABELS_MAX: usize = 5;
const LABEL_LETTERS_MAX: usize = 18;

impl Drawing {
    /// The drawing as an outline describes it.
    #[must_use]
    pub fn describe(&self) -> String {
        format!(
            "{} “{}”: {}. Motion: {}.",
            self.kind.name(),
            self.heading,
            self.labels.join(" | "),
            self.caption
        )
    }

    /// Reads a description back; `None` if it is somebody else's.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (kind, rest) = Kind::ALL.iter().find_map(|kind| {
            let rest = text.trim().strip_prefix(kind.name())?;
            Some((*kind, rest.trim_start().strip_prefix('“')?))
        })?;
        let (heading, rest) = rest.split_once("”: ")?;
        let (labels, caption) = rest.split_once(". Motion: ")?;
        let labels: Vec<String> = labels.split(" | ").map(str::to_owned).collect();
        (labels.len() >= 2).then(|| Self {
            kind,
            heading: heading.to_owned(),
            labels,
            caption: caption.trim_end_matches('.').to_owned(),
        })
    }

    /// A drawing made of what is said.
    #[must_use]
    pub fn of_words(heading: &str, narration: &str, place: usize) -> Self {
        let labels = labels(heading, narration);
        let all = words::words(narration);
        let says = |cues: &[&str]| all.iter().any(|word| cues.contains(&word.as_str()));
        let kind = if says(&["round", "again", "circle", "cycle", "returns", "repeat"])
            && labels.len() >= 3
        {
            Kind::Cycle
        } else if says(&[
            "under", "below", "beneath", "deep", "layer", "layers", "surface", "crust", "inside",
        ]) {
            Kind::Layers
        } else if says(&["than", "unlike", "instead", "neither"]) && labels.len() >= 2 {
            Kind::Compare
        } else {
            match place % 3 {
                0 => Kind::Hub,
                1 => Kind::Chain,
                _ => Kind::Cycle,
            }
        };
        let kind = if kind == Kind::Cycle && labels.len() < 3 {
            Kind::Chain
        } else {
            kind
        };
        Self {
            kind,
            heading: heading.to_owned(),
            caption: caption(narration),
            labels,
        }
    }
}

/// The words that carry the narration, each capitalised: the longer ones of each sentence.
fn labels(heading: &str, narration: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for sentence in words::sentences(narration) {
        let mut of_sentence = words::keywords(&sentence);
        of_sentence.retain(|word| {
            (4..=LABEL_LETTERS_MAX).contains(&word.chars().count())
                && word.chars().all(char::is_alphabetic)
        });
        let mut longest = of_sentence.clone();
        longest.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        longest.truncate(2);
        for word in of_sentence {
            let label = words::capitalised(&word);
            if longest.contains(&word) && !found.contains(&label) {
                found.push(label);
            }
        }
    }
    for word in words::keywords(heading)
        .into_iter()
        .chain(["beginning".to_owned(), "end".to_owned()])
    {
        if found.len() >= 3 {
            break;
        }
        let label = words::capitalised(&word);
        if !found.contains(&label) {
            found.push(label);
        }
    }
    found.truncate(LABELS_MAX);
    found
}

/// The first words of the last sentence: it sums up.
fn caption(narration: &str) -> String {
    const WORDS_MAX: usize = 9;
    let last = words::sentences(narration).pop().unwrap_or_default();
    let spoken: Vec<&str> = last.split_whitespace().take(WORDS_MAX).collect();
    let text = spoken.join(" ");
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    text.replace(['|', '“', '”'], "")
}
