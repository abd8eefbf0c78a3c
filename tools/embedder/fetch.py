"""fetch.py OUT: the packages of packages.tsv, each through its registry's own client.

Needs pip, npm, cargo, apt-get (with `deb-src` lines for Debian bookworm, or
`--apt-config FILE`) and dpkg-deb; Python 3.11 on 64-bit x86 Linux, since
wheels are chosen for the interpreter that asks. Fetches about 1.5 GB, one package after the
other, and nothing that is not on the list (cargo brings what a crate depends
on, some 1,250 in all). Runs nothing of what it fetches. Every artifact must have the SHA-256
that the list records. Writes OUT/artifacts.tsv: kind, name, version, path.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import sources

HERE = Path(__file__).parent
GROUP = 10


def listed():
    """The rows of packages.tsv as dicts."""
    lines = (HERE / "packages.tsv").read_text().splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


def run(command, folder, environment=None):
    """Runs a client; False where it fails."""
    done = subprocess.run(command, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    if done.returncode:
        print(f"{' '.join(command[:4])} …: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return done.returncode == 0


def together(rows, fetch):
    """Fetches rows in groups, and one by one where a group fails."""
    for at in range(0, len(rows), GROUP):
        group = rows[at:at + GROUP]
        if not fetch(group):
            for row in group:
                fetch([row])


def pypi(rows, folder, _):
    """Wheels only: a source distribution would have to be run to be fetched."""
    client = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", "."]
    together(rows, lambda group: run(client + [f"{r['name']}=={r['version']}" for r in group], folder))
    for row in rows:
        stem = re.sub(r"[-_.]+", "[-_.]+", re.escape(row["name"]).replace("\\-", "-").replace("\\.", "."))
        pattern = re.compile(rf"{stem}-{re.escape(row['version'])}-.*\.whl", re.I)
        yield row, next((p for p in sorted(folder.iterdir()) if pattern.fullmatch(p.name)), None)


def npm(rows, folder, _):
    """Tarballs, without their install scripts."""
    client = ["npm", "pack", "--silent", "--ignore-scripts"]
    together(rows, lambda group: run(client + [f"{r['name']}@{r['version']}" for r in group], folder))
    for row in rows:
        yield row, folder / f"{row['name'].lstrip('@').replace('/', '-')}-{row['version']}.tgz"


def crates(rows, folder, _):
    """One `cargo fetch` of a manifest that names them all; CARGO_HOME is the folder."""
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "lib.rs").write_text("")
    lines = ['[package]\nname = "list"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]']
    for number, row in enumerate(rows):
        lines.append(f'p{number} = {{ package = "{row["name"]}", version = "={row["version"]}", default-features = false }}')
    (folder / "Cargo.toml").write_text("\n".join(lines) + "\n")
    home = folder / "home"
    run(["cargo", "fetch", "--quiet"], folder, {"CARGO_HOME": str(home)})
    cache = next(iter(home.glob("registry/cache/*")), home)
    for row in rows:
        yield row, cache / f"{row['name']}-{row['version']}.crate"


def debian(rows, folder, environment):
    """Source packages; `sources.py` reads their tarballs in place."""
    client = ["apt-get", "source", "--download-only", "-qq"]
    together(rows, lambda group: run(client + [f"{r['name']}={r['version']}" for r in group], folder, environment))
    for row in rows:
        yield row, folder / f"{row['name']}_{row['version'].split(':', 1)[-1]}.dsc"


def deb(rows, folder, environment):
    """Binary packages that consist of Go source."""
    together(rows, lambda group: run(["apt-get", "download", "-qq"] + [f"{r['name']}={r['version']}" for r in group], folder, environment))
    for row in rows:
        pattern = f"{row['name']}_{row['version'].replace(':', '%3a')}_*.deb"
        yield row, next(iter(sorted(folder.glob(pattern))), None)


CLIENTS = {"pypi": pypi, "npm": npm, "crates": crates, "debian": debian, "deb": deb}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--apt-config", help="an APT_CONFIG with deb-src lines, for a machine without")
    options = parser.parse_args()
    environment = {"APT_CONFIG": options.apt_config} if options.apt_config else {}
    every, found, missing = listed(), [], 0
    for kind, client in CLIENTS.items():
        folder = options.out / kind
        folder.mkdir(parents=True, exist_ok=True)
        for row, path in client([r for r in every if r["kind"] == kind], folder.resolve(), environment):
            if path is None or not path.exists():
                print(f"missing: {kind} {row['name']} {row['version']}", file=sys.stderr)
                missing += 1
            elif sources.sha256(path) != row["sha256"]:
                print(f"changed: {kind} {row['name']} {row['version']}", file=sys.stderr)
                missing += 1
            else:
                found.append((kind, row["name"], row["version"], str(path)))
    (options.out / "artifacts.tsv").write_text("".join("\t".join(row) + "\n" for row in found))
    print(f"{len(found)} packages, {missing} missing")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
