//! The prices that a meter starts with: the book, and the overrides of a file and of the environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use reelmeter_rating::environment::{EnvironmentError, VARIABLE};
use reelmeter_rating::price_file::MAX_FILE_BYTES;
use reelmeter_rating::{Overrides, PriceBook, PriceFileError, RateTable};

use crate::Config;

/// The books that come with the program.
const BUILT_IN: [&str; 2] = ["documented", "list"];

/// Why the prices cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// There is no book of that name, nor a file.
    #[error("there is no price book `{0}`: use documented, list, or the path of a price file")]
    NoBook(String),
    /// A file cannot be read.
    #[error("cannot read the price file {} ({setting}): {source}", path.display())]
    Unreadable {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file has mistakes; each is named with its line.
    #[error(transparent)]
    File(#[from] PriceFileError),
    /// The variable has a mistake.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
}

/// The prices in force at start, and all books that can be asked for by name, the one in force first.
#[derive(Clone, Debug)]
pub struct StartingPrices {
    /// The book under the overrides of the file and the environment.
    pub table: RateTable,
    /// The books.
    pub books: Vec<PriceBook>,
}

/// Reads the prices that the settings name.
///
/// # Errors
/// A file that cannot be read, or any mistake in it, with file, line and reason.
pub fn load(config: &Config) -> Result<StartingPrices, PricesError> {
    let book = match PriceBook::built_in(&config.meter_price_book)? {
        Some(book) => book,
        None => {
            let path = Path::new(&config.meter_price_book);
            if !path.exists() {
                return Err(PricesError::NoBook(config.meter_price_book.clone()));
            }
            PriceBook::from_toml(
                &path.display().to_string(),
                &read("METER_PRICE_BOOK", path)?,
            )?
        }
    };
    let file = match &config.meter_price_overrides {
        Some(path) => Overrides::from_toml(
            &path.display().to_string(),
            &read("METER_PRICE_OVERRIDES", path)?,
        )?,
        None => Overrides::none(),
    };
    let environment =
        Overrides::from_environment(VARIABLE, config.meter_rates.as_deref().unwrap_or_default())?;
    let mut books = vec![book.clone()];
    for name in BUILT_IN {
        if let Some(other) = PriceBook::built_in(name)?.filter(|other| other.name() != book.name())
        {
            books.push(other);
        }
    }
    Ok(StartingPrices {
        table: RateTable::new(book, file, environment, Overrides::none()),
        books,
    })
}

/// The files that the settings name: when one changes, [`load`] gives other prices.
#[must_use]
pub fn files(config: &Config) -> Vec<PathBuf> {
    let book = (!BUILT_IN.contains(&config.meter_price_book.as_str()))
        .then(|| PathBuf::from(&config.meter_price_book));
    book.into_iter()
        .chain(config.meter_price_overrides.clone())
        .collect()
}

fn read(setting: &'static str, path: &Path) -> Result<String, PricesError> {
    let failed = |source| PricesError::Unreadable {
        setting,
        path: path.to_owned(),
        source,
    };
    let size = fs::metadata(path).map_err(failed)?.len();
    if usize::try_from(size).is_ok_and(|size| size > MAX_FILE_BYTES) {
        let reason = format!("it has {size} bytes; a price file has at most {MAX_FILE_BYTES}");
        return Err(failed(io::Error::other(reason)));
    }
    fs::read_to_string(path).map_err(failed)
}
