//! Protects the committed list of prices: the command that writes it reads both packages, writes a
//! book that can be read back, changes nothing when nothing changed, and tells what did.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;

use reelmeter_rating::PriceBook;

const GENAI: &str = "providers: list[Provider] = [Provider(id='google', models=[ModelInfo(id='gemini-a', \
    match=ClauseEquals(equals='gemini-a'), prices=ModelPrice(input_mtok=Decimal('PRICE'), audio_hours=Decimal('4.8')))])]\n";
const LITELLM: &str = r#"{"gemini/gemini-a": {"mode": "image_generation", "output_cost_per_image": 0.039},
    "elevenlabs/eleven_flash_v2_5": {"input_cost_per_character": 4e-05}}"#;

fn packages(folder: &Path, price: &str) {
    for name in [
        "genai_prices",
        "litellm",
        "genai_prices-9.9.dist-info",
        "litellm-8.8.dist-info",
    ] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    std::fs::write(
        folder.join("genai_prices/data.py"),
        GENAI.replace("PRICE", price),
    )
    .unwrap();
    std::fs::write(
        folder.join("litellm/model_prices_and_context_window_backup.json"),
        LITELLM,
    )
    .unwrap();
}

fn refresh(folder: &Path, output: &Path) -> (bool, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_prices-refresh"))
        .args(["--as-of", "2026-11-12", "--packages"])
        .arg(folder)
        .arg("--output")
        .arg(output)
        .output()
        .unwrap();
    let text = if run.status.success() {
        run.stdout
    } else {
        run.stderr
    };
    (run.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn a_refresh_writes_a_book_and_tells_what_changed_and_what_it_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("list.toml");
    packages(folder.path(), "0.30");
    let (done, report) = refresh(folder.path(), &output);
    assert!(done, "{report}");
    assert!(
        report.contains("audio_hours 4.8: a price per hour or minute does not end per second"),
        "{report}"
    );
    let text = std::fs::read_to_string(&output).unwrap();
    let book = PriceBook::from_toml("list.toml", &text).unwrap();
    assert_eq!(book.rates().len(), 2);
    assert_eq!(book.as_of().to_string(), "2026-11-12");
    assert!(
        text.contains("genai-prices 9.9"),
        "the version is in the source: {text}"
    );

    let (_, report) = refresh(folder.path(), &output);
    assert!(report.contains("\n0 prices changed"), "{report}");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), text);

    packages(folder.path(), "0.60");
    let (_, report) = refresh(folder.path(), &output);
    assert!(
        report.contains("~ gemini/gemini-a input_tokens: 0.3 per 1000000 -> 0.6 per 1000000"),
        "{report}"
    );
}

#[test]
fn a_model_that_no_list_has_any_more_keeps_its_last_price_and_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("list.toml");
    packages(folder.path(), "0.30");
    refresh(folder.path(), &output);
    let data = folder.path().join("genai_prices/data.py");
    let later = std::fs::read_to_string(&data)
        .unwrap()
        .replace("gemini-a", "gemini-b");
    std::fs::write(&data, later).unwrap();
    let listed = folder
        .path()
        .join("litellm/model_prices_and_context_window_backup.json");
    std::fs::write(&listed, LITELLM.replace("gemini-a", "gemini-b")).unwrap();
    std::fs::rename(
        folder.path().join("genai_prices-9.9.dist-info"),
        folder.path().join("genai_prices-9.10.dist-info"),
    )
    .unwrap();
    let (done, report) = refresh(folder.path(), &output);
    assert!(done, "{report}");
    assert!(
        report.contains(
            "1 models are in neither list any more; their last prices stay:\n  gemini/gemini-a\n"
        ),
        "{report}"
    );
    let text = std::fs::read_to_string(&output).unwrap();
    let book = PriceBook::from_toml("list.toml", &text).unwrap();
    let old: Vec<_> = book
        .rates()
        .iter()
        .filter(|rate| rate.model.as_deref() == Some("gemini-a"))
        .collect();
    assert_eq!(old.len(), 2);
    assert!(
        old.iter()
            .any(|rate| rate.source.title.contains("genai-prices 9.9 ")),
        "the version that listed it: {text}"
    );
    let model = book.model("gemini", "gemini-a").unwrap();
    assert_eq!(
        model.note,
        "in neither list on 2026-11-12; the prices are the last that were listed"
    );

    let (_, report) = refresh(folder.path(), &output);
    assert!(report.contains("\n0 prices changed"), "{report}");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), text);
}

#[test]
fn a_missing_package_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("list.toml");
    let (done, error) = refresh(folder.path(), &output);
    assert!(!done);
    assert!(error.contains("genai_prices/data.py"), "{error}");
    assert!(!output.exists());
}
