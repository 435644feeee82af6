/**
 * An issuer of access tokens with real keys and real JWTs (jose), whose keys can be replaced and made unavailable: for tokens that
 * a real authorization server would never create.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface SigningIssuer {
  url: string;
  /** Creates a token, which is valid unless `claims` or `how` change it. */
  token(claims?: JWTPayload, how?: TokenMaking): Promise<string>;
  /** Returns the public key as PEM. */
  publicKeyPem(): Promise<string>;
  /** Replaces the keys. */
  rotate(): Promise<void>;
  /** Sets whether the issuer is unavailable. */
  setDown(down: boolean): void;
  /** Paths that were requested so far. */
  requests: string[];
  close(): Promise<void>;
}

export interface TokenMaking {
  /** Key id in the header. */
  kid?: string;
  /** Whether to sign with a key that the issuer does not publish. */
  foreignKey?: boolean;
  /** `typ` in the header; null leaves it out. @default at+jwt */
  typ?: string | null;
  /** `exp` in seconds from now. */
  expiresIn?: number;
}

const ALG = 'RS256';

export async function startSigningIssuer(audience: string): Promise<SigningIssuer> {
  let keys = await generateKeyPair(ALG, { extractable: true });
  const foreign = await generateKeyPair(ALG);
  let kid = 'key-1';
  let down = false;
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(request.url ?? '');
    if (down) {
      response.writeHead(503).end();
      return;
    }
    const documents: Record<string, () => Promise<object>> = {
      '/.well-known/openid-configuration': async () => ({ issuer: url, jwks_uri: `${url}/keys` }),
      '/keys': async () => ({ keys: [{ ...(await exportJWK(keys.publicKey)), kid, alg: ALG, use: 'sig' }] }),
    };
    const document = documents[request.url ?? ''];
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ? await document() : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    requests,
    async token(
      claims = {},
      { kid: header = kid, foreignKey = false, expiresIn = 300, typ = 'at+jwt' } = {},
    ) {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: url,
        aud: audience,
        sub: 'alice',
        client_id: 'agent',
        scope: 'mcp',
        exp: now + expiresIn,
        ...claims,
      };
      const key = foreignKey ? foreign.privateKey : keys.privateKey;
      const named = { alg: ALG, kid: header, ...(typ !== null && { typ }) };
      return new SignJWT(payload).setProtectedHeader(named).setIssuedAt().sign(key);
    },
    async publicKeyPem() {
      const { exportSPKI } = await import('jose');
      return exportSPKI(keys.publicKey);
    },
    async rotate() {
      keys = await generateKeyPair(ALG, { extractable: true });
      kid = `${kid}-next`;
    },
    setDown(value) {
      down = value;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
