import { readFileSync } from 'node:fs';
import { loadContract } from '@ramet/proto-gen/contract';
import { KeyServiceService } from '@ramet/proto-gen/keys.v1';
import { CloneServiceService } from '@ramet/proto-gen/lifecycle.v1';
import {
  BotServiceService,
  TeamServiceService,
  TokenServiceService,
  UserServiceService,
} from '@ramet/proto-gen/teams.v1';
import { connect, createTokenSource, type Remote } from '@ramet/rpc';
import { type Clock, Scope } from '@ramet/service';
import type { Mesh } from '../mesh.js';

/** The services of a mesh, as one user calls them. */
export interface User extends AsyncDisposable {
  readonly id: string;
  readonly teams: Remote<typeof TeamServiceService>;
  readonly bots: Remote<typeof BotServiceService>;
  readonly keys: Remote<typeof KeyServiceService>;
  readonly clones: Remote<typeof CloneServiceService>;
}

/** Connects to a mesh with the API key in a file. */
export async function connectUser(
  { endpoints }: Mesh,
  keyFile: string,
  clock: Clock,
): Promise<User> {
  await using scope = new Scope();
  const { teams, keys, lifecycle } = endpoints;
  const contract = loadContract();
  const tokens = scope.use(connect(TokenServiceService, teams.address, { clock, contract }));
  const apiKey = readFileSync(keyFile, 'utf8');
  const token = createTokenSource({
    clock,
    exchange: async () => {
      const { token, expiresIn } = await tokens.exchangeToken({ apiKey });
      return { token, expiresInMs: Number(expiresIn?.seconds ?? 0n) * 1_000 };
    },
  });
  const options = { clock, contract, token };
  const users = scope.use(connect(UserServiceService, teams.address, options));
  const { user } = await users.getUser({ id: '' });
  const services = {
    teams: scope.use(connect(TeamServiceService, teams.address, options)),
    bots: scope.use(connect(BotServiceService, teams.address, options)),
    keys: scope.use(connect(KeyServiceService, keys.address, options)),
    clones: scope.use(connect(CloneServiceService, lifecycle.address, options)),
  };

  const open = scope.move();
  const id = user?.id ?? '';
  return { id, ...services, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
}
