//! One table: a row for each node, then a row for each edge.

use super::model::Graph;

/// Writes the graph.
pub fn write(graph: &Graph) -> String {
    let mut out =
        String::from("type,kind,symbol,target,confidence,sites,path,line,end_line,signature\n");
    for node in &graph.nodes {
        let symbol = &node.symbol;
        let number =
            |number: Option<u32>| number.map_or(String::new(), |number| number.to_string());
        let text = |text: &Option<crate::record::Text>| {
            text.as_ref()
                .map_or(String::new(), |text| text.lossy().into_owned())
        };
        row(
            &mut out,
            &[
                "node",
                symbol.kind,
                &symbol.symbol.lossy(),
                "",
                "",
                "",
                &text(&symbol.path),
                &number(symbol.line),
                &number(symbol.end_line),
                &text(&symbol.signature),
            ],
        );
    }
    for edge in &graph.edges {
        row(
            &mut out,
            &[
                "edge",
                edge.kind,
                &graph.nodes[edge.source].symbol.symbol.lossy(),
                &graph.nodes[edge.target].symbol.symbol.lossy(),
                edge.confidence.name(),
                &edge.sites.to_string(),
                &edge.site.site_path.lossy(),
                &edge.site.site_line.to_string(),
                "",
                "",
            ],
        );
    }
    out
}

fn row(out: &mut String, fields: &[&str]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push('\n');
}
