"""Every call that a node describes is refused without its token, and with a wrong one.

Arguments: where the node is, and the file with its token. Only what says so itself (an operation whose `security` is
empty) may be asked by anybody.
"""

import json
import sys
import urllib.error
import urllib.request

METHODS = ["get", "post", "put", "patch", "delete"]
node, token_file = sys.argv[1:]


def ask(method, path, token):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    body = None if method in ("get", "delete") else b"{}"
    request = urllib.request.Request(node + path, method=method.upper(), headers=headers, data=body)
    return urllib.request.urlopen(request, timeout=10)


def status(method, path, token):
    try:
        return ask(method, path, token).status
    except urllib.error.HTTPError as error:
        return error.code


with open(token_file) as file:
    described = json.load(ask("get", "/api/v1/openapi.json", file.read()))
calls = [
    (method, path)
    for path, operations in described["paths"].items()
    for method, operation in operations.items()
    if method in METHODS and operation.get("security") != []
]
wrong = []
for method, path in calls:
    there = path.replace("{who}", "Bo").replace("{id}", "00000000")
    for token in (None, "0" * 64):
        answer = status(method, there, token)
        if answer != 401:
            wrong.append(f"{method.upper()} {there} answers {answer} to {'a wrong' if token else 'no'} token")
print(f"{len(calls)} calls without a token and with a wrong one")
if wrong or not calls:
    sys.exit("\n".join(wrong) or "no call is described")
