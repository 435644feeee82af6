/** Test resources: a text, binary data, a template, and one that can be subscribed to. */
import { type McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { PNG_PIXEL } from './fixtures.ts';

const FOR_AN_HOUR = { ttlMs: 3_600_000, cacheScope: 'public' } as const;
const IDS = ['123', '124', '456'];

export function registerResources(server: McpServer): void {
  registerText(server, 'static-text', 'This is the content of the static text resource.');
  registerText(server, 'watched-resource', 'Watched resource content');

  server.registerResource(
    'static-binary',
    'test://static-binary',
    { title: 'Bytes', description: 'An image of one pixel.', mimeType: 'image/png', cacheHint: FOR_AN_HOUR },
    uri => ({ contents: [{ uri: uri.href, mimeType: 'image/png', blob: PNG_PIXEL }] }),
  );

  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', {
      list: undefined,
      complete: { id: value => IDS.filter(id => id.startsWith(value)) },
    }),
    { title: 'Template', description: 'Data for an id.', mimeType: 'application/json' },
    (uri, { id }) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
        },
      ],
    }),
  );
}

function registerText(server: McpServer, name: string, content: string): void {
  server.registerResource(
    name,
    `test://${name}`,
    { title: name, description: 'A text.', mimeType: 'text/plain', cacheHint: FOR_AN_HOUR },
    uri => ({ contents: [{ uri: uri.href, mimeType: 'text/plain', text: content }] }),
  );
}

/**
 * Accepts `resources/subscribe` and `resources/unsubscribe` of the revisions up to 2025-11-25, which the suites call although
 * they are not advertised. They have no effect: updates would be sent on a GET stream, which a stateless server does not have.
 */
export function acceptSubscriptions(server: McpServer): void {
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}
