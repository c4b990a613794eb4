#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;

use super::*;

const SECOND: u64 = SAMPLE_RATE_HZ as u64;

fn laid_out(seconds: &[u64]) -> Timeline {
    let samples: Vec<u64> = seconds.iter().map(|s| s * SECOND).collect();
    Timeline::lay_out(&one_picture_each(&samples), &Pacing::default()).unwrap()
}

fn one_picture_each(samples: &[u64]) -> Vec<SceneLength> {
    let length = |&narration_sample_count| SceneLength {
        narration_sample_count,
        picture_count: 1,
        frame_count_min: 0,
    };
    samples.iter().map(length).collect()
}

#[test]
fn three_scenes_lie_one_after_the_other_with_their_fades_shared() {
    let timeline = laid_out(&[4, 6, 5]);
    let scenes = timeline.scenes();
    // Lead 250 ms is 8 frames, tail 600 ms is 18, cross-fade 500 ms is 15, hold 18.
    assert_eq!(scenes[0].start_frame, 0);
    assert_eq!(scenes[0].frame_count, 120 + 26);
    assert_eq!(scenes[0].fade_in_frame_count, 0);
    assert_eq!(scenes[1].start_frame, 146 - 15);
    assert_eq!(scenes[1].frame_count, 180 + 26);
    assert_eq!(scenes[1].fade_in_frame_count, 15);
    assert_eq!(scenes[2].start_frame, 131 + 206 - 15);
    assert_eq!(scenes[2].frame_count, 150 + 26 + 18);
    assert_eq!(timeline.frame_count(), 322 + 194);
    assert_eq!(timeline.duration_ms(), 516 * 1_000 / 30);
    assert_eq!(timeline.end_fade_frame_count(), 15);
    assert_eq!(timeline.sample_count(), 516 * 800);
}

#[test]
fn a_voice_starts_after_its_scene_and_never_over_the_voice_before() {
    let timeline = laid_out(&[4, 6]);
    let [first, second] = timeline.scenes() else {
        panic!("two scenes");
    };
    assert_eq!(first.narration_start_sample, 8 * 800);
    assert_eq!(first.narration_start_ms(), 266);
    assert_eq!(second.narration_start_sample, (131 + 8) * 800);
    let pause = second.narration_start_sample - first.narration_end_sample();
    assert_eq!(samples_to_ms(pause), 366);
}

#[test]
fn a_fraction_of_a_frame_becomes_a_whole_one() {
    let exact = Timeline::lay_out(&one_picture_each(&[SECOND * 2]), &Pacing::default()).unwrap();
    let more = Timeline::lay_out(&one_picture_each(&[SECOND * 2 + 1]), &Pacing::default()).unwrap();
    assert_eq!(more.frame_count(), exact.frame_count() + 1);
}

#[test]
fn a_cross_fade_longer_than_a_scene_is_shortened() {
    let pacing = Pacing {
        cross_fade_ms: 60_000,
        ..Pacing::default()
    };
    let timeline =
        Timeline::lay_out(&one_picture_each(&[SECOND, SECOND * 9, SECOND]), &pacing).unwrap();
    for scene in &timeline.scenes()[1..] {
        assert!(scene.fade_in_frame_count > 0);
        assert!(scene.fade_in_frame_count <= 26, "{scene:?}");
    }
}

#[test]
fn nothing_too_much_and_no_sound_are_refused_by_name() {
    let pacing = Pacing::default();
    let error = |samples: &[u64]| {
        Timeline::lay_out(&one_picture_each(samples), &pacing)
            .unwrap_err()
            .to_string()
    };
    assert!(error(&[]).contains("no scenes"));
    assert!(error(&vec![SECOND; SCENE_COUNT_MAX + 1]).contains("more than 120"));
    assert!(error(&[SECOND, 0]).starts_with("scene 2: the narration is 0 ms long"));
    assert!(error(&[SECOND * 901]).contains("divide it among scenes"));
}

#[test]
fn pictures_of_a_scene_share_its_time_and_fade_into_each_other() {
    let lengths = [(6, 3), (4, 1)].map(|(seconds, picture_count)| SceneLength {
        narration_sample_count: seconds * SECOND,
        picture_count,
        frame_count_min: 0,
    });
    let timeline = Timeline::lay_out(&lengths, &Pacing::default()).unwrap();
    // 206 frames and two inner fades of 15 make 236: 79, 79 and 78.
    let shots: Vec<(usize, usize, u64, u64, u64)> = timeline
        .shots()
        .iter()
        .map(|s| {
            (
                s.scene_index,
                s.picture_index,
                s.start_frame,
                s.frame_count,
                s.fade_in_frame_count,
            )
        })
        .collect();
    assert_eq!(
        shots,
        [
            (0, 0, 0, 79, 0),
            (0, 1, 64, 79, 15),
            (0, 2, 128, 78, 15),
            (1, 0, 191, 164, 15),
        ]
    );
    // The voices do not notice.
    assert_eq!(timeline.scenes()[1].start_frame, 191);
    assert_eq!(timeline.frame_count(), laid_out(&[6, 4]).frame_count());
}

#[test]
fn a_fade_goes_from_one_picture_to_the_other_and_the_end_to_black() {
    let timeline = laid_out(&[4, 6]);
    let mix = |frame| timeline.mix(usize::from(frame >= 131), frame);
    assert_eq!(mix(130).before_of_256, 0);
    assert_eq!(mix(131).before_of_256, 240);
    assert_eq!(mix(138).before_of_256, 128);
    assert_eq!(mix(145).before_of_256, 16);
    assert_eq!(mix(146).before_of_256, 0);
    let end = timeline.frame_count();
    assert_eq!(mix(end - 16).black_of_256, 0);
    assert_eq!(mix(end - 15).black_of_256, 17);
    assert_eq!(mix(end - 1).black_of_256, 256);
}

#[test]
fn a_scene_without_pictures_or_with_too_many_is_refused() {
    for picture_count in [0, PICTURE_COUNT_MAX + 1] {
        let length = SceneLength {
            narration_sample_count: SECOND,
            picture_count,
            frame_count_min: 0,
        };
        let error = Timeline::lay_out(&[length], &Pacing::default()).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("scene 1: it has"), "{text}");
    }
}

#[test]
fn the_short_side_names_the_resolution() {
    let size = |ratio, side| {
        let geometry = Geometry::new(ratio, side).unwrap();
        (geometry.width_px(), geometry.height_px())
    };
    assert_eq!(size(AspectRatio::Landscape, 720), (1_280, 720));
    assert_eq!(size(AspectRatio::Portrait, 1_080), (1_080, 1_920));
    assert_eq!(size(AspectRatio::Square, 720), (720, 720));
    assert_eq!(size(AspectRatio::Landscape, 480), (854, 480));
    for side in [0, 143, 721, 2_162, u32::MAX] {
        let error = Geometry::new(AspectRatio::Square, side).unwrap_err();
        assert!(error.to_string().contains(&side.to_string()));
    }
}

#[test]
fn a_ratio_is_read_as_it_is_written() {
    for ratio in AspectRatio::ALL {
        assert_eq!(ratio.as_str().parse(), Ok(ratio));
    }
    assert!("4:3".parse::<AspectRatio>().is_err());
}

#[test]
fn neighbouring_scenes_move_differently_and_each_always_the_same() {
    for ratio in AspectRatio::ALL {
        let geometry = Geometry::new(ratio, 720).unwrap();
        let canvas = geometry.canvas_for(geometry.width_px(), geometry.height_px());
        let motion = |index| Motion::for_shot(index, 8_000, &geometry, canvas);
        for index in 0..24 {
            assert_eq!(motion(index), motion(index));
            assert_ne!(motion(index), motion(index + 1), "{ratio} scene {index}");
            assert_ne!(motion(index).from, motion(index).to);
        }
    }
}

#[test]
fn a_square_picture_in_a_wide_frame_is_panned_over_its_height() {
    let geometry = Geometry::new(AspectRatio::Landscape, 720).unwrap();
    let canvas = geometry.canvas_for(1_024, 1_024);
    assert!(canvas.height_px > 1_200, "{canvas:?}");
    let motion = Motion::for_shot(0, 8_000, &geometry, canvas);
    assert_eq!(motion.from.zoom_ppm, 1_000_000);
    assert!(motion.from.y_ppm < motion.to.y_ppm);
    assert_eq!(motion.from.x_ppm, motion.to.x_ppm);
    let back = Motion::for_shot(1, 8_000, &geometry, canvas);
    assert!(back.from.y_ppm > back.to.y_ppm);
}

proptest! {
    #[test]
    fn any_scenes_are_laid_out_without_a_gap_or_two_voices_at_once(
        lengths in prop::collection::vec(
            (2_400_u64..1_000_000, 1_usize..=PICTURE_COUNT_MAX).prop_map(|(samples, pictures)| {
                SceneLength { narration_sample_count: samples, picture_count: pictures ,
frame_count_min: 0,}
            }),
            1..SCENE_COUNT_MAX,
        ),
        lead_ms in 0_u32..3_000,
        tail_ms in 0_u32..3_000,
        cross_fade_ms in 0_u32..5_000,
        end_hold_ms in 0_u32..3_000,
        scene_duration_ms_min in 0_u32..5_000,
    ) {
        let pacing = Pacing {
            lead_ms, tail_ms, cross_fade_ms, end_hold_ms, scene_duration_ms_min,
            end_fade_ms: 500,
        };
        let timeline = Timeline::lay_out(&lengths, &pacing).unwrap();
        let scenes = timeline.scenes();
        prop_assert_eq!(scenes.len(), lengths.len());
        // The whole is the sum of the parts less what they share.
        let shown: u64 = scenes.iter().map(|s| s.frame_count).sum();
        let shared: u64 = scenes.iter().map(|s| s.fade_in_frame_count).sum();
        prop_assert_eq!(shown - shared, timeline.frame_count());
        for (scene, wanted) in scenes.iter().zip(&lengths) {
            prop_assert_eq!(scene.narration_sample_count, wanted.narration_sample_count);
            // The voice lies inside its own picture.
            prop_assert!(scene.narration_start_sample >= scene.start_frame * SAMPLES_PER_FRAME);
            prop_assert!(scene.narration_end_sample() <= scene.end_frame() * SAMPLES_PER_FRAME);
        }
        for pair in scenes.windows(2) {
            prop_assert!(pair[0].start_frame < pair[1].start_frame);
            prop_assert_eq!(pair[0].end_frame() - pair[1].fade_in_frame_count, pair[1].start_frame);
            prop_assert!(pair[0].narration_end_sample() <= pair[1].narration_start_sample);
            // A scene has faded in before it fades out.
            prop_assert!(
                pair[0].start_frame + pair[0].fade_in_frame_count <= pair[1].start_frame
            );
        }
        prop_assert_eq!(scenes.last().unwrap().end_frame(), timeline.frame_count());

        // The pictures cover the video in the same way.
        let shots = timeline.shots();
        prop_assert_eq!(shots[0].start_frame, 0);
        prop_assert_eq!(shots.last().unwrap().end_frame(), timeline.frame_count());
        for pair in shots.windows(2) {
            prop_assert_eq!(pair[0].end_frame() - pair[1].fade_in_frame_count, pair[1].start_frame);
            prop_assert!(pair[0].start_frame + pair[0].fade_in_frame_count <= pair[1].start_frame);
        }
        let mut next_frame = 0;
        for (index, shot) in shots.iter().enumerate() {
            let frames = timeline.frames_of_shot(index);
            prop_assert_eq!(frames.start, next_frame);
            prop_assert!(!frames.is_empty());
            next_frame = frames.end;
            // It has faded in before the next starts, and until then never jumps.
            let shares: Vec<u16> = frames.map(|f| timeline.mix(index, f).before_of_256).collect();
            prop_assert!(shares.is_sorted_by(|a, b| a >= b));
            prop_assert_eq!(
                shares.iter().filter(|share| **share > 0).count() as u64,
                shot.fade_in_frame_count
            );
        }
        prop_assert_eq!(next_frame, timeline.frame_count());
        for (index, (scene, length)) in scenes.iter().zip(&lengths).enumerate() {
            let own: Vec<&Shot> = shots.iter().filter(|s| s.scene_index == index).collect();
            prop_assert_eq!(own.len(), length.picture_count);
            prop_assert_eq!(own[0].start_frame, scene.start_frame);
            prop_assert_eq!(own[0].fade_in_frame_count, scene.fade_in_frame_count);
            prop_assert_eq!(own.last().unwrap().end_frame(), scene.end_frame());
            // Evenly: none is seen for longer than another.
            let longest = own.iter().map(|s| s.frame_count).max().unwrap();
            prop_assert!(own.iter().all(|s| longest - s.frame_count <= 1));
        }
    }

    #[test]
    fn a_move_never_leaves_its_canvas(
        index in 0_usize..50,
        duration_ms in 0_u64..900_000,
        ratio in prop::sample::select(AspectRatio::ALL.to_vec()),
        side in (72_u32..1_080).prop_map(|half| half * 2),
        width in 1_u32..9_000,
        height in 1_u32..9_000,
    ) {
        let geometry = Geometry::new(ratio, side).unwrap();
        let canvas = geometry.canvas_for(width, height);
        prop_assert!(canvas.width_px >= geometry.width_px());
        prop_assert!(canvas.height_px >= geometry.height_px());
        prop_assert!(canvas.width_px.is_multiple_of(2) && canvas.height_px.is_multiple_of(2));
        let motion = Motion::for_shot(index, duration_ms, &geometry, canvas);
        prop_assert_eq!(motion.rectangle_at(0, 90, canvas, &geometry), motion.from.rectangle(canvas, &geometry));
        prop_assert_eq!(motion.rectangle_at(89, 90, canvas, &geometry), motion.to.rectangle(canvas, &geometry));
        for index in [0, 1, 31, 88, 89] {
            let shown = motion.rectangle_at(index, 90, canvas, &geometry);
            prop_assert!(shown.left_upx >= 0 && shown.top_upx >= 0);
            prop_assert!(shown.left_upx + shown.width_upx <= i64::from(canvas.width_px) * 1_000_000);
            prop_assert!(shown.top_upx + shown.height_upx <= i64::from(canvas.height_px) * 1_000_000);
            // The frame's shape, within a thousandth.
            let wanted = i128::from(shown.width_upx) * i128::from(geometry.height_px());
            let got = i128::from(shown.height_upx) * i128::from(geometry.width_px());
            prop_assert!((wanted - got).abs() * 1_000 <= wanted);
            // Nothing is enlarged by more than the motion's own zoom.
            prop_assert!(shown.width_upx * 100 >= i64::from(geometry.width_px()) * 1_000_000 * 86);
        }
    }
}
