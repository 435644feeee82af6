"""The official Python SDK 2, whose mode is auto or legacy."""
from contextlib import asynccontextmanager

from checks import CHOICE, REPLY, Counter, Options, main, session_of
from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from mcp.types import CreateMessageResult, ElicitResult, TextContent


async def choose(*_) -> ElicitResult:
    return ElicitResult(action="accept", content={"entry": CHOICE})


@asynccontextmanager
async def connect(options: Options, requests: Counter):
    async def reply(*_) -> CreateMessageResult:
        await requests()
        return CreateMessageResult(role="assistant", model="none", content=TextContent(type="text", text=REPLY))

    headers = {"Authorization": f"Bearer {options.token}"} if options.token else {}
    transport = streamable_http_client(options.url, http_client=create_mcp_http_client(headers=headers))
    callbacks = {"elicitation_callback": choose, "sampling_callback": reply if options.sampling else None}
    async with Client(transport, mode=options.mode, **callbacks) as client:
        yield session_of(client.protocol_version, client)


main(connect)
