# Writes the recording that `tools/demo.sh` replays: what a model would say.
import json
import sys

TASK = "refunds of partly returned orders are too large; find out why and fix it"

CELLS = [
    (
        "I look for what computes refunds, and who calls it.",
        "hits = repo.search('refund of a partly returned order', limit=5)\n"
        "print(hits)\n"
        "print(repo.callers('shop/refunds.py::refund'))\n"
        "print(run_tests('all'))",
    ),
    (
        "The failing test reaches `refund` and `share`. A sub-agent reads each of them.",
        "suspects = ['shop/refunds.py::refund', 'shop/refunds.py::share']\n"
        "for answer in rlm_batch('Is the amount for a partial return computed wrongly here? Quote the expression.', suspects):\n"
        "    print('-', answer)",
    ),
    (
        "`share` divides by what was returned, not by what was ordered. I change it and test.",
        "print(edit('shop/refunds.py::share', '/ returned', '/ ordered'))\n"
        "print(run_tests())\n"
        "print(budget())",
    ),
    (
        "All tests that reach it pass. I hand it in.",
        "print(submit('Divide a refund by the ordered quantity\\n\\nshare() divided by the returned quantity, so that every partial return was refunded in full.'))",
    ),
]

SUB = {
    "root/2/1.all": "### 1\nrefund: correct, it multiplies the price by share().\n"
    "### 2\nshare, last line: wrong. `returned / returned` is always 1; it should divide by `ordered`.\n",
}


def main():
    out = sys.stdout
    start = {"type": "agent_start", "task": TASK, "model": "a recorded model"}
    out.write(json.dumps(start) + "\n")
    for number, (prose, code) in enumerate(CELLS, 1):
        text = f"{prose}\n\n```python\n{code}\n```\n"
        reply = {"type": "agent_reply", "key": f"root/{number}", "text": text}
        out.write(json.dumps(reply) + "\n")
    for key, text in SUB.items():
        out.write(json.dumps({"type": "agent_reply", "key": key, "text": text}) + "\n")


main()
