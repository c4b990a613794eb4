//! The generator's own program, killed again and again at random moments while it makes a narrated video, started again
//! and told to go on, until the video is there. The simulator of the providers keeps an account of its own; it is compared
//! with the ledger, call by call.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use reelmeter_proto::generator::v1::generator_service_client::GeneratorServiceClient;
use reelmeter_proto::generator::v1::{
    CostState, CreateVideoRequest, GetVideoRequest, ListVideosRequest, ResumeVideoRequest, Video,
    VideoSpec, VideoState,
};
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_proto::meter::v1::{EventFilter, ListEventsRequest, RecordedEvent};
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};

use crate::account::{self, Kept};
use crate::dice::Dice;
use crate::load::PATIENCE;
use crate::program::{Program, Running};
use crate::server::{Server, free_address};
use crate::{Failure, Result};

/// Kills of one video at most: then it is left to end.
const KILLS_PER_VIDEO: u64 = 8;
/// How long the generator works before it is killed, at most: most of that is waiting for providers.
const BUYING_MS_MAX: u64 = 500;
/// One kill in so many comes while it starts, wherever that is.
const WHILE_STARTING_EVERY: u64 = 6;
/// How long a generator that is killed while it starts has had, at most.
const STARTING_MS_MAX: u64 = 300;
/// Of the others one in so many comes later, so that it meets the cutting of the video as well.
const LATE_EVERY: u64 = 3;
/// How long the generator has worked before such a kill, at most.
const CUTTING_MS_MAX: u64 = 4_000;
/// How long the simulator takes to answer, as a share of a lifelike time: some fifty milliseconds a call.
const LATENCY: &str = "0.05";
/// How often it is looked whether something has come about.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The programs that make a video.
#[derive(Clone, Debug, clap::Args)]
pub struct Programs {
    /// The generator's program.
    #[arg(long, default_value = "target/release/generator")]
    pub generator: PathBuf,
    /// The simulator's program.
    #[arg(long, default_value = "target/release/simulator")]
    pub simulator: PathBuf,
}

/// What the programme did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// How often the generator was killed.
    pub kills: u64,
    /// Videos that were made all the same.
    pub videos: u64,
    /// Calls that the simulator would have billed.
    pub paid: usize,
    /// Of these, calls in the ledger with their usage.
    pub used: usize,
    /// Calls in the ledger as unconfirmed, paid or not.
    pub unconfirmed: usize,
    /// What a killed generator had kept, over all kills.
    pub kept: usize,
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} kills, {} videos made all the same, {} paid calls: {} used, the others among {} unconfirmed, 0 lost, 0 twice; \
             {} times something kept, 0 times bought again",
            self.kills, self.videos, self.paid, self.used, self.unconfirmed, self.kept
        )
    }
}

/// Kills the generator so often.
///
/// # Errors
/// A promise is broken, or it could not be tried.
pub fn run(
    meter: &Path,
    programs: &Programs,
    folder: &Path,
    kills: u64,
    seed: u64,
    mut tell: impl FnMut(&Done),
) -> Result<Done> {
    let runtime = Runtime::new().map_err(Failure::setup("threads"))?;
    let mut dice = Dice::new(seed);
    let mut done = Done::default();
    while done.kills < kills {
        let here = tempfile::tempdir_in(folder).map_err(Failure::setup("a folder"))?;
        let here = std::path::absolute(here.path())
            .map(|path| (path, here))
            .map_err(Failure::setup("a folder"))?;
        let most = KILLS_PER_VIDEO.min(kills - done.kills);
        let bench = Bench::new(&here.0, meter, programs)?;
        let tried = runtime.block_on(bench.make(&mut dice, most, &mut done));
        if tried.is_err() {
            // The only trace of what happened; nobody asked for it when all is well.
            let _ = std::fs::copy(here.0.join("generator.log"), folder.join("generator.log"));
        }
        tried?;
        done.videos += 1;
        tell(&done);
    }
    Ok(done)
}

/// One video, its ledger, and the account of the simulator.
struct Bench {
    data: PathBuf,
    generator: PathBuf,
    program: Program,
    meter: Running,
    simulator: Server,
}

impl Bench {
    fn new(data: &Path, meter: &Path, programs: &Programs) -> Result<Self> {
        let program = Program {
            binary: std::path::absolute(meter).map_err(Failure::setup("the meter"))?,
            database: data.join("meter.db"),
        };
        let address = free_address()?;
        let settings = [
            ("SIMULATOR_LISTEN", address.to_string()),
            ("SIMULATOR_LATENCY", LATENCY.to_owned()),
        ];
        Ok(Self {
            data: data.to_owned(),
            generator: std::path::absolute(&programs.generator)
                .map_err(Failure::setup("the generator"))?,
            meter: program.start()?,
            program,
            simulator: Server::start(&programs.simulator, data, "simulator", address, &settings)?,
        })
    }

    /// Makes the video, with so many kills at most, and compares the accounts.
    async fn make(self, dice: &mut Dice, kills: u64, done: &mut Done) -> Result<()> {
        let mut kept = Vec::new();
        let mut made = None;
        while made.is_none() && kept.len() < usize::try_from(kills).unwrap_or(usize::MAX) {
            let generator = self.generator()?;
            let mut client = generator_client(&generator)?;
            let starting = dice.below(WHILE_STARTING_EVERY) == 0;
            let late = dice.below(LATE_EVERY) == 0;
            let most = match (starting, late) {
                (true, _) => STARTING_MS_MAX,
                (false, true) => CUTTING_MS_MAX,
                (false, false) => BUYING_MS_MAX,
            };
            let life = Duration::from_millis(dice.below(most));
            if !starting {
                answers(&mut client).await?;
            }
            let worked = tokio::time::timeout(life, self.work(&mut client)).await;
            made = match worked {
                Ok(video) => Some(video?),
                Err(_) => None,
            };
            if made.is_none() {
                generator.kill()?;
                kept.push(Kept::now(&self.data, SystemTime::now())?);
                done.kills += 1;
            }
        }
        let generator = self.generator()?;
        let mut client = generator_client(&generator)?;
        let video = tokio::time::timeout(PATIENCE, self.work(&mut client))
            .await
            .map_err(|_| Failure::Broken("the video is not made in time".to_owned()))??;
        let video = self.settled(&mut client, &video).await?;
        self.compare(&video, &kept, done).await?;
        generator.stop()?;
        self.meter.stop()?;
        self.program.verify()?;
        account::plays(Path::new(&video.file_path))
    }

    fn generator(&self) -> Result<Server> {
        let address = free_address()?;
        let text = |path: PathBuf| path.display().to_string();
        let settings = [
            ("GENERATOR_LISTEN", address.to_string()),
            ("GENERATOR_DATA", text(self.data.join("generator"))),
            ("VIDEOS_DIR", text(self.data.join("videos"))),
            (
                "SIMULATOR_ADDR",
                format!("http://{}", self.simulator.address),
            ),
            ("METER_ADDR", format!("http://{}", self.meter.address)),
            ("GENERATOR_RESOLUTION", "360".to_owned()),
        ];
        Server::spawn(&self.generator, &self.data, "generator", address, &settings)
    }

    /// Orders the video, or tells the generator to go on with it, until it is made.
    async fn work(&self, client: &mut GeneratorServiceClient<Channel>) -> Result<Video> {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // Nobody answers yet: it starts.
            let Ok(listed) = client.list_videos(ListVideosRequest::default()).await else {
                continue;
            };
            let videos = listed.into_inner().videos;
            let Some(video) = videos.first() else {
                let request = CreateVideoRequest {
                    request_id: "once".to_owned(),
                    spec: Some(VideoSpec {
                        prompt: "Why do volcanoes erupt?".to_owned(),
                        scene_count: 2,
                        ..VideoSpec::default()
                    }),
                };
                client
                    .create_video(request)
                    .await
                    .map_err(|status| Failure::Broken(format!("ordering: {status}")))?;
                continue;
            };
            if videos.len() > 1 {
                return Err(Failure::Broken("one order became two videos".to_owned()));
            }
            match video.state() {
                VideoState::Succeeded => return Ok(video.clone()),
                VideoState::Failed if video.error_message.contains("interrupted") => {
                    let request = ResumeVideoRequest {
                        video_id: video.video_id.clone(),
                    };
                    client
                        .resume_video(request)
                        .await
                        .map_err(|status| Failure::Broken(format!("going on: {status}")))?;
                }
                VideoState::Failed => {
                    return Err(Failure::Broken(format!(
                        "the video failed: {}",
                        video.error_message
                    )));
                }
                _ => {}
            }
        }
    }

    /// The video once the meter has everything of it.
    async fn settled(
        &self,
        client: &mut GeneratorServiceClient<Channel>,
        video: &Video,
    ) -> Result<Video> {
        let settled = async {
            loop {
                let request = GetVideoRequest {
                    video_id: video.video_id.clone(),
                };
                let answer = client.get_video(request).await;
                if let Ok(Some(video)) = answer.map(|answer| answer.into_inner().video)
                    && video.cost_state() == CostState::Settled
                {
                    return video;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(PATIENCE, settled)
            .await
            .map_err(|_| Failure::Broken("the video's cost is never settled".to_owned()))
    }

    async fn compare(&self, video: &Video, kept: &[Kept], done: &mut Done) -> Result<()> {
        let events = self.events(&video.session_id).await?;
        let asked = account::asked(&self.simulator.get("/_simulator/requests?limit=10000")?)?;
        let compared = account::compare(&asked, &events)?;
        for kept in kept {
            kept.compare(&self.data, &events)?;
            done.kept += kept.len();
        }
        done.paid += compared.paid;
        done.used += compared.used;
        done.unconfirmed += compared.unconfirmed;
        Ok(())
    }

    async fn events(&self, session_id: &str) -> Result<Vec<RecordedEvent>> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.meter.address))
            .map_err(Failure::setup("the meter's address"))?
            .connect_lazy();
        let request = ListEventsRequest {
            page_size: 1_000,
            filter: Some(EventFilter {
                session_id: session_id.to_owned(),
                ..EventFilter::default()
            }),
            ..ListEventsRequest::default()
        };
        let answer = MeterServiceClient::new(endpoint).list_events(request).await;
        let answer = answer.map_err(Failure::setup("the meter"))?.into_inner();
        if answer.next_page_token.is_empty() {
            return Ok(answer.events);
        }
        Err(Failure::Setup("more events than one page holds".to_owned()))
    }
}

/// Waits until the generator answers.
async fn answers(client: &mut GeneratorServiceClient<Channel>) -> Result<()> {
    let answered = async {
        while client
            .list_videos(ListVideosRequest::default())
            .await
            .is_err()
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, answered)
        .await
        .map_err(|_| Failure::Broken("the generator does not start".to_owned()))
}

fn generator_client(server: &Server) -> Result<GeneratorServiceClient<Channel>> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address))
        .map_err(Failure::setup("the generator's address"))?;
    Ok(GeneratorServiceClient::new(endpoint.connect_lazy()))
}
