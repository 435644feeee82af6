"""What the clients do with a server. Each client is a file that calls `main` with its way to connect:

    python CLIENT.py CHECK URL [--mode MODE] [--token TOKEN]

It prints the result as JSON, in a line that starts with RESULT.
"""
import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

# More than are looked up at once, so that progress comes well before the result.
TERMS = ["tide", "glacier", *(f"term-{number:03}" for number in range(1, 7))]
MANY_TERMS = [f"term-{number:03}" for number in range(1, 100)]
ENTRY = "glossary://entries/glacier"
# What the user and the model of the client reply.
CHOICE = "mercury (planet)"
REPLY = "pong"

Progress = Callable[..., Awaitable[None]]


@dataclass
class Session:
    """A connected client. Each client calls its own methods."""

    revision: str
    # Returns the names of the tools.
    tools: Callable[[], Awaitable[list[str]]]
    # Calls a tool, with its name, arguments and perhaps a callback for progress. Returns the text of the result.
    call: Callable[..., Awaitable[str]]
    # Reads a resource and returns its text.
    read: Callable[[str], Awaitable[str]]


def session_of(revision: str, client) -> Session:
    """Wraps a client of the official SDKs, whose methods have the same names in all versions."""

    async def tools() -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    async def call(name: str, arguments: dict, progress=None) -> str:
        return (await client.call_tool(name, arguments, progress_callback=progress)).content[0].text

    async def read(uri: str) -> str:
        return (await client.read_resource(uri)).contents[0].text

    return Session(revision, tools, call, read)


@dataclass
class Options:
    url: str
    mode: str | None
    token: str | None
    # Whether the client offers sampling.
    sampling: bool = False


class Counter:
    """A callback that counts its calls."""

    def __init__(self) -> None:
        self.count = 0
        self.called = asyncio.Event()

    async def __call__(self, *_) -> None:
        self.count += 1
        self.called.set()


# Takes the options, and a callback for each request that the client's model gets.
Connect = Callable[[Options, Counter], AbstractAsyncContextManager[Session]]


async def use(connect: Connect, options: Options) -> dict:
    """Lists tools, calls one with progress, chooses by a form, reads a resource, cancels a call and calls again."""
    progress = Counter()
    async with connect(options, Counter()) as session:
        return {
            "revision": session.revision,
            "tools": await session.tools(),
            "text": await session.call("lookup_many", {"terms": TERMS}, progress),
            "chosen": await session.call("lookup", {"term": "mercury"}),
            "resource": await session.read(ENTRY),
            "cancelled": await cancelled(session),
            "after": await session.call("lookup", {"term": "tide"}),
            "progress": progress.count,
        }


async def cancelled(session: Session) -> bool:
    """Cancels a call when its first progress has come. Returns whether it ended by that."""
    progress = Counter()
    call = asyncio.ensure_future(session.call("lookup_many", {"terms": MANY_TERMS}, progress))
    await progress.called.wait()
    call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        return True
    return False


async def sample(connect: Connect, options: Options) -> dict:
    """Calls a tool that requests sampling, as a client that offers it and as one that does not."""
    return {name: await sampled(connect, options, name == "offered") for name in ("offered", "not_offered")}


async def sampled(connect: Connect, options: Options, sampling: bool) -> dict:
    requests = Counter()
    options = Options(options.url, options.mode, options.token, sampling)
    async with connect(options, requests) as session:
        try:
            text = await session.call("test_sampling", {"prompt": "Say pong."})
        except Exception as error:  # Each client has its own type, which the result names.
            text = f"{type(error).__name__} {getattr(error, 'code', None)}: {error}"
        return {"text": text, "requests": requests.count}


def main(connect: Connect) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("check", choices=["use", "sample"])
    parser.add_argument("url")
    parser.add_argument("--mode")
    parser.add_argument("--token")
    given = parser.parse_args()
    check = {"use": use, "sample": sample}[given.check]
    result = asyncio.run(check(connect, Options(given.url, given.mode, given.token)))
    print("RESULT " + json.dumps(result))
