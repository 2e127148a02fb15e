import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GetLoginProviderResponse } from '@ramet/proto-gen/teams.v1';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

/** What a provider says of whoever has logged in there, and the nonce that it was asked with. */
export interface Proven {
  readonly token: string;
  readonly nonce: string;
}

const PATH = '/callback';
const PATIENCE_MS = 5 * 60_000;
const DONE = 'You are logged in, and may close this window.\n';
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * Has a person log in at a provider with a browser of their own: a code, with PKCE, state and nonce,
 * that comes back to a port of this machine.
 *
 * Tells the URL to open, and opens nothing. Throws UsageError if nobody comes, or not as asked.
 */
export async function loginAtProvider(
  { issuer, clientId }: GetLoginProviderResponse,
  world: World,
): Promise<Proven> {
  const openid = await import('openid-client');
  const server = new URL(issuer);
  // The mesh lets no other provider be without https.
  const execute = LOOPBACK.has(server.hostname) ? [openid.allowInsecureRequests] : [];
  const config = await openid.discovery(server, clientId, undefined, openid.None(), { execute });

  const callback = createServer();
  callback.listen(0, '127.0.0.1');
  await once(callback, 'listening');
  try {
    const redirect = `http://127.0.0.1:${(callback.address() as AddressInfo).port}${PATH}`;
    const verifier = openid.randomPKCECodeVerifier();
    const checks = { state: openid.randomState(), nonce: openid.randomNonce() };
    const url = openid.buildAuthorizationUrl(config, {
      ...{ redirect_uri: redirect, scope: 'openid', ...checks },
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    world.terminal.printError(`open this in a browser, on this machine:\n${url.href}\n`);

    const tokens = await openid.authorizationCodeGrant(
      config,
      await returned(callback, redirect, world),
      {
        pkceCodeVerifier: verifier,
        expectedState: checks.state,
        expectedNonce: checks.nonce,
        idTokenExpected: true,
      },
    );
    return { token: tokens.id_token ?? '', nonce: checks.nonce };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(`the login at ${issuer} has failed: ${(thrown as Error).message}`);
  } finally {
    callback.close();
    callback.closeAllConnections();
  }
}

/** Waits until the browser comes back, and gives the URL that it came with. */
async function returned(server: Server, redirect: string, world: World): Promise<URL> {
  return new Promise((resolve, reject) => {
    const stopTimer = world.clock.after(PATIENCE_MS, () => {
      reject(new UsageError('nobody has logged in for five minutes'));
    });
    world.signal.addEventListener('abort', () => reject(new UsageError('interrupted')), {
      once: true,
    });
    server.on('request', ({ url = '' }, response) => {
      const came = new URL(url, redirect);
      if (came.pathname !== PATH) {
        response.writeHead(404).end();
        return;
      }
      stopTimer();
      response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' });
      response.end(DONE, () => resolve(came));
    });
  });
}
