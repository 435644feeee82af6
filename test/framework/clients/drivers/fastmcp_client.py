"""FastMCP's Python client: `python3 fastmcp_client.py URL [TOKEN]`."""
import asyncio
import json
import sys

from fastmcp import Client

url, *rest = sys.argv[1:]
# More than are looked up at once, so that progress comes well before the result.
TERMS = ["tide", "glacier", *(f"term-{number:03}" for number in range(1, 7))]


async def main() -> None:
    progress = 0

    async def on_progress(*_) -> None:
        nonlocal progress
        progress += 1

    async with Client(url, auth=rest[0] if rest else None, progress_handler=on_progress) as client:
        tools = await client.list_tools()
        answer = await client.call_tool("lookup_many", {"terms": TERMS})
    result = {
        "tools": [tool.name for tool in tools],
        "text": answer.content[0].text,
        "progress": progress,
    }
    print("RESULT " + json.dumps(result))


asyncio.run(main())
