// Goal: `login --provider` proves to the mesh what a provider says, and keeps a login.
// Method: a real OpenID provider, and a browser that follows the URL that the command prints.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogInRequest } from '@ramet/proto-gen/teams.v1';
import { browse, nonceOf, startTestOidc } from '@ramet/test/support';
import { loginOf, runIn, startTestMesh } from './test-mesh.js';

describe('ramet login --provider', () => {
  it('prints where to log in, shows the ID token with its nonce, and keeps the login', async () => {
    await using oidc = await startTestOidc();
    const shown: LogInRequest['credential'][] = [];
    await using mesh = await startTestMesh({
      tokens: {
        getLoginProvider: async () => ({ issuer: oidc.issuer, clientId: oidc.clientId }),
        async logIn({ credential }) {
          shown.push(credential);
          return loginOf('r1', 300);
        },
      },
    });
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));

    const login = await runIn(['login', '--provider', 'people'], {
      home,
      env: { RAMET_TEAMS: mesh.address },
      onError: (text) => void logInWithBrowser(text),
    });

    assert.equal(login.exitCode, 0, login.errors);
    const [credential] = shown;
    assert.ok(credential?.$case === 'identity');
    const { token, nonce } = credential.value;
    assert.ok(nonce.length >= 16);
    assert.equal(nonceOf(token), nonce);
    assert.ok(!(login.out + login.errors).includes(token));
    assert.match(await readFile(join(home, '.config', 'ramet', 'config.json'), 'utf8'), /r1/);
    await rm(home, { recursive: true });
  });
});

/** Does what a person does with the URL that is printed. */
async function logInWithBrowser(printed: string): Promise<void> {
  const [url] = /http\S+/.exec(printed) ?? [];
  if (!url) return;
  const redirect = new URL(url).searchParams.get('redirect_uri') ?? '';
  await fetch(await browse(url, redirect));
}
