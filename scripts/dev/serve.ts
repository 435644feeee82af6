/** Serves the app on @hono/node-server. scripts/dev.ts starts and ends it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { serve } from '@hono/node-server';
import { localSecret } from '../../app/framework/local-lambda/local-secret.ts';
import { printStartupMessage } from '../../app/framework/local-lambda/startup-message.ts';
import { makePageFiles } from '../build/browser-assets.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const auth = process.env.MCP_AUTH;
process.env.MCP_AUTH ||= 'none';
process.env.MCP_SECRET ||= localSecret(join(root, '.mcp-secret')).secret;
process.once('disconnect', () => process.exit());
process.channel?.unref();
const port = Number(process.env.PORT || 8080);

try {
  // Imported here and not at the top, so that an error in app/ is reported below and the watcher waits for its fix.
  const [{ createApp }, { config }, { mcpPaths }, { routes }] = await Promise.all([
    import('../../app/framework/app.ts'),
    import('../../app/framework/config.ts'),
    import('../../app/framework/mcp/route-registry.ts'),
    import('../../app/routes.ts'),
  ]);
  config();
  await makePageFiles(fileURLToPath(new URL('../../dist/page', import.meta.url)));
  const server = serve({ fetch: createApp(routes).fetch, port, hostname: '127.0.0.1' }, ({ port }) =>
    printStartupMessage(`http://localhost:${port}`, {
      paths: mcpPaths(routes),
      auth,
      page: config().MCP_PAGE === 'on',
    }),
  );
  server.once('error', (error: NodeJS.ErrnoException) => {
    const taken = `Port ${port} is taken. Stop what listens there, or choose another: PORT=${port + 1} npm run dev`;
    fail(error.code === 'EADDRINUSE' ? taken : error.message);
  });
} catch (error) {
  fail(describe(error));
}

/** Returns the error with the stack lines of this project. */
function describe(error: unknown): string {
  if (error instanceof Error && 'problems' in error) return error.message; // ConfigError: its message is complete.
  const lines = inspect(error, { colors: false }).replaceAll('file://', '').replaceAll(root, '').split('\n');
  return lines.filter(line => !/^\s+at .*(node:internal|node_modules\/)/.test(line)).join('\n');
}

function fail(message: string): void {
  process.stderr.write(
    `${message}\n\nThe app does not run: fix the error above. A change in app/ starts it again.\n`,
  );
  process.exitCode = 1;
}
