#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;

fn scene(narration: &str, image_prompt: &str) -> DraftScene {
    DraftScene {
        narration: Some(narration.to_owned()),
        image_prompt: Some(image_prompt.to_owned()),
    }
}

fn draft(scenes: Vec<DraftScene>) -> Draft {
    Draft {
        title: Some("Tides".to_owned()),
        visual_style: Some("Watercolour in blue.".to_owned()),
        scenes,
    }
}

fn brief(scene_count: usize) -> Brief {
    Brief::new("Why are there tides?", scene_count)
}

#[test]
fn a_clean_draft_becomes_a_script_as_it_is() {
    let accepted = accept(
        draft(vec![
            scene("The sea rises.", "A harbour."),
            scene("It falls.", "Mud."),
        ]),
        &brief(2),
    )
    .unwrap();
    assert!(accepted.repairs.is_empty());
    assert_eq!(accepted.script.title, "Tides");
    assert_eq!(accepted.script.visual_style, "Watercolour in blue.");
    assert_eq!(accepted.script.scenes[1].narration, "It falls.");
    assert_eq!(accepted.script.narration_characters(), 23);
}

#[test]
fn an_empty_scene_is_refused_by_its_number() {
    let rejected = accept(
        draft(vec![
            scene("The sea rises.", "A harbour."),
            scene(" \n…", "Mud."),
        ]),
        &brief(2),
    )
    .unwrap_err();
    assert_eq!(rejected, Rejected::EmptyScenes(vec![SceneNumber(2)]));
    assert!(rejected.to_string().contains("nothing to say in scene 2"));
}

#[test]
fn an_empty_scene_too_many_is_left_out_and_told() {
    let accepted = accept(
        draft(vec![scene("The sea rises.", "A harbour."), scene("", "")]),
        &brief(1),
    )
    .unwrap();
    assert_eq!(accepted.script.scenes.len(), 1);
    assert_eq!(
        accepted.repairs,
        [Repair::EmptySceneLeftOut(SceneNumber(2))]
    );
}

#[test]
fn scenes_beyond_those_asked_for_buy_no_pictures_and_lose_no_story() {
    let accepted = accept(
        draft(vec![
            scene("One.", "1"),
            scene("Two.", "2"),
            scene("Three.", "3"),
            scene("The end.", "4"),
        ]),
        &brief(2),
    )
    .unwrap();
    assert_eq!(accepted.script.scenes.len(), 2);
    assert_eq!(accepted.script.scenes[1].narration, "Two. Three. The end.");
    assert_eq!(
        accepted.repairs,
        [Repair::MoreScenes {
            wanted: 2,
            given: 4
        }]
    );
}

#[test]
fn fewer_scenes_are_told_and_less_than_half_of_them_refused() {
    let two = || vec![scene("One.", "1"), scene("Two.", "2")];
    let accepted = accept(draft(two()), &brief(4)).unwrap();
    assert_eq!(
        accepted.repairs,
        [Repair::FewerScenes {
            wanted: 4,
            given: 2
        }]
    );
    assert_eq!(
        accept(draft(two()), &brief(5)),
        Err(Rejected::TooFewScenes {
            wanted: 5,
            given: 2
        })
    );
    assert_eq!(
        accept(draft(Vec::new()), &brief(1)),
        Err(Rejected::NoScenes)
    );
}

#[test]
fn a_scene_without_a_picture_is_drawn_from_its_narration() {
    let mut scenes = vec![scene("The sea rises.", "")];
    scenes[0].image_prompt = None;
    let accepted = accept(draft(scenes), &brief(1)).unwrap();
    assert!(
        accepted.script.scenes[0]
            .image_prompt
            .ends_with("The sea rises.")
    );
    assert_eq!(
        accepted.repairs,
        [Repair::ImagePromptMissing(SceneNumber(1))]
    );
}

#[test]
fn what_is_too_long_ends_at_a_sentence_within_the_limit() {
    let long = "The sea rises and falls twice a day. ".repeat(100);
    let accepted = accept(draft(vec![scene(&long, &long)]), &brief(1)).unwrap();
    let made = &accepted.script.scenes[0];
    assert!(made.narration.chars().count() <= 1_200 && made.narration.ends_with('.'));
    assert!(made.image_prompt.chars().count() <= 1_000);
    assert_eq!(
        accepted.repairs,
        [
            Repair::NarrationCut(SceneNumber(1)),
            Repair::ImagePromptCut(SceneNumber(1))
        ]
    );
}

#[test]
fn control_characters_never_get_into_a_script() {
    let accepted = accept(
        Draft {
            title: Some("\u{1b}]0;x\u{7}Tides\r\n".to_owned()),
            visual_style: Some("blue\u{202e}".to_owned()),
            scenes: vec![scene("The\u{0} sea\u{1b}[2J rises.", "A\tharbour\u{8}.")],
        },
        &brief(1),
    )
    .unwrap();
    let script = format!("{:?}", accepted.script);
    assert!(!script.contains("\\u{"), "{script}");
    assert_eq!(accepted.script.title, "]0;xTides");
}

#[test]
fn a_script_without_a_title_is_called_after_its_topic() {
    let mut untitled = draft(vec![scene("The sea rises.", "A harbour.")]);
    untitled.title = Some("\"\"".to_owned());
    let accepted = accept(untitled, &brief(1)).unwrap();
    assert_eq!(accepted.script.title, "Why are there tides?");
    assert_eq!(accepted.repairs, [Repair::TitleMissing]);
}
