//! A person's keys never appear: not in a log at the most talkative level, not in an
//! error, not in what `Debug` shows, not in what a provider echoes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod providers_support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use providers_support::{
    CANARY, Canned, SHORT, Scripted, Simulator, base, http, ok, raw_server, status,
};
use reelmeter_generator::adapters::elevenlabs::SpeechRequest;
use reelmeter_generator::adapters::gemini::{Gemini, GeminiSettings, ImageRequest, TextRequest};
use reelmeter_generator::adapters::http::{BaseUrl, Origin};
use reelmeter_generator::adapters::ollama::{Ollama, OllamaRequest, OllamaSettings};
use reelmeter_generator::domain::script::Aspect;
use reelmeter_service::Secret;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that can be shown of the calls made, in one text.
async fn all_that_can_be_shown() -> String {
    let text = TextRequest::plain("gemini-2.5-flash", "Write.", 100);
    let image = ImageRequest::new("gemini-2.5-flash-image", "A harbour.", Aspect::Square);
    let speech = SpeechRequest::new("JBFqnCBsd6RMkjVDRZzb", "eleven_v3", "Hello.");
    let mut shown = String::new();
    let mut show = |debug: String| shown.push_str(&debug);

    let simulator = Simulator::start("").await;
    let (gemini, elevenlabs) = (simulator.gemini(), simulator.elevenlabs());
    show(format!(
        "{gemini:?} {elevenlabs:?} {:?}",
        simulator.ollama()
    ));
    show(format!("{:?}", gemini.write(&text).await));
    show(format!("{:?}", gemini.models().await));
    show(format!("{:?}", elevenlabs.speak(&speech).await.served));
    show(format!("{:?}", elevenlabs.quota().await));

    // A provider, or a proxy, that echoes what it was sent.
    let echoes = |code: u16| -> Vec<Canned> {
        let words = format!(
            r#"{{"error":{{"code":{code},"message":"the key {CANARY} is not good","status":"{CANARY}","details":[{{"reason":"{CANARY}"}}]}},
               "detail":{{"status":"{CANARY}","message":"{CANARY}"}}}}"#
        );
        vec![
            status(code, words).header("x-gemini-service-tier", CANARY),
            status(code, format!("<title>{CANARY}</title>")),
            status(code, CANARY),
        ]
    };
    for code in [200, 302, 400, 401, 403, 404, 429, 500] {
        for canned in echoes(code) {
            let server = Scripted::start([canned]).await;
            let attempt = server.gemini().write(&text).await;
            show(format!("{attempt:?} {}", attempt.failure().unwrap()));
            show(format!("{:?}", server.gemini().draw(&image).await));
            let spoken = server.elevenlabs().speak(&speech).await;
            show(format!("{spoken:?} {}", spoken.failure().unwrap()));
            let settings = OllamaSettings {
                token: Some(Secret::new(CANARY)),
                ..OllamaSettings::new(base(server.address, ""))
            };
            let ollama = Ollama::new(http(), settings.clone()).unwrap();
            let asked = ollama.generate(&OllamaRequest::new("m", "Look.")).await;
            show(format!("{settings:?} {ollama:?} {asked:?}"));
        }
    }
    let tier = ok(r#"{"candidates":[{"content":{"parts":[{"text":"yes"}]}}],"modelVersion":"canary-3f9a77","responseId":"canary-3f9a77"}"#)
        .header("x-gemini-service-tier", CANARY);
    let server = Scripted::start([tier]).await;
    show(format!("{:?}", server.gemini().write(&text).await));

    // No answer at all.
    let settings = GeminiSettings {
        text_limits: SHORT,
        ..GeminiSettings::new(
            base(raw_server(b"", false).await, ""),
            Some(Secret::new(CANARY)),
        )
    };
    show(format!("{settings:?}"));
    let gemini = Gemini::new(http(), settings).unwrap();
    show(format!("{:?}", gemini.write(&text).await));

    // A key that cannot be one, and an address with a key in it.
    let bad = GeminiSettings::new(
        base(server.address, ""),
        Some(Secret::new(format!("{CANARY}\r\nx: y"))),
    );
    let error = Gemini::new(http(), bad).unwrap_err();
    show(format!("{error} {error:?}"));
    let url = format!("https://host/?key={CANARY}");
    let error = BaseUrl::parse(&url, Origin::Configured).unwrap_err();
    show(format!("{error} {error:?}"));
    shown
}

#[tokio::test]
async fn a_key_is_in_no_log_no_error_and_no_debug_text() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    // For this thread only would miss what the HTTP library does on others.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let shown = all_that_can_be_shown().await;
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    // The log did listen, down to the connection.
    assert!(
        log.contains("TRACE") && log.contains("answer begins"),
        "{}",
        log.len()
    );
    assert!(log.contains("hyper"), "the http library was listened to");
    for (place, text) in [("the log", &log), ("what is shown", &shown)] {
        let found = text.find(CANARY).map(|at| {
            let from = text[..at]
                .char_indices()
                .rev()
                .nth(200)
                .map_or(0, |(at, _)| at);
            &text[from..at]
        });
        assert_eq!(found, None, "{place}");
    }
    assert!(shown.contains("[key]"), "echoes were seen and hidden");
}
