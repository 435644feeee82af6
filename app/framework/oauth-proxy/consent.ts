/**
 * `/consent`: asks the person for consent, and creates the code if the person allows access. It cannot be disabled: without it, an
 * attacker could send a link that creates a code for the attacker's client (confused deputy).
 *
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/security_best_practices
 */

import { shortId } from './clients.ts';
import { consentCookies } from './consent-memory.ts';
import { consentPage } from './consent-page.ts';
import { OAuthRequestError } from './oauth-error.ts';
import { formOf, parametersOf, required } from './parameters.ts';
import type { ProxyEndpoint, ProxyRequest } from './proxy.ts';
import { logSignIn } from './proxy.ts';
import { codeUrl, errorUrl, redirect } from './redirects.ts';
import { findTransaction, type Transaction } from './transaction.ts';

export const showConsent: ProxyEndpoint = async (proxy, call) => {
  const id = required(parametersOf(call.url.searchParams), 'transaction');
  const { authorization, person } = (await findTransaction(proxy, call, id, 'asking consent')).data;
  if (!person) throw new OAuthRequestError('invalid_request', 'No person has signed in.');
  return consentPage({
    authorization,
    person,
    action: `${call.issuer}/consent`,
    fields: { transaction: id, csrf: await proxy.sealer.csrfToken(id) },
  });
};

export const decideConsent: ProxyEndpoint = async (proxy, call) => {
  requireOwnPage(call);
  const form = await formOf(call.request);
  const id = required(form, 'transaction');
  const record = await findTransaction(proxy, call, id, 'asking consent');
  if (!(await proxy.sealer.isCsrfToken(required(form, 'csrf'), id)))
    throw new OAuthRequestError('invalid_request', 'The form belongs to another sign-in.');
  const { authorization, person, refreshToken } = record.data;
  const ended = await proxy.records.replace<Transaction>(record, { ...record.data, step: 'ended' });
  if (!ended || !person)
    throw new OAuthRequestError('invalid_request', 'This step of the sign-in is already completed.');
  if (form.decision !== 'allow') {
    const denied = new OAuthRequestError('access_denied', 'The person has denied access.');
    return redirect(errorUrl(authorization, call.issuer, denied));
  }
  const { client, redirectUri, resource } = authorization;
  logSignIn('consented', {
    client: shortId(client),
    redirect: redirectUri,
    resource,
    subject: person.subject,
  });
  const cookies = form.remember === 'on' ? await consentCookies(proxy, call, authorization, person) : [];
  return redirect(await codeUrl(proxy, call, { authorization, person, refreshToken }), cookies);
};

/** Throws unless the form is from this server's page, by headers of browsers. Cookie and token of the form are checked too. */
function requireOwnPage({ request, issuer }: ProxyRequest): void {
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  if ((site === null || site === 'same-origin') && (origin === null || origin === new URL(issuer).origin))
    return;
  throw new OAuthRequestError('invalid_request', 'The form was sent by another page.');
}
