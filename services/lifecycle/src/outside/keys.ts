import {
  GrantLimits,
  type GrantServiceService,
  type KeyServiceService,
} from '@ramet/proto-gen/keys.v1';
import type { Remote } from '@ramet/rpc';
import type { Keys } from '../deps.js';
import { toOwnerMessage } from '../messages.js';
import { answerOf, unlessMissing } from './refusal.js';

type KeyClient = Remote<typeof KeyServiceService>;
type GrantClient = Remote<typeof GrantServiceService>;

/** What the history of keys says about a grant that its execution no longer needs. */
const REVOKE_REASON = 'the execution has ended';

const NO_LIMITS = Buffer.alloc(0);

/** Keys, as lifecycle knows it. */
export function keysOver(keys: KeyClient, grants: GrantClient): Keys {
  return {
    async isAvailable({ keyId, owner, creatorId }, signal) {
      const asked = { keyId, owner: toOwnerMessage(owner), pageSize: 1, pageToken: '' };
      const listed = await keys.listAvailableKeys(asked, { signal, onBehalfOf: creatorId });
      return listed.keys.some(({ id }) => id === keyId);
    },
    async authorize({ maxSignatures, keyLimits, ...wish }, signal) {
      const given = GrantLimits.decode(keyLimits ?? NO_LIMITS);
      const limits = { ...given, maxUses: maxSignatures ?? given.maxUses };
      return answerOf(
        grants.authorizeCloneToUseKey({ ...wish, limits }, { signal }).then(() => true as const),
      );
    },
    async revoke(executionId, signal) {
      const asked = { grantId: '', executionId, reason: REVOKE_REASON };
      await unlessMissing(keys.revokeGrant(asked, { signal }), undefined);
    },
    async release(keyId, cloneId, signal) {
      await unlessMissing(grants.releaseKey({ keyId, cloneId }, { signal }), undefined);
    },
    async renew(executions, signal) {
      return (await grants.renewGrantLeases({ executions }, { signal })).stopped;
    },
  };
}
