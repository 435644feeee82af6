"""The official Python SDK 2: `python sdk_client.py URL MODE [TOKEN]`, MODE being auto or legacy."""
import asyncio
import sys

from checks import CHOICE, ENTRY, TERMS, cancelled, report
from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from mcp.types import ElicitResult

url, mode, *token = sys.argv[1:]
headers = {"Authorization": f"Bearer {token[0]}"} if token else {}
progress = 0
begun = asyncio.Event()


async def on_progress(*_) -> None:
    global progress
    progress += 1


async def on_first_progress(*_) -> None:
    begun.set()


async def choose(*_) -> ElicitResult:
    return ElicitResult(action="accept", content={"entry": CHOICE})


async def main() -> None:
    transport = streamable_http_client(url, http_client=create_mcp_http_client(headers=headers))
    async with Client(transport, mode=mode, elicitation_callback=choose) as client:
        revision = client.protocol_version
        tools = await client.list_tools()
        many = await client.call_tool("lookup_many", {"terms": TERMS}, progress_callback=on_progress)
        chosen = await client.call_tool("lookup", {"term": "mercury"})
        entry = await client.read_resource(ENTRY)

        def begin():
            terms = [f"term-{number:03}" for number in range(1, 100)]
            return client.call_tool("lookup_many", {"terms": terms}, progress_callback=on_first_progress)

        was_cancelled = await cancelled(begin, begun)
        after = await client.call_tool("lookup", {"term": "tide"})
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
