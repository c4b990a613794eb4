//! The picture of the screen that the README shows is what the screen draws.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use reelmeter_client::live::Incoming;
use reelmeter_client::remote::Feed;
use reelmeter_client::tui::msg::Msg;
use reelmeter_client::tui::theme::Theme;
use reelmeter_client::tui::update::update;
use reelmeter_client::tui::view;

use crate::support::driver::{making, progress, tell, wait};
use crate::support::scenes;

const CELL_WIDTH: usize = 9;
const CELL_HEIGHT: usize = 19;
const MARGIN: usize = 12;
const PAPER: &str = "#1b1d23";
const INK: &str = "#d7dae0";

#[test]
fn the_picture_of_the_readme_is_what_the_screen_draws() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/screen.svg");
    let drawn = svg(&screen());
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == drawn,
        "client/screen.svg is of another screen; run this test with INSTA_UPDATE=always and look at it"
    );
}

fn screen() -> Buffer {
    const COLUMNS: u16 = 96;
    const ROWS: u16 = 26;
    let mut model = making();
    update(&mut model, Msg::Incoming(Incoming::Meter(Feed::Opened)));
    tell(&mut model, &scenes::narrated());
    wait(&mut model, 17);
    tell(&mut model, &scenes::narrated());
    update(&mut model, Msg::Incoming(progress(&scenes::video(), &[])));
    update(&mut model, Msg::Resize(COLUMNS, ROWS));
    let mut terminal = Terminal::new(TestBackend::new(COLUMNS, ROWS)).unwrap();
    terminal
        .draw(|frame| view::render(&model, &Theme::COLOURED, frame))
        .unwrap();
    terminal.backend().buffer().clone()
}

fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let width = usize::from(area.width) * CELL_WIDTH + 2 * MARGIN;
    let height = usize::from(area.height) * CELL_HEIGHT + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <title>The live view of a video in the making</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\">\n"
    );
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        while x < area.right() {
            let start = x;
            let style = look(&buffer[(x, y)]);
            let mut text = String::new();
            while x < area.right() && look(&buffer[(x, y)]) == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            svg.push_str(&run(
                &text,
                style,
                usize::from(start),
                usize::from(y),
                usize::from(x - start),
            ));
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Colour, background, weight and underline of a cell.
fn look(cell: &Cell) -> (&'static str, Option<&'static str>, bool, bool) {
    let background = match cell.bg {
        Color::Yellow => Some("#e5c07b"),
        _ => None,
    };
    let bold = cell.modifier.contains(Modifier::BOLD);
    (
        colour(cell.fg),
        background,
        bold,
        cell.modifier.contains(Modifier::UNDERLINED),
    )
}

fn colour(colour: Color) -> &'static str {
    match colour {
        Color::Green => "#7fd88f",
        Color::LightGreen => "#b8f5c0",
        Color::Cyan => "#56c7d6",
        Color::Yellow => "#e5c07b",
        Color::Red => "#f0717b",
        Color::Black => "#101114",
        Color::Indexed(_) => "#858b98",
        _ => INK,
    }
}

fn run(
    text: &str,
    (ink, background, bold, underlined): (&str, Option<&str>, bool, bool),
    column: usize,
    row: usize,
    columns: usize,
) -> String {
    let (x, y) = (MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT);
    let wide = columns * CELL_WIDTH;
    let mut svg = String::new();
    if let Some(background) = background {
        svg.push_str(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{CELL_HEIGHT}\" fill=\"{background}\"/>\n"));
    }
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let line = if underlined {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let base = y + 14;
    // Each word has its own place, so that no reader's font moves a column.
    let mut at = 0;
    for word in text.split(' ') {
        let wide = word.chars().count();
        if wide > 0 {
            let escaped = word
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            svg.push_str(&format!(
                "<text x=\"{}\" y=\"{base}\" textLength=\"{}\" fill=\"{ink}\"{weight}{line}>{escaped}</text>\n",
                x + at * CELL_WIDTH,
                wide * CELL_WIDTH
            ));
        }
        at += wide + 1;
    }
    svg
}
