//! Between what the service says and what we mean.

use std::time::Duration;

use reelmeter_proto::renderer::v1 as wire;
use tonic::Status;

use crate::{Fault, Problem, RunLimit, Scene};

/// Longest that a scene may ask for: an hour, many times what the longest section takes.
const TIME_MAX: Duration = Duration::from_secs(3_600);

pub(super) fn scene_from_wire(scene: Option<wire::Scene>) -> Result<Scene, Status> {
    let scene = scene.ok_or_else(|| Status::invalid_argument("scene is missing"))?;
    if scene.time_max_ms == 0 {
        return Err(Status::invalid_argument("scene.time_max_ms is zero"));
    }
    Ok(Scene {
        code: scene.code,
        scene_class: scene.scene_class,
        width_px: scene.width_px,
        height_px: scene.height_px,
        fps: scene.fps,
        time_max: Duration::from_millis(scene.time_max_ms).min(TIME_MAX),
    })
}

pub(crate) fn scene_to_wire(scene: &Scene) -> wire::Scene {
    wire::Scene {
        code: scene.code.clone(),
        scene_class: scene.scene_class.clone(),
        width_px: scene.width_px,
        height_px: scene.height_px,
        fps: scene.fps,
        time_max_ms: u64::try_from(scene.time_max.as_millis()).unwrap_or(u64::MAX),
    }
}

pub(super) fn problem_to_wire(problem: &Problem) -> wire::Problem {
    wire::Problem {
        fault: match problem.fault {
            Fault::Syntax => wire::Fault::Syntax,
            Fault::Forbidden => wire::Fault::Forbidden,
            Fault::Raised => wire::Fault::Raised,
            Fault::NoPicture => wire::Fault::NoPicture,
            Fault::Limit(RunLimit::Time) => wire::Fault::TimeLimit,
            Fault::Limit(RunLimit::Memory) => wire::Fault::MemoryLimit,
            Fault::Limit(RunLimit::Processes) => wire::Fault::ProcessLimit,
            Fault::Limit(RunLimit::Disk) => wire::Fault::DiskLimit,
            Fault::Limit(RunLimit::Output) => wire::Fault::OutputLimit,
        }
        .into(),
        message: problem.message.clone(),
        line_number: problem.line.as_ref().map(|line| line.number),
    }
}

/// A fault of a newer renderer is still a fault.
pub(crate) fn fault_from_wire(fault: wire::Fault) -> Fault {
    match fault {
        wire::Fault::Syntax => Fault::Syntax,
        wire::Fault::Forbidden => Fault::Forbidden,
        wire::Fault::Raised | wire::Fault::Unspecified => Fault::Raised,
        wire::Fault::NoPicture => Fault::NoPicture,
        wire::Fault::TimeLimit => Fault::Limit(RunLimit::Time),
        wire::Fault::MemoryLimit => Fault::Limit(RunLimit::Memory),
        wire::Fault::ProcessLimit => Fault::Limit(RunLimit::Processes),
        wire::Fault::DiskLimit => Fault::Limit(RunLimit::Disk),
        wire::Fault::OutputLimit => Fault::Limit(RunLimit::Output),
    }
}
