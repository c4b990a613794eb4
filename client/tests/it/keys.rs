//! What messages and keys change, and what they ask for.

use reelmeter_client::live::{Errand, Incoming, Subject};
use reelmeter_client::printable::Text;
use reelmeter_client::remote::{Feed, RemoteError};
use reelmeter_client::tui::effect::{Effect, Leave};
use reelmeter_client::tui::model::{FINALE_SECONDS, Overlay, Panel, Prices};
use reelmeter_client::tui::msg::{Action, Msg};
use reelmeter_client::tui::update::update;
use reelmeter_proto::generator::v1 as g;

use crate::support::driver::{making, press, tell, tell_video, wait, watching};
use crate::support::scenes;

fn leaves(effects: &[Effect]) -> Option<Leave> {
    effects.iter().find_map(|effect| match effect {
        Effect::Leave(leave) => Some(*leave),
        _ => None,
    })
}

#[test]
fn q_leaves_at_once_who_only_watches() {
    let mut model = watching(Subject::Newest);
    tell(&mut model, &scenes::documented());
    assert_eq!(leaves(&press(&mut model, Action::Leave)), Some(Leave::Left));
}

#[test]
fn q_asks_who_makes_a_video_and_esc_stays() {
    let mut model = making();
    assert_eq!(leaves(&press(&mut model, Action::Leave)), None);
    assert_eq!(model.overlay, Some(Overlay::Leave));
    press(&mut model, Action::Back);
    assert_eq!(model.overlay, None);
}

#[test]
fn each_answer_does_what_it_says() {
    let answer = |action| {
        let mut model = making();
        press(&mut model, Action::Leave);
        let effects = press(&mut model, action);
        (effects, model)
    };
    assert_eq!(leaves(&answer(Action::Plainly).0), Some(Leave::Plainly));
    assert_eq!(leaves(&answer(Action::Detach).0), Some(Leave::Left));
    assert_eq!(
        leaves(&answer(Action::Interrupt).0),
        Some(Leave::Interrupted),
        "the second Ctrl-C is meant"
    );
    let (effects, model) = answer(Action::Cancel);
    assert!(
        effects.contains(&Effect::CancelVideo(scenes::video().video_id)),
        "{effects:?}"
    );
    assert!(model.cancelling);
    assert_eq!(
        leaves(&effects),
        None,
        "it stays until the generator has stopped"
    );
}

#[test]
fn a_video_that_ends_with_this_process_cannot_be_left_alone() {
    let mut model = making();
    model.runs_without_us = false;
    press(&mut model, Action::Leave);
    assert_eq!(leaves(&press(&mut model, Action::Detach)), None);
}

#[test]
fn a_cancellation_that_failed_is_said_and_can_be_tried_again() {
    let mut model = making();
    press(&mut model, Action::Leave);
    press(&mut model, Action::Cancel);
    let error = RemoteError::NotFound {
        message: Text::line("it is gone"),
    };
    update(&mut model, Msg::Incoming(Incoming::Cancelled(Err(error))));
    assert!(!model.cancelling);
    assert!(
        model
            .live
            .log
            .back()
            .unwrap()
            .text
            .shown()
            .contains("it is gone")
    );
}

#[test]
fn the_keys_select_models_and_the_selection_follows_its_model() {
    let mut model = watching(Subject::Newest);
    tell(&mut model, &scenes::narrated());
    let selected =
        |model: &reelmeter_client::tui::model::Model| model.selected.clone().unwrap().1.to_string();
    assert_eq!(selected(&model), "gemini-2.5-flash-image");
    press(&mut model, Action::Down);
    assert_eq!(selected(&model), "gemini-2.5-flash");
    let mut reordered = scenes::narrated();
    reordered.by_model.swap(0, 1);
    tell(&mut model, &reordered);
    assert_eq!(selected(&model), "gemini-2.5-flash");
    press(&mut model, Action::Last);
    press(&mut model, Action::Down);
    assert_eq!(selected(&model), "21m00Tcm4TlvDq8ikWAM");
    press(&mut model, Action::First);
    press(&mut model, Action::Up);
    assert_eq!(model.selected_place(), 0);
}

#[test]
fn tab_goes_through_the_panels_that_there_are() {
    let mut model = watching(Subject::Newest);
    tell(&mut model, &scenes::documented());
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(model.panel);
        press(&mut model, Action::NextPanel);
    }
    assert_eq!(
        seen,
        [Panel::Models, Panel::Services, Panel::Sources],
        "there is no video"
    );
    assert_eq!(model.panel, Panel::Models);
    press(&mut model, Action::PreviousPanel);
    assert_eq!(model.panel, Panel::Sources);
}

#[test]
fn rows_stay_in_their_places_for_five_seconds_on_the_screen_too() {
    let mut model = watching(Subject::Newest);
    let first =
        |model: &reelmeter_client::tui::model::Model| model.model_rows()[0].model.to_string();
    let mut swapped = scenes::narrated();
    swapped.by_model.swap(0, 1);
    tell(&mut model, &scenes::narrated());
    wait(&mut model, 10);
    tell(&mut model, &swapped);
    assert_eq!(first(&model), "gemini-2.5-flash");
    wait(&mut model, 12);
    tell(&mut model, &scenes::narrated());
    assert_eq!(first(&model), "gemini-2.5-flash");
    wait(&mut model, 15);
    assert_eq!(first(&model), "gemini-2.5-flash-image");
}

#[test]
fn prices_are_asked_for_when_they_are_looked_at() {
    let mut model = watching(Subject::Newest);
    assert!(press(&mut model, Action::Prices).contains(&Effect::LoadPrices));
    assert_eq!(model.prices, Prices::Loading);
    let error = RemoteError::NotFound {
        message: Text::line("no book"),
    };
    update(&mut model, Msg::Incoming(Incoming::Prices(Err(error))));
    assert_eq!(model.prices, Prices::Failed(Text::line("no book")));
    assert!(
        !press(&mut model, Action::Prices).contains(&Effect::LoadPrices),
        "closing asks for nothing"
    );
}

#[test]
fn a_new_session_asks_for_its_video_once() {
    let mut model = watching(Subject::Newest);
    let wanted = Effect::Errand(Errand::FindVideo(
        "0197a0f2-2222-7000-8000-000000000002".to_owned(),
    ));
    assert!(tell(&mut model, &scenes::narrated()).contains(&wanted));
    assert!(!tell(&mut model, &scenes::narrated()).contains(&wanted));
}

#[test]
fn a_finished_video_shows_its_final_figures_and_leaves_after_a_while() {
    let mut model = making();
    tell_video(&mut model, &scenes::finished_video());
    assert_eq!(model.finale, None, "the figures are still on their way");
    tell(&mut model, &scenes::settled(scenes::narrated()));
    assert!(model.finale.is_some());
    assert_eq!(leaves(&wait(&mut model, FINALE_SECONDS - 1)), None);
    assert_eq!(leaves(&wait(&mut model, FINALE_SECONDS)), Some(Leave::Over));
}

#[test]
fn who_reads_the_final_figures_is_not_hurried() {
    let mut model = making();
    tell_video(&mut model, &scenes::finished_video());
    tell(&mut model, &scenes::settled(scenes::narrated()));
    press(&mut model, Action::Down);
    assert_eq!(leaves(&wait(&mut model, 600)), None);
    assert_eq!(leaves(&press(&mut model, Action::Open)), Some(Leave::Over));
}

#[test]
fn who_only_watches_leaves_the_final_figures_when_they_like() {
    let sum = scenes::settled(scenes::documented());
    let mut model = watching(Subject::Session(
        sum.session.as_ref().unwrap().session_id.clone(),
    ));
    tell(&mut model, &sum);
    update(&mut model, Msg::Incoming(Incoming::Meter(Feed::Finished)));
    assert!(model.finale.is_some());
    assert_eq!(leaves(&wait(&mut model, 600)), None);
}

#[test]
fn a_cancelled_video_whose_session_stays_open_ends_once_nothing_is_on_its_way() {
    let mut model = making();
    let mut sum = scenes::narrated();
    sum.pending_event_count = 1;
    tell(&mut model, &sum);
    let mut video = scenes::video();
    video.state = g::VideoState::Cancelled.into();
    tell_video(&mut model, &video);
    wait(&mut model, 5);
    assert_eq!(model.finale, None, "one event is on its way");
    sum.pending_event_count = 0;
    sum.revision += 1;
    tell(&mut model, &sum);
    assert_eq!(model.finale, None, "another may follow it");
    wait(&mut model, 8);
    assert!(model.finale.is_some());
}

#[test]
fn a_meter_that_stays_away_does_not_keep_a_finished_video_waiting() {
    let mut model = making();
    tell_video(&mut model, &scenes::finished_video());
    wait(&mut model, 14);
    assert_eq!(model.finale, None);
    wait(&mut model, 15);
    assert!(model.finale.is_some());
}

#[test]
fn time_alone_draws_only_what_moves() {
    let mut model = watching(Subject::Newest);
    let now = model.now;
    assert!(!update(&mut model, Msg::Tick(now)).contains(&Effect::Draw));
    assert!(
        wait(&mut model, 1).contains(&Effect::Draw),
        "a clock on the screen has moved on"
    );
}

#[test]
fn a_program_that_is_asked_to_stop_leaves_whatever_is_open() {
    let mut model = making();
    press(&mut model, Action::Leave);
    assert_eq!(
        leaves(&update(&mut model, Msg::Shutdown)),
        Some(Leave::Interrupted)
    );
}
