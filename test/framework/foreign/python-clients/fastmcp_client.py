"""FastMCP's client."""
from contextlib import asynccontextmanager

from checks import CHOICE, REPLY, Counter, Options, Session, main
from fastmcp import Client


async def choose(_message, response_type, *_):
    return response_type(entry=CHOICE)


@asynccontextmanager
async def connect(options: Options, requests: Counter):
    async def reply(*_) -> str:
        await requests()
        return REPLY

    handlers = {"elicitation_handler": choose, "sampling_handler": reply if options.sampling else None}
    async with Client(options.url, auth=options.token, **handlers) as client:

        async def tools() -> list[str]:
            return [tool.name for tool in await client.list_tools()]

        async def call(name: str, arguments: dict, progress=None) -> str:
            result = await client.call_tool(name, arguments, progress_handler=progress, raise_on_error=False)
            return result.content[0].text

        async def read(uri: str) -> str:
            [entry] = await client.read_resource(uri)
            return entry.text

        yield Session(client.protocol_version, tools, call, read)


main(connect)
