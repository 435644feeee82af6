/**
 * A simulated model on this machine: it calls one tool once and then ends. It implements the parts of Anthropic's Messages API
 * and of Gemini's API that the two clients use.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

export async function startModel(tool, args) {
  const model = {
    url: '',
    tools: [],
    result: '',
    close: () => server.closeAllConnections() || server.close(),
  };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const asked = parsed(body);
    const names = (asked.tools ?? []).flatMap(
      each => each.functionDeclarations?.map(({ name }) => name) ?? [each.name],
    );
    if (names.length > model.tools.length) model.tools = names;
    if (/"tool_result"|"functionResponse"/.test(body)) model.result = body;
    const name = model.result ? undefined : names.find(each => each?.endsWith(tool));
    if (/count_?tokens/i.test(request.url)) return json(response, { totalTokens: 1, input_tokens: 1 });
    if (request.url.includes('/v1/messages')) return anthropic(response, asked, name, args);
    if (request.url.includes('enerateContent')) return gemini(response, request.url, name, args);
    response.writeHead(404).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  model.url = `http://127.0.0.1:${server.address().port}`;
  return model;
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return {}; // A request without a body, such as a health check.
  }
}

function json(response, value) {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function events(response, list) {
  const lines = list.map(
    ([name, data]) => `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`,
  );
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(lines.join(''));
}

function anthropic(response, { model, stream }, name, args) {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const stop_reason = name ? 'tool_use' : 'end_turn';
  const block = name
    ? { type: 'tool_use', id: 'toolu_1', name, input: args }
    : { type: 'text', text: 'done' };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, stop_sequence: null, usage };
  if (!stream) return json(response, { ...message, stop_reason, content: [block] });
  const content_block = name ? { ...block, input: {} } : { type: 'text', text: '' };
  const delta = name
    ? { type: 'input_json_delta', partial_json: JSON.stringify(args) }
    : { type: 'text_delta', text: 'done' };
  events(response, [
    ['message_start', { type: 'message_start', message: { ...message, stop_reason: null, content: [] } }],
    ['content_block_start', { type: 'content_block_start', index: 0, content_block }],
    ['content_block_delta', { type: 'content_block_delta', index: 0, delta }],
    ['content_block_stop', { type: 'content_block_stop', index: 0 }],
    ['message_delta', { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage }],
    ['message_stop', { type: 'message_stop' }],
  ]);
}

function gemini(response, url, name, args) {
  const part = name ? { functionCall: { name, args } } : { text: 'done' };
  const candidates = [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }];
  const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
  const body = { candidates, usageMetadata };
  return url.includes('stream') ? events(response, [[null, body]]) : json(response, body);
}
