//! The screen: a pure `update` of a model, a view that draws it, and the loop between them and the terminal.

pub mod effect;
pub mod frame;
pub mod keymap;
pub mod model;
pub mod msg;
pub mod ranking;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream};
use futures::StreamExt;
use jiff::tz::TimeZone;
use reelmeter_service::{CancellationToken, Clock};

use self::effect::{Effect, Leave};
use self::frame::FrameGate;
use self::model::Model;
use self::msg::Msg;
use self::terminal::Screen;
use self::theme::Theme;
use crate::live::{Desk, State};

/// How often the time is told: four steps of a spinner a second.
const TICK: Duration = Duration::from_millis(250);
/// How many messages are taken in before the screen is looked at again.
const MESSAGES_A_FRAME: usize = 256;

/// What the screen needs.
#[derive(Debug)]
pub struct Stage {
    /// The open streams.
    pub desk: Desk,
    /// What is known so far.
    pub state: State,
    /// The time zone of clock times.
    pub zone: TimeZone,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whether the video goes on when this program ends.
    pub runs_without_us: bool,
    /// How it looks.
    pub theme: Theme,
}

/// Shows the screen on a thread of its own until it is left: a terminal that does not take what is written to it must
/// not hold up those who work. Gives the streams and what is known back, so that a person can go on without the screen.
///
/// # Errors
/// The terminal refuses, or the thread that draws panicked; the terminal is given back either way.
pub async fn show(stage: Stage, shutdown: CancellationToken) -> io::Result<(Desk, State, Leave)> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name(terminal::THREAD.to_owned())
        .spawn(move || {
            let outcome = run(stage, &shutdown);
            // Nobody waits any more if the program is ending.
            let _ = sender.send(outcome);
        })?;
    receiver.await.unwrap_or_else(|_| {
        Err(io::Error::other(
            "the screen ended by a panic; this is a fault in reelmeter",
        ))
    })
}

fn run(stage: Stage, shutdown: &CancellationToken) -> io::Result<(Desk, State, Leave)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let Stage {
        mut desk,
        state,
        zone,
        clock,
        runs_without_us,
        theme,
    } = stage;
    let mut model = Model::new(state, clock.now(), zone, runs_without_us);
    let leave = {
        let mut screen = Screen::enter()?;
        runtime.block_on(turn(
            &mut screen,
            &mut desk,
            &mut model,
            &*clock,
            theme,
            shutdown,
        ))?
    };
    Ok((desk, model.live, leave))
}

/// Messages in, effects out, drawings between them.
async fn turn(
    screen: &mut Screen,
    desk: &mut Desk,
    model: &mut Model,
    clock: &dyn Clock,
    theme: Theme,
    shutdown: &CancellationToken,
) -> io::Result<Leave> {
    let mut keys = EventStream::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut gate = FrameGate::default();
    let (columns, rows) = screen.size();
    model.size = (columns, rows);
    gate.want();
    loop {
        let now = Instant::now();
        let due = gate.due(now);
        if due == Some(now) {
            screen.draw(|frame| view::render(model, &theme, frame))?;
            gate.drawn(now);
            continue;
        }
        let draw = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        let msg = tokio::select! {
            biased;
            () = shutdown.cancelled() => Some(Msg::Shutdown),
            key = keys.next() => match key {
                Some(Ok(event)) => message(event),
                Some(Err(error)) => return Err(error),
                // The terminal is gone, and with it who looked at it.
                None => Some(Msg::Shutdown),
            },
            () = draw => None,
            _ = tick.tick() => Some(Msg::Tick(clock.now())),
            incoming = desk.next() => Some(Msg::Incoming(incoming)),
        };
        let Some(msg) = msg else { continue };
        let mut effects = update::update(model, msg);
        // What else has come is taken in before the next drawing: the newest counts.
        for _ in 0..MESSAGES_A_FRAME {
            let Some(incoming) = desk.try_next() else {
                break;
            };
            effects.extend(update::update(model, Msg::Incoming(incoming)));
        }
        for effect in effects {
            match effect {
                Effect::Draw => gate.want(),
                Effect::Redraw => {
                    screen.forget()?;
                    gate.want();
                }
                Effect::Errand(errand) => desk.run(errand),
                Effect::LoadPrices => desk.load_prices(),
                Effect::CancelVideo(video_id) => desk.cancel(video_id),
                Effect::Leave(leave) => return Ok(leave),
            }
        }
    }
}

fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => keymap::action(key).map(Msg::Action),
        Event::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) => None,
    }
}
