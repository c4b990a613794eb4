//! Every scene of the screen, as a person sees it, at the sizes that people have.

use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use reelmeter_client::breakdown;
use reelmeter_client::facts::{PriceBook, Summary, Video};
use reelmeter_client::live::{Incoming, Subject};
use reelmeter_client::printable::Text;
use reelmeter_client::remote::{Feed, RemoteError};
use reelmeter_client::tui::model::Model;
use reelmeter_client::tui::msg::{Action, Msg};
use reelmeter_client::tui::theme::Theme;
use reelmeter_client::tui::update::update;
use reelmeter_client::tui::view;
use reelmeter_proto::generator::v1 as g;
use reelmeter_proto::meter::v1 as m;
use reelmeter_rating::Money;

use crate::support::driver::{making, press, tell, tell_video, wait, watching};
use crate::support::scenes;

/// The sizes that every scene is drawn at.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];

fn buffer(model: &mut Model, (columns, rows): (u16, u16), theme: &Theme) -> Buffer {
    update(model, Msg::Resize(columns, rows));
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| view::render(model, theme, frame))
        .unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut skip = 0;
        let mut line = String::new();
        for x in area.left()..area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = reelmeter_client::printable::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn snapshot(name: &str, model: &mut Model) {
    for size in SIZES {
        let drawn = text(&buffer(model, size, &Theme::COLOURED));
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), drawn);
    }
}

#[test]
fn a_screen_without_a_session_says_that_it_waits() {
    let mut model = watching(Subject::Newest);
    snapshot("connecting", &mut model);
    update(&mut model, Msg::Incoming(Incoming::Meter(Feed::Opened)));
    snapshot("waiting", &mut model);
}

#[test]
fn the_documents_example_reads_as_they_write_it() {
    let mut model = watching(Subject::Newest);
    tell(&mut model, &scenes::documented());
    wait(&mut model, 42);
    tell(&mut model, &scenes::documented());
    snapshot("documented", &mut model);
}

#[test]
fn a_video_in_the_making_shows_its_stages_beside_its_cost() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    wait(&mut model, 17);
    tell(&mut model, &scenes::narrated());
    tell_video(&mut model, &scenes::video());
    snapshot("narrated", &mut model);
}

#[test]
fn the_prices_in_force_can_be_looked_at() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Prices);
    let book = PriceBook::read(&scenes::price_book()).unwrap();
    update(
        &mut model,
        Msg::Incoming(Incoming::Prices(Ok(Box::new(book)))),
    );
    snapshot("prices", &mut model);
}

#[test]
fn every_cost_line_of_a_model_explains_itself() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Down);
    press(&mut model, Action::Open);
    snapshot("detail", &mut model);
}

#[test]
fn a_voice_explains_what_the_provider_billed_instead() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Last);
    press(&mut model, Action::Open);
    let text = text(&buffer(&mut model, (80, 24), &Theme::COLOURED));
    for said in [
        "Rachel (21m00Tcm4TlvDq8ikWAM)",
        "1,234 characters, paid by the subscription",
        "quantity counted by us",
        "priced as eleven_multilingual_v2",
        "* the provider says it billed 1300 credits, its published multiplier gives",
    ] {
        assert!(text.contains(said), "{said:?} in\n{text}");
    }
}

#[test]
fn leaving_a_video_in_the_making_asks_first() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Leave);
    snapshot("leave", &mut model);
}

#[test]
fn the_final_figures_stay_on_the_screen_for_a_while() {
    let mut model = making();
    wait(&mut model, 45);
    tell_video(&mut model, &scenes::finished_video());
    tell(&mut model, &scenes::settled(scenes::narrated()));
    snapshot("finale", &mut model);
}

#[test]
fn the_help_names_the_keys_and_the_marks() {
    let mut model = making();
    press(&mut model, Action::Help);
    snapshot("help", &mut model);
}

#[test]
fn a_lost_meter_is_said_in_its_exact_words_and_the_figures_stay() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    wait(&mut model, 20);
    let lost = Feed::Lost {
        reason: Text::line("connection refused"),
        retry_after: Duration::from_secs(5),
    };
    update(&mut model, Msg::Incoming(Incoming::Meter(lost)));
    let video_lost = Feed::Lost {
        reason: Text::line("connection refused"),
        retry_after: Duration::from_secs(2),
    };
    let video_id = scenes::video().video_id;
    update(
        &mut model,
        Msg::Incoming(Incoming::Video {
            video_id,
            feed: video_lost,
        }),
    );
    snapshot("disconnected", &mut model);
}

#[test]
fn a_failed_video_says_why_and_what_comes_next() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    let mut video = scenes::video();
    video.state = g::VideoState::Failed.into();
    video.error_message =
        "image 2 was refused by the provider: safety; change the prompt, or resume".to_owned();
    video.stages[3].state = g::StageState::Failed.into();
    video.stages[3].items[1].state = g::StageState::Failed.into();
    video.notices = vec!["gemini-2.5-flash is gone; gemini-3-flash-preview was used".to_owned()];
    tell_video(&mut model, &video);
    snapshot("failed", &mut model);
}

#[test]
fn events_on_their_way_make_the_screen_say_behind() {
    let mut model = making();
    let mut late = scenes::narrated();
    late.pending_event_count = 3;
    late.refused_event_count = 1;
    tell(&mut model, &late);
    wait(&mut model, 4);
    tell(&mut model, &late);
    snapshot("behind", &mut model);
}

#[test]
fn tiny_and_huge_amounts_and_quantities_keep_their_places() {
    let mut sum = scenes::summary(
        "s",
        "from almost nothing to more than anybody has",
        vec![
            scenes::model(
                "gemini",
                "the-largest",
                "",
                i64::MAX / 4,
                vec![scenes::rated("input_tokens", 1_700_000_000_000, "99", 1)],
            ),
            scenes::model(
                "gemini",
                "the-smallest",
                "",
                1,
                vec![scenes::rated(
                    "output_tokens",
                    1,
                    "0.000000000000000001",
                    1_000_000,
                )],
            ),
            scenes::model(
                "ollama",
                "moondream",
                "",
                0,
                vec![scenes::uncosted("input_tokens", 0, m::PricingState::Free)],
            ),
            scenes::model(
                "somewhere",
                &"long-model-name-".repeat(20),
                "",
                1,
                vec![scenes::uncosted(
                    "gpu_seconds",
                    i64::MAX / 2,
                    m::PricingState::Unpriced,
                )],
            ),
        ],
    );
    sum.unpriced.push(sum.unpriced[0].clone());
    let mut model = watching(Subject::Newest);
    tell(&mut model, &sum);
    snapshot("extremes", &mut model);
}

#[test]
fn the_last_minute_is_drawn_once_a_minute_was_watched() {
    let mut model = watching(Subject::Newest);
    for step in 0..70 {
        wait(&mut model, step);
        let mut sum = scenes::documented();
        let amount: Money = "0.01".parse().unwrap();
        sum.total_cost = Some(scenes::money(
            amount.checked_mul(i128::from(step * step / 10)).unwrap(),
        ));
        sum.revision += step;
        tell(&mut model, &sum);
    }
    let text = text(&buffer(&mut model, (80, 24), &Theme::COLOURED));
    // 476 cents at the end, 8 of them a minute before; the quantities have the room first.
    assert!(
        text.contains("5,000 characters  5 images") && text.contains(" $4.68/min"),
        "{text}"
    );
    insta::assert_snapshot!("last_minute_80x24", text);
}

#[test]
fn a_panel_that_does_not_fit_says_how_much_is_hidden_and_scrolls_to_it() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::NextPanel);
    let drawn = text(&buffer(&mut model, (40, 12), &Theme::COLOURED));
    assert!(
        drawn.contains("Sources  +5") || drawn.contains("+5"),
        "{drawn}"
    );
    assert!(!drawn.contains("renews"), "{drawn}");
    press(&mut model, Action::Last);
    let drawn = text(&buffer(&mut model, (40, 12), &Theme::COLOURED));
    assert!(drawn.contains("renews 1 Dec 2026"), "{drawn}");
    press(&mut model, Action::Up);
    let drawn = text(&buffer(&mut model, (40, 12), &Theme::COLOURED));
    assert!(
        !drawn.contains("renews 1 Dec 2026"),
        "one row up is seen at once: {drawn}"
    );
}

#[test]
fn a_terminal_without_these_signs_gets_plain_ones() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Leave);
    let text = text(&buffer(&mut model, (80, 24), &Theme::ASCII));
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn the_banner_over_simulated_figures_goes_from_edge_to_edge_at_every_size() {
    for size in SIZES {
        let mut model = making();
        tell(&mut model, &scenes::narrated());
        let drawn = buffer(&mut model, size, &Theme::COLOURED);
        let row = text(&drawn)
            .lines()
            .position(|line| line.contains("SIMULATED"))
            .unwrap() as u16;
        for x in 0..size.0 {
            assert_eq!(
                (drawn[(x, row)].fg, drawn[(x, row)].bg),
                (Color::Black, Color::Yellow),
                "column {x} at {size:?}"
            );
        }
        let plain = buffer(&mut model, size, &Theme::PLAIN);
        assert!(
            plain[(3, row)].modifier.contains(Modifier::REVERSED),
            "without colours too"
        );
    }
    let mut real = watching(Subject::Newest);
    tell(&mut real, &scenes::documented());
    assert!(!text(&buffer(&mut real, (80, 24), &Theme::COLOURED)).contains("SIMULATED"));
}

#[test]
fn colours_repeat_what_words_say() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    wait(&mut model, 5);
    let drawn = buffer(&mut model, (80, 24), &Theme::COLOURED);
    let style_of = |needle: &str| {
        let lines = text(&drawn);
        let (row, line) = lines
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(needle))
            .expect(needle);
        let column = line[..line.find(needle).unwrap()].chars().count();
        drawn[(column as u16, row as u16)].fg
    };
    assert_eq!(style_of("$0.1755"), Color::Green, "an amount");
    assert_eq!(
        style_of("+ 2 images unpriced"),
        Color::Yellow,
        "what has no price"
    );
    assert_eq!(style_of("(unpriced)"), Color::Yellow);
    assert_eq!(style_of("1 unconfirmed"), Color::Red);
    assert_eq!(style_of("✓ Script"), Color::Green);
    assert_eq!(style_of("● live since"), Color::Green);
}

#[test]
fn a_figure_that_has_just_changed_stands_out_for_a_second() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    wait(&mut model, 10);
    let fresh = |model: &mut Model| {
        let drawn = buffer(model, (80, 24), &Theme::COLOURED);
        drawn[(1, 3)].fg
    };
    assert_eq!(fresh(&mut model), Color::Green);
    let mut more = scenes::narrated();
    more.revision += 1;
    tell(&mut model, &more);
    assert_eq!(fresh(&mut model), Color::LightGreen);
    wait(&mut model, 12);
    assert_eq!(fresh(&mut model), Color::Green);
}

#[test]
fn parts_that_do_not_add_up_are_not_passed_over() {
    let mut wrong = scenes::documented();
    wrong.total_cost = Some(scenes::money("0.8".parse().unwrap()));
    for size in SIZES {
        let mut model = making();
        tell(&mut model, &wrong);
        let text = text(&buffer(&mut model, size, &Theme::COLOURED));
        assert!(text.contains("NOT ADD UP"), "{size:?}\n{text}");
    }
}

/// A name as nobody should give one, and as somebody will.
fn hostile_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\u{0}-\u{10ffff}]{0,30}",
        "[\u{1b}\u{9b}\u{7}\\[\\]0-9;mHJ]{0,20}",
        "[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}a-c]{0,20}",
        "[\u{590}-\u{6ff}\u{1f300}-\u{1faff}\u{300}-\u{36f}]{0,40}",
        Just("x".repeat(5000)),
        Just(String::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_name_brings_a_hidden_or_commanding_character_to_the_screen(
        names in proptest::collection::vec(hostile_name(), 8),
        columns in 0u16..140,
        rows in 0u16..50,
    ) {
        let name = |place: usize| names[place % names.len()].clone();
        let mut sum = scenes::summary(&name(0), &name(1), vec![
            scenes::model(&name(2), &name(3), &name(4), 3, vec![scenes::rated(&name(5), 7, "0.1", 1)]),
            scenes::model(&name(5), &name(6), &name(7), 3, vec![scenes::uncosted(&name(0), 7, m::PricingState::Unpriced)]),
        ]);
        sum.quotas = vec![m::Quota { service: name(2), metric: name(3), tier: name(4), limit_count: 5, ..Default::default() }];
        sum.price_book.as_mut().unwrap().name = name(6);
        sum.unpriced[0].reason = name(1);
        sum.by_stage = vec![m::StageSummary { stage: name(7), ..Default::default() }, m::StageSummary::default()];
        let mut video = scenes::video();
        video.title = name(0);
        video.error_message = name(1);
        video.notices = vec![name(2)];
        video.stages[1].detail = name(3);
        video.stages[3].items[1].detail = name(4);
        let overlays = [None, Some(Action::Open), Some(Action::Help), Some(Action::Log), Some(Action::Leave), Some(Action::Prices)];
        for overlay in overlays {
            let mut model = making();
            tell(&mut model, &sum);
            tell_video(&mut model, &video);
            update(&mut model, Msg::Incoming(Incoming::Cancelled(Err(RemoteError::NotFound { message: Text::line(&name(5)) }))));
            if let Some(action) = overlay {
                press(&mut model, action);
            }
            let drawn = buffer(&mut model, (columns, rows), &Theme::COLOURED);
            press(&mut model, Action::Last);
            for cell in drawn.content() {
                for c in cell.symbol().chars() {
                    prop_assert!(reelmeter_client::printable::is_visible(c), "{:?} on the screen", c);
                }
            }
        }
        let plain = breakdown::lines(&Summary::read(&sum).unwrap(), Some(&Video::read(&video).unwrap()), &TimeZone::UTC);
        for c in plain.concat().chars() {
            prop_assert!(reelmeter_client::printable::is_visible(c), "{:?} in the breakdown", c);
        }
    }

    #[test]
    fn no_size_and_no_key_makes_the_screen_panic(
        keys in proptest::collection::vec(0usize..17, 0..12),
        columns in prop_oneof![0u16..130, Just(500u16)],
        rows in prop_oneof![0u16..50, Just(200u16)],
    ) {
        const ACTIONS: [Action; 17] = [
            Action::Leave, Action::Help, Action::Prices, Action::Log, Action::NextPanel, Action::PreviousPanel, Action::Up,
            Action::Down, Action::PageUp, Action::PageDown, Action::First, Action::Last, Action::Open, Action::Back,
            Action::Plainly, Action::Cancel, Action::Other,
        ];
        let mut model = making();
        tell(&mut model, &scenes::narrated());
        update(&mut model, Msg::Resize(columns, rows));
        for key in keys {
            press(&mut model, ACTIONS[key]);
            buffer(&mut model, (columns, rows), &Theme::COLOURED);
        }
    }

    #[test]
    fn the_total_on_the_screen_is_the_exact_one_in_words(units in 0i128..10_i128.pow(32)) {
        let total = Money::from_units(units);
        let mut sum = scenes::documented();
        sum.total_cost = Some(scenes::money(total));
        let mut model = making();
        tell(&mut model, &sum);
        for size in SIZES {
            let text = text(&buffer(&mut model, size, &Theme::COLOURED));
            prop_assert!(text.contains(&total.screen()), "{} at {:?}", total.screen(), size);
        }
    }
}
