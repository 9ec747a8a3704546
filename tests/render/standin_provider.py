"""A stand-in for the google provider: it knows the provider's schema and does nothing else.

`terraform validate` asks a provider for its schema and holds a module against it: arguments,
types, references, cycles. The messages are those of Terraform's plugin protocol, version 5, which
Terraform 1.11 takes. Run by Terraform as `standin_provider.py SCHEMA.json VERSION`.

Source: https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol (not opened)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import grpc

BLOCKS = 2  # lists, as nested blocks of this provider are; one that stands once has at most one
EXPORTED = {
    # What resources of a module refer to; the pages of the resources list it.
    "google_service_account": ("email", "name", "member", "unique_id"),
    "google_project_iam_custom_role": ("name",),
}


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def nested(field: int, value: bytes | str) -> bytes:
    body = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(body)) + body


def typed(name: str) -> str:
    """`map(string)` as JSON, `["map","string"]`."""
    outer, _, inner = name.partition("(")
    return json.dumps([outer, inner.rstrip(")")] if inner else outer)


def attribute(name: str, how: str, kind: str) -> bytes:
    flags = {"required": (4,), "optional": (5, 6), "computed": (6,)}[how]
    body = nested(1, name) + nested(2, typed(kind))
    return nested(2, body + b"".join(number(flag, 1) for flag in flags))


def block(fields: dict, exported: tuple[str, ...] = ()) -> bytes:
    body = b""
    for name, (how, kind, *inner) in fields.items():
        if not inner:
            body += attribute(name, how, kind)
            continue
        least = number(4, 1) if how == "required" else b""
        most = number(5, 1) if kind == "block" else b""
        held = nested(1, name) + nested(2, block(inner[0])) + number(3, BLOCKS)
        body += nested(3, held + least + most)
    return body + b"".join(attribute(n, "computed", "string") for n in exported if n not in fields)


def schema(fields: dict, exported: tuple[str, ...] = ()) -> bytes:
    return nested(2, block(fields, exported))


def schemas(resources: dict) -> bytes:
    body = nested(1, schema({}))
    for name, fields in resources.items():
        entry = nested(1, name) + nested(2, schema(fields, ("id", *EXPORTED.get(name, ()))))
        body += nested(2, entry)
    project = schema({"project_id": ["optional", "string"]}, ("id", "number"))
    return body + nested(3, nested(1, "google_project") + nested(2, project))


def fields_of(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a message."""
    at = 0

    def read() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = read()
        size = read()
        if key & 7 == 2:
            yield key >> 3, message[at : at + size]
            at += size


def serve(resources: dict) -> None:
    stopped = Event()
    known = schemas(resources)

    def answer(method: str, request: bytes) -> bytes:
        match method:
            case "GetSchema" | "GetProviderSchema":
                return known
            case "PrepareProviderConfig":
                return b"".join(nested(1, body) for field, body in fields_of(request) if field == 1)
            case "Stop" | "Shutdown":
                stopped.set()
        return b""

    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            service, method = details.method.strip("/").split("/")
            if service not in {"tfplugin5.Provider", "plugin.GRPCController"}:
                return None
            return grpc.unary_unary_rpc_method_handler(lambda body, _: answer(method, body))

    server = grpc.server(ThreadPoolExecutor(4), handlers=(Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"1|5|tcp|127.0.0.1:{port}|grpc\n")
    sys.stdout.flush()
    stopped.wait(60)
    server.stop(0.2).wait()


if __name__ == "__main__":
    serve(json.loads(Path(sys.argv[1]).read_text())[sys.argv[2]])
