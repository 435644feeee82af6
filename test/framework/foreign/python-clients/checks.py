"""What each client does with the server, and the result that it prints."""
import asyncio
import json

# More than are looked up at once, so that progress comes well before the result.
TERMS = ["tide", "glacier", *(f"term-{number:03}" for number in range(1, 7))]
ENTRY = "glossary://entries/glacier"
CHOICE = "mercury (planet)"


async def cancelled(begin, begun: asyncio.Event) -> bool:
    """Cancels a call when its first progress has come. Returns whether it ended by that."""
    call = asyncio.ensure_future(begin())
    await begun.wait()
    call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        return True
    return False


def report(**result) -> None:
    print("RESULT " + json.dumps(result))
