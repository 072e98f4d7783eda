#!/usr/bin/env python3
"""Prints what a package must say of the libraries that the program is linked with: names, versions, licences, and the
texts of these, each once, with those to whom it belongs. Run in the workspace, after a build."""

import collections
import json
import pathlib
import re
import subprocess
import sys

TEXT = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)


def metadata():
    version = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = re.search(r"^host: (.*)$", version, re.MULTILINE).group(1)
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def linked(metadata):
    """The packages that are part of the program: not those for tests, nor those that only build others."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    waiting = [package["id"] for package in metadata["packages"] if package["name"] == "kith"]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for edge in nodes[one]["deps"]:
            if any(kind["kind"] is None for kind in edge["dep_kinds"]):
                waiting.append(edge["pkg"])
    foreign = (packages[one] for one in seen if packages[one]["source"])
    return sorted(foreign, key=lambda package: (package["name"], package["version"]))


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    named = {folder / package["license_file"]} if package["license_file"] else set()
    found = named | {file for file in folder.iterdir() if TEXT.match(file.name)}
    return [file.read_text(errors="replace").strip() for file in sorted(found) if file.is_file()]


def main():
    packages = linked(metadata())
    owners = collections.OrderedDict()
    print("Kith is linked with these libraries.\n")
    for package in packages:
        name = f"{package['name']} {package['version']}"
        print(f"{name}\n    {package['license'] or 'see its own text'}; {package['repository'] or package['name']}")
        for text in texts(package):
            owners.setdefault(text, []).append(name)
    for text, names in owners.items():
        print(f"\n{'=' * 100}\n{', '.join(names)}\n{'-' * 100}\n{text}")


if __name__ == "__main__":
    sys.exit(main())
