// Counts nodes and edges of a flowchart with Mermaid's own parser.
// usage: node mermaid_counts.mjs FILE   (in a folder with node_modules)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const require = createRequire(path.join(process.cwd(), 'x.js'));
const { JSDOM } = require('jsdom');
const { window } = new JSDOM('<!doctype html><body></body>');
globalThis.window = window;
globalThis.document = window.document;
const file = path.join(process.cwd(), 'node_modules/mermaid/dist/mermaid.core.mjs');
const { default: mermaid } = await import(pathToFileURL(file));
mermaid.initialize({ maxTextSize: 1e9, maxEdges: 1e6 });
const diagram = await mermaid.mermaidAPI.getDiagramFromText(readFileSync(process.argv[2], 'utf8'));
const vertices = diagram.db.getVertices();
const labels = [...vertices.values()].map(vertex => vertex.text);
console.log(JSON.stringify({ nodes: vertices.size, edges: diagram.db.getEdges().length, labels }));
process.exit(0);
