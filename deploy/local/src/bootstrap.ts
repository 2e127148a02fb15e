import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  SetupServiceService,
  TokenServiceService,
  UserServiceService,
} from '@ramet/proto-gen/teams.v1';
import { connect, RemoteError } from '@ramet/rpc';
import type { Layout } from './layout.js';
import { writePrivate } from './secrets.js';

/** The files with the ready-made API keys, each readable by its owner alone. */
export interface Credentials {
  readonly admin: string;
  readonly user: string;
}

const ADMIN = 'admin';
const USER = 'demo';
/** Says which of our keys it is in the list of a user's API keys. */
const KEY_NAME = 'made by the launcher';

/**
 * Makes the first administrator and a user, and keeps an API key of each in a file.
 *
 * May be repeated: what is there stays. Throws if an administrator exists whose key is not here.
 */
export async function makeCredentials(layout: Layout, teams: string): Promise<Credentials> {
  const files = { admin: join(layout.credentials, ADMIN), user: join(layout.credentials, 'user') };
  if (!existsSync(files.admin)) writePrivate(files.admin, await bootstrapAdmin(layout, teams));
  if (!existsSync(files.user)) {
    writePrivate(files.user, await makeUser(readFileSync(files.admin, 'utf8'), teams));
  }
  return files;
}

async function bootstrapAdmin(layout: Layout, teams: string): Promise<string> {
  await using setup = connect(SetupServiceService, teams);
  const bootstrapToken = readFileSync(join(layout.secrets, 'bootstrap-token'), 'utf8');
  try {
    const { apiKey } = await setup.bootstrapAdmin({ bootstrapToken, name: ADMIN });
    return apiKey;
  } catch (thrown) {
    if (!(thrown instanceof RemoteError) || thrown.reason !== 'ALREADY_BOOTSTRAPPED') throw thrown;
    throw new Error(
      `this mesh has an administrator whose API key is not in ${layout.credentials}: ` +
        'put it into the file "admin" there, or run npm run reset to begin anew',
      { cause: thrown },
    );
  }
}

async function makeUser(adminKey: string, teams: string): Promise<string> {
  await using tokens = connect(TokenServiceService, teams);
  const { token } = await tokens.exchangeToken({ apiKey: adminKey });
  await using users = connect(UserServiceService, teams, { token: async () => token });
  const { user } = await users.createUser({
    requestId: 'launcher-user',
    name: USER,
    admin: false,
  });
  const { secret } = await users.createApiKey({
    requestId: '',
    userId: user?.id ?? '',
    name: KEY_NAME,
    expireTime: undefined,
    scopes: [],
  });
  return secret;
}
