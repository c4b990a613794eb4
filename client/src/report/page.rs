//! A report as headings, facts and tables, and how it is written down as HTML or Markdown. Everything in it is text from
//! elsewhere until proven otherwise: nothing of it can become markup.

use super::markdown::escape_shown;
use crate::table::Side;

/// A table of a page.
#[derive(Debug, Clone)]
pub(super) struct PageTable {
    pub(super) heading: &'static str,
    pub(super) columns: &'static [(&'static str, Side)],
    pub(super) rows: Vec<Vec<String>>,
}

/// A page.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    pub(super) title: String,
    /// What must not be overlooked.
    pub(super) warning: Option<String>,
    pub(super) headline: String,
    pub(super) facts: Vec<String>,
    pub(super) tables: Vec<PageTable>,
}

/// The look of a page. It needs nothing from anywhere, and the policy in its head lets nothing in.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}\
h1{font-size:1.4rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin-top:2rem}\
.headline{font-size:1.7rem;font-weight:600;margin:.2rem 0 1rem}\
.warning{border:2px solid #b35900;padding:.5rem .8rem;font-weight:600}\
table{border-collapse:collapse;width:100%}th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}\
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}th,td{border-color:#3a3a3a}}";

impl Page {
    /// The page as one HTML file.
    pub(super) fn html(&self) -> String {
        let mut text = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
            title = escape_html(&self.title)
        );
        if let Some(warning) = &self.warning {
            text.push_str(&format!(
                "<p class=\"warning\">{}</p>\n",
                escape_html(warning)
            ));
        }
        text.push_str(&format!(
            "<p class=\"headline\">{}</p>\n",
            escape_html(&self.headline)
        ));
        if !self.facts.is_empty() {
            text.push_str("<ul>\n");
            for fact in &self.facts {
                text.push_str(&format!("<li>{}</li>\n", escape_html(fact)));
            }
            text.push_str("</ul>\n");
        }
        for table in self.tables.iter().filter(|table| !table.rows.is_empty()) {
            html_table(&mut text, table);
        }
        text.push_str("</body>\n</html>\n");
        text
    }

    /// The page as Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", escape_shown(&self.title));
        if let Some(warning) = &self.warning {
            text.push_str(&format!("> **{}**\n\n", escape_shown(warning)));
        }
        text.push_str(&format!("**{}**\n\n", escape_shown(&self.headline)));
        for fact in &self.facts {
            text.push_str(&format!("- {}\n", escape_shown(fact)));
        }
        for table in self.tables.iter().filter(|table| !table.rows.is_empty()) {
            text.push_str(&format!("\n## {}\n\n|", table.heading));
            for (name, _) in table.columns {
                text.push_str(&format!(" {name} |"));
            }
            text.push_str("\n|");
            for (_, side) in table.columns {
                text.push_str(match side {
                    Side::Left => "---|",
                    Side::Right => "---:|",
                });
            }
            text.push('\n');
            for row in &table.rows {
                text.push('|');
                for cell in row {
                    text.push_str(&format!(" {} |", escape_shown(cell)));
                }
                text.push('\n');
            }
        }
        text
    }
}

fn html_table(text: &mut String, table: &PageTable) {
    let class = |side: &Side| match side {
        Side::Left => "",
        Side::Right => " class=\"n\"",
    };
    text.push_str(&format!(
        "<h2>{}</h2>\n<table>\n<thead><tr>",
        escape_html(table.heading)
    ));
    for (name, side) in table.columns {
        text.push_str(&format!("<th{}>{}</th>", class(side), escape_html(name)));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for (cell, (_, side)) in row.iter().zip(table.columns) {
            text.push_str(&format!("<td{}>{}</td>", class(side), escape_html(cell)));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table>\n");
}

/// Text that stays text between tags and in quoted attributes.
fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_is_never_markup() {
        let evil = "</title><script>alert('x')</script>\"&";
        let page = Page {
            title: evil.to_owned(),
            warning: Some(evil.to_owned()),
            headline: evil.to_owned(),
            facts: vec![evil.to_owned()],
            tables: vec![PageTable {
                heading: "By model",
                columns: &[("Model", Side::Left)],
                rows: vec![vec![evil.to_owned()]],
            }],
        };
        let html = page.html();
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(html.matches("&lt;script&gt;alert(&#39;x&#39;)").count(), 6);
        assert!(!page.markdown().contains("<script"));
    }
}
