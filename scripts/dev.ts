/**
 * `npm run dev`: the app on @hono/node-server, restarted when a file changes, with no Lambda in between. For Lambda's
 * own behaviour use `npm start`.
 */
import { serve } from '@hono/node-server';
import { createApp } from '../app/app.ts';
import { greet } from '../app/lambda/greeting.ts';
import { routes } from '../app/routes.ts';

process.env.MCP_AUTH ||= 'none';
const port = Number(process.env.PORT || 8080);
serve({ fetch: createApp(routes).fetch, port, hostname: '127.0.0.1' }, ({ port }) =>
  greet(`http://localhost:${port}`, process.env.MCP_AUTH === 'none'),
);
