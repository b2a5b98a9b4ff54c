"""Calls a server by gRPC's C core, which is under its Python package, and writes as JSON what it saw.

The messages are octets: a case says what it sends and what came back, the test what that should be.
"""

import json
import sys
import threading
import time

import grpc

target = sys.argv[1]
identity = lambda octets: octets
service = "/grpc.testing.TestService/"


def channel(**options):
    return grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1), *options.items()])


def unary(path, request, timeout=10, **more):
    with channel() as used:
        return used.unary_unary(path, identity, identity)(request, timeout=timeout, **more)


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    return ["OK", ""]


def watch():
    seen = []
    with channel() as used:
        stream = used.unary_stream("/grpc.health.v1.Health/Watch", identity, identity)(b"")
        seen.append(next(stream).hex())
        # The first answer tells the test's server to change its health.
        unary("/test.Core/Unhealthy", b"")
        seen.append(next(stream).hex())
        stream.cancel()
        seen.append(code_of(lambda: list(stream))[0])
    return seen


def deadline():
    begin = time.monotonic()
    code, _ = code_of(lambda: unary("/test.Core/Hang", b"", timeout=0.2))
    return [code, time.monotonic() - begin < 8]


def cancel():
    with channel() as used:
        call = used.unary_unary("/test.Core/Hang", identity, identity).future(b"")
        threading.Timer(0.2, call.cancel).start()
        try:
            call.result(timeout=10)
        except grpc.FutureCancelledError:
            return call.code().name


def gzip():
    with channel() as used:
        call = used.unary_unary("/test.Core/Size", identity, identity)
        try:
            return int(call(b"z" * 3_000_000, timeout=10, compression=grpc.Compression.Gzip))
        except grpc.RpcError as error:
            return error.code().name


def both_ways():
    messages = [bytes([index]) * 60_000 for index in range(100)]
    with channel() as used:
        answers = list(used.stream_stream("/test.Core/Echo", identity, identity)(iter(messages), timeout=30))
    return [answers == messages, sum(map(len, answers))]


def client_streaming():
    with channel() as used:
        call = used.stream_unary("/test.Core/Total", identity, identity)
        return int(call((b"s" * 100_000 for _ in range(60)), timeout=30))


def many_at_once():
    with channel() as used:
        call = used.unary_unary("/test.Core/Size", identity, identity)
        futures = [call.future(b"x" * index, timeout=20) for index in range(500)]
        return [int(each.result()) for each in futures] == list(range(500))


cases = {
    "check": lambda: unary("/envoy.service.auth.v3.Authorization/Check", b"").hex(),
    "watch": watch,
    "deadline": deadline,
    "cancel": cancel,
    "gzip": gzip,
    "unknown encoding": lambda: code_of(
        lambda: unary("/test.Core/Size", b"d" * 2000, compression=grpc.Compression.Deflate)
    )[0],
    "both ways": both_ways,
    "client streaming": client_streaming,
    "many at once": many_at_once,
    "status message": lambda: code_of(lambda: unary("/test.Core/Fail", b"")),
    "too large": lambda: code_of(lambda: unary("/test.Core/Size", b"l" * 5_000_000))[0],
    "unknown method": lambda: code_of(lambda: unary("/test.Core/Nothing", b""))[0],
}
json.dump({name: case() for name, case in cases.items()}, sys.stdout)
