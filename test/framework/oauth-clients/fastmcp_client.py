"""FastMCP's client: `python fastmcp_client.py URL [CLIENT_METADATA_URL]` prints the sign-in URL, then the result."""
import asyncio
import json
import sys

from fastmcp import Client
from fastmcp.client.auth import OAuth

url, *document = sys.argv[1:]


class PrintingOAuth(OAuth):
    """Prints the address that FastMCP opens in a browser."""

    async def redirect_handler(self, authorization_url: str) -> None:
        print("OPEN " + authorization_url, flush=True)


async def main() -> None:
    auth = PrintingOAuth(client_metadata_url=document[0] if document else None)
    async with Client(url, auth=auth) as client:
        tools = await client.list_tools()
        result = await client.call_tool("lookup", {"term": "tide"})
    print("RESULT " + json.dumps([[tool.name for tool in tools], result.content[0].text]))


asyncio.run(main())
