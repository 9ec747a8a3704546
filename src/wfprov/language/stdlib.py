"""The standard library: what its functions take, in which order, and what they give.

Source: https://cloud.google.com/workflows/docs/reference/stdlib/overview (not opened)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_PAGES: Final = "https://cloud.google.com/workflows/docs/reference/stdlib/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the standard library.

    `params` are in positional order, and the first `required` of them have no default. `returns`
    is bool, int, double, number, string, bytes, list, map, null or any. A `blocking` function may
    not be called inside an expression.
    """

    name: str
    params: tuple[str, ...]
    required: int
    returns: str
    blocking: bool
    source: str


# A question mark marks what may be left out.
_SIGNATURES: Final = """
default(value, default_value) -> any
double(value) -> double
get_type(value) -> string
if(condition, if_true, if_false) -> any
int(value) -> int
keys(map) -> list
len(value) -> int
string(value) -> string
base64.decode(data, padding?) -> bytes
base64.encode(data, padding?) -> string
events.await_callback(callback, timeout?) -> map
events.create_callback_endpoint(http_callback_method?) -> map
experimental.executions.map(workflow_id, arguments, location?, project_id?) -> list
experimental.executions.run(workflow_id, argument?, location?, project_id?) -> any
gke.await_job(cluster_id, job_name, project?, location?, namespace?, timeout?) -> map
gke.create_job(cluster_id, job, project?, location?, namespace?) -> map
gke.delete_job(cluster_id, job_name, project?, location?, namespace?) -> map
gke.request(cluster_id, method, path, project?, location?, query?, body?, headers?, timeout?) -> map
hash.compute_checksum(data, algorithm) -> bytes
hash.compute_hmac(key, data, algorithm) -> bytes
http.default_retry_predicate(exception) -> bool
http.default_retry_predicate_non_idempotent(exception) -> bool
http.delete(url, timeout?, body?, headers?, query?, auth?, private_service_name?, ca_certificate?) \
-> map
http.get(url, timeout?, headers?, query?, auth?, private_service_name?, ca_certificate?) -> map
http.patch(url, timeout?, body?, headers?, query?, auth?, private_service_name?, ca_certificate?) \
-> map
http.post(url, timeout?, body?, headers?, query?, auth?, private_service_name?, ca_certificate?) \
-> map
http.put(url, timeout?, body?, headers?, query?, auth?, private_service_name?, ca_certificate?) \
-> map
http.request(method, url, timeout?, body?, headers?, query?, auth?, private_service_name?, \
ca_certificate?) -> map
json.decode(data) -> any
json.encode(data, indent?) -> bytes
json.encode_to_string(data, indent?) -> string
list.concat(objs, val) -> list
list.prepend(objs, val) -> list
map.delete(map, key) -> map
map.get(map, keys) -> any
map.merge(first, second) -> map
map.merge_nested(first, second) -> map
math.abs(x) -> number
math.floor(x) -> int
math.max(x, y) -> number
math.min(x, y) -> number
retry.always(exception) -> bool
retry.never(exception) -> bool
sys.get_env(name, default?) -> any
sys.log(data?, severity?, text?, json?, timeout?) -> null
sys.now() -> double
sys.sleep(seconds) -> null
sys.sleep_until(time) -> null
text.decode(data, charset?) -> string
text.encode(text, charset?) -> bytes
text.find_all(source, substr) -> list
text.find_all_regex(source, regexp) -> list
text.match_regex(source, regexp) -> bool
text.replace_all(source, substr, repl) -> string
text.replace_all_regex(source, regexp, repl) -> string
text.split(source, separator) -> list
text.substring(source, start, end) -> string
text.to_lower(source) -> string
text.to_upper(source) -> string
text.url_decode(source) -> string
text.url_encode(source) -> string
text.url_encode_plus(source) -> string
time.format(seconds, timezone?) -> string
time.parse(value) -> double
uuid.generate() -> string
"""

_LINE: Final = re.compile(r"([\w.]+)\(([^)]*)\) -> (\w+)")
_BLOCKING: Final = re.compile(
    r"(?:http\.(?!default_)\w+|sys\.(?:log|sleep)|events\.await_callback"
    r"|experimental\.executions\.\w+|googleapis\..+)\Z"
)
# Google documents these for use in expressions although they send requests.
# https://cloud.google.com/workflows/docs/reference/googleapis/secretmanager/Overview (not opened)
_HELPERS: Final = re.compile(
    r"googleapis\.secretmanager\.v\w+\.projects\.secrets\."
    r"(?:versions\.accessString|addVersionString)\Z"
)


def is_blocking(function: str) -> bool:
    """Whether a function may be called by a `call` step only.

    Source: https://cloud.google.com/workflows/docs/reference/syntax/expressions (not opened)
    """
    return _BLOCKING.match(function) is not None and _HELPERS.match(function) is None


def _functions(signatures: str) -> Iterable[Function]:
    for name, written, returns in _LINE.findall(signatures):
        params = [param.strip() for param in written.split(",") if param.strip()]
        page = name.replace(".", "/") if "." in name else "expression-helpers"
        yield Function(
            name=name,
            params=tuple(param.rstrip("?") for param in params),
            required=sum(not param.endswith("?") for param in params),
            returns=returns,
            blocking=is_blocking(name),
            source=_PAGES + page,
        )


FUNCTIONS: Final = MappingProxyType({f.name: f for f in _functions(_SIGNATURES)})
"""The functions by name; connectors (`googleapis.*`) are not among them."""

CONSTANTS: Final = frozenset(
    {"http.default_retry", "http.default_retry_non_idempotent", "retry.default_backoff"}
)
"""Values that the library offers under a name."""

# googleapis: connectors. shell: an older connector that Google's demos use.
OPEN_MODULES: Final = frozenset({"googleapis", "shell"})
"""Modules whose functions are not listed here."""

MODULES: Final = OPEN_MODULES | {name.partition(".")[0] for name in FUNCTIONS if "." in name}
"""The first words of dotted names."""
