//! Writes the Manim code of a prompt's sections, to look at: `cargo run -p reelmeter-simulator --example animations -- DIRECTORY COUNT PROMPT`

use reelmeter_simulator::domain::animation::{drawing, python};
use reelmeter_simulator::domain::script::compose;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("give a directory")?;
    let count = arguments
        .next()
        .ok_or("give a number of sections")?
        .parse()?;
    let prompt = arguments.next().ok_or("give a prompt")?;
    let script = compose(&prompt, count);
    for (place, scene) in script.scenes.iter().enumerate() {
        let code = python(&drawing(&script.title, scene, place), 8);
        std::fs::write(format!("{directory}/{:02}.py", place + 1), code)?;
    }
    Ok(())
}
