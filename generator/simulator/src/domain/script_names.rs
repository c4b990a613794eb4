//! What the fields of a script are called in other people's schemas.

/// Whether a field of this name holds what the narrator says.
#[must_use]
pub fn is_narration(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "narration"
            | "narrations"
            | "narrationtext"
            | "voiceover"
            | "voiceovertext"
            | "spoken"
            | "spokentext"
            | "speech"
            | "text"
            | "script"
            | "narrator"
            | "dialogue"
            | "rephrased"
            | "original"
    )
}

/// Whether a field of this name holds what the picture of a scene shows.
#[must_use]
pub fn is_image_prompt(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "imageprompt"
            | "image"
            | "imagedescription"
            | "picture"
            | "pictureprompt"
            | "picturedescription"
            | "visual"
            | "visuals"
            | "visualprompt"
            | "visualdescription"
            | "illustration"
            | "illustrationprompt"
            | "scenedescription"
            | "animation"
            | "animationdescription"
            | "drawing"
    )
}

/// Whether a field of this name holds a title.
#[must_use]
pub fn is_title(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "title" | "videotitle" | "headline" | "name"
    )
}

/// Whether a field of this name holds a few words that name a scene.
#[must_use]
pub fn is_heading(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "heading" | "title" | "scenetitle" | "caption" | "name" | "headline" | "label"
    )
}

/// Whether a field of this name numbers its scene.
#[must_use]
pub fn is_ordinal(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "number"
            | "scene"
            | "scenenumber"
            | "index"
            | "id"
            | "order"
            | "sceneid"
            | "sceneindex"
            | "position"
    )
}

/// Whether a field of this name holds a duration in seconds.
#[must_use]
pub fn is_seconds(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "seconds"
            | "durationseconds"
            | "duration"
            | "durationsec"
            | "durations"
            | "estimatedseconds"
            | "lengthseconds"
    )
}

/// The letters of a name in lower case: `image_prompt`, `imagePrompt` and `Image-Prompt` are one.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}
