import assert from 'node:assert/strict';
import type { AuditRecord } from '@ramet/rpc';
import { Entries } from './entry.js';
import { recordOf } from './support.js';

describe('entries that wait', () => {
  it('count refusals that are alike as one, and nothing else', () => {
    const entries = new Entries(10);
    const refusal = recordOf({ code: 'PERMISSION_DENIED', reason: 'DENIED' });
    for (const record of [refusal, refusal, recordOf(), recordOf()]) entries.add(record);
    entries.add({ ...refusal, peer: '10.0.0.1' });
    assert.deepEqual(
      entries.take(10).map(({ count }) => count),
      [2, 1, 1, 1],
    );
  });

  it('never count as one what differs in who it names', () => {
    const refusal = recordOf({ code: 'PERMISSION_DENIED', reason: 'DENIED' });
    const { caller } = refusal;
    const others: readonly Partial<AuditRecord>[] = [
      { peerService: 'keys' },
      { peer: '10.0.0.1' },
      { caller: { ...caller, onBehalfOf: 'usr_2' } },
      { caller: { ...caller, admin: !caller.admin } },
      { caller: { ...caller, id: 'usr_2' } },
      { caller: { ...caller, kind: 'workload' } },
    ];
    const entries = new Entries(10);
    for (const other of [{}, ...others]) entries.add({ ...refusal, ...other });
    assert.equal(entries.size, 1 + others.length);
    entries.add({ ...refusal, traceId: 'other', caller: { ...caller, tokenId: 'tok_2' } });
    assert.equal(entries.size, 1 + others.length);
  });

  it('keep their order when they are put back', () => {
    const entries = new Entries(10);
    for (const traceId of ['1', '2', '3']) entries.add(recordOf({ traceId }));
    const taken = entries.take(2);
    entries.putBack(taken);
    const traces = entries.take(10).map(({ record }) => record.traceId);
    assert.deepEqual(traces, ['1', '2', '3']);
  });

  it('are bounded, and say how many there was no room for', () => {
    const entries = new Entries(2);
    for (let n = 0; n < 5; n += 1) entries.add(recordOf());
    assert.equal(entries.size, 2);
    assert.equal(entries.takeLost(), 3);
    assert.equal(entries.takeLost(), 0);
  });
});
