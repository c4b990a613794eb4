//! Draws pictures for prompts, to look at: `cargo run -p reelmeter-simulator --example gallery -- DIRECTORY WIDTHxHEIGHT PROMPT…`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::time::Instant;

use reelmeter_simulator::adapters::resvg;
use reelmeter_simulator::domain::picture::{Frame, compose};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("give a directory")?;
    let size = arguments.next().ok_or("give a size such as 1344x768")?;
    let (width, height) = size.split_once('x').ok_or("give a size such as 1344x768")?;
    let frame = Frame {
        width: width.parse()?,
        height: height.parse()?,
    };
    for (number, prompt) in arguments.enumerate() {
        let start = Instant::now();
        let png = resvg::draw(&compose(&prompt, frame))?;
        println!(
            "{number:02} {} bytes in {} ms: {prompt}",
            png.len(),
            start.elapsed().as_millis()
        );
        std::fs::write(format!("{directory}/{number:02}.png"), png)?;
    }
    Ok(())
}
