/** Signs in like a person with a browser: follows the redirects, with cookies, and presses Allow on the consent page. */
export async function signInAndConsent(authorizationUrl: URL, redirectUrl: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let next = authorizationUrl.href;
  let form: URLSearchParams | undefined;
  for (let hops = 0; hops < 12; hops += 1) {
    if (next.startsWith(redirectUrl)) return new URL(next).searchParams;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const init = form ? { method: 'POST', body: form } : {};
    const response = await fetch(next, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    form = undefined;
    if (location) {
      next = new URL(location, next).href;
      continue;
    }
    const page = await response.text();
    const [, action] = /<form method="post" action="([^"]+)">/.exec(page) ?? [];
    if (!action) throw new Error(`No redirect and no form at ${next}: ${response.status} ${page}`);
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
    form = new URLSearchParams({ decision: 'allow' });
    for (const [, name = '', value = ''] of hidden) form.set(name, value);
    next = action;
  }
  throw new Error(`Too many redirects, the last one to ${next}`);
}
