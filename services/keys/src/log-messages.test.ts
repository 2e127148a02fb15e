// Goal: the bytes of an entry never change: they are hashed once, and made again for receipts.
// Method: bytes that were written down once.
import assert from 'node:assert/strict';
import { LogEntry } from '@ramet/proto-gen/keys.v1';
import { MESH } from './domain/log.js';
import type { Signature } from './domain/signature.js';
import { entryOf } from './log-messages.js';

const SIGNATURE: Signature = {
  position: 7n,
  keyId: 'key_00000000000000000000000001',
  grantId: 'gra_00000000000000000000000002',
  cloneId: 'cln_00000000000000000000000003',
  executionId: 'exe_00000000000000000000000004',
  requestId: 'r1',
  scheme: 'raw',
  digest: Buffer.alloc(32, 5),
  acceptedAt: new Date('2026-11-29T01:02:03.004Z'),
  traceId: '0af7651916cd43dd8448eb211c80319c',
  nonce: undefined,
  keyVersion: 0,
};

const DENIAL = {
  ...{ id: 8n, keyId: 'key_1', cloneId: 'cln_1', executionId: 'exe_1', reason: 'GRANT_REVOKED' },
  ...{ count: 3n, at: new Date('2026-11-29T01:02:03.004Z'), traceId: '' },
};

const SIGNATURE_BYTES = [
  '0a070a057573725f3112dc010807121e6b65795f3030303030303030303030303030303030303030',
  '3030303030311a1e6772615f3030303030303030303030303030303030303030303030303032221e',
  '636c6e5f30303030303030303030303030303030303030303030303030332a1e6578655f30303030',
  '30303030303030303030303030303030303030303034320272313a03726177422005050505050505',
  '050505050505050505050505050505050505050505050505054a0b088bf3add806108092f4015220',
  '3061663736353139313663643433646438343438656232313163383033313963',
].join('');

const DENIAL_BYTES = [
  '1a35080812056b65795f311a05636c6e5f3122056578655f312a0d4752414e54',
  '5f5245564f4b454430033a0b088bf3add806108092f401',
].join('');

describe('the bytes of an entry', () => {
  it('of a signature are these, for ever', () => {
    const bytes = entryOf(
      { kind: 'user', id: 'usr_1' },
      { kind: 'signature', signature: SIGNATURE },
    );
    assert.equal(bytes.toString('hex'), SIGNATURE_BYTES);
  });

  it('of a refusal are these, for ever', () => {
    const bytes = entryOf(MESH, { kind: 'denial', denial: DENIAL });
    assert.equal(bytes.toString('hex'), DENIAL_BYTES);
  });

  it('have the nonce of schemes that have one', () => {
    const signature = { ...SIGNATURE, nonce: 9n };
    const { record } = LogEntry.decode(entryOf(MESH, { kind: 'signature', signature }));
    assert.ok(record?.$case === 'signature');
    assert.equal(record.value.nonce, 9n);
  });

  it('have the version of the key that has signed', () => {
    const signature = { ...SIGNATURE, keyVersion: 2 };
    const bytes = entryOf({ kind: 'user', id: 'usr_1' }, { kind: 'signature', signature });
    assert.equal(bytes.toString('hex'), `${SIGNATURE_BYTES.replace('12dc01', '12de01')}6002`);
  });

  it('T14: are others for every other value, whatever characters are in it', () => {
    const texts = ['', 'a', 'a\n', 'a\r\n', 'a\0', 'a\u2028b', '\u202ea', '"a"', 'b'];
    const entries = texts.flatMap((one) =>
      texts.map((other) => {
        const signature = { ...SIGNATURE, requestId: one, scheme: other };
        return entryOf(MESH, { kind: 'signature', signature }).toString('hex');
      }),
    );
    assert.equal(new Set(entries).size, texts.length ** 2);
  });
});
