"""Reads the conditions and act-as remarks of the researched rows into small, decidable forms.

A condition becomes one line of this grammar, decided by `wfprov.catalog.condition`:

    condition := "set" path+ | "unset" path | "true" path | "eq" path value+
               | "prefix" path text | "mention" text | "unless" path value | "own-image" path
               | "maybe" | "never"
    form      := condition ["??" path]       when that is set, "no" becomes undecided

`maybe` is never decided and so always granted and shown; `never` is left out (an answer that is
only trimmed, or a situation that no request shows), the row's note still tells of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PATH = r"(?:body|query)[.][\w.\[\]]+"


def condition(text: str, on: str | None, written: Mapping[str, str]) -> str:
    """The decidable form of a condition; `written` holds those that a person wrote down.

    A condition checked on something that is told in words only is `never`: no resource can be
    named for it, so that what it asks for is a remark and not a need.
    """
    if text in written:
        return written[text]
    if on is not None and not on.startswith("//"):
        return "never"
    if found := re.match(rf"({PATH}(?:(?: or |, | / ){PATH})*) (?:is )?(?:set|non-empty)\b", text):
        return "set " + " ".join(re.findall(PATH, found[1]))
    if found := re.match(rf"({PATH}) is not empty", text):
        return f"set {found[1]}"
    if found := re.fullmatch(rf"({PATH}) is true", text):
        return f"true {found[1]}"
    if found := re.match(rf"({PATH}) == '([^' ]+)'", text):
        return f"eq {found[1]} {found[2]}"
    if found := re.fullmatch(rf"({PATH}) is ([A-Z_]{{3,}})", text):
        return f"eq {found[1]} {found[2]}"
    if found := re.fullmatch(rf"({PATH}) is a gs:// address", text):
        return f"prefix {found[1]} gs://"
    if found := re.fullmatch(r"recommender is ([\w.]+)", text):
        return f"mention {found[1]}"
    if re.fullmatch(PATH, text):
        return f"set {text}"
    return "maybe"


def act_as(remark: object) -> dict[str, object] | None:
    """Where a request names the account that it acts as, and which one stands in when it does not.

    `paths` in the body or query; `default` is `compute`, `appengine` or None; `tier` is `curated`
    where a page says that the permission is checked. None: the request names no account.
    """
    tier = "curated"
    if isinstance(remark, Mapping):
        tier = "curated" if remark.get("verified") else "map"
        text, note = str(remark["where"]), str(remark.get("note") or "")
        text = f"{text}; {note}"
    elif isinstance(remark, str):
        text = remark
        if "not written on the page" in text:
            tier = "map"
    else:
        return None
    paths = [p.rstrip(".") for p in re.findall(r"(?:body|query)[.](?:[\w.]|\[\])+", text)]
    paths = [f"{p}.email" if p.endswith("serviceAccounts[]") else p for p in paths]
    if not paths:
        for short in re.findall(r"/ (\w+Token[.]serviceAccountEmail)", text):
            paths.append(f"body.{short}")
    if not paths:
        return None
    prefix = paths[0].rsplit(".", 2)[0]
    for short in re.findall(r"/ (oauthToken[.]serviceAccountEmail)", text):
        paths.append(f"{prefix}.{short}")
    paths = [p for p in paths if not any(q.startswith(f"{p}[]") for q in paths)]
    only_if_set = bool(re.search(r"only (?:if|when)|needed when", text))
    default = None
    if not only_if_set:
        if re.search(r"[Cc]ompute(?: Engine)? default|default Compute|-compute@", text):
            default = "compute"
        elif "appspot" in text or "App Engine default" in text:
            default = "appengine"
    return {"paths": sorted(set(paths)), "default": default, "tier": tier}
