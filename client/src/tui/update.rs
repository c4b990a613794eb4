//! What each message changes. Pure: the same model and message give the same model and effects.

use jiff::Timestamp;

use super::effect::{Effect, Leave};
use super::model::{FINALE_SECONDS, Finale, Model, Overlay, Panel, Prices};
use super::msg::{Action, Msg};
use crate::live::{Ending, Incoming, Subject};
use crate::printable::Text;

/// How many rows a page key moves where the size is not known.
const PAGE_ROWS: u16 = 10;

/// Takes a message in and says what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Tick(now) => tick(model, now, &mut effects),
        Msg::Incoming(incoming) => {
            receive(model, incoming, &mut effects);
            effects.push(Effect::Draw);
        }
        Msg::Action(action) => {
            act(model, action, &mut effects);
            effects.push(Effect::Draw);
        }
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            effects.push(Effect::Draw);
        }
        Msg::Shutdown => effects.push(Effect::Leave(Leave::Interrupted)),
    }
    effects
}

fn tick(model: &mut Model, now: Timestamp, effects: &mut Vec<Effect>) {
    let moved = model.moves();
    let another_second = model.now.as_second() != now.as_second();
    model.now = now;
    model.follow_figures();
    end(model, effects);
    if moved || another_second {
        effects.push(Effect::Draw);
    }
}

fn receive(model: &mut Model, incoming: Incoming, effects: &mut Vec<Effect>) {
    match &incoming {
        Incoming::Prices(Ok(book)) => model.prices = Prices::Known(book.clone()),
        Incoming::Prices(Err(error)) => {
            model.prices = Prices::Failed(Text::line(&error.to_string()))
        }
        Incoming::Cancelled(Err(_)) => model.cancelling = false,
        _ => {}
    }
    let session_before = model.live.session_id().to_owned();
    if let Some(errand) = model.live.apply(&incoming, model.now) {
        effects.push(Effect::Errand(errand));
    }
    if model.live.session_id() != session_before {
        model.scroll = 0;
        if matches!(model.overlay, Some(Overlay::Detail(_))) {
            model.overlay = None;
        }
    }
    model.follow_figures();
    end(model, effects);
}

/// Shows the final figures when there is nothing more to come, and leaves them after a while.
fn end(model: &mut Model, effects: &mut Vec<Effect>) {
    let over = model.live.ending(model.now) == Ending::Over;
    if !over {
        model.finale = None;
        return;
    }
    // A command that makes a video has done its work; who came to watch leaves when they like.
    let finale = *model.finale.get_or_insert_with(|| {
        model.overlay = None;
        model.scroll = 0;
        Finale {
            since: model.now,
            stays: !matches!(model.live.subject, Subject::Video { .. }),
        }
    });
    if !finale.stays && model.now.duration_since(finale.since).as_secs() >= FINALE_SECONDS {
        effects.push(Effect::Leave(Leave::Over));
    }
}

fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    if action == Action::Redraw {
        effects.push(Effect::Redraw);
        return;
    }
    if model.overlay == Some(Overlay::Leave) {
        return answer(model, action, effects);
    }
    if model.finale.is_some() && model.overlay.is_none() {
        return act_in_finale(model, action, effects);
    }
    match action {
        Action::Leave | Action::Interrupt if model.finale.is_some() => {
            effects.push(Effect::Leave(Leave::Over))
        }
        Action::Leave | Action::Interrupt => {
            if model.makes_a_video() {
                model.overlay = Some(Overlay::Leave);
            } else {
                effects.push(Effect::Leave(Leave::Left));
            }
        }
        Action::Help => toggle(model, Overlay::Help),
        Action::Log => toggle(model, Overlay::Log),
        Action::Prices => {
            toggle(model, Overlay::Prices);
            if model.overlay == Some(Overlay::Prices) {
                // Prices may have been changed since they were last looked at.
                if !matches!(model.prices, Prices::Known(_)) {
                    model.prices = Prices::Loading;
                }
                effects.push(Effect::LoadPrices);
            }
        }
        Action::Back => {
            model.overlay = None;
            model.scroll = 0;
        }
        Action::Open => {
            if model.overlay.is_none()
                && let Some(key) = model.selected.clone()
            {
                model.overlay = Some(Overlay::Detail(key));
                model.scroll = 0;
            }
        }
        Action::NextPanel | Action::PreviousPanel if model.overlay.is_none() => {
            model.turn(action == Action::NextPanel);
        }
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::First
        | Action::Last => {
            scroll(model, action);
        }
        _ => {}
    }
}

fn act_in_finale(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Leave | Action::Interrupt | Action::Open | Action::Back => {
            effects.push(Effect::Leave(Leave::Over));
            return;
        }
        Action::Help => toggle(model, Overlay::Help),
        Action::Log => toggle(model, Overlay::Log),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::First
        | Action::Last => {
            scroll(model, action);
        }
        _ => {}
    }
    // Somebody is there and reads.
    if let Some(finale) = &mut model.finale {
        finale.stays = true;
    }
}

/// The answer to the question before leaving.
fn answer(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Plainly => effects.push(Effect::Leave(Leave::Plainly)),
        Action::Cancel => {
            model.overlay = None;
            let video = model
                .live
                .video
                .as_ref()
                .map(|video| video.id.raw().to_owned());
            let asked_for = match &model.live.subject {
                Subject::Video { video_id, .. } => Some(video_id.clone()),
                _ => None,
            };
            if let Some(video_id) = asked_for.or(video) {
                model.cancelling = true;
                effects.push(Effect::CancelVideo(video_id));
            }
        }
        Action::Detach if model.runs_without_us => effects.push(Effect::Leave(Leave::Left)),
        // The second time is meant.
        Action::Interrupt => effects.push(Effect::Leave(Leave::Interrupted)),
        Action::Back | Action::Leave => model.overlay = None,
        _ => {}
    }
}

fn toggle(model: &mut Model, overlay: Overlay) {
    // The log opens at its end, where it is written.
    model.scroll = if overlay == Overlay::Log { u16::MAX } else { 0 };
    model.overlay = if model.overlay.as_ref() == Some(&overlay) {
        None
    } else {
        Some(overlay)
    };
    if model.overlay.is_none() {
        model.scroll = 0;
    }
}

fn scroll(model: &mut Model, action: Action) {
    let page = model.size.1.saturating_sub(8).max(PAGE_ROWS / 2);
    if model.overlay.is_none() && model.finale.is_none() && model.panel == Panel::Models {
        return select(model, action, usize::from(page));
    }
    // Where the last row is, the view knows: it shows the end for everything beyond. Scrolling up from there must start
    // from what is seen.
    let last = super::view::scroll_max(model);
    let from = model.scroll.min(last);
    model.scroll = match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => from.saturating_add(1).min(last),
        Action::PageUp => from.saturating_sub(page),
        Action::PageDown => from.saturating_add(page).min(last),
        Action::First => 0,
        _ => last,
    };
    // At its end, the log goes on with its end.
    if model.overlay == Some(Overlay::Log) && model.scroll == last {
        model.scroll = u16::MAX;
    }
}

fn select(model: &mut Model, action: Action, page: usize) {
    let rows = model.models.shown();
    let Some(last) = rows.len().checked_sub(1) else {
        return;
    };
    let place = model.selected_place();
    let place = match action {
        Action::Up => place.saturating_sub(1),
        Action::Down => (place + 1).min(last),
        Action::PageUp => place.saturating_sub(page),
        Action::PageDown => (place + page).min(last),
        Action::First => 0,
        _ => last,
    };
    model.selected = rows.get(place).cloned();
}
