import { loadContract } from '@ramet/proto-gen/contract';
import { ExecutionServiceService } from '@ramet/proto-gen/executor.v1';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { GrantServiceService, KeyServiceService } from '@ramet/proto-gen/keys.v1';
import { AccessServiceService, TokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect, createIdentity, type ServiceTls } from '@ramet/rpc';
import { type Clock, Scope } from '@ramet/service';
import type { Config } from '../config.js';
import type { Peers } from '../deps.js';
import { executorOver } from './executor.js';
import { keysOver } from './keys.js';
import { teamsOver } from './teams.js';

type Addresses = Pick<Config, 'teamsAddress' | 'keysAddress' | 'executorAddress' | 'serviceKey'>;

/** How long a call to a peer may take, if no caller waits for it: several of them fit into the lease of one pass. */
const TIMEOUT_MS = 2_000;

/** How to call the other services. */
export interface Calling {
  readonly clock: Clock;
  /** Throws where nobody may be called. */
  readonly noTransaction: () => void;
  /** The certificates to call with. Absent: services call as everybody does. */
  readonly tls?: Pick<ServiceTls, 'to'>;
}

/** Connects to the other services, as this service, with the token that its own key is worth. */
export function connectPeers(config: Addresses, { clock, noTransaction, tls }: Calling): Peers {
  const scope = new Scope();
  const contract = loadContract();
  const plain = { contract, clock, noTransaction, timeoutMs: TIMEOUT_MS };
  const tokens = scope.use(
    connect(TokenServiceService, config.teamsAddress, {
      ...plain,
      tls: tls?.to('teams'),
    }),
  );
  const apiKey = config.serviceKey.text();
  const accessAs = (token: () => Promise<string>) =>
    scope.use(
      connect(AccessServiceService, config.teamsAddress, {
        ...plain,
        token,
        tls: tls?.to('teams'),
      }),
    );
  const { token, authenticate } = scope.use(
    createIdentity(tokens, { apiKey, clock, revocations: accessAs }),
  );

  const as = (peer: string) => ({ ...plain, token, tls: tls?.to(peer) });
  const { teamsAddress, keysAddress, executorAddress } = config;
  return {
    authenticate,
    teams: teamsOver(
      accessAs(token),
      scope.use(connect(HistoryServiceService, teamsAddress, as('teams'))),
    ),
    keys: keysOver(
      scope.use(connect(KeyServiceService, keysAddress, as('keys'))),
      scope.use(connect(GrantServiceService, keysAddress, as('keys'))),
    ),
    executor: executorOver(
      scope.use(connect(ExecutionServiceService, executorAddress, as('executor'))),
      scope.use(connect(HistoryServiceService, executorAddress, as('executor'))),
    ),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}
