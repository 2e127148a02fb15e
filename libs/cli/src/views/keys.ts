import {
  Grant,
  Key,
  KeyAlgorithm,
  KeyOrigin,
  KeyState,
  SignatureRecord,
  SignOperation,
} from '@ramet/proto-gen/keys.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, labels, moment, ownerId } from '../print/values.js';

/** How keys are shown. There is no secret in them. */
export function keyView(clock: Clock): View<Key> {
  const algorithm = (key: Key): string => nameOf(KeyAlgorithm, key.algorithm);
  return {
    shape: shape('keys.v1.Key', Key),
    fields: (key) => [
      ['id', key.id],
      ['name', key.name],
      ['owner', ownerId(key.owner)],
      ['algorithm', algorithm(key)],
      ['state', nameOf(KeyState, key.state)],
      ['origin', nameOf(KeyOrigin, key.origin)],
      ['venue', key.venue],
      ['venue key id', key.venueKeyId],
      ['version', `${key.versions[0]?.number ?? ''}`],
      ...olderVersions(key),
      ['public key', key.publicKey.toString('base64')],
      ['address', key.address],
      ['held by', key.hold?.cloneId ?? 'nobody'],
      ['held since', moment(key.hold?.createTime)],
      ['valid from', moment(key.validFrom)],
      ['valid until', moment(key.validUntil)],
      ['default', key.defaultKey ? 'yes' : ''],
      ['terms', key.acceptedTerms],
      ['labels', labels(key.labels)],
      ['created', moment(key.createTime)],
      ['changed', moment(key.updateTime)],
      ['deleted', moment(key.deleteTime)],
      ['destroyed after', moment(key.purgeTime)],
      ['etag', key.etag],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ALGORITHM', value: algorithm },
      { title: 'VENUE', value: ({ venue }) => venue },
      { title: 'STATE', value: ({ state }) => nameOf(KeyState, state) },
      { title: 'HELD BY', value: ({ hold }) => hold?.cloneId ?? '' },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
    ],
  };
}

/** The versions before the one that signs for new grants, as long as they sign. */
function olderVersions({ versions }: Key): readonly (readonly [string, string])[] {
  return versions
    .slice(1)
    .filter(({ retireTime, destroyTime }) => retireTime && !destroyTime)
    .map(({ number, retireTime }) => [`version ${number}`, `signs until ${moment(retireTime)}`]);
}

/** How grants are shown. */
export function grantView(clock: Clock): View<Grant> {
  const uses = ({ limits, uses }: Grant): string => {
    return limits?.maxUses === undefined ? 'not counted' : `${uses} of ${limits.maxUses}`;
  };
  const operations = ({ limits }: Grant): string => {
    return (limits?.operations ?? []).map((each) => nameOf(SignOperation, each)).join(', ');
  };
  const rate = ({ limits }: Grant): string => {
    const { perSecond, burst } = limits?.rate ?? {};
    return perSecond === undefined ? '' : `${perSecond} a second, ${burst} at once`;
  };
  return {
    shape: shape('keys.v1.Grant', Grant),
    fields: (grant) => [
      ['id', grant.id],
      ['key', grant.keyId],
      ['clone', grant.cloneId],
      ['execution', grant.executionId],
      ['epoch', `${grant.epoch}`],
      ['operations', operations(grant)],
      ['uses', uses(grant)],
      ['rate', rate(grant)],
      ['expires', moment(grant.limits?.expireTime)],
      ['lease', moment(grant.leaseTime)],
      ['created', moment(grant.createTime)],
      ['revoked', moment(grant.revokeTime)],
      ['because', grant.revokeReason],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'CLONE', value: ({ cloneId }) => cloneId },
      { title: 'EPOCH', value: ({ epoch }) => `${epoch}`, right: true },
      { title: 'USES', value: uses, right: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'EXPIRES', value: ({ limits }) => moment(limits?.expireTime) },
      { title: 'REVOKED', value: ({ revokeTime }) => moment(revokeTime) },
      { title: 'BECAUSE', value: ({ revokeReason }) => revokeReason, flexible: true },
    ],
  };
}

/** How the log of signatures is shown. */
export function signatureView(): View<SignatureRecord> {
  return {
    shape: shape('keys.v1.SignatureRecord', SignatureRecord),
    fields: (record) => [
      ['position', `${record.position}`],
      ['key', record.keyId],
      ['version', record.keyVersion === 0 ? '' : `${record.keyVersion}`],
      ['grant', record.grantId],
      ['clone', record.cloneId],
      ['execution', record.executionId],
      ['request', record.requestId],
      ['scheme', record.scheme],
      ['nonce', record.nonce === undefined ? '' : `${record.nonce}`],
      ['payload digest', record.payloadDigest.toString('base64')],
      ['accepted', moment(record.acceptTime)],
      ['trace', record.traceId],
    ],
    columns: [
      { title: 'POSITION', value: ({ position }) => `${position}`, right: true },
      { title: 'ACCEPTED', value: ({ acceptTime }) => moment(acceptTime) },
      { title: 'SCHEME', value: ({ scheme }) => scheme },
      { title: 'CLONE', value: ({ cloneId }) => cloneId },
      { title: 'REQUEST', value: ({ requestId }) => requestId, flexible: true },
      { title: 'TRACE', value: ({ traceId }) => traceId, flexible: true },
    ],
  };
}
