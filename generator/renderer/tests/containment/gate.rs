//! Protects: the static gate lets ordinary scenes through, stops what it knows, and says which line and why.

use reelmeter_renderer::{Error, Fault, Walls};
use tokio_util::sync::CancellationToken;

use crate::support::{renderer, scene_of};

/// A line of a scene, and words that the refusal must hold.
const REFUSED: &[(&str, &str)] = &[
    ("import os", "import of os"),
    ("from subprocess import run", "import of subprocess"),
    ("import numpy.f2py", "leads out"),
    ("from manim.utils.file_ops import sp", "from manim import *"),
    ("from . import thing", "one file"),
    ("x = open('/etc/passwd')", "open:"),
    ("x = eval('1')", "eval:"),
    ("x = __import__('os')", "__import__"),
    ("x = (1).__class__", ".__class__"),
    ("x = '{0.__class__}'.format(1)", "special name"),
    ("x = getattr(config, 'o' + 's')", "getattr:"),
    ("x = collections._sys", "._sys"),
    ("config.pixel_width = 10", "config is set"),
    ("config['frame_rate'] = 10", "config is set"),
    ("x = TypstMath('x')", "write MathTypst"),
    ("x = MathTex('x')", "no LaTeX"),
    (
        "x = Axes(axis_config=dict(include_numbers=True))",
        "no LaTeX",
    ),
    ("x = ImageMobject('photo.png')", "no files"),
    (
        "match config:\n    case object(__class__=x): pass",
        "a pattern",
    ),
];

const ORDINARY: &str = "from manim import *
import numpy as np
from math import pi
from manim.utils.color import BLUE_E


class Pump:
    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f'Pump({self._name})'


class Section(Scene):
    def construct(self):
        super().__init__()
        rng = np.random.default_rng(7)
        pump = Pump('air')
        setattr(pump, 'colour', BLUE_E)
        dots = VGroup(*[Dot(rng.normal(size=3)) for _ in range(5)])
        self.play(Create(dots), run_time=config.frame_rate * 0 + 1)
        self.wait(max(0.5, pi / 6))
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_says_which_line_and_why() {
    if crate::support::skipped() {
        return;
    }
    let renderer = renderer(Walls::Bubblewrap).await;
    let cancel = CancellationToken::new();
    assert_eq!(renderer.inspect(&scene_of(ORDINARY), &cancel).await, Ok(()));
    for (line, words) in REFUSED {
        let code = format!(
            "from manim import *\nimport collections\n{line}\n\nclass Section(Scene):\n    pass\n"
        );
        let Err(Error::Code(problem)) = renderer.inspect(&scene_of(&code), &cancel).await else {
            panic!("{line} passes");
        };
        assert_eq!(problem.fault, Fault::Forbidden, "{line}: {problem:?}");
        assert!(problem.message.contains(words), "{line}: {problem:?}");
        let at = problem.line.expect("a line");
        assert!([3, 4].contains(&at.number), "{line}: {at:?}");
    }
    let other = scene_of("from manim import *\n\nclass Other(Scene):\n    pass\n");
    let Err(Error::Code(problem)) = renderer.inspect(&other, &cancel).await else {
        panic!("a scene of another name passes");
    };
    assert_eq!(problem.fault, Fault::Syntax);
    assert!(problem.message.contains("no class Section"), "{problem:?}");
}
