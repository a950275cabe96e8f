//! The report as one page of HTML that needs nothing from elsewhere and runs no script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figures::Figures;
use super::{seconds, timeline};

const STYLE: &str = include_str!("page.css");
/// Violations and faults that are listed; the counts are of all.
const LISTED_MAX: usize = 200;
/// Colours of the style sheet.
const COLOURS: usize = 6;

pub fn page(figures: &Figures) -> Markup {
    let run = &figures.run;
    let title = format!("{} · seed {}", run.scenario, run.seed);
    let body = html! {
        h1 { (run.scenario) }
        p.quiet {
            "seed " (run.seed) " · " (format!("{:.0}", figures.seconds)) " s of load · " (run.clients) " clients · companies "
            (run.companies.join(", ")) " · version " (run.version)
        }
        (verdict(figures.violations.len()))
        (tiles(figures))
        h2 { "Timeline" }
        ul.legend {
            @for (index, company) in run.companies.iter().enumerate() {
                li { i class=(format!("c{}", index % COLOURS)) {} "company " (company) }
            }
            @if !figures.timeline.gaps_s.is_empty() {
                li { i style="--it: var(--bad)" {} "no booking for a second or more" }
            }
        }
        div.wide.timeline { (timeline::draw(&figures.timeline)) }
        (violations(figures))
        (nemeses(figures))
        (judged(figures))
        (answers(figures))
        (faults(figures))
        h2 { "Do it again" }
        pre { (run.command) }
        p.quiet { "What customers want and what breaks is drawn from the seed; when it happens is the machine's." }
    };
    frame(&title, &body)
}

/// The page around it.
pub(crate) fn frame(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

pub(super) fn verdict(violations: usize) -> Markup {
    html! {
        @match violations {
            0 => p.verdict.clean { "No violation" },
            1 => p.verdict.broken { "1 violation" },
            count => p.verdict.broken { (count) " violations" },
        }
    }
}

fn tiles(figures: &Figures) -> Markup {
    let tiles = [
        ("operations", figures.operations.to_string()),
        ("booked", figures.booked.to_string()),
        ("bookings/s", format!("{:.0}", figures.bookings_per_second)),
        ("booked, p50", format!("{:.0} ms", figures.booked_p50_ms)),
        ("booked, p99", format!("{:.0} ms", figures.booked_p99_ms)),
        ("faults", figures.faults.len().to_string()),
        (
            "longest without a booking",
            format!("{:.1} s", figures.longest_gap_s),
        ),
        (
            "well after faults, max",
            format!("{} s", seconds(figures.heal_max_s)),
        ),
        (
            "at rest after the load",
            format!("{:.1} s", figures.healed_after_s),
        ),
    ];
    html! {
        dl.tiles {
            @for (name, value) in tiles { div { dt { (name) } dd { (value) } } }
        }
    }
}

fn violations(figures: &Figures) -> Markup {
    html! {
        @if !figures.violations.is_empty() {
            h2 { "Violations" }
            ul.plain {
                @for violation in figures.violations.iter().take(LISTED_MAX) { li { (violation) } }
                @if figures.violations.len() > LISTED_MAX {
                    li { "and " (figures.violations.len() - LISTED_MAX) " more" }
                }
            }
        }
    }
}

fn nemeses(figures: &Figures) -> Markup {
    html! {
        @if !figures.nemeses.is_empty() {
            h2 { "Faults by nemesis" }
            div.wide { table {
                thead { tr {
                    th.name { "nemesis" } th { "faults" } th { "longest gap s" }
                    th { "back after s, p50" } th { "max" }
                } }
                tbody { @for row in &figures.nemeses { tr {
                    td.name { (row.nemesis) } td { (row.faults) } td { (format!("{:.1}", row.longest_gap_s)) }
                    td { (seconds(row.back_p50_s)) } td { (seconds(row.back_max_s)) }
                } } }
            } }
            p.quiet { "A gap is a time without a booking. Back: from the end of a fault to the first new booking over all companies." }
        }
    }
}

fn judged(figures: &Figures) -> Markup {
    html! {
        h2 { "What was checked" }
        div.wide { table {
            thead { tr { th.name { "invariants" } th.name { "what" } th { "judged" } th { "violations" } } }
            tbody { @for row in &figures.judged { tr {
                td.name { (row.invariants) } td.name { (row.what) } td { (row.count) }
                td.bad[row.violations > 0] { (row.violations) }
            } } }
        } }
    }
}

fn answers(figures: &Figures) -> Markup {
    html! {
        h2 { "Answers" }
        div.wide { table {
            thead { tr {
                th.name { "request" } th.name { "answer" } th { "count" } th { "p50" } th { "p99" } th { "longest" }
            } }
            tbody { @for row in &figures.answers { tr {
                td.name { (row.request) } td.name { (row.answer) } td { (row.count) }
                @for ms in [row.p50_ms, row.p99_ms, row.longest_ms] { td { (format!("{ms:.0} ms")) } }
            } } }
        } }
    }
}

fn faults(figures: &Figures) -> Markup {
    let start = |us: u64| format!("{:.1} s", us as f64 / 1e6);
    html! {
        @if !figures.faults.is_empty() {
            details {
                summary { h2 style="display: inline-block" { "Every fault" } }
                div.wide { table {
                    thead { tr { th.name { "nemesis" } th.name { "target" } th { "from" } th { "to" } } }
                    tbody { @for fault in figures.faults.iter().take(LISTED_MAX) { tr {
                        td.name { (fault.nemesis) } td.name { (fault.target) } td { (start(fault.begin_us)) }
                        td { (fault.end_us.map_or_else(|| "the end".to_owned(), start)) }
                    } } }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{booked, verdict};
    use super::*;
    use crate::checker::{Judged, Violation};
    use crate::history::{Fault, RunHeader};

    #[test]
    fn a_page_tells_all_and_needs_nothing_from_elsewhere() {
        let mut verdict = verdict(vec![booked(1), booked(5)], 10);
        verdict.faults = vec![Fault {
            nemesis: "freeze".to_owned(),
            target: "a".to_owned(),
            begin_us: 2_000_000,
            end_us: Some(4_000_000),
        }];
        verdict.judged = vec![Judged {
            invariants: "LIN",
            what: "seats",
            count: 17,
            violations: 1,
        }];
        verdict.violations = vec![Violation::new("I1", "seat <4> & more".to_owned())];
        verdict.run = RunHeader::new(
            "mixed",
            42,
            "chaos run mixed --seed 42".to_owned(),
            vec!["a".to_owned(), "b".to_owned()],
            32,
        );
        let figures = Figures::new(&verdict);
        let page = page(&figures).into_string();
        for told in [
            "1 violation",
            "I1: seat &lt;4&gt; &amp; more",
            "seed 42",
            "freeze a, 2.0 to 4.0 s",
            "chaos run mixed --seed 42",
            "LIN",
            "200 booked",
        ] {
            assert!(page.contains(told), "{told}");
        }
        for foreign in ["<script", "http://", "https://", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
