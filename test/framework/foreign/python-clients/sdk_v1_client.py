"""The official Python SDK 1."""
from contextlib import asynccontextmanager

from checks import REPLY, Counter, Options, main, session_of
from mcp import ClientSession
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from mcp.types import CreateMessageResult, TextContent


@asynccontextmanager
async def connect(options: Options, requests: Counter):
    async def reply(*_) -> CreateMessageResult:
        await requests()
        return CreateMessageResult(role="assistant", model="none", content=TextContent(type="text", text=REPLY))

    headers = {"Authorization": f"Bearer {options.token}"} if options.token else {}
    http = create_mcp_http_client(headers=headers)
    sampling = reply if options.sampling else None
    async with streamable_http_client(options.url, http_client=http) as (received, sent, _):
        async with ClientSession(received, sent, sampling_callback=sampling) as session:
            yield session_of((await session.initialize()).protocolVersion, session)


main(connect)
