"""The official Python SDK: `python3 python_sdk.py URL [TOKEN]`."""
import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

url, *rest = sys.argv[1:]
# More than are looked up at once, so that progress comes well before the result.
TERMS = ["tide", "glacier", *(f"term-{number:03}" for number in range(1, 7))]
headers = {"Authorization": f"Bearer {rest[0]}"} if rest else {}


async def main() -> None:
    progress = 0

    async def on_progress(*_) -> None:
        nonlocal progress
        progress += 1

    async with streamablehttp_client(url, headers=headers) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            tools = await session.list_tools()
            arguments = {"terms": TERMS}
            answer = await session.call_tool("lookup_many", arguments, progress_callback=on_progress)
    result = {
        "tools": [tool.name for tool in tools.tools],
        "text": answer.content[0].text,
        "progress": progress,
    }
    print("RESULT " + json.dumps(result))


asyncio.run(main())
