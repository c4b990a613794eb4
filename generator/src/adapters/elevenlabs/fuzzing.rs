//! What is tried with any bytes at all as an answer: by the fuzzer (`fuzz/`), and by the test below with what it has found.

use super::{AudioFormat, ElevenLabs, ElevenLabsSettings, SpeechRequest, account};
use crate::adapters::http::fuzzing::{check, key, nowhere, reply};
use crate::adapters::http::json;
use crate::domain::retry::Outcome;

thread_local! {
    static CLIENT: Option<ElevenLabs> = nowhere()
        .and_then(|(http, base_url)| ElevenLabs::new(http, ElevenLabsSettings::new(base_url, Some(key()))).ok());
}

/// An answer to a call for a narration, or to a question about the account: it is read or refused, and its usage can be
/// believed.
pub fn any_answer(bytes: &[u8]) {
    CLIENT.with(|client| client.as_ref().map_or((), |client| tried(client, bytes)));
}

fn tried(client: &ElevenLabs, bytes: &[u8]) {
    let answered = reply(bytes);
    if let Some(body) = json::body(&answered.body) {
        let _ = account::voices(&body);
        let _ = account::models(&body);
        if let Some(quota) = account::quota(&body) {
            assert!(quota.left() <= quota.limit);
        }
    }
    let request = SpeechRequest::new("voice", "eleven_flash_v2_5", "Hi there.");
    if answered.head.status != 200 {
        check(&client.refused::<()>("a voice", &answered));
        return;
    }
    let attempt = client.spoken("a voice", &request, &answered);
    check(&attempt);
    if let Outcome::Succeeded(narration) = attempt.outcome {
        assert!(!narration.audio.is_empty());
        assert!(
            !matches!(narration.format, AudioFormat::Pcm { .. }) || narration.audio.len() % 2 == 0
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::http::fuzzing::replay::{COPIES_DEFAULT, replay};

    #[test]
    fn what_the_fuzzer_found_is_read_or_refused() {
        assert!(super::CLIENT.with(Option::is_some), "a client can be made");
        replay("elevenlabs_answer", COPIES_DEFAULT, super::any_answer);
    }
}
