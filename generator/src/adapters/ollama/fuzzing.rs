//! What is tried with any bytes at all as an answer: by the fuzzer (`fuzz/`), and by the test below with what it has found.

use super::{Ollama, OllamaRequest, OllamaSettings};
use crate::adapters::http::fuzzing::{check, key, nowhere, reply};
use crate::domain::retry::Outcome;

thread_local! {
    static CLIENT: Option<Ollama> = nowhere().and_then(|(http, base_url)| {
        let settings = OllamaSettings {
            token: Some(key()),
            ..OllamaSettings::new(base_url)
        };
        Ollama::new(http, settings).ok()
    });
}

/// An answer to a question: it is read or refused, and its usage can be believed.
pub fn any_answer(bytes: &[u8]) {
    CLIENT.with(|client| client.as_ref().map_or((), |client| tried(client, bytes)));
}

fn tried(client: &Ollama, bytes: &[u8]) {
    let answered = reply(bytes);
    if answered.head.status != 200 {
        check(&client.refused("moondream", &answered));
        return;
    }
    let request = OllamaRequest::new("moondream", "Is any text cut off?");
    let attempt = client.answered(&request, "moondream", &answered);
    check(&attempt);
    if let Outcome::Succeeded(text) = attempt.outcome {
        assert!(!text.trim().is_empty());
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::http::fuzzing::replay::{COPIES_DEFAULT, replay};

    #[test]
    fn what_the_fuzzer_found_is_read_or_refused() {
        assert!(super::CLIENT.with(Option::is_some), "a client can be made");
        replay("ollama_answer", COPIES_DEFAULT, super::any_answer);
    }
}
