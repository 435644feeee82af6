/**
 * `/callback`: the browser returns from the provider. Exchanges the code, checks whether the person may sign in, and redirects to
 * the consent.
 */
import { personProblem } from './allow-lists.ts';
import { shortId } from './clients.ts';
import { rememberedConsent } from './consent-memory.ts';
import { OAuthRequestError } from './oauth-error.ts';
import { type Parameters, parametersOf, required } from './parameters.ts';
import type { ProviderTokens } from './provider.ts';
import type { OAuthProxy, ProxyEndpoint, ProxyRequest } from './proxy.ts';
import { logSignIn } from './proxy.ts';
import { codeUrl, errorUrl, redirect } from './redirects.ts';
import { findTransaction, type Transaction } from './transaction.ts';

export const callback: ProxyEndpoint = async (proxy, call) => {
  const parameters = parametersOf(call.url.searchParams);
  const id = required(parameters, 'state');
  const record = await findTransaction(proxy, call, id, 'at provider');
  // Claimed before the code is exchanged: of two requests with the same code, only one continues.
  const claimed = await proxy.records.replace<Transaction>(record, { ...record.data, step: 'ended' });
  if (!claimed)
    throw new OAuthRequestError('invalid_request', 'This step of the sign-in is already completed.');
  const { authorization } = record.data;
  try {
    const tokens = await signedIn(proxy, call, parameters, record.data);
    if (record.data.openedDirectly && (await rememberedConsent(proxy, call, authorization, tokens.person))) {
      const { client, resource } = authorization;
      logSignIn('consent_remembered', { client: shortId(client), resource, subject: tokens.person.subject });
      return redirect(await codeUrl(proxy, call, { authorization, ...tokens }));
    }
    await proxy.records.replace<Transaction>(claimed, { ...record.data, step: 'asking consent', ...tokens });
    return redirect(`${call.issuer}/consent?transaction=${id}`);
  } catch (error) {
    return redirect(errorUrl(authorization, call.issuer, error));
  }
};

async function signedIn(
  { provider, settings }: OAuthProxy,
  { issuer }: ProxyRequest,
  parameters: Parameters,
  transaction: Transaction,
): Promise<ProviderTokens> {
  // RFC 9207, against mix-up attacks: providers that support it send their issuer.
  if (parameters.iss !== undefined && parameters.iss !== settings.MCP_OAUTH_ISSUER)
    throw new OAuthRequestError('access_denied', 'The response is from another identity provider.');
  if (parameters.error !== undefined)
    throw new OAuthRequestError(
      'access_denied',
      'The identity provider did not sign the person in.',
      `The identity provider returned the error ${JSON.stringify(parameters.error.slice(0, 100))}.`,
    );
  const tokens = await provider.exchange(required(parameters, 'code'), `${issuer}/callback`, transaction);
  const problem = personProblem(tokens.person, settings);
  if (!problem) return tokens;
  throw new OAuthRequestError(
    'access_denied',
    'This person may not sign in here.',
    `${tokens.person.subject} may not sign in: ${problem}.`,
  );
}
