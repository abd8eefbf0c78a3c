// Tells of each test of node:test as it ends: one marked line of JSON.
import path from "node:path";

const root = process.cwd();

export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === "test:stderr" || type === "test:stdout") {
      yield data.message;
      continue;
    }
    if (type !== "test:pass" && type !== "test:fail") continue;
    // A suite ends as its tests end; a file is the suite of all it has.
    if (data.details?.type === "suite") continue;
    const file = data.file ? path.relative(root, data.file) : undefined;
    const whole = file !== undefined && path.resolve(root, data.name) === data.file;
    const skipped = data.skip !== undefined && data.skip !== false;
    const todo = data.todo !== undefined && data.todo !== false;
    const record = {
      name: data.name,
      path: file,
      seconds: (data.details?.duration_ms ?? 0) / 1000,
      outcome: skipped || (todo && type === "test:fail") ? "skipped"
        : type === "test:pass" ? "passed" : whole ? "errored" : "failed",
    };
    if (whole && type === "test:pass") continue;
    const error = data.details?.error;
    if (type === "test:fail" && error) {
      const cause = error.cause ?? error;
      // A parent that fails only because a part of it did is told with the part.
      if (error.failureType === "subtestsFailed") {
        if (!whole) continue;
        continue;
      }
      record.message = String(cause?.stack ?? cause?.message ?? cause).slice(0, 4000);
    }
    yield "\n\u001ehappy-test " + JSON.stringify(record) + "\n";
  }
}
