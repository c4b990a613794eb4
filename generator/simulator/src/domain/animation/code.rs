//! Manim code that draws a drawing. It uses nothing but what Manim 0.22 has without LaTeX.

use super::drawing::{Drawing, Kind};

/// The colours of the parts, by turns.
const COLOURS: &str = "[COLD, SUN, WARM, LEAF, ROSE, VIOLET]";

/// Seconds that a drawing's beginning and end take beside its steps.
const SECONDS_AROUND: f64 = 4.2;
/// The quickest and the slowest that a step is shown.
const STEP_SECONDS: (f64, f64) = (0.4, 1.4);

/// The whole file for a drawing that takes about so many seconds.
#[must_use]
pub fn python(drawing: &Drawing, seconds: u64) -> String {
    let steps = drawing.labels.len() as f64 + 2.0;
    let pace = ((seconds as f64 - SECONDS_AROUND) / steps).clamp(STEP_SECONDS.0, STEP_SECONDS.1);
    let body = match drawing.kind {
        Kind::Cycle => CYCLE,
        Kind::Chain => CHAIN,
        Kind::Bars => BARS,
        Kind::Graph => GRAPH,
        Kind::Layers => LAYERS,
        Kind::Compare => COMPARE,
        Kind::Hub => HUB,
    };
    let (names, values) = names_and_values(drawing);
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let values: Vec<String> = values.iter().map(|value| format!("{value}")).collect();
    FILE.replace("{body}", body)
        .replace("{heading}", &quoted(&drawing.heading))
        .replace("{caption}", &quoted(&drawing.caption))
        .replace("{names}", &names.join(", "))
        .replace("{values}", &values.join(", "))
        .replace("{colours}", COLOURS)
        .replace("{pace}", &format!("{pace:.2}"))
}

/// `Electricity = 1` is a name and a number; a name alone counts its place.
fn names_and_values(drawing: &Drawing) -> (Vec<String>, Vec<f64>) {
    let split = |(place, label): (usize, &String)| {
        let parts = label.split_once(" = ");
        let figure = parts.and_then(|(name, figure)| Some((name, figure.parse::<f64>().ok()?)));
        match figure {
            Some((name, figure)) => (name.to_owned(), figure.abs()),
            None => (label.clone(), place as f64 + 1.0),
        }
    };
    drawing.labels.iter().enumerate().map(split).unzip()
}

/// A text as Python writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars().filter(|c| !c.is_control()) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

const FILE: &str = r##"from manim import *

NIGHT = "#101C2C"
PAPER = "#EAF2F8"
COLD = "#5EC8F8"
WARM = "#FF9E5E"
SUN = "#FFD166"
LEAF = "#7BD88F"
ROSE = "#F781A8"
VIOLET = "#B79CF5"


class Section(Scene):
    def words(self, text, width, size=28, color=PAPER):
        written = Text(text, font_size=size, color=color)
        if written.width > width:
            written.scale_to_fit_width(width)
        return written

    def box(self, text, color, width=2.6, height=1.0):
        frame = RoundedRectangle(width=width, height=height, corner_radius=0.18)
        frame.set_stroke(color, width=4).set_fill(color, opacity=0.16)
        return VGroup(frame, self.words(text, width - 0.4))

    def construct(self):
        self.camera.background_color = NIGHT
        wide = config.frame_width - 1.2
        middle = UP * 0.05
        names = [{names}]
        colors = {colours}
        title = Text({heading}, font_size=40, color=SUN)
        if title.width > wide:
            title.scale_to_fit_width(wide)
        title.to_edge(UP, buff=0.5)
        caption = Text({caption}, font_size=24, color=COLD)
        if caption.width > wide:
            caption.scale_to_fit_width(wide)
        caption.next_to(title, DOWN, buff=0.22)
        self.play(FadeIn(title, shift=DOWN * 0.2), run_time=0.8)
{body}
        self.play(Write(caption), run_time=1.0)
        self.wait(1)
"##;

const CYCLE: &str = r##"        middle = DOWN * 0.35
        reach = min(wide / 2 - 1.4, 3.6)
        high = 1.45
        width = min(2.6, wide / 2 - 0.3)

        def at(turn):
            return middle + RIGHT * reach * np.sin(turn) + UP * high * np.cos(turn)

        ring = ParametricFunction(at, t_range=[0, TAU], color=PAPER).set_stroke(opacity=0.35)
        parts = VGroup()
        for place, name in enumerate(names):
            part = self.box(name, colors[place], width, 0.85)
            part[0].set_fill(NIGHT, opacity=1)
            part.move_to(at(place * TAU / len(names)))
            parts.add(part)
        self.play(Create(ring), run_time=0.8)
        arrows = VGroup()
        for place in range(len(names)):
            turn = (place + 0.5) * TAU / len(names)
            tip = Triangle(color=PAPER, fill_opacity=1).scale(0.13)
            ahead = at(turn + 0.02) - at(turn - 0.02)
            tip.rotate(angle_of_vector(ahead) - PI / 2).move_to(at(turn))
            arrows.add(tip)
        for part, arrow in zip(parts, arrows):
            self.play(FadeIn(part, scale=0.7), FadeIn(arrow), run_time={pace})
        drop = Dot(radius=0.16, color=WARM).move_to(at(0))
        self.add(drop)
        self.play(MoveAlongPath(drop, ring), run_time=2 * {pace} + 1, rate_func=linear)
        self.play(LaggedStart(*[Indicate(part[1], color=SUN) for part in parts], lag_ratio=0.3), run_time=1.2)"##;

const CHAIN: &str = r##"        width = min(3.3, (wide - 0.8 * (len(names) - 1)) / len(names))
        tall = width < 1.5
        parts = VGroup(*[self.box(name, colors[place], 3.2 if tall else width, 1.0 if tall else 1.5) for place, name in enumerate(names)])
        if tall:
            parts.arrange(DOWN, buff=0.35).scale_to_fit_height(min(parts.height, 4.2))
        else:
            parts.arrange(RIGHT, buff=0.8)
        parts.move_to(DOWN * 0.25)
        arrows = VGroup()
        for one, other in zip(parts, parts[1:]):
            start, end = (one.get_bottom(), other.get_top()) if tall else (one.get_right(), other.get_left())
            arrows.add(Arrow(start, end, buff=0.08, color=PAPER, stroke_width=5, max_tip_length_to_length_ratio=0.35))
        self.play(FadeIn(parts[0], shift=RIGHT * 0.3), run_time={pace})
        for arrow, part in zip(arrows, parts[1:]):
            self.play(GrowArrow(arrow), FadeIn(part, shift=RIGHT * 0.3), run_time={pace})
        drops = VGroup(*[Dot(radius=0.13, color=WARM).move_to(parts[0].get_center() + DOWN * 1.1) for _ in range(3)])
        path = Line(parts[0].get_center() + DOWN * 1.1, parts[-1].get_center() + DOWN * 1.1)
        if tall:
            path = Line(parts[0].get_center() + RIGHT * 1.9, parts[-1].get_center() + RIGHT * 1.9)
        self.play(LaggedStart(*[MoveAlongPath(drop, path) for drop in drops], lag_ratio=0.25), run_time=2 * {pace} + 1)
        self.play(Indicate(parts[-1], color=SUN), FadeOut(drops), run_time=0.8)"##;

const BARS: &str = r##"        values = [{values}]
        floor = DOWN * 1.9
        room = 3.1
        width = min(1.5, wide / len(names) - 0.5)
        base = Line(LEFT * wide / 2.3, RIGHT * wide / 2.3, color=PAPER).move_to(floor)
        self.play(Create(base), run_time=0.6)
        step = wide / 1.15 / len(names)
        for place, (name, value) in enumerate(zip(names, values)):
            across = RIGHT * (place - (len(names) - 1) / 2) * step
            height = max(room * value / max(values), 0.05)
            bar = Rectangle(width=width, height=height, stroke_width=0)
            bar.set_fill(colors[place], opacity=0.85).move_to(floor + across, aligned_edge=DOWN)
            figure = Text(f"{value:g}", font_size=30, color=colors[place]).next_to(bar, UP, buff=0.12)
            below = self.words(name, step - 0.2, size=26).next_to(floor + across, DOWN, buff=0.18)
            self.play(GrowFromEdge(bar, DOWN), FadeIn(below), run_time={pace} + 0.3)
            self.play(FadeIn(figure, shift=UP * 0.2), run_time=0.4)"##;

const GRAPH: &str = r##"        axes = Axes(
            x_range=[0, 10, 2],
            y_range=[0, 10, 2],
            x_length=min(7.5, wide - 1.6),
            y_length=3.6,
            axis_config={"color": PAPER, "stroke_width": 3},
        ).move_to(DOWN * 0.2)
        across = self.words(names[0], 3).next_to(axes.c2p(8.5, 0), DOWN, buff=0.2)
        upward = self.words(names[1], 3).next_to(axes.y_axis.get_end(), RIGHT, buff=0.25)
        self.play(Create(axes), run_time=1.0)
        self.play(FadeIn(across), FadeIn(upward), run_time={pace})
        curve = axes.plot(lambda x: 0.8 + 0.075 * x**2, x_range=[0, 10], color=WARM, stroke_width=6)
        point = Dot(axes.c2p(0, 0.8), radius=0.14, color=SUN)
        self.add(point)
        self.play(Create(curve), MoveAlongPath(point, curve), run_time=2 * {pace} + 1.2, rate_func=linear)
        down = DashedLine(point.get_center(), axes.c2p(10, 0), color=COLD)
        left = DashedLine(point.get_center(), axes.c2p(0, 8.3), color=COLD)
        self.play(Create(down), Create(left), Flash(point, color=SUN), run_time={pace} + 0.3)"##;

const LAYERS: &str = r##"        width = min(wide, 8.5)
        height = 4.2 / len(names)
        layers = VGroup()
        for place, name in enumerate(names):
            layer = Rectangle(width=width, height=height, stroke_color=NIGHT, stroke_width=3)
            layer.set_fill(colors[place], opacity=0.75 - 0.09 * place)
            layers.add(VGroup(layer, self.words(name, width - 3, size=30, color=NIGHT)))
        layers.arrange(DOWN, buff=0).move_to(DOWN * 0.4)
        for layer in layers:
            self.play(FadeIn(layer, shift=DOWN * 0.3), run_time={pace})
        edge = RIGHT * (width / 2 - 0.7)
        arrow = Arrow(layers.get_bottom() + edge, layers.get_top() + edge, buff=0.15, color=WARM, stroke_width=8)
        self.play(GrowArrow(arrow), run_time={pace} + 0.5)
        for layer in reversed(layers):
            self.play(Indicate(layer[1], color=PAPER), run_time=0.5)"##;

const COMPARE: &str = r##"        half = (len(names) + 1) // 2
        sides = [names[:half], names[half:]]
        width = min(4.8, wide / 2 - 0.5)
        panels = VGroup()
        for side, color in zip(sides, [COLD, WARM]):
            frame = RoundedRectangle(width=width, height=3.6, corner_radius=0.25)
            frame.set_stroke(color, width=4).set_fill(color, opacity=0.12)
            lines = VGroup(*[self.words(text, width - 0.6, size=38 if place == 0 else 30, color=color if place == 0 else PAPER) for place, text in enumerate(side)])
            lines.arrange(DOWN, buff=0.45).move_to(frame)
            panels.add(VGroup(frame, lines))
        panels.arrange(RIGHT, buff=0.9).move_to(DOWN * 0.35)
        for panel in panels:
            self.play(Create(panel[0]), run_time={pace})
            for line in panel[1]:
                self.play(FadeIn(line, shift=UP * 0.2), run_time={pace} * 0.8)
        bridge = Arrow(panels[0].get_right(), panels[1].get_left(), buff=0.08, color=SUN, stroke_width=8, max_tip_length_to_length_ratio=0.4)
        self.play(GrowArrow(bridge), run_time=0.7)
        dots = VGroup(*[Dot(radius=0.1, color=SUN).move_to(panels[0].get_right() + LEFT * 0.5 + UP * shift) for shift in (-0.6, 0, 0.6)])
        self.play(LaggedStart(*[dot.animate.shift(RIGHT * 1.9) for dot in dots], lag_ratio=0.3), run_time=1.4)
        self.play(FadeOut(dots), Indicate(panels[1][1][0], color=SUN), run_time=0.8)"##;

const HUB: &str = r##"        middle = DOWN * 0.35
        around = names[1:]
        core = Circle(radius=0.85, color=SUN, stroke_width=5).set_fill(SUN, opacity=0.15).move_to(middle)
        named = self.words(names[0], 1.5).move_to(core)
        self.play(GrowFromCenter(core), FadeIn(named), run_time={pace})
        reach = min(wide / 2 - 1.3, 4.2)
        spokes, parts = VGroup(), VGroup()
        for place, name in enumerate(around):
            turn = PI / 4 + place * TAU / len(around)
            part = self.box(name, colors[place], min(2.6, wide / 2 - 0.4), 0.85)
            part[0].set_fill(NIGHT, opacity=1)
            part.move_to(middle + RIGHT * reach * np.cos(turn) + UP * 1.55 * np.sin(turn))
            spoke = Line(middle, part.get_center(), buff=0.95, color=colors[place], stroke_width=4)
            parts.add(part)
            spokes.add(spoke)
            self.play(Create(spoke), FadeIn(part, scale=0.7), run_time={pace})
        pulses = VGroup(*[Dot(radius=0.12, color=WARM).move_to(spoke.get_end()) for spoke in spokes])
        self.play(LaggedStart(*[pulse.animate.move_to(spoke.get_start()) for pulse, spoke in zip(pulses, spokes)], lag_ratio=0.2), run_time=1.5)
        self.play(FadeOut(pulses), Indicate(VGroup(core, named), color=SUN), run_time=0.8)"##;
