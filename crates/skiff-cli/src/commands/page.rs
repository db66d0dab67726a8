//! The frame of HTML pages: one file each, without scripts or anything that is fetched.

use skiff::html::{self, escaped};

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
";

/// Of the page around the boxes.
const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #8a9bb0}
table{border-collapse:collapse}
th{text-align:left;vertical-align:top;font-weight:600;padding:.1rem 1.2rem .1rem 0;white-space:nowrap}
td{vertical-align:top;padding:.1rem 1.2rem .1rem 0;overflow-wrap:anywhere;white-space:pre-wrap}
.unusual{color:#b3261e}
";

/// A page with this title as its first heading, around what is in `body`, which is HTML.
pub fn page(title: &str, body: &str) -> String {
    let (title, boxes) = (escaped(title), html::STYLE);
    format!(
        "{HEAD}<title>{title}</title>\n<style>\n{STYLE}{boxes}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}
