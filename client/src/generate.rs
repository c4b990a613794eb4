//! Makes a video and shows what it costs: the whole of the `generate` and `resume` commands, and of the one-command run.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use reelmeter_service::{CancellationToken, Clock, Ids, SystemClock, UuidIds};

use crate::breakdown;
use crate::download;
use crate::error::Error;
use crate::facts::{Estimate, EstimateCase, Summary, Video, VideoState};
use crate::figure;
use crate::live::{State, Subject};
use crate::out::Out;
use crate::remote::{NewVideo, Remote, RemoteError, Target};
use crate::report;
use crate::view::{self, Ended, Shown, View};

/// What to do.
#[derive(Debug, Clone)]
pub enum Job {
    /// Make a new video.
    New(Box<NewVideo>),
    /// Continue one with what was kept. Empty: the newest that can be continued.
    Resume(String),
}

/// Whether a person is asked before money is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consent {
    /// Show the estimate; ask, unless a stand-in answers instead of the providers and nothing is bought.
    #[default]
    Ask,
    /// Show the estimate and go on.
    Show,
    /// Do not ask for an estimate.
    Skip,
}

/// How a video is made and shown.
#[derive(Debug, Clone)]
pub struct GenerateOptions {
    /// Where the services are.
    pub target: Target,
    /// What to do.
    pub job: Job,
    /// On the screen or plainly.
    pub shown: Shown,
    /// Whether a person is asked.
    pub consent: Consent,
    /// Whether the generator goes on when this process ends. False for the one-process run.
    pub runs_without_us: bool,
    /// What a person should know before anything else, such as a port that was taken.
    pub notices: Vec<String>,
    /// Only start it: do not watch.
    pub detach: bool,
    /// Save the finished MP4 here.
    pub output: Option<PathBuf>,
    /// Save the final summary here, as JSON, CSV, Markdown or HTML by the name's ending.
    pub report: Option<PathBuf>,
    /// The command that continues an unfinished video, as a person types it; the video's id is appended.
    pub resume_command: String,
    /// Where lines go.
    pub out: Out,
}

impl GenerateOptions {
    /// A video with everything else as usual: the screen where there is a terminal, a question before money is spent,
    /// a generator that runs on its own, lines to standard output.
    #[must_use]
    pub fn new(target: Target, job: Job) -> Self {
        Self {
            target,
            job,
            shown: Shown::Auto,
            consent: Consent::Ask,
            runs_without_us: true,
            notices: Vec::new(),
            detach: false,
            output: None,
            report: None,
            resume_command: "client resume".to_owned(),
            out: Out::stdout(),
        }
    }
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The video as it was known last. `None`: it was never started.
    pub video: Option<Video>,
    /// The last figures.
    pub summary: Option<Summary>,
    /// Why it ended.
    pub end: End,
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The video is finished.
    Finished,
    /// The video failed; it can be resumed.
    Failed,
    /// The video was cancelled; it can be resumed.
    Cancelled,
    /// The person said no to the estimate: nothing was started.
    Declined,
    /// The person left, or asked not to watch; the video goes on.
    Left,
    /// The program was asked to stop.
    Interrupted,
}

impl End {
    /// The exit code: 0 finished or left, 1 failed, 3 cancelled or declined, 130 interrupted.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Finished | Self::Left => 0,
            Self::Failed => 1,
            Self::Cancelled | Self::Declined => 3,
            Self::Interrupted => 130,
        }
    }
}

/// Makes or resumes a video, shows it, and prints the final breakdown and the file's path.
///
/// `shutdown` ends the showing; the video itself is stopped only by its generator or a person.
///
/// # Errors
/// A service that cannot be reached or refuses, a terminal or file that cannot be used. A video that fails is no error
/// but an [`Outcome`].
pub async fn generate(
    options: GenerateOptions,
    shutdown: CancellationToken,
) -> Result<Outcome, Error> {
    let remote = Remote::new(&options.target)?;
    options.out.lines(&options.notices)?;
    let none = |end| {
        Ok(Outcome {
            video: None,
            summary: None,
            end,
        })
    };
    let video = match &options.job {
        Job::New(new) => {
            if !agreed(&remote, new, &options, &shutdown).await? {
                let end = if shutdown.is_cancelled() {
                    End::Interrupted
                } else {
                    End::Declined
                };
                return none(end);
            }
            // The same id on every try: a video is never started twice because an answer was lost.
            let request_id = UuidIds.next_id();
            started(&remote, &request_id, new).await?
        }
        Job::Resume(video_id) => remote.resume_video(video_id).await?,
    };
    if options.detach {
        options.out.line(&format!(
            "video {} {}, session {}",
            video.id,
            video.state.word(),
            video.session_id
        ))?;
        options
            .out
            .line(&format!("watch it with: client watch {}", video.session_id))?;
        return Ok(Outcome {
            video: Some(video),
            summary: None,
            end: End::Left,
        });
    }
    let view = View {
        remote: remote.clone(),
        subject: Subject::Video {
            video_id: video.id.raw().to_owned(),
            session_id: video.session_id.raw().to_owned(),
        },
        shown: options.shown,
        runs_without_us: options.runs_without_us,
        notices: options.notices.clone(),
        out: options.out.clone(),
        zone: TimeZone::system(),
        clock: Arc::new(SystemClock) as Arc<dyn Clock>,
    };
    let (state, ended) = view::show(&view, &shutdown).await?;
    let outcome = outcome(&state, video, ended);
    last_words(&options, &remote, &state, &outcome, &view.zone).await?;
    Ok(outcome)
}

/// Starts the video; an answer that got lost is asked for once more, under the same id.
async fn started(remote: &Remote, request_id: &str, new: &NewVideo) -> Result<Video, Error> {
    match remote.create_video(request_id, new).await {
        Err(error @ (RemoteError::Timeout { .. } | RemoteError::Busy { .. })) => {
            tracing::warn!(%error, "asking for the video once more");
            Ok(remote.create_video(request_id, new).await?)
        }
        answer => Ok(answer?),
    }
}

/// Shows the estimate and asks. True: go on.
async fn agreed(
    remote: &Remote,
    new: &NewVideo,
    options: &GenerateOptions,
    shutdown: &CancellationToken,
) -> Result<bool, Error> {
    if options.consent == Consent::Skip {
        return Ok(true);
    }
    let out = &options.out;
    match remote.estimate_video(new).await {
        Ok(estimate) => {
            out.lines(estimate_lines(&estimate, new))?;
            // Nothing will be bought: there is nothing to ask.
            if estimate.simulated {
                return Ok(true);
            }
        }
        Err(RemoteError::Unimplemented { message, .. }) => {
            out.line(&format!("no estimate: {message}"))?
        }
        Err(error) => return Err(error.into()),
    }
    if options.consent == Consent::Show {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::NobodyToAsk);
    }
    out.text("Make it? [y/N] ")?;
    let answer = tokio::select! {
        answer = asked() => answer,
        () = shutdown.cancelled() => return Ok(false),
    };
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// A line from the terminal. Read on a thread of its own: a question must not keep the program from ending.
async fn asked() -> String {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // A terminal that cannot be read has said no.
        if std::io::stdin().lock().read_line(&mut line).is_err() {
            line.clear();
        }
        let _ = sender.send(line);
    });
    receiver.await.unwrap_or_default()
}

/// An estimate for people.
#[must_use]
pub fn estimate_lines(estimate: &Estimate, new: &NewVideo) -> Vec<String> {
    let mut rows = vec![(
        "Estimate".to_owned(),
        format!(
            "{}, between {} and {} at worst",
            estimate.likely.cost.screen(),
            estimate.lowest.cost.screen(),
            estimate.highest.cost.screen()
        ),
    )];
    rows.push(("Likely".to_owned(), case_words(&estimate.likely)));
    rows.push(("At worst".to_owned(), case_words(&estimate.highest)));
    if let Some(book) = &estimate.price_book {
        rows.push((
            "Prices".to_owned(),
            format!(
                "book \"{}\" of {}, {}",
                book.name,
                book.as_of_date,
                figure::age(book.age_days)
            ),
        ));
    }
    if !estimate.basis.is_empty() {
        rows.push(("Basis".to_owned(), estimate.basis.to_string()));
    }
    let cap = new.budget.map_or_else(
        || "none; add --budget to set one".to_owned(),
        |cap| cap.screen(),
    );
    rows.push(("Cap".to_owned(), cap));
    breakdown::labelled(&rows)
}

fn case_words(case: &EstimateCase) -> String {
    format!(
        "{} tokens in, {} out, {}, {}, {}",
        figure::count(case.input_tokens),
        figure::count(case.output_tokens),
        figure::counted(case.characters, "character", "characters"),
        figure::counted(case.images, "image", "images"),
        figure::counted(case.calls, "call", "calls")
    )
}

fn outcome(state: &State, started: Video, ended: Ended) -> Outcome {
    let video = state
        .video
        .as_ref()
        .map_or(started, |video| (**video).clone());
    let end = match (video.state, ended) {
        (VideoState::Succeeded, _) => End::Finished,
        (VideoState::Failed | VideoState::Discarded, _) => End::Failed,
        (VideoState::Cancelled, _) => End::Cancelled,
        (_, Ended::Interrupted) => End::Interrupted,
        (_, Ended::Left) => End::Left,
        // The generator refused to show it.
        (_, Ended::Over) => End::Failed,
    };
    Outcome {
        summary: state.figures().cloned(),
        video: Some(video),
        end,
    }
}

async fn last_words(
    options: &GenerateOptions,
    remote: &Remote,
    state: &State,
    outcome: &Outcome,
    zone: &TimeZone,
) -> Result<(), Error> {
    let out = &options.out;
    let video = outcome.video.as_ref();
    out.line("")?;
    match &outcome.summary {
        Some(summary) => {
            report::log(summary);
            out.lines(breakdown::lines(summary, video, zone))?;
            if state.figures_are_the_generators() {
                out.line(
                    "Note        these are the generator's own figures: the meter has sent none",
                )?;
            }
        }
        None => out.lines(breakdown::labelled(
            &video.map(breakdown::video_lines).unwrap_or_default(),
        ))?,
    }
    if let (Some(path), Some(summary)) = (&options.report, &outcome.summary) {
        report::save(summary, video, report::Format::of(path), path)?;
        out.line(&format!("Report      {}", path.display()))?;
    }
    let Some(video) = video else { return Ok(()) };
    match outcome.end {
        End::Finished => {
            if let Some(path) = &options.output {
                download::save(remote, video.id.raw(), path).await?;
                out.line(&format!("Saved       {}", path.display()))?;
            }
        }
        End::Left | End::Interrupted if options.runs_without_us => {
            out.line("Goes on     the generator makes it without this command")?;
            out.line(&format!("Watch it    client watch {}", video.session_id))?;
            out.line(&format!("Stop it     client cancel {}", video.id))?;
        }
        End::Left | End::Declined => {}
        End::Failed | End::Cancelled | End::Interrupted => {
            if video.state != VideoState::Discarded {
                out.line(&format!(
                    "Continue    {} {}",
                    options.resume_command, video.id
                ))?;
                out.line("            what was bought is kept and not bought again")?;
            }
        }
    }
    Ok(())
}
