//! Reading between samples: Catmull-Rom, first along lines, then along columns.

/// Samples that each result is made of.
const TAPS: usize = 4;

/// Weights add up to this.
const UNIT: i32 = 1 << 12;

/// A line's results keep this many bits below one, so that rounding happens once.
/// With overshoot (a factor of 1.25 at most) they still fit 16 bits.
const KEPT_BITS: u32 = 6;

/// Copies of a line's ends before and after it, so that no tap falls outside.
const PADDING: usize = 4;

/// Which samples make each result along one direction, and with what weights.
#[derive(Debug)]
pub(crate) struct Axis {
    taps: Vec<Tap>,
}

#[derive(Debug, Clone, Copy)]
struct Tap {
    /// The first of the samples; it may lie before the first there is.
    first: i64,
    weights: [i32; TAPS],
}

impl Axis {
    /// `count` results, evenly over `length` samples from `start` on.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "positions are below a few hundred thousand, weights below 1.25 units"
    )]
    pub(crate) fn new(start: f64, length: f64, count: usize) -> Self {
        let step = length / count.max(1) as f64;
        let taps = (0..count)
            .map(|index| {
                // A sample stands for the middle of its pixel.
                let at = start + (index as f64 + 0.5) * step - 0.5;
                let whole = at.floor();
                let weights = catmull_rom(at - whole).map(|w| (w * f64::from(UNIT)).round() as i32);
                Tap {
                    first: whole as i64 - 1,
                    weights: balanced(weights),
                }
            })
            .collect();
        Self { taps }
    }
}

/// The weights of four samples for a place between the second and the third.
fn catmull_rom(t: f64) -> [f64; TAPS] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ]
}

/// Weights that add up to one exactly: an even grey stays as it is.
fn balanced(mut weights: [i32; TAPS]) -> [i32; TAPS] {
    let missing = UNIT - weights.iter().sum::<i32>();
    if let Some(largest) = weights.iter_mut().max() {
        *largest += missing;
    }
    weights
}

/// Fills `target` with what both axes read out of `source`.
pub(crate) fn plane(
    source: &[u8],
    source_width: usize,
    across: &Axis,
    down: &Axis,
    target: &mut [u8],
) {
    let width = across.taps.len();
    let Some(last_line) = (source.len() / source_width.max(1)).checked_sub(1) else {
        return;
    };
    if width == 0 {
        return;
    }
    let columns = columns(across, source_width);
    // The four lines that a result is made of; most of them serve the next one too.
    let mut ring: [Vec<i16>; TAPS] = std::array::from_fn(|_| vec![0; width]);
    let mut held: [Option<usize>; TAPS] = [None; TAPS];
    let mut padded = vec![0_u8; source_width + 2 * PADDING];

    for (tap, out) in down.taps.iter().zip(target.chunks_exact_mut(width)) {
        let mut slots = [0; TAPS];
        for (offset, slot) in (0_i64..).zip(&mut slots) {
            let line = usize::try_from(tap.first + offset)
                .unwrap_or(0)
                .min(last_line);
            *slot = line % TAPS;
            if held[*slot] != Some(line) {
                held[*slot] = Some(line);
                let start = line * source_width;
                pad(&source[start..start + source_width], &mut padded);
                read_line(&padded, &columns, &mut ring[*slot]);
            }
        }
        let [a, b, c, d] = slots.map(|slot| &ring[slot][..width]);
        mix_lines([a, b, c, d], tap.weights, out);
    }
}

/// Taps along a line, as places in the padded line.
fn columns(across: &Axis, source_width: usize) -> Vec<(usize, [i32; TAPS])> {
    // Beyond the padding, all samples are alike.
    let last = source_width + 2 * PADDING - TAPS;
    across
        .taps
        .iter()
        .map(|tap| {
            let place = usize::try_from(tap.first + PADDING as i64).unwrap_or(0);
            (place.min(last), tap.weights)
        })
        .collect()
}

/// Copies a line and repeats its ends.
fn pad(line: &[u8], padded: &mut [u8]) {
    let (Some(&first), Some(&last)) = (line.first(), line.last()) else {
        return;
    };
    padded[..PADDING].fill(first);
    padded[PADDING..PADDING + line.len()].copy_from_slice(line);
    padded[PADDING + line.len()..].fill(last);
}

fn read_line(padded: &[u8], columns: &[(usize, [i32; TAPS])], out: &mut [i16]) {
    const SHIFT: u32 = UNIT.trailing_zeros() - KEPT_BITS;
    for (out, (place, weights)) in out.iter_mut().zip(columns) {
        let [a, b, c, d] = weights;
        let samples = &padded[*place..*place + TAPS];
        let sum = i32::from(samples[0]) * a
            + i32::from(samples[1]) * b
            + i32::from(samples[2]) * c
            + i32::from(samples[3]) * d;
        *out = (sum >> SHIFT) as i16;
    }
}

fn mix_lines(lines: [&[i16]; TAPS], weights: [i32; TAPS], out: &mut [u8]) {
    const SHIFT: u32 = UNIT.trailing_zeros() + KEPT_BITS;
    const HALF: i32 = 1 << (SHIFT - 1);
    let [a, b, c, d] = lines;
    let [wa, wb, wc, wd] = weights;
    for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let sum = i32::from(*a) * wa + i32::from(*b) * wb + i32::from(*c) * wc + i32::from(*d) * wd;
        *out = ((sum + HALF) >> SHIFT).clamp(0, 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_to_one_wherever_the_place_is() {
        for n in 0..1_000 {
            let axis = Axis::new(f64::from(n) * 0.0137, 1.0, 1);
            assert_eq!(axis.taps[0].weights.iter().sum::<i32>(), UNIT);
        }
    }

    #[test]
    fn on_a_sample_only_it_counts() {
        let axis = Axis::new(7.0, 1.0, 1);
        assert_eq!(axis.taps[0].first, 6);
        assert_eq!(axis.taps[0].weights, [0, UNIT, 0, 0]);
    }
}
