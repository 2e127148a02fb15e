import { loadContract } from '@ramet/proto-gen/contract';
import { ExecutionServiceService } from '@ramet/proto-gen/executor.v1';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { GrantServiceService, KeyServiceService } from '@ramet/proto-gen/keys.v1';
import { AccessServiceService, TokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect, createIdentity } from '@ramet/rpc';
import { type Clock, Scope } from '@ramet/service';
import type { Config } from '../config.js';
import type { Peers } from '../deps.js';
import { executorOver } from './executor.js';
import { keysOver } from './keys.js';
import { teamsOver } from './teams.js';

type Addresses = Pick<Config, 'teamsAddress' | 'keysAddress' | 'executorAddress' | 'serviceKey'>;

/** How long a call to a peer may take, if no caller waits for it: several of them fit into the lease of one pass. */
const TIMEOUT_MS = 2_000;

/** Connects to the other services, as this service, with the token that its own key is worth. */
export function connectPeers(config: Addresses, clock: Clock, noTransaction: () => void): Peers {
  const scope = new Scope();
  const contract = loadContract();
  const plain = { contract, clock, noTransaction, timeoutMs: TIMEOUT_MS };
  const tokens = scope.use(connect(TokenServiceService, config.teamsAddress, plain));
  const apiKey = config.serviceKey.text();
  const accessAs = (token: () => Promise<string>) =>
    scope.use(connect(AccessServiceService, config.teamsAddress, { ...plain, token }));
  const { token, authenticate } = scope.use(
    createIdentity(tokens, { apiKey, clock, revocations: accessAs }),
  );

  const own = { ...plain, token };
  const { teamsAddress, keysAddress, executorAddress } = config;
  return {
    authenticate,
    teams: teamsOver(accessAs(token), scope.use(connect(HistoryServiceService, teamsAddress, own))),
    keys: keysOver(
      scope.use(connect(KeyServiceService, keysAddress, own)),
      scope.use(connect(GrantServiceService, keysAddress, own)),
    ),
    executor: executorOver(
      scope.use(connect(ExecutionServiceService, executorAddress, own)),
      scope.use(connect(HistoryServiceService, executorAddress, own)),
    ),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}
