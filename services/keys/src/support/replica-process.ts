// A program: one replica in a process of its own, for tests that kill it. It is told what to serve,
// tells where, and ends with its parent.
import { loadContract } from '@ramet/proto-gen/contract';
import { noFailpoints, systemClock, systemIds } from '@ramet/service';
import { connectPeers } from '../outside.js';
import { startKeys } from '../service.js';
import { callerIn } from './callers.js';
import { HeldKeks } from './held-keks.js';
import { configOf, SILENT } from './replica-config.js';

/** What a replica is told. */
export interface ReplicaOrder {
  readonly databaseUrl: string;
  /** As hex. */
  readonly kek: string;
}

const NOBODY = { lifecycleAddress: '127.0.0.1:9', teamsAddress: '127.0.0.1:9' };

process.once('message', async ({ databaseUrl, kek }: ReplicaOrder) => {
  const contract = loadContract();
  const token = async (): Promise<string> => 'service:keys';
  const { address } = await startKeys(configOf(databaseUrl), {
    ...{ clock: systemClock, ids: systemIds, failpoints: noFailpoints, logger: SILENT, contract },
    authenticate: callerIn,
    kekProvider: new HeldKeks(Buffer.from(kek, 'hex')),
    connectPeers: (noTransaction) =>
      connectPeers(NOBODY, { contract, clock: systemClock, token, noTransaction }),
  });
  process.send?.(address);
});
process.once('disconnect', () => process.exit(0));
