"""Writes the first inputs of every fuzz target: `fuzz-seeds.py FOLDER`."""

import io
import json
import pathlib
import struct
import sys
import tarfile

ROOT = pathlib.Path(__file__).parent.parent
folder = pathlib.Path(sys.argv[1])


def seed(target, name, data):
    path = folder / target / f"seed-{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


DIFF = """diff --git a/a b/a
index 1..2 100644
--- a/a
+++ b/a
@@ -1,3 +1,3 @@ head
 one
-two
+2
 three
"""
seed("patch_unified", "change", DIFF)
seed("patch_unified", "add", "--- /dev/null\n+++ b/new\n@@ -0,0 +1,2 @@\n+x\n+y\n\\ No newline at end of file\n")
seed("patch_unified", "rename", "diff --git a/a b/c\nsimilarity index 100%\nrename from a\nrename to c\n"
     "diff --git a/f b/f\nold mode 100644\nnew mode 100755\ndiff --git a/b b/b\ndeleted file mode 100644\n"
     "--- a/b\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\r\n-y\r\n")
seed("patch_unified", "quoted", 'diff --git "a/d/\\303\\244" "b/d/\\303\\244"\n--- "a/d/\\303\\244"\n+++ "b/d/\\303\\244"\n@@ -1 +1 @@\n-last\n+x\n')
seed("patch_envelope", "all", "*** Begin Patch\n*** Update File: a\n@@ one\n-two\n+2\n three\n*** End of File\n"
     "*** Add File: n\n+x\n*** Delete File: f\n*** Update File: b\n*** Move to: c\n@@\n x\n-y\n+z\n*** End Patch\n")
seed("patch_blocks", "one", "a\n<<<<<<< SEARCH\ntwo\n=======\n2\n>>>>>>> REPLACE\n")
seed("patch_blocks", "fenced", "```python\nd/e\n<<<<<<< SEARCH\nlast\n=======\n>>>>>>> REPLACE\n```\n")
seed("patch_records", "text", json.dumps({"type": "edit", "path": "a", "search": "two", "replace": "2"}) + "\n"
     + json.dumps({"type": "edit", "path": "n", "content": "x\n"}) + "\n" + json.dumps({"type": "edit", "path": "f", "delete": True}) + "\n")
seed("patch_records", "symbol", json.dumps({"type": "edit", "symbol": "a::f", "body": "pass"}) + "\n"
     + json.dumps({"type": "edit", "path": "a", "rename": "z"}) + "\n")
for target in ["patch_unified", "patch_envelope", "patch_blocks", "patch_records"]:
    for path in sorted((ROOT / "tests").glob("**/*.patch")) + sorted((ROOT / "tests").glob("**/*.diff")):
        seed(target, path.name, path.read_bytes())

seed("junit", "pytest", '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="3">'
     '<testcase classname="t.T" name="a[&quot;x&quot;]" file="t.py" time="0.1"/><testcase classname="t" name="b" time="1">'
     '<failure message="m&#10;n">tr<![CDATA[ace]]></failure></testcase><testcase name="c"><skipped/></testcase>'
     '<testcase name="d"><error type="E">x</error><system-out>o</system-out></testcase></testsuite></testsuites>')
seed("runner_output", "libtest", "     Running tests/it.rs (target/debug/deps/it-1)\ntest a::b ... ok\ntest c ... FAILED\ntest d ... ignored, why\n\n"
     "failures:\n\n---- c stdout ----\nthread 'c' panicked\n\n\nfailures:\n    c\n\ntest result: FAILED.\n")
seed("runner_output", "go", '{"Action":"run","Package":"p","Test":"T"}\n{"Action":"output","Package":"p","Test":"T","Output":"x\\n"}\n'
     '{"Action":"fail","Package":"p","Test":"T","Elapsed":0.1}\n{"Action":"pass","Package":"p"}\n')
seed("runner_output", "marked", '\x1ehappy-test {"name":"a","outcome":"passed","time":0.1,"path":"t.py"}\n')
seed("runner_output", "unittest", "test_a (t.T.test_a) ... ok\ntest_b (t.T)\nwords ... FAIL\n\n======\nFAIL: test_b (t.T)\n------\nTrace\n\nRan 2 tests\n")
seed("runner_output", "tap", "TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b # SKIP why\n  ---\n  message: x\n  ...\n")

seed("session_frames", "good", '16 {"type":"ready"}\n38 {"type":"call","id":1,"name":"callers"}\nhello\n9999999 x\n')
seed("session_frames", "host", '43 {"type":"execute","id":1,"code":"print(1)"}\n17 {"type":"finish"}\n')
seed("events", "stream", "event: message\r\ndata: {\"a\":1}\r\ndata: more\rdata\n: comment\n\nid: 1\nretry: 5\n\n\xef\xbb\xbfdata: [DONE]\n\n")
seed("model_answers", "chat", '{"choices":[{"delta":{"content":"x"}}]}\n{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n{"error":{"message":"m","code":1}}\n')
seed("model_answers", "messages", '{"type":"message_start","message":{"usage":{"input_tokens":1}}}\n{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}\n{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}\n{"type":"message_stop"}\n')
seed("model_answers", "responses", '{"type":"response.output_text.delta","delta":"x"}\n{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}],"usage":{"input_tokens":1,"output_tokens":1}}}\n')
seed("model_answers", "whole", '{"choices":[{"message":{"content":"x"},"finish_reason":"length"}],"usage":{}}')
seed("settings", "team", '[test]\ncommand = "pytest {tests}"\ntimeout = 60\n[hook]\nprePush = "off"\n[a.b]\nc = [1, 2.5, 1979-05-27T07:32:00Z]\nd = {e = true}\n')


def frame(flags, message):
    data = json.dumps(message).encode()
    return struct.pack(">BI", flags, len(data)) + data


seed("connect_frames", "run", frame(0, {"event": {"start": {"pid": 7}}}) + frame(0, {"event": {"data": {"stdout": "aGkK"}}})
     + frame(0, {"event": {"keepalive": {}}}) + frame(0, {"event": {"end": {"exitCode": -1, "status": "signal: killed"}}}) + frame(2, {}))
seed("connect_frames", "refused", frame(2, {"error": {"code": "not_found", "message": "m"}}))
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as file:
    for name, kind, link in [("./d", b"5", ""), ("./d/a", b"0", ""), ("./s", b"2", "d/a"), ("./h", b"1", "./d/a"), ("x" * 150, b"0", "")]:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, link, 4 if kind == b"0" else 0
        file.addfile(info, io.BytesIO(b"text"))
seed("connect_archive", "all", archive.getvalue()[:6144])

# A SCIP index of one document with two occurrences, and facts of nothing.
occurrence = b"\x0a\x03\x01\x00\x01" + b"\x12\x01a" + b"\x18\x01"
document = b"\x0a\x04a.py" + b"\x12" + bytes([len(occurrence)]) + occurrence + b"\x30\x01"
seed("scip", "one", b"\x12" + bytes([len(document)]) + document)
seed("facts", "empty", bytes(512))
seed("index_segment", "empty", bytes(64))
seed("index_snapshot", "changes", bytes(range(60)))
