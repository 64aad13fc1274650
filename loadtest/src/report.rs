//! The page that compares runs. Every run's figures stay in the folder, so that the next page shows them all.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use plotters::prelude::*;
use serde::{Deserialize, Serialize};

use crate::figures::Figures;

/// Runs that a chart shows at most, the newest ones.
const SHOWN: usize = 30;

/// One call of the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// Seconds since 1970.
    pub at: u64,
    /// What came out, scenario by scenario.
    pub figures: Vec<Figures>,
}

/// One line of a chart: which figure of which scenario.
type Line = (&'static str, &'static str, fn(&Figures) -> Option<f64>);

const CHARTS: &[(&str, &[Line])] = &[
    (
        "Chat: committed and answered messages a second",
        &[
            ("chat", "Souk", |one| one.acked_per_s),
            ("limits", "batched insert, no server", |one| {
                detail(one, "batched_rows_per_s")
            }),
            ("limits", "one commit a message", |one| {
                detail(one, "one_commit_rows_per_s")
            }),
        ],
    ),
    (
        "Group: deliveries a second",
        &[
            ("group-32", "Souk, window 32", |one| one.delivered_per_s),
            ("group-200", "Souk, window 200", |one| one.delivered_per_s),
            ("limits", "bare, window 32", |one| {
                detail(one, "bare_deliveries_per_s_32")
            }),
            ("limits", "bare, window 200", |one| {
                detail(one, "bare_deliveries_per_s_200")
            }),
        ],
    ),
    (
        "Milliseconds from send to answer",
        &[
            ("lone", "a lone message, median", |one| {
                one.ack_ms.map(|ms| ms.p50)
            }),
            ("chat-half", "half rate, 99 %", |one| {
                one.ack_ms.map(|ms| ms.p99)
            }),
            ("chat", "flat out, 99 %", |one| one.ack_ms.map(|ms| ms.p99)),
        ],
    ),
    (
        "KiB of memory for each idle connection",
        &[
            ("idle", "Souk", |one| one.server_rss_kib_per_connection),
            ("limits", "bare socket", |one| {
                detail(one, "bare_socket_kib")
            }),
        ],
    ),
];

fn detail(figures: &Figures, name: &str) -> Option<f64> {
    figures.details.get(name).copied()
}

/// The newest figures of a scenario among the runs in a folder.
pub fn newest(folder: &Path, scenario: &str) -> Option<Figures> {
    let runs = read(folder).ok()?;
    let mut all = runs.into_iter().rev().flat_map(|run| run.figures);
    all.find(|figures| figures.scenario == scenario)
}

/// Keeps this run in the folder and writes `index.html` anew.
pub fn write(folder: &Path, figures: &[Figures]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let figures = figures.to_vec();
    let run = serde_json::to_string_pretty(&Kept { at, figures })?;
    fs::write(folder.join(format!("{at}.json")), run)?;
    let runs = read(folder)?;
    Ok(fs::write(folder.join("index.html"), page(&runs)?)?)
}

/// All runs, oldest first. A file that is no run is passed over.
fn read(folder: &Path) -> anyhow::Result<Vec<Kept>> {
    let mut runs: Vec<Kept> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            runs.extend(serde_json::from_slice::<Kept>(&fs::read(path)?).ok());
        }
    }
    runs.sort_by_key(|run| run.at);
    Ok(runs)
}

fn page(runs: &[Kept]) -> anyhow::Result<String> {
    let shown = &runs[runs.len().saturating_sub(SHOWN)..];
    let mut body = String::new();
    for (title, lines) in CHARTS {
        body += &chart(title, lines, shown)?;
    }
    for run in shown.iter().rev() {
        table(&mut body, run)?;
    }
    Ok(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Souk under load</title><style>\
         body{{font:15px system-ui;margin:2em auto;max-width:70em}}table{{border-collapse:collapse;margin:1em 0}}\
         td,th{{padding:.2em .7em;text-align:right;border-bottom:1px solid #ddd}}td:first-child,th:first-child{{text-align:left}}\
         .bad{{color:#b00;font-weight:bold}}</style><h1>Souk under load</h1>{body}\
         <script>for(const t of document.querySelectorAll('time'))t.textContent=new Date(t.dateTime*1000).toLocaleString()</script></html>\n"
    ))
}

fn table(body: &mut String, run: &Kept) -> std::fmt::Result {
    write!(
        body,
        "<h2><time datetime={0}>{0}</time></h2><table><tr><th>scenario<th>sockets<th>acked/s<th>delivered/s<th>floor<th>ratio\
         <th>ack p50, p99 ms<th>deliver p50, p99 ms<th>KiB each<th>lost, doubled, misordered<th>more",
        run.at
    )?;
    for one in &run.figures {
        let times = |times: Option<crate::figures::Percentiles>| {
            times.map_or_else(String::new, |ms| format!("{:.1}, {:.1}", ms.p50, ms.p99))
        };
        write!(
            body,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td class={}>{}, {}, {}<td>",
            one.scenario,
            one.connections,
            number(one.acked_per_s, 0),
            number(one.delivered_per_s, 0),
            number(one.floor, 0),
            number(one.ratio, 2),
            times(one.ack_ms),
            times(one.deliver_ms),
            number(one.server_rss_kib_per_connection, 1),
            if one.clean() { "good" } else { "bad" },
            one.lost,
            one.doubled,
            one.misordered,
        )?;
        for (name, figure) in &one.details {
            write!(body, "{name} {figure:.1}<br>")?;
        }
    }
    body.write_str("</table>")
}

fn number(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(String::new, |figure| format!("{figure:.digits$}"))
}

#[expect(clippy::cast_precision_loss, reason = "a number of runs")]
fn chart(title: &str, lines: &[Line], runs: &[Kept]) -> anyhow::Result<String> {
    let series: Vec<(&str, Vec<(f64, f64)>)> = lines
        .iter()
        .map(|(scenario, name, figure)| {
            let at = |(place, run): (usize, &Kept)| {
                let one = run.figures.iter().find(|one| one.scenario == *scenario)?;
                figure(one).map(|figure| (place as f64, figure))
            };
            (*name, runs.iter().enumerate().filter_map(at).collect())
        })
        .collect();
    let highest = series
        .iter()
        .flat_map(|(_, points)| points)
        .fold(1.0_f64, |highest, (_, figure)| highest.max(*figure));
    draw(title, &series, runs.len() as f64, highest * 1.1)
}

fn draw(
    title: &str,
    series: &[(&str, Vec<(f64, f64)>)],
    runs: f64,
    highest: f64,
) -> anyhow::Result<String> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (900, 320)).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(28)
        .y_label_area_size(80)
        .build_cartesian_2d(-0.5..runs - 0.5, 0.0..highest)?;
    chart
        .configure_mesh()
        .x_desc("run")
        .disable_x_mesh()
        .draw()?;
    for (place, (name, points)) in series.iter().enumerate() {
        let color = Palette99::pick(place).to_rgba();
        chart
            .draw_series(LineSeries::new(points.clone(), color.stroke_width(2)).point_size(3))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerLeft)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    area.present()?;
    drop(chart);
    drop(area);
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_run_and_a_run_is_found_again() {
        let folder = std::env::temp_dir().join(format!("souk-report-{}", std::process::id()));
        let mut chat = Figures::of("chat", 1_000);
        (chat.acked_per_s, chat.lost) = (Some(51_234.0), 3);
        write(&folder, &[chat]).unwrap();
        let page = fs::read_to_string(folder.join("index.html")).unwrap();
        assert!(page.contains("51234") && page.contains("<svg") && page.contains("class=bad"));
        assert_eq!(newest(&folder, "chat").unwrap().lost, 3);
        assert!(newest(&folder, "group-32").is_none());
        fs::remove_dir_all(folder).unwrap();
    }
}
