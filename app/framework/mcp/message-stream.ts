/** Reads the JSON-RPC messages of a response of the SDK: one as JSON, or several as server-sent events. */

export interface Message {
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: unknown;
}

/**
 * Yields the messages. Parses only the events of the MCP SDK, with one line of data
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 */
export async function* messagesOf(response: Response): AsyncGenerator<Message> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
    yield JSON.parse(await response.text());
    return;
  }
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const data = line.startsWith('data:') ? line.slice(5).trim() : '';
      if (data !== '') yield JSON.parse(data);
    }
  }
}
