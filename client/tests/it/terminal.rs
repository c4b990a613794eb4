//! The program on a real terminal: what is on the screen, what keys do, and that the terminal is given back.

use reelmeter_client::tui::terminal::{Screen, THREAD};

use crate::support::fake::World;
use crate::support::pty::Terminal;
use crate::support::scenes;

const CLIENT: &str = env!("CARGO_BIN_EXE_client");

fn client(
    world: &World,
    arguments: &[&str],
    environment: &[(&str, &str)],
    columns: u16,
    rows: u16,
) -> Terminal {
    let url = world.url();
    let mut all = vec![
        ("METER_ADDR", url.as_str()),
        ("GENERATOR_ADDR", url.as_str()),
    ];
    all.extend(environment);
    Terminal::start(CLIENT, arguments, &all, columns, rows)
}

/// The terminal is one for a shell again: no alternate screen, a cursor, echo, whole lines.
fn assert_given_back(terminal: &Terminal) {
    assert_eq!(
        terminal.is_a_screen(),
        (false, false),
        "alternate screen off, cursor shown"
    );
    assert!(terminal.is_usable(), "keys are echoed and lines are edited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_watched_left_with_q_and_its_breakdown_stays_in_the_scrollback() {
    let world = World::start().await;
    world.tell(scenes::documented());
    let mut terminal = client(&world, &["watch"], &[], 80, 24);
    let screen = terminal.wait_for("Input Tokens");
    for text in [
        "nightly digest",
        "live since",
        "$0.775",
        "1,000,000  ($0.50)",
        "50,000 ($0.075)",
        "($0.20)",
        "5,000 characters",
    ] {
        assert!(screen.contains(text), "{text:?} in\n{screen}");
    }
    assert!(!terminal.is_usable(), "keys come raw");

    let mut more = scenes::documented();
    more.total_cost.as_mut().unwrap().amount = "1.275".to_owned();
    more.revision += 1;
    world.tell(more);
    terminal.wait_for("$1.275");

    terminal.press("q");
    assert!(terminal.wait().success());
    assert_given_back(&terminal);
    let left = terminal.screen();
    assert!(
        left.contains("Total cost  $1.275") && left.contains("5,000 spoken by Rachel"),
        "{left}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_open_what_explains_and_close_it_again() {
    let world = World::start().await;
    world.tell(scenes::narrated());
    let mut terminal = client(&world, &[], &[], 80, 24);
    terminal.wait_for("▸ gemini-2.5-flash-image");
    terminal.press("?");
    terminal.wait_for("worth a look");
    terminal.press("\u{1b}");
    terminal.wait_for("▸ gemini-2.5-flash-image");
    terminal.press("j");
    terminal.wait_for("▸ gemini-2.5-flash ");
    terminal.press("\r");
    terminal.wait_for("12,000 input tokens at $0.50 per 1,000,000 = $0.006");
    terminal.press("h");
    terminal.wait_until("the panels", |screen| screen.contains("By service"));
    terminal.press("\u{1b}[A");
    terminal.wait_for("▸ gemini-2.5-flash-image");
    terminal.press("p");
    terminal.wait_for("The prices of the project's own documents.");
    terminal.press("l");
    terminal.wait_for("nothing was logged yet");
    terminal.press("l");
    terminal.wait_for("By model");
    terminal.press("q");
    assert!(terminal.wait().success());
    assert_given_back(&terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_without_a_size_gets_its_picture_when_it_has_one_and_any_other_after_that() {
    let world = World::start().await;
    world.tell(scenes::narrated());
    let mut terminal = client(&world, &[], &[], 0, 0);
    for (columns, rows, text) in [
        (80, 24, "By service"),
        (120, 40, "Sources"),
        (40, 12, "Models  Services"),
        (1, 1, "…"),
        (500, 200, "By model"),
    ] {
        terminal.resize(columns, rows);
        terminal.wait_for(text);
    }
    terminal.press("q");
    assert!(terminal.wait().success());
    assert_given_back(&terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_program_gives_the_terminal_back() {
    let world = World::start().await;
    world.tell(scenes::documented());
    for signal in ["TERM", "INT"] {
        let mut terminal = client(&world, &["watch"], &[], 80, 24);
        terminal.wait_for("Input Tokens");
        terminal.signal(signal);
        assert_eq!(terminal.wait().exit_code(), 130);
        assert_given_back(&terminal);
        assert!(
            terminal.screen().contains("Total cost  $0.775"),
            "what was known is still printed"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_leaves_the_terminal_usable_and_its_words_readable() {
    let program = std::env::current_exe().unwrap();
    let arguments = [
        "--exact",
        "terminal::a_screen_that_panics",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let mut terminal = Terminal::start(program.to_str().unwrap(), &arguments, &[], 80, 24);
    assert!(!terminal.wait().success());
    assert_given_back(&terminal);
    let screen = terminal.screen();
    assert!(screen.contains("a fault on purpose"), "{screen}");
    let text = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    let back = text
        .find("\u{1b}[?1049l")
        .expect("the alternate screen is left");
    assert!(
        back < text.find("a fault on purpose").unwrap(),
        "before the words are written"
    );
}

#[test]
#[ignore = "only run by the test above, on a terminal of its own"]
fn a_screen_that_panics() {
    let drawing = std::thread::Builder::new()
        .name(THREAD.to_owned())
        .spawn(|| {
            let mut screen = Screen::enter().unwrap();
            screen
                .draw(|frame| {
                    frame
                        .buffer_mut()
                        .set_string(0, 0, "drawn", ratatui::style::Style::new())
                })
                .unwrap();
            panic!("a fault on purpose");
        });
    drawing.unwrap().join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_with_escape_sequences_do_nothing_to_the_terminal() {
    let world = World::start().await;
    let hostile =
        "a\u{1b}]0;owned\u{7}b\u{1b}[2Jc\u{9b}31md\u{202e}e\u{200b}f\u{2066}g\u{feff}h\u{e0041}i";
    let mut sum = scenes::summary(
        hostile,
        hostile,
        vec![scenes::model(
            hostile,
            hostile,
            hostile,
            1,
            vec![scenes::rated(hostile, 1, "0.1", 1)],
        )],
    );
    sum.quotas = vec![scenes::quota()];
    sum.quotas[0].service = hostile.to_owned();
    sum.price_book.as_mut().unwrap().name = hostile.to_owned();
    world.tell(sum);
    let mut terminal = client(&world, &["watch"], &[], 120, 40);
    terminal.wait_for("$0.10");
    terminal.press("\r");
    terminal.wait_for("How it adds up");
    terminal.press("q");
    assert!(terminal.wait().success());
    let text = String::from_utf8(terminal.bytes()).unwrap();
    assert!(!text.contains("\u{1b}]"), "no operating-system command");
    assert!(
        !text.contains("\u{1b}[2Jc") && text.contains("b\u{fffd}[2Jc"),
        "the name's own sequence is text"
    );
    for hidden in [
        '\u{9b}',
        '\u{202e}',
        '\u{200b}',
        '\u{2066}',
        '\u{feff}',
        '\u{e0041}',
        '\u{7}',
    ] {
        assert!(!text.contains(hidden), "{hidden:?} was written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_color_leaves_the_words_and_takes_the_colours() {
    let world = World::start().await;
    world.tell(scenes::narrated());
    let mut terminal = client(&world, &["watch"], &[("NO_COLOR", "1")], 80, 24);
    let screen = terminal.wait_for("SIMULATED");
    assert!(screen.contains("unpriced") && screen.contains("live since"));
    for row in 0..24 {
        for column in 0..80 {
            let cell = terminal.cell(row, column);
            assert_eq!(
                (cell.fgcolor(), cell.bgcolor()),
                (vt100::Color::Default, vt100::Color::Default)
            );
        }
    }
    assert!(terminal.cell(1, 2).inverse(), "the banner still stands out");
    terminal.press("q");
    assert!(terminal.wait().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_a_video_in_the_making_asks_and_can_go_on_plainly_to_its_end() {
    let world = World::start().await;
    world.show(scenes::video());
    world.tell(scenes::narrated());
    let mut terminal = client(
        &world,
        &["generate", "Why do volcanoes erupt?", "--yes"],
        &[],
        80,
        24,
    );
    terminal.wait_for("Narration");
    terminal.press("q");
    terminal.wait_for("A video is being made.");
    terminal.press("f");
    terminal.wait_until("plain lines", |screen| {
        screen.contains("cost: $0.1755") && !screen.contains("By service")
    });
    assert_given_back(&terminal);
    world.show(scenes::finished_video());
    world.tell(scenes::settled(scenes::narrated()));
    assert!(terminal.wait().success());
    let screen = terminal.screen();
    assert!(
        screen.contains("videos/why-volcanoes-erupt.mp4"),
        "{screen}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_keeps_the_screen_until_the_generator_confirms_and_then_says_how_to_resume() {
    let world = World::start().await;
    world.show(scenes::video());
    world.tell(scenes::narrated());
    let mut terminal = client(
        &world,
        &["generate", "Why do volcanoes erupt?", "--yes"],
        &[],
        80,
        24,
    );
    terminal.wait_for("Narration");
    terminal.press("qc");
    terminal.wait_for("Final figures");
    assert_eq!(world.count("CancelVideo"), 1);
    terminal.press("\r");
    assert_eq!(terminal.wait().exit_code(), 3);
    assert_given_back(&terminal);
    let screen = terminal.screen();
    assert!(
        screen.contains("client resume 0197a0f2-3333-7000-8000-000000000003"),
        "{screen}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_video_leaves_the_screen_by_itself_and_prints_its_path() {
    let world = World::start().await;
    world.show(scenes::finished_video());
    world.tell(scenes::settled(scenes::narrated()));
    let mut terminal = client(
        &world,
        &["generate", "Why do volcanoes erupt?", "--yes"],
        &[],
        80,
        24,
    );
    terminal.wait_for("leaving in");
    assert!(terminal.wait().success());
    assert_given_back(&terminal);
    assert!(terminal.screen().contains("videos/why-volcanoes-erupt.mp4"));
}
