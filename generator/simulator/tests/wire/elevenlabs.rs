//! ElevenLabs' protocol.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::{config, start, start_with};

const TEXT: &str = "Tides rise, and tides fall. Twice a day!";

#[tokio::test]
async fn speech_is_audible_and_its_letters_are_timed() {
    let simulator = start().await;
    let response = simulator
        .speak("/with-timestamps", &json!({"text": TEXT}), "")
        .await
        .unwrap();
    assert_eq!(
        response.headers()["character-cost"],
        TEXT.chars().count().to_string().as_str()
    );
    assert!(!response.headers()["request-id"].is_empty());
    assert_eq!(response.headers()["maximum-concurrent-requests"], "5");
    let answer: Value = response.json().await.unwrap();
    let audio = base64::engine::general_purpose::STANDARD
        .decode(answer["audio_base64"].as_str().unwrap())
        .unwrap();
    let seconds = audio.len() as f64 / 2.0 / 24_000.0;
    assert!((1.5..8.0).contains(&seconds), "{seconds} s");
    let loudest = audio
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| i16::from_le_bytes(*pair).unsigned_abs())
        .max()
        .unwrap();
    assert!(loudest > 8_000, "{loudest}");
    let alignment = &answer["alignment"];
    let letters: String = alignment["characters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| letter.as_str().unwrap())
        .collect();
    assert_eq!(letters, TEXT);
    let times = |name: &str| -> Vec<f64> {
        alignment[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|time| time.as_f64().unwrap())
            .collect()
    };
    let (starts, ends) = (
        times("character_start_times_seconds"),
        times("character_end_times_seconds"),
    );
    assert!(starts.is_sorted() && starts.iter().zip(&ends).all(|(start, end)| start <= end));
    assert!((ends.last().unwrap() - seconds).abs() < 0.01);
}

#[tokio::test]
async fn every_form_of_the_audio_is_the_same_audio() {
    let simulator = start().await;
    let body = json!({"text": TEXT, "model_id": "eleven_flash_v2_5"});
    let whole = simulator.speak("", &body, "").await.unwrap();
    assert_eq!(whole.headers()["content-type"], "audio/pcm");
    assert_eq!(whole.headers()["character-cost"], "20");
    let whole = whole.bytes().await.unwrap();
    let streamed = simulator
        .speak("/stream", &body, "")
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(whole, streamed);
    let lines = simulator
        .speak("/stream/with-timestamps", &body, "")
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let mut audio = Vec::new();
    let mut letters = String::new();
    for line in lines.lines() {
        let piece: Value = serde_json::from_str(line).unwrap();
        audio.extend(
            base64::engine::general_purpose::STANDARD
                .decode(piece["audio_base64"].as_str().unwrap())
                .unwrap(),
        );
        for letter in piece["alignment"]["characters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            letters.push_str(letter.as_str().unwrap());
        }
    }
    assert_eq!((audio.as_slice(), letters.as_str()), (&whole[..], TEXT));
}

#[tokio::test]
async fn voices_sound_different_and_speed_changes_the_length() {
    let simulator = start().await;
    let say = async |voice: &str, speed: f64| {
        let url = format!(
            "{}/v1/text-to-speech/{voice}?output_format=pcm_16000",
            simulator.base
        );
        let body = json!({"text": TEXT, "voice_settings": {"speed": speed}});
        simulator
            .client
            .post(url)
            .header("xi-api-key", "k")
            .json(&body)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
    };
    let george = say("JBFqnCBsd6RMkjVDRZzb", 1.0).await;
    assert_ne!(george, say("21m00Tcm4TlvDq8ikWAM", 1.0).await);
    assert_eq!(george, say("JBFqnCBsd6RMkjVDRZzb", 1.0).await);
    assert!(say("JBFqnCBsd6RMkjVDRZzb", 1.2).await.len() < george.len());
}

#[tokio::test]
async fn formats_are_what_their_names_say_and_others_are_refused() {
    let simulator = start().await;
    let say = async |format: &str| {
        let url = format!(
            "{}/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb?output_format={format}",
            simulator.base
        );
        simulator
            .client
            .post(url)
            .header("xi-api-key", "k")
            .json(&json!({"text": TEXT}))
            .send()
            .await
            .unwrap()
    };
    let wav = say("wav_16000").await.bytes().await.unwrap();
    let reader = hound::WavReader::new(&wav[..]).unwrap();
    assert_eq!(
        (reader.spec().sample_rate, reader.spec().channels),
        (16_000, 1)
    );
    assert_eq!(say("ulaw_8000").await.status(), 200);
    assert_eq!(say("pcm_44100").await.status(), 403);
    let unknown = say("flac_44100").await;
    assert_eq!(unknown.status(), 422);
    assert_eq!(
        unknown.json::<Value>().await.unwrap()["detail"][0]["loc"],
        json!(["query", "output_format"])
    );
    let mp3 = say("mp3_44100_128").await;
    // Without ffmpeg the answer says so and names what works.
    if mp3.status() == 200 {
        let bytes = mp3.bytes().await.unwrap();
        assert!(bytes.starts_with(b"ID3") || bytes[0] == 0xff);
    } else {
        assert!(mp3.text().await.unwrap().contains("pcm_24000"));
    }
}

#[tokio::test]
async fn credits_count_down_to_a_quota_that_refuses() {
    let simulator = start_with(reelmeter_simulator::Config {
        simulator_character_limit: 50,
        ..config()
    })
    .await;
    assert_eq!(
        simulator
            .speak("", &json!({"text": TEXT}), "")
            .await
            .unwrap()
            .status(),
        200
    );
    let subscription: Value = simulator
        .get("/v1/user/subscription", ("xi-api-key", "k"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (
            subscription["character_count"].as_u64(),
            subscription["character_limit"].as_u64()
        ),
        (Some(40), Some(50))
    );
    let refused = simulator
        .speak("", &json!({"text": TEXT}), "")
        .await
        .unwrap();
    assert_eq!(refused.status(), 401);
    assert!(
        refused.headers().get("character-cost").is_none()
            && refused.headers().get("request-id").is_none()
    );
    let detail = refused.json::<Value>().await.unwrap()["detail"].clone();
    assert_eq!(detail["status"], "quota_exceeded");
    assert_eq!(
        detail["message"],
        "This request exceeds your quota of 50. You have 10 credits remaining, while 40 credits are required for this request."
    );
}

#[tokio::test]
async fn too_many_calls_at_once_are_refused() {
    let simulator = start_with(reelmeter_simulator::Config {
        simulator_latency: 1.0,
        ..config()
    })
    .await;
    let calls = (0..8).map(|_| async {
        simulator
            .speak("", &json!({"text": "Hi there."}), "")
            .await
            .unwrap()
            .status()
            .as_u16()
    });
    let mut statuses = futures::future::join_all(calls).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
    assert_eq!(
        simulator
            .speak("", &json!({"text": "Hi there."}), "")
            .await
            .unwrap()
            .status(),
        200,
        "the calls have left"
    );
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_shape_of_the_real_ones() {
    let simulator = start().await;
    let status = async |body: Value| {
        let response = simulator.speak("", &body, "").await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap()["detail"].clone(),
        )
    };
    let (code, detail) = status(json!({})).await;
    assert_eq!(
        (code, detail),
        (
            422,
            json!([{"loc": ["body", "text"], "msg": "field required", "type": "value_error.missing"}])
        )
    );
    assert_eq!(
        status(json!({"text": TEXT, "model_id": "eleven_v0"}))
            .await
            .1["status"],
        "model_not_found"
    );
    assert_eq!(status(json!({"text": "  "})).await.0, 400);
    assert_eq!(
        status(json!({"text": "x".repeat(10_001)})).await.1["status"],
        "max_character_limit_exceeded"
    );
    assert_eq!(
        status(json!({"text": TEXT, "voice_settings": {"speed": 9}}))
            .await
            .1["status"],
        "invalid_voice_settings"
    );
    let url = format!("{}/v1/text-to-speech/nobody", simulator.base);
    let nobody = simulator
        .client
        .post(&url)
        .header("xi-api-key", "k")
        .json(&json!({"text": TEXT}))
        .send()
        .await
        .unwrap();
    assert_eq!(
        nobody.json::<Value>().await.unwrap()["detail"]["message"],
        "A voice for the voice_id nobody was not found."
    );
    let no_key = simulator
        .client
        .post(&url)
        .json(&json!({"text": TEXT}))
        .send()
        .await
        .unwrap();
    assert_eq!(no_key.status(), 401);
    assert_eq!(
        simulator
            .get("/v1/user", ("xi-api-key", "bad"))
            .await
            .status(),
        401
    );
}

#[tokio::test]
async fn voices_are_listed_searched_and_paged() {
    let simulator = start().await;
    let key = ("xi-api-key", "k");
    let all: Value = simulator.get("/v1/voices", key).await.json().await.unwrap();
    let count = all["voices"].as_array().unwrap().len();
    assert!(count >= 10);
    let page: Value = simulator
        .get("/v2/voices?page_size=5", key)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (
            page["voices"].as_array().unwrap().len(),
            page["has_more"].clone(),
            page["total_count"].as_u64()
        ),
        (5, json!(true), Some(count as u64))
    );
    let next = page["next_page_token"].as_str().unwrap();
    let second: Value = simulator
        .get(
            &format!("/v2/voices?page_size=100&next_page_token={next}"),
            key,
        )
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(second["voices"].as_array().unwrap().len(), count - 5);
    let found: Value = simulator
        .get("/v2/voices?search=george", key)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(found["voices"][0]["name"], "George");
    assert_eq!(
        simulator
            .get("/v1/voices/JBFqnCBsd6RMkjVDRZzb", key)
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn the_two_lists_of_models_on_one_path_are_told_apart_by_key() {
    let simulator = start().await;
    let eleven: Value = simulator
        .get("/v1/models", ("xi-api-key", "k"))
        .await
        .json()
        .await
        .unwrap();
    assert!(
        eleven
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["model_id"] == "eleven_multilingual_v2")
    );
    let gemini: Value = simulator
        .get("/v1/models", ("x-goog-api-key", "k"))
        .await
        .json()
        .await
        .unwrap();
    assert!(gemini["models"].is_array());
    let prefixed: Value = simulator
        .get("/elevenlabs/v1/models", ("xi-api-key", "k"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(prefixed, eleven);
}
