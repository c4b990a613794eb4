//! Protects: an ordinary scene makes an ordinary picture behind the walls, and an ordinary mistake is told as it is.

use reelmeter_renderer::{Error, Fault, Renderer};
use tokio_util::sync::CancellationToken;

use crate::support::{endless, eventually, is_running, problem_of, scene, scene_of};

const ORDINARY: &str = r#"
circle = Circle()
title = Text("Heat pump").next_to(circle, UP)
formula = MathTypst("e^(i pi) + 1 = 0").to_edge(DOWN)
self.play(Create(circle), Write(title), run_time=0.4)
self.play(FadeIn(formula), run_time=0.2)
self.wait(0.4)
"#;

pub async fn an_ordinary_scene_makes_a_picture(renderer: &Renderer) {
    let picture = renderer
        .render(&scene(ORDINARY), &CancellationToken::new())
        .await
        .expect("a picture");
    assert!(picture.len() > 2_000, "{} bytes", picture.len());
    assert_eq!(picture.get(4..8), Some(b"ftyp".as_slice()));
}

pub async fn a_mistake_is_told_with_its_line(renderer: &Renderer) {
    let problem = problem_of(
        renderer,
        &scene("circle = Circle()\ncircle.next_to(circle, UPP)\nself.play(Create(circle))"),
    )
    .await;
    assert_eq!(problem.fault, Fault::Raised);
    assert_eq!(problem.message, "NameError: name 'UPP' is not defined");
    let line = problem.line.expect("a line");
    assert_eq!(
        (line.number, line.text.as_str()),
        (6, "circle.next_to(circle, UPP)")
    );
}

pub async fn a_scene_without_movement_is_told_so(renderer: &Renderer) {
    let rendered = renderer
        .render(&scene("self.add(Circle())"), &CancellationToken::new())
        .await;
    let Err(Error::Code(problem)) = rendered else {
        panic!("no picture moves: {rendered:?}");
    };
    assert_eq!(problem.fault, Fault::NoPicture, "{problem:?}");
}

pub async fn code_that_is_no_python_is_told_so(renderer: &Renderer) {
    let problem = problem_of(renderer, &scene_of("class Section(Scene:\n    pass\n")).await;
    assert_eq!(problem.fault, Fault::Syntax);
    assert_eq!(problem.line.expect("a line").number, 1);
}

pub async fn calling_it_off_ends_it(renderer: &Renderer, walls: &str) {
    let name: String = format!("off-{walls}").chars().take(15).collect();
    let cancel = CancellationToken::new();
    let endless = endless(&name);
    let off = async {
        eventually("the scene never runs", || is_running(&name)).await;
        cancel.cancel();
    };
    let (rendered, ()) = tokio::join!(renderer.render(&endless, &cancel), off);
    assert_eq!(rendered, Err(Error::Cancelled));
    eventually("a scene that was called off runs on", || !is_running(&name)).await;
}
