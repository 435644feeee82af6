/**
 * The official suite's scenarios for authorization servers, run against the OAuth proxy with a provider like Cognito, for a
 * client that registers and for one with a metadata document.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientDocuments, startClientDocuments } from '../../helpers/client-documents.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { signInAndConsent } from '../../helpers/consenting-browser.ts';
import { type IdentityProvider, IMITATIONS } from '../../helpers/identity-provider.ts';
import { freePort, type RunningLambda } from '../../helpers/local-lambda.ts';
import { startProxyWithDocuments } from '../../helpers/oauth-proxy.ts';
import { listAuthorizationScenarios, runAuthorizationScenarios } from './authorization.ts';
import type { Check } from './suites.ts';

const scenarios = await listAuthorizationScenarios();

describe.each(['by registration', 'by its metadata document'])(
  'the OAuth proxy, with a client %s, passes the scenario',
  how => {
    let documents: ClientDocuments;
    let provider: IdentityProvider;
    let lambda: RunningLambda;
    let results: Map<string, Check[]>;
    beforeAll(async () => {
      documents = await startClientDocuments();
      ({ provider, lambda } = await startProxyWithDocuments(IMITATIONS.cognito));
      const port = await freePort();
      const redirect = `http://127.0.0.1:${port}/callback`;
      const metadata = { client_name: 'the conformance suite', redirect_uris: [redirect] };
      const clientId =
        how === 'by registration'
          ? await register(lambda.url, metadata)
          : documents.publish('/conformance.json', metadata);
      const server = { issuer: lambda.url, clientId, resource: `${lambda.url}/mcp`, port };
      results = await runAuthorizationScenarios(server, async request => {
        const query = await signInAndConsent(request, redirect);
        await fetch(`${redirect}?${query}`);
      });
    });
    afterAll(() => closeAll(lambda, provider, documents));

    test.each(scenarios)('%s', scenario => {
      const checks = results.get(scenario) ?? [];
      const wrong = checks.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO');
      expect(wrong).toEqual([]);
      expect(checks.length).toBeGreaterThan(0);
    });
  },
);

async function register(issuer: string, metadata: object): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${issuer}/register`, {
    method: 'POST',
    headers,
    body: JSON.stringify(metadata),
  });
  return ((await response.json()) as { client_id: string }).client_id;
}
