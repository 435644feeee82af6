/**
 * The frame between the page and an MCP App ("sandbox proxy"): loads the app's HTML into an inner frame and forwards
 * messages. The build writes it into app-frame.html; the policy of its response also applies to the app, because a
 * `srcdoc` frame inherits the policy and the sandbox of the document that creates it.
 *
 * https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx, "Sandbox proxy"
 */
const RESERVED = 'ui/notifications/sandbox-';

let app: HTMLIFrameElement | undefined;

addEventListener('message', ({ source, data }: MessageEvent) => {
  const method: unknown = data?.method;
  const isReserved = typeof method === 'string' && method.startsWith(RESERVED);
  if (source === parent) {
    if (!isReserved) app?.contentWindow?.postMessage(data, '*');
    else if (method === `${RESERVED}resource-ready`) load(data.params.html);
  } else if (app && source === app.contentWindow && !isReserved) parent.postMessage(data, '*');
});

/** Loads the first app only: an app that is loaded later would get the messages of the first. */
function load(html: string): void {
  if (app) return;
  app = document.createElement('iframe');
  app.setAttribute('sandbox', 'allow-scripts allow-forms');
  app.title = document.title;
  app.srcdoc = html;
  document.body.append(app);
}

// Messages cannot name a target origin: that of the page is not known here, and those of this frame and the app are opaque. By the
// policy only the page can be the parent (frame-ancestors).
parent.postMessage({ jsonrpc: '2.0', method: `${RESERVED}proxy-ready`, params: {} }, '*');
