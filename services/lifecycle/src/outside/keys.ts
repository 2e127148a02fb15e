import {
  type EndingExecution,
  GrantLimits,
  type GrantServiceService,
  type KeyServiceService,
} from '@ramet/proto-gen/keys.v1';
import { type Remote, RemoteError } from '@ramet/rpc';
import type { Keys } from '../deps.js';
import { SIGNING_ENDS, type SigningNews } from '../domain/signing.js';
import { toOwnerMessage } from '../messages.js';
import { answerOf, passedOn, unlessMissing } from './refusal.js';

type KeyClient = Remote<typeof KeyServiceService>;
type GrantClient = Remote<typeof GrantServiceService>;

/** What the history of keys says about a grant that its execution no longer needs. */
const REVOKE_REASON = 'the execution has ended';

/** How long the creation of a clone waits for what keys says of its limits. */
const PATIENCE_MS = 1_000;

const NO_LIMITS = Buffer.alloc(0);

/** Keys, as lifecycle knows it. */
export function keysOver(keys: KeyClient, grants: GrantClient): Keys {
  return {
    async isAvailable({ keyId, owner, creatorId }, signal) {
      const asked = { keyId, owner: toOwnerMessage(owner), pageSize: 1, pageToken: '' };
      const listed = await keys.listAvailableKeys(asked, { signal, onBehalfOf: creatorId });
      return listed.keys.some(({ id }) => id === keyId);
    },
    async checkLimits({ keyId, owner, creatorId, keyLimits }, signal) {
      const limits = GrantLimits.decode(keyLimits);
      const asked = { keyId, owner: toOwnerMessage(owner), limits };
      const options = { signal, onBehalfOf: creatorId, timeoutMs: PATIENCE_MS };
      try {
        const { violations } = await grants.checkGrantLimits(asked, options);
        return violations.map(({ field, ...rest }) => ({ ...rest, field: `key_limits.${field}` }));
      } catch (thrown) {
        if (!(thrown instanceof RemoteError) || signal.aborted) throw thrown;
        if (thrown.reason === 'WITHDRAWALS_DENIED') throw passedOn('keys', thrown);
        return [];
      }
    },
    async authorize({ maxSignatures, keyLimits, until, ...wish }, signal) {
      const given = GrantLimits.decode(keyLimits ?? NO_LIMITS);
      const maxUses = maxSignatures ?? given.maxUses;
      const limits = { ...given, maxUses, expireTime: given.expireTime ?? until };
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
      const { stopped, ending } = await grants.renewGrantLeases({ executions }, { signal });
      return [...stopped, ...ending.map(endingOf)];
    },
  };
}

function endingOf({ executionId, grantId, expireTime }: EndingExecution): SigningNews {
  const endsAt = expireTime ?? new Date(0);
  const message = `the right to sign with the key ends (${grantId}, at ${endsAt.toISOString()})`;
  return { executionId, reason: SIGNING_ENDS, message, endsAt };
}
