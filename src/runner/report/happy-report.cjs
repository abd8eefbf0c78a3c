// Tells of each test of jest as its file ends: one marked line of JSON.
const path = require("node:path");

const words = { passed: "passed", failed: "failed", pending: "skipped", todo: "skipped", skipped: "skipped", disabled: "skipped" };

class Report {
  onTestResult(test, result) {
    const file = path.relative(process.cwd(), result.testFilePath);
    const tell = (record) => process.stdout.write("\n\u001ehappy-test " + JSON.stringify({ path: file, ...record }) + "\n");
    if (result.testExecError) {
      tell({ name: file, outcome: "errored", message: String(result.failureMessage || "").slice(0, 4000) });
    }
    for (const one of result.testResults) {
      const message = one.failureMessages.join("\n").slice(0, 4000);
      tell({
        name: one.fullName,
        outcome: words[one.status] || "errored",
        seconds: (one.duration || 0) / 1000,
        ...(message ? { message } : {}),
      });
    }
  }
}

module.exports = Report;
