"""Generated definitions: every form of step, jumps back, shared variables, calls everywhere."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

VARIABLES = ("a", "b", "c", "m", "l")
TEXTS = ("https://a.com", "https://b.com/", "x", "prod", "")
BRANCH = ("p", "q")

names = st.sampled_from(VARIABLES)


def quoted(text: str) -> str:
    return json.dumps(text)


LEAVES = (
    st.sampled_from(TEXTS).map(quoted)
    | st.integers(0, 3).map(str)
    | st.sampled_from(["true", "false", "null"])
    | names
)


ONE_ARGUMENT = (
    "text.to_lower", "text.url_encode", "text.url_encode_plus", "text.url_decode", "text.encode",
    "text.decode", "base64.encode", "base64.decode", "json.encode", "json.encode_to_string",
    "json.decode", "int", "double", "get_type", "math.abs", "math.floor", "string",
)  # fmt: skip
TWO_ARGUMENTS = (
    "list.prepend", "map.delete", "map.merge_nested", "math.max", "math.min", "text.match_regex",
    "text.find_all", "text.find_all_regex", "map.get",
)  # fmt: skip


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    plus = st.tuples(inner, st.sampled_from(["+", "+", "+", "-", "*", "/", "//", "%"]), inner).map(
        lambda t: f"({t[0]} {t[1]} {t[2]})"
    )
    key = st.sampled_from(["url", "body", "next", "items"])
    return (
        plus
        | plus
        | st.tuples(names, key).map(".".join)
        | st.tuples(names, inner).map(lambda t: f"{t[0]}[{t[1]}]")
        | st.tuples(inner, key).map(lambda t: f'map.get({t[0]}, "{t[1]}")')
        | st.tuples(inner, inner).map(lambda t: f"default({t[0]}, {t[1]})")
        | st.tuples(names, inner).map(lambda t: f'default(map.get({t[0]}, "url"), {t[1]})')
        | st.tuples(inner, inner, inner).map(lambda t: f"if({t[0]} == {t[1]}, {t[2]}, {t[0]})")
        | st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | inner.map(lambda e: f"string({e})")
        | inner.map(lambda e: f"len({e})")
        | inner.map(lambda e: f"keys({e})")
        | inner.map(lambda e: f"-{e}")
        | st.tuples(inner, inner).map(lambda t: f"list.concat({t[0]}, {t[1]})")
        | st.tuples(inner, inner).map(lambda t: f"map.merge({t[0]}, {t[1]})")
        | st.tuples(inner, inner).map(lambda t: f"text.split({t[0]}, {t[1]})")
        | st.tuples(inner, inner).map(lambda t: f'text.replace_all({t[0]}, "a", {t[1]})')
        | inner.map(lambda e: f"text.to_upper({e})")
        | st.sampled_from(['sys.get_env("U")', 'sys.get_env("W", "d")'])
        | st.tuples(st.sampled_from(ONE_ARGUMENT), inner).map(lambda t: f"{t[0]}({t[1]})")
        | st.tuples(st.sampled_from(TWO_ARGUMENTS), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        )
        | st.tuples(inner, st.integers(0, 4), st.integers(0, 9)).map(
            lambda t: f"text.substring({t[0]}, {t[1]}, {t[2]})"
        )
        | st.tuples(inner, inner).map(lambda t: f'text.replace_all_regex({t[0]}, "[a-c]", {t[1]})')
        | inner.map(lambda e: f'hash.compute_checksum({e}, "SHA256")')
        | st.tuples(inner, inner).map(lambda t: f'{{"url": {t[0]}, "body": {t[1]}}}')
        | inner.map(
            lambda e: (
                f'googleapis.secretmanager.v1.projects.secrets.versions.accessString({e}, "1", "p")'
            )
        )
        | st.tuples(inner, inner).map(lambda t: f"sub({t[0]}, {t[1]})")
    )


WILD = st.recursive(LEAVES, grown, max_leaves=5)
"""Expressions most of which fail when they are run."""

KEYS = st.sampled_from(['"url"', '"body"', '["body", "url"]', '["x", "url"]'])
TAME = (
    LEAVES
    | st.sampled_from(TEXTS).map(quoted)
    | st.tuples(names, KEYS, LEAVES).map(lambda t: f"default(map.get({t[0]}, {t[1]}), {t[2]})")
    | st.tuples(names, LEAVES, LEAVES).map(lambda t: f"if({t[0]} == {t[1]}, {t[1]}, {t[2]})")
    | st.tuples(st.sampled_from(TEXTS).map(quoted), st.sampled_from(['"/"', "1", "true"])).map(
        " + ".join
    )
    | st.tuples(LEAVES, names).map(lambda t: f"[{t[0]}, {t[1]}]")
    | st.sampled_from(['sys.get_env("U") + "/x"', "keys(args)", "args.a", "args.l", "len(args.m)"])
    | st.tuples(names, LEAVES).map(lambda t: f"sub({t[0]}, {t[1]})")
    | st.sampled_from(
        [
            'json.decode(sys.get_env("J"))',
            'json.decode(sys.get_env("J")).url',
            'json.decode(sys.get_env("J")).items[1]',
            'json.encode_to_string({"a": 1})',
            'text.decode(base64.decode("aHR0cHM6Ly9kLmNvbQ=="))',
            'text.encode("https://e.com")',
            'if(get_type(args.a) == "string", "https://s.com", "https://n.com")',
            'if(get_type(text.encode("x")) == "bytes", "https://bytes", "https://string")',
            'text.substring("https://a.com/x", 0, 13)',
            'text.url_encode("a b/c")',
            'map.merge({"url": "https://1"}, {"body": 2})',
            'list.prepend([1], "https://p.com")',
            'map.merge_nested({"url": {"x": 1}}, {"url": {"y": "https://y"}}).url',
            'map.delete({"url": 1, "body": 2}, "url")',
            "math.max(1, 2)",
            "math.min(1.5, 2)",
            "math.abs(-3)",
            "math.floor(2.5)",
            "double(2) / 4",
            "7 // 2",
            "7 % 4",
            "-7 // 2",
            'int("12") + 1',
            "string(1.5)",
            "uuid.generate()",
            "time.format(sys.now())",
            'time.parse("2026-01-01T00:00:00Z")',
            'text.match_regex("abc", "b")',
            'text.find_all("abab", "a")',
            'text.find_all_regex("abab", "b")[0].match',
            'text.replace_all_regex("a1b", "[0-9]", "-")',
            'text.url_decode("a%20b")',
            'text.url_encode_plus("a b")',
            'hash.compute_checksum("x", "SHA256")',
            'hash.compute_hmac("k", "x", "SHA256")',
            'text.to_lower("HTTPS://A")',
            'text.split("https://a.com/x", "/")[2]',
            "http.default_retry",
            "+3",
            'text.decode(json.encode({"a": [1, "x"]}))',
            'base64.encode(text.encode("a"))',
            '"x" not in ["x", a]',
            '{"url": a, "body": 1}',
            "fact(3)",
            "if(null, 1, a)",
        ]
    )
)
"""Expressions that seldom fail."""

EXPRESSIONS = TAME | TAME | TAME | WILD

CONDITIONS = st.recursive(
    st.tuples(names, st.sampled_from(["==", "!="]), LEAVES).map(" ".join)
    | st.tuples(names, st.sampled_from(["<", ">="]), st.integers(0, 3)).map(
        lambda t: f"{t[0]} {t[1]} {t[2]}"
    )
    | st.tuples(st.sampled_from(['"url"', '"body"', "1"]), names).map(" in ".join)
    | st.tuples(names, st.sampled_from(TEXTS)).map(lambda t: f'{t[0]} in [{quoted(t[1])}, "y"]')
    | st.sampled_from(['m.url == "https://a.com"', 'map.get(m, "url") != null', "true"])
    | EXPRESSIONS.map(lambda e: f"{e} == null"),
    lambda inner: (
        inner.map(lambda c: f"not({c})")
        | st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        )
    ),
    max_leaves=3,
)

SCALARS = EXPRESSIONS.map(lambda e: "${" + e + "}")
VALUES = (
    SCALARS
    | st.sampled_from(TEXTS)
    | st.fixed_dictionaries({"url": SCALARS, "body": SCALARS})
    | st.lists(SCALARS, max_size=2)
    | st.tuples(SCALARS, SCALARS).map(lambda t: {t[0]: t[1]})
)
PLAIN = st.sampled_from((*TEXTS, 0, 1, None, "${args.a}", "${args.m}"))
TARGETS = (
    names
    | names
    | st.sampled_from(["m.url", "m.x.url", "l[0]"])
    | st.tuples(names, EXPRESSIONS).map(lambda t: f"{t[0]}[{t[1]}]")
)


RETRIES: st.SearchStrategy[Any] = st.none() | st.sampled_from(
    [
        {"predicate": "${check}", "max_retries": 2,
         "backoff": {"initial_delay": 1, "max_delay": 2, "multiplier": 2}},
        {"predicate": "${check}", "max_retries": "${len(a)}"},
        {"predicate": "${http.default_retry_predicate}", "max_retries": 1},
        {"predicate": "${check}", "backoff": {"initial_delay": '${other("https://in.retry", b)}'}},
        "${http.default_retry}",
        "${m}",
    ]
)  # fmt: skip


class Writer:
    """Draws a program; step names are unique in it."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def call(self) -> dict[str, Any]:
        kind = self.draw(st.integers(0, 10))
        if kind >= 7:
            body = self.less_usual()
        elif kind <= 3:
            args: dict[str, Any] = {"url": self.draw(VALUES)}
            if self.draw(st.booleans()):
                args["auth"] = self.draw(
                    SCALARS | st.fixed_dictionaries({"type": st.just("OIDC"), "audience": SCALARS})
                )
            if self.draw(st.booleans()):
                args["body"] = self.draw(VALUES)
            body: dict[str, Any] = {"call": "http.get", "args": args}
        elif kind == 6:
            body = {"call": "http.post", "args": self.draw(names.map(lambda n: "${" + n + "}"))}
        elif kind == 4:
            body = {"call": "sub", "args": {"p": self.draw(VALUES)}}
        else:
            body = {"call": "other", "args": {"x": self.draw(VALUES), "y": self.draw(SCALARS)}}
        if self.draw(st.booleans()):
            body["result"] = self.draw(self.writable)
        return body

    def less_usual(self) -> dict[str, Any]:
        """A call by position, of a connector, of the library, or of a subworkflow in between."""
        value, other = self.draw(VALUES), self.draw(SCALARS)
        forms: list[dict[str, Any]] = [
            {"call": "http.get", "args": [value]},
            {"call": "http.request", "args": ["GET", other]},
            {"call": "http.request", "args": {"method": other, "url": value}},
            {"call": "sys.log", "args": [other, "ERROR"]},
            {"call": "sys.log", "args": {"text": other}},
            {"call": "sub", "args": [value]},
            {"call": "sub", "args": {"p": value, "q": other}},
            {"call": "sub", "args": "${" + self.draw(names) + "}"},
            {"call": "between", "args": {"x": value}},
            {"call": "between"},
            {"call": "fact", "args": {"n": self.draw(st.integers(0, 4))}},
            {"call": "events.create_callback_endpoint", "args": {"http_callback_method": "POST"}},
            {"call": "events.await_callback", "args": {"callback": other, "timeout": 60}},
            {"call": "googleapis.storage.v1.objects.get", "args": {"bucket": other, "object": "o"}},
            {"call": "googleapis.run.v1.namespaces.jobs.run", "args": {"name": other}},
            {"call": "experimental.executions.run", "args": {"workflow_id": other}},
            {"call": "text.split", "args": {"source": other, "separator": "/"}},
            {"call": "text.replace_all", "args": [other, "a", "b"]},
            {"call": "json.decode", "args": {"data": '${sys.get_env("J")}'}},
            {"call": "json.decode", "args": [other]},
            {"call": "map.get", "args": {"map": other, "keys": ["body", "url"]}},
            {"call": "list.concat", "args": {"objs": other, "val": value}},
            {"call": "sys.get_env", "args": {"name": "U"}},
            {"call": "sys.get_env", "args": {"name": "W", "default": value}},
            {"call": "sys.sleep", "args": {"seconds": 1}},
            {"call": "sys.now"},
            {"call": "uuid.generate"},
            {"call": "retry.always", "args": {"exception": other}},
            {"call": "default", "args": [other, value]},
        ]  # fmt: skip
        return dict(self.draw(st.sampled_from(forms)))

    writable: st.SearchStrategy[str] = names
    targets: st.SearchStrategy[str] = TARGETS

    def steps(self, depth: int, outer: tuple[str, ...], loop: bool) -> list[dict[str, Any]]:
        count = self.draw(st.integers(1, 4) if depth else st.integers(3, 8))
        labels = [self.name() for _ in range(count)]
        jumps = (*outer, *labels, "end", *(("break", "continue") if loop else ()))
        return [{label: self.body(depth, jumps, loop)} for label in labels]

    def body(self, depth: int, jumps: tuple[str, ...], loop: bool) -> dict[str, Any]:
        """A step's body; at the top most are guarded, so that a program goes on after an error."""
        if depth or self.draw(st.integers(0, 5)) == 5:
            return self.bare(depth, jumps, loop)
        inner = {self.name(): self.bare(depth, jumps, loop)}
        after = {self.name(): {"assign": [{"c": "${e}"}]}}
        return {"try": {"steps": [inner]}, "except": {"as": "e", "steps": [after]}}

    def bare(self, depth: int, jumps: tuple[str, ...], loop: bool) -> dict[str, Any]:
        kind = self.draw(st.integers(0, 11 if depth < 2 else 5))
        made: dict[str, Any]
        match kind:
            case 3 | 4:
                targets = self.draw(st.lists(self.targets, min_size=1, max_size=3))
                made = {"assign": [{target: self.draw(VALUES)} for target in targets]}
            case 0 | 1 | 2:
                made = self.call()
            case 5 | 6:
                made = self.switch(depth, jumps, loop)
            case 7:
                return {"for": self.loop(depth)}
            case 8:
                made = {
                    "try": {"steps": self.steps(depth + 1, jumps, loop)},
                    "except": {"as": "e", "steps": self.steps(depth + 1, jumps, loop)},
                }
                retry = self.draw(RETRIES)
                if retry is not None:
                    made["retry"] = retry
                    if self.draw(st.integers(0, 4)) == 4:
                        del made["except"]
            case 9:
                made = {"steps": self.steps(depth + 1, jumps, loop)}
            case 10:
                return {"parallel": self.parallel(depth)}
            case _:
                key = self.draw(st.sampled_from(["return", "raise"]))
                if jumps[-1] == "continue" or "end" not in jumps:
                    key = "raise"
                return {key: self.draw(VALUES)}
        if self.draw(st.integers(0, 9)) == 9:
            made["next"] = self.draw(st.sampled_from(jumps))
        return made

    def switch(self, depth: int, jumps: tuple[str, ...], loop: bool) -> dict[str, Any]:
        cases = []
        for _ in range(self.draw(st.integers(1, 3))):
            case: dict[str, Any] = {"condition": "${" + self.draw(CONDITIONS) + "}"}
            kind = self.draw(st.integers(0, 3))
            if kind == 0:
                case["next"] = self.draw(st.sampled_from(jumps))
            elif kind == 1 and depth < 2:
                case["steps"] = self.steps(depth + 1, jumps, loop)
            elif kind == 2:
                case["assign"] = [{self.draw(self.writable): self.draw(VALUES)}]
            else:
                case.update(self.call())
            cases.append(case)
        return {"switch": cases}

    def loop(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {"value": self.draw(st.sampled_from(["v", "w"]))}
        if self.draw(st.booleans()):
            made["in"] = self.draw(st.lists(SCALARS, max_size=3) | SCALARS)
            if self.draw(st.booleans()):
                made["index"] = "i"
        else:
            made["range"] = self.draw(
                st.tuples(st.integers(0, 2), st.integers(0, 4)).map(list)
                | st.sampled_from([["${a}", "${b}"], "${[a, 2]}", ["${len(args.l)}", 2.5], "${l}"])
            )
        inner = self.steps(depth + 1, (), loop=True)
        item = made["value"]
        inner.insert(0, {self.name(): {"call": "http.get", "args": {"url": "${" + item + "}"}}})
        made["steps"] = inner
        return made

    def parallel(self, depth: int) -> dict[str, Any]:
        before = self.writable, self.targets
        shared = self.draw(st.lists(st.sampled_from(VARIABLES[:3]), max_size=2, unique=True))
        self.writable = st.sampled_from((*shared, *BRANCH))
        self.targets = self.writable
        made: dict[str, Any] = {"shared": shared} if shared else {}
        if self.draw(st.booleans()):
            made["branches"] = [
                {self.name(): {"steps": self.inside(depth)}}
                for _ in range(self.draw(st.integers(2, 3)))
            ]
        else:
            made["for"] = {"value": "v", "steps": self.inside(depth)}
            if self.draw(st.booleans()):
                made["for"]["in"] = self.draw(st.lists(SCALARS, max_size=3) | SCALARS)
                if self.draw(st.booleans()):
                    made["for"]["index"] = "i"
            else:
                made["for"]["range"] = self.draw(
                    st.sampled_from([[0, 1], [1, 3], ["${b}", 2], "${[0, len(args.l)]}"])
                )
        if self.draw(st.integers(0, 3)) == 3:
            made["concurrency_limit"] = self.draw(st.sampled_from([2, "${b}", "${len(args.l)}"]))
        self.writable, self.targets = before
        return made

    def inside(self, depth: int) -> list[dict[str, Any]]:
        """Steps of a branch; loops inside bind variables that no step outside has."""
        labels = [self.name() for _ in range(self.draw(st.integers(1, 3)))]
        return [{label: self.step_inside(depth, labels)} for label in labels]

    def step_inside(self, depth: int, labels: list[str]) -> dict[str, Any]:
        kind = self.draw(st.integers(0, 9))
        assign = {"assign": [{self.draw(self.writable): self.draw(VALUES)}]}
        if kind <= 3 or depth > 1:
            return self.call()
        match kind:
            case 4 | 5:
                return assign
            case 6:
                again = {self.name(): {"raise": "${e}"}}
                return {
                    "try": {"steps": [{self.name(): self.call()}, {self.name(): assign}]},
                    "except": {"as": "e", "steps": [{self.name(): self.call()}, again]},
                }
            case 7:
                case = {"condition": "${" + self.draw(CONDITIONS) + "}"}
                return {"switch": [{**case, "next": self.draw(st.sampled_from(labels))}]}
            case 8:
                leave = self.draw(st.sampled_from(["break", "continue"]))
                condition = "${" + self.draw(CONDITIONS) + "}"
                stop = {"switch": [{"condition": condition, "next": leave}]}
                steps = [{self.name(): stop}, {self.name(): self.call()}, {self.name(): assign}]
                return {"for": {"value": f"w{self.count}", "range": [0, 1], "steps": steps}}
            case _:
                return {"parallel": self.parallel(2)}


@st.composite
def programs(draw: Any) -> str:
    """A definition as JSON text."""
    writer = Writer(draw)
    start = {"init": {"assign": [{name: draw(PLAIN)} for name in VARIABLES[:3]]}}
    main = {"params": ["args"], "steps": [*first(), start, *writer.steps(0, (), loop=False)]}
    sub = {
        "params": ["p", {"q": draw(st.sampled_from(TEXTS))}],
        "steps": [
            {"init": {"assign": [{"a": "${p}"}, {"b": "${q}"}, {"m": {}}, {"l": []}, {"c": 0}]}},
            *writer.steps(1, (), loop=False),
            {"back": {"return": draw(SCALARS)}},
        ],
    }
    other = {
        "params": ["x", "y"],
        "steps": [
            {"get": {"call": "http.get", "args": {"url": "${x}", "auth": "${y}"}, "result": "r"}},
            {"back": {"return": "${r.body}"}},
        ],
    }
    between = {
        "params": [{"x": draw(st.sampled_from(TEXTS))}, {"y": '${"https://" + "default"}'}],
        "steps": [
            {"down": {"call": "other", "args": {"x": "${x}", "y": "${y}"}, "result": "r"}},
            {"back": {"return": "${default(r, y)}"}},
        ],
    }
    fact = {
        "params": ["n"],
        "steps": [
            {"tell": {"call": "http.get", "args": {"url": '${"https://fact/" + n}'}}},
            {"stop": {"switch": [{"condition": "${n <= 1}", "return": 1}]}},
            {"back": {"return": "${n * fact(n - 1)}"}},
        ],
    }
    check = {
        "params": ["e"],
        "steps": [
            {"tell": {"call": "http.post", "args": {"url": "https://log", "body": "${e}"}}},
            {"back": {"return": True}},
        ],
    }
    return json.dumps({"main": main, "sub": sub, "other": other, "check": check,
                       "between": between, "fact": fact})  # fmt: skip


def first() -> list[dict[str, Any]]:
    """Defines the variables from the argument, so that a later step may read any."""
    return [
        {
            "read": {
                "assign": [
                    {"a": "${args.a}"},
                    {"b": "${args.b}"},
                    {"c": "${args.c}"},
                    {"m": "${args.m}"},
                    {"l": "${args.l}"},
                ]
            }
        }
    ]
