"""Which licences may be mined, read from the artifact itself."""

import fnmatch
import json
import re

_PERMISSIVE = re.compile(
    r"^(mit([-+ /].*)?|expat.*|x11.*|bsd([- ].*)?|[023]-clause-bsd|new bsd.*|simplified bsd.*|freebsd|go|"
    r"modified bsd.*|\(new\) bsd.*|apache([- ].*)?|asl ?2.*|isc([- ].*)?|bsl-1.*|boost.*|0bsd)$"
)
_REFUSED = re.compile(r"gpl|mpl|mozilla|general public|epl|eclipse|cddl|affero|creative|cc-by|advertising|original|4-clause")


def _one(name):
    name = name.strip().strip("()").strip().lower()
    name = re.sub(r" with .*exception.*$| license$| licence$|, version.*$", "", name)
    return bool(_PERMISSIVE.match(name)) and not _REFUSED.search(name)


def permissive(expression):
    """Whether an SPDX-like expression leaves a permissive choice."""
    if not expression:
        return False
    text = expression.replace("/", " OR ") if re.match(r"^[\w.-]+/[\w.-]+$", expression) else expression
    choices = re.split(r"\s+or\s+|\|\|?", text, flags=re.I)
    return any(all(_one(part) for part in re.split(r"\s+and\s+|,|&", choice, flags=re.I)) for choice in choices)


def of_wheel(metadata):
    """The licence that a wheel's METADATA states."""
    head = metadata.split("\n\n")[0]
    found = re.search(r"^License-Expression: (.*)$", head, re.M)
    if found:
        return found.group(1).strip()
    kinds = re.findall(r"^Classifier: License :: (?:OSI Approved :: )?(.*)$", head, re.M)
    kinds = [re.sub(r" Software License$| License$|^The | \(.*\)$", "", kind) for kind in kinds if kind != "OSI Approved"]
    if kinds:
        return " AND ".join(kinds)
    found = re.search(r"^License: (.*)$", head, re.M)
    return found.group(1).strip()[:60] if found else ""


def of_npm(package_json):
    """The licence that a package.json states."""
    data = json.loads(package_json)
    value = data.get("license") or data.get("licenses") or ""
    if isinstance(value, dict):
        value = value.get("type", "")
    if isinstance(value, list):
        value = " OR ".join(v.get("type", "") if isinstance(v, dict) else str(v) for v in value)
    return str(value)


def of_crate(cargo_toml):
    """The licence that a Cargo.toml states."""
    found = re.search(r'^license\s*=\s*"([^"]*)"', cargo_toml, re.M)
    return found.group(1) if found else ""


class DebianCopyright:
    """A machine-readable debian/copyright: a licence for each file."""

    def __init__(self, text):
        self.rules = []
        for paragraph in re.split(r"\n\s*\n", text):
            files = re.search(r"^Files:((?:.*\n)(?:[ \t].*\n?)*)", paragraph + "\n", re.M)
            licence = re.search(r"^License:[ \t]*(.*)$", paragraph, re.M)
            if files and licence:
                globs = files.group(1).split()
                pattern = "|".join(fnmatch.translate(g.removeprefix("./")) for g in globs)
                self.rules.append((re.compile(pattern), licence.group(1).strip()))

    def of(self, path):
        """The licence of a path relative to the source's root: the last rule that matches."""
        for pattern, licence in reversed(self.rules):
            if pattern.match(path):
                return licence
        return ""

    def main(self):
        """The licence of most of the source."""
        return self.of("some/file")
