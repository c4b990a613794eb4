//! What a person can set.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reelmeter_renderer::MANIM_HOME_DEFAULT;
use reelmeter_service::Secret;
use reelmeter_service::secret::{ELEVENLABS_API_KEY, GEMINI_API_KEY, REELMETER_TOKEN, Secrets};

use crate::application::{Limits, Preferences, Setup};
use crate::domain::models::{
    CODE_MODELS, IMAGE_MODELS, PRO_MODELS, REPHRASE_MODELS, SCRIPT_MODELS, SPEECH_MODELS,
    VISION_MODELS,
};
use crate::domain::retry::Policy;

/// George, the voice that ElevenLabs' own list of defaults has had for the longest time.
const DEFAULT_VOICE: &str = "JBFqnCBsd6RMkjVDRZzb";
/// How long calls in flight are waited for when a video is cancelled: most pictures come within it.
const CANCEL_GRACE: Duration = Duration::from_secs(15);
/// How long they are waited for when the program stops: container engines end it after ten seconds.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// The secrets that the generator may read.
pub const SECRETS: &[&str] = &[GEMINI_API_KEY, ELEVENLABS_API_KEY, REELMETER_TOKEN];

/// The generator's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Generator")]
pub struct Config {
    /// The address to listen on.
    #[arg(long, env, default_value = "127.0.0.1:50052")]
    pub generator_listen: SocketAddr,
    /// The address on which Prometheus reads the metrics, such as 127.0.0.1:9465; without it none are served.
    #[arg(long, env, value_name = "ADDRESS")]
    pub generator_metrics_listen: Option<SocketAddr>,
    /// Where the meter is. The generator works without it and delivers the usage later.
    #[arg(long, env, default_value = "http://127.0.0.1:50051")]
    pub meter_addr: String,
    /// Where jobs, what they bought, and the outbox are kept.
    #[arg(long, env, default_value = "data/generator")]
    pub generator_data: PathBuf,
    /// Where finished videos go.
    #[arg(long, env, default_value = "videos")]
    pub videos_dir: PathBuf,
    /// Another address for the Gemini API.
    #[arg(long, env, value_name = "URL")]
    pub gemini_base_url: Option<String>,
    /// Another address for the ElevenLabs API.
    #[arg(long, env, value_name = "URL")]
    pub elevenlabs_base_url: Option<String>,
    /// Where Ollama is, for local models.
    #[arg(long, env, default_value = "http://127.0.0.1:11434")]
    pub ollama_host: String,
    /// Where the provider simulator is. It is used when there are no keys.
    #[arg(long, env, default_value = "http://127.0.0.1:50053")]
    pub simulator_addr: String,
    /// The Python environment with Manim, for animated videos; `scripts/setup.sh --animated` makes it.
    #[arg(long, env, default_value = MANIM_HOME_DEFAULT, value_name = "FOLDER")]
    pub manim_home: PathBuf,
    /// The Unix socket of a renderer in a container of its own, which is used in place of this machine's Manim.
    #[arg(long, env, value_name = "SOCKET")]
    pub renderer_socket: Option<PathBuf>,
    /// Models for the script, best first: the first that Gemini offers is used.
    #[arg(long, env, value_delimiter = ',', value_name = "MODELS", default_value = SCRIPT_MODELS.join(","))]
    pub generator_script_models: Vec<String>,
    /// Models for rephrasing, best first.
    #[arg(long, env, value_delimiter = ',', value_name = "MODELS", default_value = REPHRASE_MODELS.join(","))]
    pub generator_rephrase_models: Vec<String>,
    /// Models for pictures, best first.
    #[arg(long, env, value_delimiter = ',', value_name = "MODELS", default_value = IMAGE_MODELS.join(","))]
    pub generator_image_models: Vec<String>,
    /// Models for narration, best first.
    #[arg(long, env, value_delimiter = ',', value_name = "MODELS", default_value = SPEECH_MODELS.join(","))]
    pub generator_narration_models: Vec<String>,
    /// Models for animation code, best first.
    #[arg(long, env, value_delimiter = ',', value_name = "MODELS", default_value = CODE_MODELS.join(","))]
    pub generator_code_models: Vec<String>,
    /// Models for the last attempt at animation code, best first.
    #[arg(long, env, value_delimiter = ',', value_name = "MODELS", default_value = PRO_MODELS.join(","))]
    pub generator_pro_models: Vec<String>,
    /// Local models that look at rendered frames, best first: the first that Ollama has is used.
    #[arg(long, env, value_delimiter = ',', value_name = "MODELS", default_value = VISION_MODELS.join(","))]
    pub generator_vision_models: Vec<String>,
    /// The voice where a request names none: an ElevenLabs voice id, or a voice's name.
    #[arg(long, env, default_value = DEFAULT_VOICE)]
    pub generator_voice: String,
    /// Scenes of a video where neither the request nor the prompt says.
    #[arg(long, env, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub generator_scenes: u32,
    /// The shorter side of the picture in pixels where a request does not say: 360, 480, 720 or 1080.
    #[arg(long, env, default_value_t = 720, value_parser = resolution)]
    pub generator_resolution: u32,
    /// Whether subtitles are burnt into the picture. They are written beside the video either way.
    #[arg(long, env, default_value_t = true, action = clap::ArgAction::Set)]
    pub generator_subtitles: bool,
    /// Videos made at the same time; more wait for their turn.
    #[arg(long, env, default_value_t = 1, value_parser = at_once)]
    pub generator_videos_at_once: usize,
    /// Pictures drawn at the same time for one video.
    #[arg(long, env, default_value_t = 4, value_parser = at_once)]
    pub generator_images_at_once: usize,
    /// Scenes spoken at the same time for one video; the subscription's plan may allow fewer.
    #[arg(long, env, default_value_t = 4, value_parser = at_once)]
    pub generator_narrations_at_once: usize,
    /// Sections of an animated video worked on at the same time.
    #[arg(long, env, default_value_t = 2, value_parser = at_once)]
    pub generator_sections_at_once: usize,
    /// How long, in seconds, one run of a section's animation code may take.
    #[arg(long, env, default_value_t = 120, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    pub generator_render_seconds: u64,
    /// Tries of one provider call in all, the first included.
    #[arg(long, env, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub generator_tries: u32,
    /// How long, in seconds, the tries of one provider call may take together.
    #[arg(long, env, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub generator_tries_seconds: u64,
    /// Continue videos that were interrupted when the generator stopped, as soon as it is back. Otherwise a person
    /// decides, since it spends money.
    #[arg(long, env)]
    pub generator_auto_resume: bool,
    /// Ask a running generator whether it is well, and exit.
    #[arg(long)]
    pub health_check: bool,
    /// The keys; set by [`Config::with_secrets`], since secrets have no flags.
    #[arg(skip)]
    pub keys: Keys,
}

/// The secrets of the generator.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Gemini's.
    pub gemini: Option<Secret>,
    /// ElevenLabs'.
    pub elevenlabs: Option<Secret>,
    /// What is shown to the meter, and expected from callers.
    pub token: Option<Secret>,
}

impl Config {
    /// The same settings with the secrets that were read.
    #[must_use]
    pub fn with_secrets(mut self, secrets: &Secrets) -> Self {
        self.keys = Keys {
            gemini: secrets.get(GEMINI_API_KEY),
            elevenlabs: secrets.get(ELEVENLABS_API_KEY),
            token: secrets.get(REELMETER_TOKEN),
        };
        self
    }

    /// Whether the simulator answers, as far as the settings tell: there are no keys, and no other address is set.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.keys.gemini.is_none()
            && self.keys.elevenlabs.is_none()
            && self.gemini_base_url.is_none()
            && self.elevenlabs_base_url.is_none()
    }

    /// What the making of videos is set up with.
    #[must_use]
    pub fn setup(&self) -> Setup {
        Setup {
            videos_folder: self.videos_dir.clone(),
            preferences: Preferences {
                script: self.generator_script_models.clone(),
                rephrase: self.generator_rephrase_models.clone(),
                image: self.generator_image_models.clone(),
                narration: self.generator_narration_models.clone(),
                code: self.generator_code_models.clone(),
                pro: self.generator_pro_models.clone(),
                vision: self.generator_vision_models.clone(),
            },
            voice_id: self.generator_voice.clone(),
            scene_count: self.generator_scenes,
            resolution_px: self.generator_resolution,
            subtitles: self.generator_subtitles,
            simulated: self.is_simulated(),
            limits: Limits {
                videos: self.generator_videos_at_once,
                images: self.generator_images_at_once,
                narrations: self.generator_narrations_at_once,
                sections: self.generator_sections_at_once,
                render_time: Duration::from_secs(self.generator_render_seconds),
                retry: Policy {
                    tries_max: self.generator_tries,
                    total_max: Duration::from_secs(self.generator_tries_seconds),
                    ..Policy::default()
                },
                cancel_grace: CANCEL_GRACE,
                stop_grace: STOP_GRACE,
            },
        }
    }
}

/// The resolutions that a video can have, by its shorter side in pixels.
pub const RESOLUTIONS_PX: [u32; 4] = [360, 480, 720, 1080];

fn resolution(text: &str) -> Result<u32, String> {
    let pixels = text
        .parse()
        .ok()
        .filter(|pixels| RESOLUTIONS_PX.contains(pixels));
    pixels.ok_or_else(|| "choose 360, 480, 720 or 1080".to_owned())
}

fn at_once(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=64).contains(number));
    number.ok_or_else(|| "choose a number from 1 to 64".to_owned())
}
