//! The timeline as SVG: bookings per second of each company, the slowest answers, and the faults as bands through both.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::figures::{Band, Timeline};

/// All lengths are of the drawing; the page scales it.
const WIDTH: f64 = 1000.0;
/// Left of the plot, for the names of nemeses and the numbers of the axes.
const LEFT: f64 = 112.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOOKINGS: f64 = 190.0;
const LATENCY: f64 = 80.0;
const BETWEEN: f64 = 34.0;
const LANE: f64 = 20.0;
/// A fault that is over at once is still seen.
const BAND_MIN: f64 = 3.0;
/// A label that does not fit into its band is left to the tooltip.
const LABEL_PER_CHARACTER: f64 = 7.0;
const TICKS: f64 = 8.0;
/// Colours of the style sheet.
const COLOURS: usize = 6;

/// Where seconds and values are on the drawing.
struct Scale<'a> {
    timeline: &'a Timeline,
}

impl Scale<'_> {
    fn x(&self, second: f64) -> f64 {
        let length = self.timeline.seconds.max(1.0);
        LEFT + (WIDTH - LEFT - RIGHT) * (second / length).clamp(0.0, 1.0)
    }

    /// A polyline through the middles of the steps; it is broken where there is no value.
    fn line(&self, values: &[Option<f64>], base: f64, height: f64, most: f64) -> String {
        let mut path = String::new();
        let mut pen = 'M';
        for (step, value) in values.iter().enumerate() {
            let Some(value) = value else {
                pen = 'M';
                continue;
            };
            let x = self.x((step as f64 + 0.5) * self.timeline.step_s);
            let y = base - height * (value / most).clamp(0.0, 1.0);
            path.push_str(&format!("{pen}{x:.1} {y:.1}"));
            pen = 'L';
        }
        path
    }
}

pub fn draw(timeline: &Timeline) -> Markup {
    let scale = Scale { timeline };
    let lanes = lanes(&timeline.bands);
    let bookings_base = TOP + BOOKINGS;
    let latency_base = bookings_base + BETWEEN + LATENCY;
    let lanes_top = latency_base + BETWEEN;
    let height = lanes_top + LANE * lanes.len() as f64 + 8.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height:.0}")) role="img"
            aria-label="Bookings per second of each company and latency, with faults" {
            @for (lane, (_, bands)) in lanes.iter().enumerate() {
                @for band in bands { (shade(&scale, band, lane, latency_base)) }
            }
            (axis(&scale, latency_base))
            (bookings(&scale, bookings_base))
            (latency(&scale, latency_base))
            @for (lane, (nemesis, bands)) in lanes.iter().enumerate() {
                (faults(&scale, nemesis, bands, lane, lanes_top + LANE * lane as f64))
            }
        }
    }
}

/// One for each nemesis, in the order of the alphabet.
fn lanes(bands: &[Band]) -> Vec<(&str, Vec<&Band>)> {
    let mut lanes: BTreeMap<&str, Vec<&Band>> = BTreeMap::new();
    for band in bands {
        lanes.entry(&band.nemesis).or_default().push(band);
    }
    lanes.into_iter().collect()
}

fn bookings(scale: &Scale, base: f64) -> Markup {
    let companies = &scale.timeline.companies;
    let values = companies.iter().flat_map(|one| &one.booked_per_second);
    let most = round_up(values.copied().fold(1.0, f64::max));
    html! {
        text x="0" y=(TOP - 10.0) class="head" { "bookings per second, by the node that answered" }
        (grid(base, BOOKINGS, most, ""))
        @for gap in &scale.timeline.gaps_s {
            @let (from, to) = (scale.x(gap[0]), scale.x(gap[1]));
            rect class="gap" x=(px(from)) y=(px(base)) width=(px(to - from)) height="5" {
                title { (format!("no booking for {:.1} s", gap[1] - gap[0])) }
            }
        }
        @for (index, company) in companies.iter().enumerate() {
            @let values: Vec<_> = company.booked_per_second.iter().copied().map(Some).collect();
            path class=(format!("line c{}", index % COLOURS)) d=(scale.line(&values, base, BOOKINGS, most)) {}
        }
    }
}

fn latency(scale: &Scale, base: f64) -> Markup {
    let values = scale.timeline.p99_ms.iter().flatten();
    let most = round_up(values.copied().fold(1.0, f64::max));
    html! {
        text x="0" y=(base - LATENCY - 10.0) class="head" { "slowest hundredth of the answers, ms" }
        (grid(base, LATENCY, most, " ms"))
        path class="line p99" d=(scale.line(&scale.timeline.p99_ms, base, LATENCY, most)) {}
    }
}

/// Horizontal lines at nothing, half and all.
fn grid(base: f64, height: f64, most: f64, unit: &str) -> Markup {
    html! {
        @for share in [0.0, 0.5, 1.0] {
            @let y = base - height * share;
            line class="grid" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(px(y)) y2=(px(y)) {}
            text class="tick end" x=(LEFT - 8.0) y=(px(y + 4.0)) { (number(most * share)) (unit) }
        }
    }
}

fn axis(scale: &Scale, base: f64) -> Markup {
    let length = scale.timeline.seconds.max(1.0);
    let step = round_up(length / TICKS);
    let ticks = (length / step).floor() as usize;
    html! {
        @for tick in 0..=ticks {
            @let second = step * tick as f64;
            @let x = scale.x(second);
            line class="grid" x1=(px(x)) x2=(px(x)) y1=(TOP) y2=(px(base)) {}
            text class="tick mid" x=(px(x)) y=(px(base + 18.0)) { (number(second)) " s" }
        }
    }
}

fn shade(scale: &Scale, band: &Band, lane: usize, base: f64) -> Markup {
    let (x, width) = extent(scale, band);
    html! {
        rect class=(format!("shade f{}", lane % COLOURS)) x=(px(x)) y=(TOP) width=(px(width)) height=(px(base - TOP)) {}
    }
}

fn faults(scale: &Scale, nemesis: &str, bands: &[&Band], lane: usize, top: f64) -> Markup {
    html! {
        text class="tick end" x=(LEFT - 8.0) y=(px(top + 14.0)) { (nemesis) }
        @for band in bands {
            @let (x, width) = extent(scale, band);
            rect class=(format!("fault f{}", lane % COLOURS)) x=(px(x)) y=(px(top + 3.0)) width=(px(width)) height=(LANE - 6.0) rx="2" {
                title { (nemesis) " " (band.target) (format!(", {:.1} to {:.1} s", band.from_s, band.to_s)) }
            }
            @if width > LABEL_PER_CHARACTER * band.target.chars().count() as f64 {
                text class="label" x=(px(x + width / 2.0)) y=(px(top + 14.0)) { (band.target) }
            }
        }
    }
}

fn extent(scale: &Scale, band: &Band) -> (f64, f64) {
    let x = scale.x(band.from_s);
    (x, (scale.x(band.to_s) - x).max(BAND_MIN))
}

/// To 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| *step >= value * 0.999)
        .unwrap_or(value)
}

fn px(length: f64) -> String {
    format!("{length:.1}")
}

fn number(value: f64) -> String {
    match value >= 10.0 || value == value.trunc() {
        true => format!("{value:.0}"),
        false => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, expected) in [(1.0, 1.0), (1.1, 2.0), (37.0, 50.0), (720.0, 1000.0)] {
            assert_eq!(round_up(value), expected);
        }
    }

    #[test]
    fn a_line_is_broken_where_there_is_no_value() {
        let timeline = Timeline {
            seconds: 4.0,
            step_s: 1.0,
            ..Timeline::default()
        };
        let scale = Scale {
            timeline: &timeline,
        };
        let line = scale.line(&[Some(1.0), Some(2.0), None, Some(0.0)], 100.0, 100.0, 2.0);
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert_eq!(line.matches('L').count(), 1, "{line}");
    }
}
