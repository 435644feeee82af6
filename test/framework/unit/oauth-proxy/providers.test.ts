/** The proxy with providers that behave like Cognito, Entra and Google (test/helpers/identity-provider.ts). */
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ALICE, IMITATIONS } from '../../../helpers/identity-provider.ts';
import { authorizationUrl, Browser, codeGrant, type Lab, refreshGrant, startLab } from './lab.ts';

const DAY_MS = 24 * 3600_000;

let lab: Lab;
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  lab.provider.intercept = undefined;
  lab.provider.person = ALICE;
});

async function signIn(proxy = lab.proxy()): Promise<Record<string, unknown>> {
  const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId));
  const { status, body } = await proxy.post('/token', codeGrant(query.get('code'), lab.clientId));
  expect([status, body.error_description]).toEqual([200, undefined]);
  return body;
}

async function refreshAfter(ms: number, refreshToken: unknown): Promise<unknown> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
  const { status, body } = await lab.proxy().post('/token', refreshGrant(refreshToken, lab.clientId));
  return status === 200 ? 200 : body.error;
}

function use(options: Parameters<typeof startLab>[0]): void {
  beforeAll(async () => {
    lab = await startLab(options);
  });
  afterAll(() => lab.close());
}

describe.each(Object.entries(IMITATIONS))('the OAuth proxy with a provider like %s', (_name, imitation) => {
  use(imitation);

  test('signs a person in, and refreshes the tokens of the client twice', async () => {
    const first = await signIn();
    expect(decodeJwt(String(first.access_token)).sub).toBe('alice');
    const proxy = lab.proxy();
    const second = await proxy.post('/token', refreshGrant(first.refresh_token, lab.clientId));
    const third = await proxy.post('/token', refreshGrant(second.body.refresh_token, lab.clientId));
    expect([second.status, third.status]).toEqual([200, 200]);
    expect(await proxy.accepts(third.body.access_token)).toBe(true);
  });

  test('sends no request to endpoints that the provider does not have', async () => {
    await signIn();
    const known = /^(?:GET \/auth|POST \/token|GET \/jwks|GET \/\.well-known\/openid-configuration)/;
    const others = lab.provider.requests.filter(
      request => !known.test(request) && !/ \/(?:interaction|auth)\//.test(request),
    );
    expect(others).toEqual([]);
  });
});

describe('the OAuth proxy with Cognito', () => {
  use(IMITATIONS.cognito);

  test('checks cognito:groups against the list of groups', async () => {
    await signIn(lab.proxy({ MCP_OAUTH_ALLOWED_GROUPS: 'staff' }));
    const query = await new Browser(lab.proxy({ MCP_OAUTH_ALLOWED_GROUPS: 'admins' })).signIn(
      authorizationUrl(lab.clientId),
    );
    expect(query.get('error')).toBe('access_denied');
  });

  test('does not accept tokens of Cognito as its own', async () => {
    let given = '';
    lab.provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      const end = response.end.bind(response);
      response.end = ((body: unknown, ...rest: never[]) => {
        given = String(body);
        return end(body as never, ...rest);
      }) as typeof response.end;
      return false;
    };
    const body = await signIn();
    const { access_token, id_token } = JSON.parse(given) as Record<string, unknown>;
    for (const token of [access_token, id_token]) expect(await lab.proxy().accepts(token)).toBe(false);
    expect(await lab.proxy().accepts(body.access_token)).toBe(true);
  });
});

describe('the OAuth proxy with Entra', () => {
  use(IMITATIONS.entra);

  test('does not check an unverified e-mail address against the list of domains, and denies the sign-in', async () => {
    const proxy = lab.proxy({ MCP_OAUTH_ALLOWED_DOMAINS: 'example.com' });
    const query = await new Browser(proxy).signIn(authorizationUrl(lab.clientId));
    expect(query.get('error')).toBe('access_denied');
  });

  test('rejects the metadata of `common`, which has no tenant in its issuer, and logs the issuer', async () => {
    const log = vi.spyOn(console, 'info').mockImplementation(() => undefined);
    lab.provider.intercept = (request, response) => {
      if (!request.url?.startsWith('/.well-known/')) return false;
      response.end(JSON.stringify({ issuer: `${new URL(lab.provider.issuer).origin}/{tenantid}/v2.0` }));
      return true;
    };
    const page = await new Browser(lab.proxy()).open(authorizationUrl(lab.clientId));
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('cannot be reached')]);
    expect(String(log.mock.calls.at(-1))).toContain('names another issuer');
  });
});

describe('a sign-in', () => {
  describe('at a provider that issues refresh tokens', () => {
    use({});

    test('lasts 30 days, and each refresh is checked with the provider', async () => {
      const { refresh_token } = await signIn();
      expect(await refreshAfter(29 * DAY_MS, refresh_token)).toBe(200);
      vi.useRealTimers();
      const { refresh_token: other } = await signIn();
      expect(await refreshAfter(30 * DAY_MS + 60_000, other)).toBe('invalid_grant');
    });
  });

  describe('at a provider that issues no refresh tokens', () => {
    use(IMITATIONS.google);

    test('lasts one day, because the proxy cannot check the person with the provider', async () => {
      const { refresh_token } = await signIn();
      const asked = lab.provider.requests.filter(request => request === 'POST /token').length;
      expect(await refreshAfter(23 * 3600_000, refresh_token)).toBe(200);
      expect(lab.provider.requests.filter(request => request === 'POST /token')).toHaveLength(asked);
      vi.useRealTimers();
      const { refresh_token: other } = await signIn();
      expect(await refreshAfter(DAY_MS + 60_000, other)).toBe('invalid_grant');
    });

    test('is not extended by a refresh', async () => {
      const { refresh_token } = await signIn();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 23 * 3600_000 });
      const proxy = lab.proxy();
      const { body } = await proxy.post('/token', refreshGrant(refresh_token, lab.clientId));
      expect(body).toHaveProperty('refresh_token');
      vi.setSystemTime(Date.now() + 2 * 3600_000);
      expect((await proxy.post('/token', refreshGrant(body.refresh_token, lab.clientId))).body.error).toBe(
        'invalid_grant',
      );
    });
  });
});
