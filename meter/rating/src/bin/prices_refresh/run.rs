//! The command: its arguments, the files it reads and the one it writes.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use reelmeter_rating::PriceBook;

use crate::{book, report};

const USAGE: &str =
    "usage: prices-refresh --packages DIR [--as-of YYYY-MM-DD] [--output FILE] [--dry-run]
  --packages  where pip put genai-prices and litellm (pip install --no-deps --target DIR …)
  --as-of     the day the prices are of; today where left out
  --output    the book to write; meter/prices/list.toml where left out
  --dry-run   print what would change and write nothing";

struct Arguments {
    packages: PathBuf,
    as_of: Date,
    output: PathBuf,
    dry_run: bool,
}

/// Does what the words ask for and returns the report.
///
/// # Errors
/// One sentence that names the argument or the file.
pub fn run(words: impl Iterator<Item = String>) -> Result<String, String> {
    arguments(words).and_then(|arguments| refresh(&arguments))
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let (mut packages, mut as_of, mut dry_run) = (None, None, false);
    let mut output = Path::new(env!("CARGO_MANIFEST_DIR")).join("../prices/list.toml");
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| format!("{word} needs a value\n{USAGE}"))
        };
        match word.as_str() {
            "--packages" => packages = Some(PathBuf::from(value()?)),
            "--output" => output = PathBuf::from(value()?),
            "--as-of" => {
                as_of = Some(
                    value()?
                        .parse()
                        .map_err(|error| format!("--as-of: {error}"))?,
                )
            }
            "--dry-run" => dry_run = true,
            _ => return Err(format!("{word} is not understood\n{USAGE}")),
        }
    }
    let packages = packages.ok_or(format!("--packages is missing\n{USAGE}"))?;
    let as_of = as_of.unwrap_or_else(|| Offset::UTC.to_datetime(Timestamp::now()).date());
    Ok(Arguments {
        packages,
        as_of,
        output,
        dry_run,
    })
}

fn refresh(arguments: &Arguments) -> Result<String, String> {
    let read = |path: &str| {
        let path = arguments.packages.join(path);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let before = std::fs::read_to_string(&arguments.output).unwrap_or_default();
    // One that cannot be read is told by the report.
    let earlier = PriceBook::from_toml("the book before", &before).ok();
    let packages = book::Packages {
        genai: read("genai_prices/data.py")?,
        genai_version: version(&arguments.packages, "genai_prices")?,
        litellm: read("litellm/model_prices_and_context_window_backup.json")?,
        litellm_version: version(&arguments.packages, "litellm")?,
        as_of: arguments.as_of,
    };
    let built = book::build(&packages, earlier.as_ref())?;
    let report = report::text(&before, &built);
    if !arguments.dry_run {
        let path = arguments.output.display();
        std::fs::write(&arguments.output, &built.text)
            .map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(report)
}

/// The version of an installed package, from the name of its `dist-info` folder.
fn version(packages: &Path, package: &str) -> Result<String, String> {
    let folder =
        std::fs::read_dir(packages).map_err(|error| format!("{}: {error}", packages.display()))?;
    folder
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find_map(|name| {
            Some(
                name.strip_prefix(package)?
                    .strip_prefix('-')?
                    .strip_suffix(".dist-info")?
                    .to_owned(),
            )
        })
        .ok_or_else(|| {
            format!(
                "{} has no {package}; install it there with pip",
                packages.display()
            )
        })
}
