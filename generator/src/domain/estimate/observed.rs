//! What earlier videos really used, and what it says about the next one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Case, PlannedCall};
use crate::domain::job::{Pipeline, Spec, images_of_scenes};
use crate::domain::usage::{Basis, Metric, Usage};

/// Earlier videos that are looked at: enough to even out, few enough to follow a change of models.
pub const RUNS_MAX: usize = 20;

/// What the calls of one stage used together, retries and discarded ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageUse {
    /// How many calls there were.
    pub calls: u64,
    /// Quantities by metric.
    pub metrics: BTreeMap<String, u64>,
}

/// What one finished video used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunUse {
    /// The video.
    pub job_id: String,
    /// Which pipeline made it.
    pub pipeline: Pipeline,
    /// Whether a stand-in answered: its usage says nothing about the providers'.
    pub simulated: bool,
    /// Its scenes or sections.
    pub scene_count: u32,
    /// Its images.
    pub image_count: u32,
    /// What each stage used.
    pub stages: BTreeMap<String, StageUse>,
}

/// The three cases, with the likely one as earlier videos of the same kind had it. The least and the most are widened
/// where it lies outside of them. Gives how many videos it rests on.
pub fn learn(
    cases: [&mut Vec<PlannedCall>; 3],
    spec: &Spec,
    simulated: bool,
    runs: &[RunUse],
) -> usize {
    let [lowest, likely, highest] = cases;
    let same = |run: &&RunUse| {
        run.pipeline == spec.pipeline && run.simulated == simulated && run.scene_count > 0
    };
    let runs: Vec<&RunUse> = runs.iter().rev().filter(same).take(RUNS_MAX).collect();
    if runs.is_empty() {
        return 0;
    }
    for call in likely.iter_mut() {
        observe(call, spec, &runs);
        for (other, case) in [(&mut *lowest, Case::Lowest), (&mut *highest, Case::Highest)] {
            let same = |other: &&mut PlannedCall| other.stage == call.stage;
            if let Some(other) = other.iter_mut().find(same) {
                widen(other, call, case);
            }
        }
    }
    runs.len()
}

fn observe(call: &mut PlannedCall, spec: &Spec, runs: &[&RunUse]) {
    let of_stage = || runs.iter().filter_map(|run| run.stages.get(call.stage));
    let calls: u64 = of_stage().map(|stage| stage.calls).sum();
    let sum = |wanted: &dyn Fn(&RunUse) -> u32| {
        runs.iter().map(|run| u64::from(wanted(run))).sum::<u64>()
    };
    let scenes = sum(&|run| run.scene_count);
    let whole = matches!(call.stage, "script" | "rephrase");
    let (units, wanted) = match call.stage {
        "image" => (
            sum(&|run| run.image_count),
            images_of_scenes(spec.image_count, spec.scene_count)
                .iter()
                .sum(),
        ),
        _ if whole => (runs.len() as u64, 1),
        _ => (scenes, spec.scene_count),
    };
    if units == 0 {
        return;
    }
    call.times = narrow((calls * u64::from(wanted)).div_ceil(units));
    if calls == 0 {
        return;
    }
    let mut usage = Usage::none();
    for metric in Metric::ALL {
        let total: u64 = of_stage()
            .filter_map(|stage| stage.metrics.get(metric.as_str()))
            .sum();
        // A script's answer grows with its scenes; everything else is one thing a call.
        let value = if whole && metric.is_output_tokens() {
            (total * u64::from(spec.scene_count)).div_ceil(scenes)
        } else {
            total.div_ceil(calls)
        };
        usage.add(metric, value, Basis::Estimated);
    }
    call.usage = usage;
}

fn widen(other: &mut PlannedCall, likely: &PlannedCall, case: Case) {
    let pick = |a: u64, b: u64| {
        if case == Case::Lowest {
            a.min(b)
        } else {
            a.max(b)
        }
    };
    other.times = narrow(pick(u64::from(other.times), u64::from(likely.times)));
    let mut usage = Usage::none();
    for metric in Metric::ALL {
        let value = pick(other.usage.value(metric), likely.usage.value(metric));
        usage.add(metric, value, Basis::Estimated);
    }
    other.usage = usage;
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::estimate::animated::tests_support::{cast, spec};
    use crate::domain::estimate::video;

    fn run(simulated: bool, corrections: u64) -> RunUse {
        let stage = |calls, output| StageUse {
            calls,
            metrics: [("input_tokens", 1_000 * calls), ("output_tokens", output)]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        };
        RunUse {
            job_id: "j".to_owned(),
            pipeline: Pipeline::Animated,
            simulated,
            scene_count: 10,
            image_count: 0,
            stages: [
                ("script", stage(1, 1_000)),
                ("code", stage(10, 7_000)),
                ("correction", stage(corrections, 900 * corrections)),
            ]
            .map(|(name, stage)| (name.to_owned(), stage))
            .into(),
        }
    }

    fn cases(runs: &[RunUse]) -> ([Vec<PlannedCall>; 3], usize) {
        let case = |case| video(&spec(5), &cast(), case, 2);
        let (mut lowest, mut likely, mut highest) =
            (case(Case::Lowest), case(Case::Likely), case(Case::Highest));
        let learnt = learn(
            [&mut lowest, &mut likely, &mut highest],
            &spec(5),
            false,
            runs,
        );
        ([lowest, likely, highest], learnt)
    }

    fn find<'a>(calls: &'a [PlannedCall], stage: &str) -> &'a PlannedCall {
        calls
            .iter()
            .find(|call| call.stage == stage)
            .into_iter()
            .next()
            .unwrap_or_else(|| unreachable!())
    }

    #[test]
    fn the_likely_case_is_what_earlier_videos_really_used() {
        let ([lowest, likely, highest], learnt) = cases(&[run(false, 14)]);
        assert_eq!(learnt, 1);
        let code = find(&likely, "code");
        assert_eq!(
            (code.times, code.usage.value(Metric::OutputTokens)),
            (5, 700)
        );
        assert_eq!(find(&likely, "correction").times, 7);
        // The script's answer is half as long for half as many sections.
        assert_eq!(
            find(&likely, "script").usage.value(Metric::OutputTokens),
            500
        );
        for (low, high) in [(&lowest, &likely), (&likely, &highest)] {
            for stage in ["script", "code", "correction"] {
                let (low, high) = (find(low, stage), find(high, stage));
                assert!(low.times <= high.times, "{stage}");
                for metric in [Metric::InputTokens, Metric::OutputTokens] {
                    assert!(
                        low.usage.value(metric) <= high.usage.value(metric),
                        "{stage} {metric}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_rehearsal_says_nothing_about_the_real_providers() {
        let ([_, likely, _], learnt) = cases(&[run(true, 14)]);
        assert_eq!(learnt, 0);
        assert_eq!(find(&likely, "correction").times, 3);
    }
}
