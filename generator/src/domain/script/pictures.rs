//! What the image model is asked for each picture of a scene.

use super::{Aspect, Scene, Script};

/// The views by which several pictures of one scene differ, in order.
const VIEWS: [&str; 4] = [
    "Seen as a whole, from a middle distance.",
    "A close view of the most telling detail.",
    "A wide view that shows the surroundings.",
    "From above, at a slant.",
];

/// The prompts for a scene's pictures: its description, the common style, and what every
/// picture keeps to. The first picture of a scene with only one is drawn as described.
#[must_use]
pub fn picture_prompts(
    script: &Script,
    scene: &Scene,
    picture_count: usize,
    aspect: Aspect,
) -> Vec<String> {
    let style = script.visual_style.trim();
    let style = if style.is_empty() {
        String::new()
    } else {
        format!("\nStyle of the whole series: {style}")
    };
    let frame = aspect.words();
    (0..picture_count)
        .map(|place| {
            let view = if picture_count == 1 {
                String::new()
            } else {
                format!("\n{}", VIEWS[place % VIEWS.len()])
            };
            format!(
                "{}{view}{style}\nOne picture that fills a {frame}, the main thing in the middle, the lower third calm. \
                 No text, letters, numbers, captions, logos or watermarks anywhere. No border and no split frame.",
                scene.image_prompt
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        Script {
            title: "Tides".to_owned(),
            visual_style: "Watercolour in blue.".to_owned(),
            scenes: vec![Scene {
                narration: "The sea rises.".to_owned(),
                image_prompt: "A harbour at dawn.".to_owned(),
            }],
        }
    }

    #[test]
    fn every_picture_has_the_style_and_the_ban_on_writing() {
        let script = script();
        for prompt in picture_prompts(&script, &script.scenes[0], 4, Aspect::Portrait) {
            assert!(prompt.starts_with("A harbour at dawn."));
            assert!(prompt.contains("Watercolour in blue."));
            assert!(prompt.contains("tall 9:16 frame"));
            assert!(prompt.contains("No text, letters"));
        }
    }

    #[test]
    fn several_pictures_of_a_scene_are_not_the_same_one() {
        let script = script();
        let mut prompts = picture_prompts(&script, &script.scenes[0], 4, Aspect::Square);
        prompts.sort();
        prompts.dedup();
        assert_eq!(prompts.len(), 4);
        let one = picture_prompts(&script, &script.scenes[0], 1, Aspect::Square);
        assert!(!one[0].contains("close view"));
    }
}
