//! Other words for a picture that a provider refused to draw.

use crate::domain::script::Scene;

/// The scene with a description that asks for a symbol instead of the thing itself: once, and if that is refused too,
/// the scene goes without a picture of its own.
#[must_use]
pub fn softened(scene: &Scene) -> Scene {
    Scene {
        narration: scene.narration.clone(),
        image_prompt: format!(
            "A calm, symbolic illustration, suitable for children, without people, weapons, blood or brands, on this \
             theme: {}",
            scene.image_prompt
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_stays() {
        let scene = Scene {
            narration: "n".to_owned(),
            image_prompt: "A battle at sea".to_owned(),
        };
        let softer = softened(&scene);
        assert!(softer.image_prompt.ends_with("A battle at sea"));
        assert_ne!(softer.image_prompt, scene.image_prompt);
    }
}
