import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Configuration } from 'oidc-provider';

/** A real OpenID provider on loopback, where whoever comes is who the test says. */
export interface TestOidc extends AsyncDisposable {
  readonly issuer: string;
  /** A public client with PKCE, that is sent back to any port of loopback. */
  readonly clientId: string;
  /** Who logs in from now on, and what they are called. */
  becomes(subject: string, claims?: Readonly<Record<string, string>>): void;
}

/** The client that is registered. */
const CLIENT_ID = 'ramet-cli';
const OTHER_CLIENT_ID = 'another';

/** Starts an OpenID provider. Nobody is asked for a password: a login ends as soon as it begins. */
export async function startTestOidc(): Promise<TestOidc> {
  const { Provider } = await import('oidc-provider');
  let subject = 'ada';
  let claims: Readonly<Record<string, string>> = {};
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const server = createServer((request, response) => answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const provider = new Provider(
    issuer,
    configuration(() => claims),
  );
  const serve = provider.callback();
  answer = (request, response) => {
    // Programs on somebody's own machine need consent each time.
    const result = { login: { accountId: subject }, consent: {} };
    if (!request.url?.startsWith('/interaction/')) void serve(request, response);
    else void provider.interactionFinished(request, response, result);
  };
  return {
    issuer,
    clientId: CLIENT_ID,
    becomes(next, more = {}) {
      subject = next;
      claims = more;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function configuration(claims: () => Readonly<Record<string, string>>): Configuration {
  const client = {
    redirect_uris: ['http://127.0.0.1/callback'],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
  } as const;
  return {
    clients: [CLIENT_ID, OTHER_CLIENT_ID].map((client_id) => ({
      ...client,
      client_id,
      redirect_uris: [...client.redirect_uris],
      grant_types: [...client.grant_types],
      response_types: [...client.response_types],
    })),
    claims: { openid: ['sub', 'preferred_username', 'environment'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => ({
      accountId,
      claims: async () => ({ sub: accountId, ...claims() }),
    }),
    async loadExistingGrant({ oidc }) {
      const { client: asking, account, provider } = oidc;
      const grant = new provider.Grant({
        clientId: asking?.clientId ?? '',
        accountId: account?.accountId ?? '',
      });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  };
}
