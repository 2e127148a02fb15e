import {
  CreateKeyRequest,
  GrantLimits,
  GrantServiceService,
  type KeyAlgorithm,
  KeyServiceService,
  SignOperation,
} from '@ramet/proto-gen/keys.v1';
import { connect } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import type { BenchCaller } from './calls.js';
import type { Issuer } from './tokens.js';

/** Whose keys are signed with. */
export const BENCH_USER = 'usr_00000000000000000000000000';

/** RSA keys take their time. */
const AT_ONCE = 8;

/** What to make callers of. */
export interface CallersOrder {
  readonly address: string;
  readonly issuer: Issuer;
  /** Which key a clone has, by its id: what lifecycle is to say. */
  readonly clones: Map<string, string>;
  readonly algorithm: KeyAlgorithm;
  readonly count: number;
}

/** Makes workloads, each with a key and a grant of its own. */
export async function createCallers(order: CallersOrder): Promise<readonly BenchCaller[]> {
  const { address, issuer, count } = order;
  const user = { token: issuer.token({ sub: BENCH_USER, kind: 'user' }), timeoutMs: 60_000 };
  const lifecycle = { token: issuer.token({ sub: 'lifecycle', kind: 'service' }) };
  await using keys = connect(KeyServiceService, address);
  await using holds = connect(GrantServiceService, address);
  const callers: BenchCaller[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    for (; begun < count; ) {
      begun += 1;
      const { key } = await keys.createKey(keyRequest(order.algorithm, begun), user);
      const keyId = key?.id ?? '';
      const { grant, token } = newGrant(keyId, order);
      await holds.authorizeCloneToUseKey(grant, lifecycle);
      callers.push({ keyId, token });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return callers;
}

function newGrant(keyId: string, { clones, issuer }: CallersOrder) {
  const [cloneId, executionId] = [systemIds.make('cln'), systemIds.make('exe')];
  clones.set(cloneId, keyId);
  const limits = GrantLimits.fromPartial({ operations: [SignOperation.RAW] });
  const claims = { sub: executionId, kind: 'workload', cln: cloneId, exe: executionId, epo: 1 };
  return {
    grant: { keyId, cloneId, executionId, epoch: 1, limits },
    token: issuer.token(claims),
  };
}

function keyRequest(algorithm: KeyAlgorithm, nth: number): CreateKeyRequest {
  return CreateKeyRequest.fromPartial({
    name: `bench-${algorithm}-${nth}`,
    owner: { owner: { $case: 'userId', value: BENCH_USER } },
    algorithm,
    material: { $case: 'generate', value: {} },
  });
}
