//! Every scene behind every kind of walls.

use reelmeter_renderer::{Renderer, Walls};

use crate::{asking, devouring, leaving, pictures, support};

/// Two at a time, as the machines that check this have two cores.
pub async fn all_of_it(walls: Walls, name: &str) {
    let renderer = &support::renderer(walls).await;
    let ask = asking::what_it_must_not_have_is_refused(renderer, name);
    let left = async {
        pictures::an_ordinary_scene_makes_a_picture(renderer).await;
        pictures::a_mistake_is_told_with_its_line(renderer).await;
        devouring::memory_without_end_is_ended(renderer).await;
        devouring::a_gigabyte_of_words_is_cut(renderer).await;
        devouring::a_gigabyte_in_place_of_the_picture_is_cut(renderer).await;
        devouring::threads_without_end_are_ended(renderer).await;
        leaving::a_scene_that_speaks_for_itself_is_not_believed(renderer).await;
    };
    let right = async {
        ask.await;
        pictures::a_scene_without_movement_is_told_so(renderer).await;
        pictures::code_that_is_no_python_is_told_so(renderer).await;
        devouring::a_full_disk_is_told(renderer).await;
        devouring::a_huge_file_is_ended(renderer).await;
        devouring::files_without_end_are_ended(renderer).await;
        leaving::a_crash_is_told(renderer).await;
        leaving::what_is_no_file_is_no_picture(renderer).await;
    };
    // Mostly waiting.
    let left_behind = devouring::nothing_of_it_is_left_running(renderer, name);
    tokio::join!(left, right, left_behind);
    pictures::calling_it_off_ends_it(renderer, name).await;
    devouring::an_endless_loop_is_ended(renderer).await;
}

/// What depends on who starts it.
pub async fn what_depends_on_the_user(renderer: &Renderer, name: &str) {
    let ask = asking::what_it_must_not_have_is_refused(renderer, name);
    let threads = async {
        devouring::threads_without_end_are_ended(renderer).await;
        pictures::an_ordinary_scene_makes_a_picture(renderer).await;
    };
    tokio::join!(ask, threads);
}
