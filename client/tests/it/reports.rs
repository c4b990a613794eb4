//! Reports: exact, complete, and harmless to what opens them.

use jiff::tz::TimeZone;
use reelmeter_client::breakdown;
use reelmeter_client::facts::{Summary, Video};
use reelmeter_client::report::{self, Format};
use reelmeter_proto::meter::v1 as m;
use reelmeter_rating::Money;

use crate::support::scenes;

fn read(summary: &m::Summary) -> Summary {
    Summary::read(summary).unwrap()
}

#[test]
fn the_breakdown_has_everything_that_the_documents_ask_for() {
    let video = Video::read(&scenes::finished_video()).unwrap();
    let lines = breakdown::lines(
        &read(&scenes::settled(scenes::narrated())),
        Some(&video),
        &TimeZone::UTC,
    );
    insta::assert_snapshot!("breakdown_narrated", lines.join("\n"));
    let lines = breakdown::lines(&read(&scenes::documented()), None, &TimeZone::UTC);
    insta::assert_snapshot!("breakdown_documented", lines.join("\n"));
}

#[test]
fn an_empty_session_has_a_breakdown_too() {
    let lines = breakdown::lines(
        &read(&scenes::summary("empty", "", Vec::new())),
        None,
        &TimeZone::UTC,
    );
    let text = lines.join("\n");
    assert!(
        text.contains("Total cost  $0.00") && text.contains("0 recorded"),
        "{text}"
    );
}

#[test]
fn the_json_report_carries_exact_decimals_as_strings() {
    let video = Video::read(&scenes::finished_video()).unwrap();
    let text = report::render(
        &read(&scenes::settled(scenes::narrated())),
        Some(&video),
        Format::Json,
    );
    insta::assert_snapshot!("report_json", text);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["total_cost"], "0.175514");
    let of_models = value["by_model"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|part| part["cost"].as_str());
    let sum = Money::checked_sum(of_models.map(|cost| cost.parse().unwrap())).unwrap();
    assert_eq!(
        sum.to_string(),
        "0.175514",
        "what is read back adds up to the last digit"
    );
}

#[test]
fn the_csv_report_has_a_row_for_each_cost_line_and_runs_no_formula() {
    let mut sum = scenes::narrated();
    sum.session.as_mut().unwrap().title = "=HYPERLINK(\"http://evil\",\"click\")".to_owned();
    sum.by_model[1].display_name = "@SUM(1)".to_owned();
    let text = report::render(&read(&sum), None, Format::Csv);
    insta::assert_snapshot!("report_csv", text);
    for line in text.lines().skip(1) {
        for cell in cells(line) {
            let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(!runs, "{cell:?} would run in a spreadsheet");
        }
    }
    let rows = text.lines().count() - 1;
    let lines: usize = sum
        .by_model
        .iter()
        .flat_map(|part| &part.metrics)
        .map(|metric| metric.lines.len())
        .sum();
    assert_eq!(rows, lines);
}

/// The cells of a row as a spreadsheet reads them.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cells.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn the_markdown_report_is_a_page() {
    let video = Video::read(&scenes::finished_video()).unwrap();
    let text = report::render(
        &read(&scenes::settled(scenes::narrated())),
        Some(&video),
        Format::Markdown,
    );
    insta::assert_snapshot!("report_markdown", text);
}

#[test]
fn a_saved_report_is_whole_and_its_form_is_that_of_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let sum = read(&scenes::documented());
    for (name, begins) in [
        ("a.json", "{"),
        ("a.csv", "session_id,"),
        ("a.md", "# nightly digest"),
        ("a", "{"),
    ] {
        let path = directory.path().join(name);
        report::save(&sum, None, Format::of(&path), &path).unwrap();
        assert!(
            std::fs::read_to_string(&path).unwrap().starts_with(begins),
            "{name}"
        );
    }
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        4,
        "no half-written file is left"
    );
    let nowhere = directory.path().join("no/such/folder.csv");
    let error = report::save(&sum, None, Format::Csv, &nowhere).unwrap_err();
    assert!(error.to_string().contains("folder.csv"), "{error}");
}

#[test]
fn what_a_mark_means_is_said_in_every_report() {
    let mut wire = scenes::settled(scenes::narrated());
    let book = wire.price_book.as_mut().unwrap();
    (book.stale, book.age_days) = (true, 61);
    let line = &mut wire.by_model[0].metrics[0].lines[0];
    (line.model_retired, line.service_default, line.clock_ahead) = (true, true, true);
    line.provider_billed_differs = true;
    line.provider_billed = vec![m::ProviderBilled {
        value: "27".to_owned(),
        unit: "credits".to_owned(),
        expected_value: "30".to_owned(),
    }];
    let summary = read(&wire);
    let plain = breakdown::lines(&summary, None, &TimeZone::UTC).join(" ");
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let rendered = |format| report::render(&summary, None, format);
    for text in [plain, rendered(Format::Markdown), rendered(Format::Html)] {
        for said in [
            "past its shut-down date",
            "takes its service",
            "clock",
            "27 credits",
            "STALE",
        ] {
            assert!(text.contains(said), "{said:?} in\n{text}");
        }
    }
    let json: serde_json::Value = serde_json::from_str(&rendered(Format::Json)).unwrap();
    assert_eq!(json["price_book"]["stale"], true);
    let line = &json["by_model"][0]["metrics"][0]["lines"][0];
    for mark in [
        "model_retired",
        "service_default",
        "clock_ahead",
        "provider_billed_differs",
    ] {
        assert_eq!(line[mark], true, "{mark}");
    }
    let csv = rendered(Format::Csv);
    let (headings, row) = (csv.lines().next().unwrap(), csv.lines().nth(1).unwrap());
    let cell = |name: &str| {
        let place = headings
            .split(',')
            .position(|heading| heading == name)
            .unwrap();
        row.split(',')
            .rev()
            .nth(headings.split(',').count() - 1 - place)
            .unwrap()
    };
    for mark in [
        "model_retired",
        "service_default",
        "clock_ahead",
        "provider_billed_differs",
        "price_book_stale",
    ] {
        assert_eq!(cell(mark), "true", "{mark}");
    }
}
