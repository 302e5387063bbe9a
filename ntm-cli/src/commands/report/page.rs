//! The page: one HTML file of text, tables, pictures and films, whatever the names in it are.
use super::film::Film;
use crate::pictures::Drawing;

const PAGE: &str = include_str!("page.html");
const STYLE: [&str; 2] = [include_str!("report.css"), include_str!("player.css")];
const SCRIPT: [&str; 3] = [include_str!("film.js"), include_str!("paint.js"), include_str!("player.js")];

/// Pixels from which on a picture gets the whole width of the page.
const WIDE: u32 = 1_300;

/// A page that grows from its head to its foot.
pub(super) struct Page {
    title: String,
    body: String,
    films: String,
    players: usize,
}

impl Page {
    /// A page with its heading: of what kind it is, what of, and what is to be said first, which is HTML.
    pub(super) fn new(kind: &str, title: &str, verdict: &str) -> Page {
        let (kind, shown) = (escaped(kind), escaped(title));
        let body = format!(
            "<header>\n<p class=\"kind\">{kind}</p>\n<h1>{shown}</h1>\n<p class=\"verdict\">{verdict}</p>\n</header>\n"
        );
        Page { title: title.to_owned(), body, films: String::new(), players: 0 }
    }

    /// Adds HTML.
    pub(super) fn add(&mut self, html: &str) {
        self.body += html;
    }

    /// Adds a section, whose content is HTML.
    pub(super) fn section(&mut self, id: &str, heading: &str, html: &str) {
        let (id, heading) = (escaped(id), escaped(heading));
        self.body += &format!("<section id=\"{id}\">\n<h2>{heading}</h2>\n{html}</section>\n");
    }

    /// Adds links to sections: where, and what is there.
    pub(super) fn contents(&mut self, sections: &[(String, String)]) {
        let link = |(id, name): &(String, String)| {
            format!("<li><a href=\"#{}\">{}</a></li>\n", escaped(id), escaped(name))
        };
        let links: String = sections.iter().map(link).collect();
        self.body += &format!("<nav aria-label=\"Contents\">\n<ul>\n{links}</ul>\n</nav>\n");
    }

    /// A player of films: HTML for its place. The films themselves stand at the end of the page.
    pub(super) fn player(&mut self, films: &[Film]) -> String {
        if films.is_empty() {
            return String::new();
        }
        self.players += 1;
        let id = format!("films-{}", self.players);
        // in a script nothing is markup but what begins with this letter
        let json = serde_json::to_string(films).unwrap_or_else(|_| "[]".into()).replace('<', "\\u003c");
        self.films += &format!("<script type=\"application/json\" id=\"{id}\">{json}</script>\n");
        format!("<div class=\"player\" role=\"group\" aria-label=\"Player\" data-films=\"{id}\"></div>\n")
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        let mut parts = PAGE.split("{{");
        let mut html = parts.next().unwrap_or("").to_owned();
        for part in parts {
            let (name, rest) = part.split_once("}}").unwrap_or(("", part));
            match name {
                "title" => html += &escaped(&self.title),
                "style" => STYLE.iter().for_each(|style| html += style),
                "script" => SCRIPT.iter().for_each(|script| html += script),
                "version" => html += env!("CARGO_PKG_VERSION"),
                "body" => html += &self.body,
                "films" => html += &self.films,
                _ => {}
            }
            html += rest;
        }
        html
    }
}

/// Text that is no markup, in an attribute neither.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escaped(text))
}

/// Something that is missing, and why.
pub(super) fn notice(text: &str) -> String {
    format!("<p class=\"notice\">{}</p>\n", escaped(text))
}

/// A picture that needs no script.
pub(super) fn picture(drawing: &Drawing, name: &str, caption: &str) -> String {
    let svg = drawing.svg();
    let svg = svg.split_once("?>\n").map_or(&*svg, |(_, svg)| svg);
    let name = escaped(name);
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{name}\" "), 1);
    let caption = match caption {
        "" => String::new(),
        caption => format!("<figcaption>{}</figcaption>\n", escaped(caption)),
    };
    let class = if drawing.width() > WIDE { "picture wide" } else { "picture" };
    format!("<figure class=\"{class}\">\n<div class=\"scroll\">{svg}</div>\n{caption}</figure>\n")
}

/// A table: the first `words` columns are words, the others numbers; the row named `base` is marked.
pub(super) fn table(header: &[&str], words: usize, rows: &[Vec<String>], base: Option<&str>) -> String {
    let class = |place: usize| if place < words { "" } else { " class=\"n\"" };
    let cells = |tag: &str, cells: &[&str]| -> String {
        let cell =
            |(place, cell): (usize, &&str)| format!("<{tag}{}>{}</{tag}>", class(place), escaped(cell));
        cells.iter().enumerate().map(cell).collect()
    };
    let head = cells("th", header);
    let row = |row: &Vec<String>| {
        let marked = base.is_some() && row.first().map(String::as_str) == base;
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        format!("<tr{}>{}</tr>\n", if marked { " class=\"base\"" } else { "" }, cells("td", &row))
    };
    let rows: String = rows.iter().map(row).collect();
    let kind = match words >= header.len() {
        true if words > 2 => " class=\"words many\"",
        true => " class=\"words\"",
        false => "",
    };
    format!(
        "<div class=\"scroll\">\n<table{kind}>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

/// A few numbers that are to be seen first: name, value, and a word more.
pub(super) fn facts(facts: &[(String, String, String)]) -> String {
    let fact = |(name, value, more): &(String, String, String)| {
        let more = if more.is_empty() { String::new() } else { format!("<small>{}</small>", escaped(more)) };
        format!("<div><dt>{}</dt><dd>{}{more}</dd></div>\n", escaped(name), escaped(value))
    };
    format!("<dl class=\"facts\">\n{}</dl>\n", facts.iter().map(fact).collect::<String>())
}

/// A text that is shown as it is, behind a line to open it by.
pub(super) fn folded(summary: &str, text: &str) -> String {
    format!(
        "<details>\n<summary>{}</summary>\n<pre><code>{}</code></pre>\n</details>\n",
        escaped(summary),
        escaped(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_named_can_become_markup() {
        let hostile = "</script><script>alert(1)</script>\" onload='x' {{body}} <!-- \u{1b}[31m";
        let mut page = Page::new(hostile, hostile, &escaped(hostile));
        page.section(
            hostile,
            hostile,
            &[notice(hostile), paragraph(hostile), folded(hostile, hostile)].concat(),
        );
        page.contents(&[(hostile.into(), hostile.into())]);
        page.add(&table(&[hostile], 1, &[vec![hostile.into()]], Some(hostile)));
        page.add(&facts(&[(hostile.into(), hostile.into(), hostile.into())]));
        let html = page.finish();
        let of_ours = PAGE.matches("<script").count();
        assert_eq!(html.matches("<script").count(), of_ours);
        assert_eq!(html.matches("</script").count(), of_ours);
        assert!(!html.contains("<!--") && !html.contains("onload='") && !html.contains('\u{1b}'));
        assert_eq!(html.matches("{{body}}").count(), 17, "what looks like a mark of ours is text");
    }

    #[test]
    fn every_mark_of_the_frame_is_filled() {
        let html = Page::new("run", "copy", "").finish();
        assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
        assert!(
            html.contains("<title>copy</title>") && html.contains("class Player") && html.contains("--read")
        );
        assert!(!html.contains("{{"), "{html}");
    }

    #[test]
    fn the_page_asks_for_nothing_from_elsewhere() {
        let html = Page::new("run", "copy", "").finish();
        for word in ["src=", "@import", "url(", "fetch(", "XMLHttpRequest", "import(", "https:"] {
            assert!(!html.contains(word), "{word}");
        }
    }
}
