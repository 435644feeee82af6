"""The official Python SDK 1: `python sdk_v1_client.py URL [TOKEN]`."""
import asyncio
import sys

from checks import ENTRY, TERMS, cancelled, report
from mcp import ClientSession
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

url, *token = sys.argv[1:]
headers = {"Authorization": f"Bearer {token[0]}"} if token else {}
progress = 0
begun = asyncio.Event()


async def on_progress(*_) -> None:
    global progress
    progress += 1


async def on_first_progress(*_) -> None:
    begun.set()


async def main() -> None:
    http = create_mcp_http_client(headers=headers)
    async with streamable_http_client(url, http_client=http) as (read, write, _):
        async with ClientSession(read, write) as session:
            revision = (await session.initialize()).protocolVersion
            tools = await session.list_tools()
            many = await session.call_tool("lookup_many", {"terms": TERMS}, progress_callback=on_progress)
            chosen = await session.call_tool("lookup", {"term": "mercury"})
            entry = await session.read_resource(ENTRY)

            def begin():
                terms = [f"term-{number:03}" for number in range(1, 100)]
                return session.call_tool("lookup_many", {"terms": terms}, progress_callback=on_first_progress)

            was_cancelled = await cancelled(begin, begun)
            after = await session.call_tool("lookup", {"term": "tide"})
    report(
        revision=revision,
        tools=[tool.name for tool in tools.tools],
        text=many.content[0].text,
        progress=progress,
        chosen=chosen.content[0].text,
        resource=entry.contents[0].text,
        cancelled=was_cancelled,
        after=after.content[0].text,
    )


asyncio.run(main())
