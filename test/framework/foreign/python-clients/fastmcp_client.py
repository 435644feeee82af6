"""FastMCP's client: `python fastmcp_client.py URL [TOKEN]`."""
import asyncio
import sys

from checks import CHOICE, ENTRY, TERMS, cancelled, report
from fastmcp import Client

url, *token = sys.argv[1:]
progress = 0
begun = asyncio.Event()


async def on_progress(*_) -> None:
    global progress
    progress += 1


async def on_first_progress(*_) -> None:
    begun.set()


async def choose(_message, response_type, *_):
    return response_type(entry=CHOICE)


async def main() -> None:
    async with Client(url, auth=token[0] if token else None, elicitation_handler=choose) as client:
        revision = client.protocol_version
        tools = await client.list_tools()
        many = await client.call_tool("lookup_many", {"terms": TERMS}, progress_handler=on_progress)
        chosen = await client.call_tool("lookup", {"term": "mercury"}, raise_on_error=False)
        [entry] = await client.read_resource(ENTRY)

        def begin():
            terms = [f"term-{number:03}" for number in range(1, 100)]
            return client.call_tool("lookup_many", {"terms": terms}, progress_handler=on_first_progress)

        was_cancelled = await cancelled(begin, begun)
        after = await client.call_tool("lookup", {"term": "tide"})
    report(
        revision=revision,
        tools=[tool.name for tool in tools],
        text=many.content[0].text,
        progress=progress,
        chosen=chosen.content[0].text,
        resource=entry.text,
        cancelled=was_cancelled,
        after=after.content[0].text,
    )


asyncio.run(main())
