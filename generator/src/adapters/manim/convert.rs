//! Between the renderer's words and the port's.

use reelmeter_renderer as renderer;
use reelmeter_renderer::Scene;

use crate::application::ports::{
    AnimateError, Animation, CodeLine, CodeProblem, Fault, NoAnimator, RunLimit,
};

pub(super) fn scene(animation: &Animation) -> Scene {
    Scene {
        code: animation.code.clone(),
        scene_class: animation.scene_class.clone(),
        width_px: animation.width_px,
        height_px: animation.height_px,
        fps: animation.fps,
        time_max: animation.time_max,
    }
}

pub(super) fn unavailable(unavailable: renderer::Unavailable) -> NoAnimator {
    NoAnimator {
        missing: unavailable.missing,
        remedy: unavailable.remedy,
    }
}

pub(super) fn error(error: renderer::Error) -> AnimateError {
    match error {
        renderer::Error::Code(problem) => AnimateError::Code(CodeProblem {
            fault: fault(problem.fault),
            message: problem.message,
            line: problem.line.map(|line| CodeLine {
                number: line.number,
                text: line.text,
            }),
        }),
        renderer::Error::Machine(reason) => AnimateError::Machine(reason),
        renderer::Error::Cancelled => AnimateError::Cancelled,
    }
}

fn fault(fault: renderer::Fault) -> Fault {
    match fault {
        renderer::Fault::Syntax => Fault::Syntax,
        renderer::Fault::Forbidden => Fault::Forbidden,
        renderer::Fault::Raised => Fault::Raised,
        renderer::Fault::NoPicture => Fault::NoPicture,
        renderer::Fault::Limit(limit) => Fault::Limit(match limit {
            renderer::RunLimit::Time => RunLimit::Time,
            renderer::RunLimit::Memory => RunLimit::Memory,
            renderer::RunLimit::Processes => RunLimit::Processes,
            renderer::RunLimit::Disk => RunLimit::Disk,
            renderer::RunLimit::Output => RunLimit::Output,
        }),
    }
}
