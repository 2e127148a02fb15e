// Goal: the record of a call says who made it, and what has come of it.
// Method: a server whose methods are all kept, and handlers that do one thing each.
import assert from 'node:assert/strict';
import { notFound, PublicError } from '@ramet/errors';
import type { AuditRecord } from './audit.js';
import type { Call } from './call.js';
import { connect } from './connect.js';
import { echoService, testContract } from './test-contract.js';
import { startTestServer } from './test-server.js';

const USER = { kind: 'user', id: 'usr_1' } as const;
const KEY = 'apk_01hzzzzzzzzzzzzzzzzzzzzzzz';
const AS_USER = { metadata: { caller: 'user:usr_1' } };

describe('the record of a call', () => {
  it('names whom a credential in the request has proven, and what that was', async () => {
    const record = await recordOf(async (_, call) => {
      call.proved({ ...USER, credentialIds: [KEY] });
      call.proved({ ...USER, tokenId: 'tok_new' });
      return { text: '' };
    });
    const { caller, targets, code, isExchange } = record;
    assert.deepEqual([caller.id, caller.tokenId, code], ['usr_1', 'tok_new', 'OK']);
    assert.deepEqual([targets, isExchange], [[KEY], true]);
  });

  it('names them also if they are refused, and says more of why than they are told', async () => {
    const record = await recordOf(async (_, call) => {
      call.proved({ ...USER, reason: 'USER_DISABLED' });
      throw new PublicError('unauthenticated', 'CREDENTIAL_INVALID', 'no');
    });
    const { caller, code, reason } = record;
    assert.deepEqual([caller.id, code, reason], ['usr_1', 'UNAUTHENTICATED', 'USER_DISABLED']);
  });

  const ENDS: readonly (readonly [string, () => string, readonly [string, string]])[] = [
    ['what was done', () => 'done', ['OK', 'CLIENT_GONE']],
    [
      'what was refused',
      () => {
        throw notFound('key', KEY);
      },
      ['NOT_FOUND', 'KEY_NOT_FOUND'],
    ],
    [
      'that it was broken off, if the handler says no more than that',
      () => {
        throw new DOMException('gone', 'AbortError');
      },
      ['CANCELLED', ''],
    ],
  ];
  for (const [what, finish, expected] of ENDS) {
    it(`says ${what}, though the client had gone before`, async () => {
      const { code, reason } = await recordOf(async (_, { signal }) => {
        leave();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { text: finish() };
      });
      assert.deepEqual([code, reason], expected);
    });
  }

  it('says what was done, and that it was too late to tell', async () => {
    const record = await recordOf(
      async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { text: '' };
      },
      { maxDeadlineMs: 20 },
    );
    assert.deepEqual([record.code, record.reason], ['OK', 'DEADLINE_EXCEEDED']);
  });

  let leave = (): void => undefined;

  /** Has a call handled so, and waits for its record. */
  async function recordOf(
    echo: (request: object, call: Call) => Promise<{ readonly text: string }>,
    limits = {},
  ): Promise<AuditRecord> {
    const leaving = new AbortController();
    leave = () => leaving.abort();
    let keep: (record: AuditRecord) => void = () => undefined;
    const kept = new Promise<AuditRecord>((resolve) => {
      keep = resolve;
    });
    const { rules, descriptorSet } = testContract();
    const audited = [...rules].map(([path, rule]) => [path, { ...rule, audit: 'write' }] as const);
    const contract = { descriptorSet, rules: new Map(audited) };
    const options = { contract, limits, audit: (record: AuditRecord) => keep(record) };
    await using server = await startTestServer({ echo }, options);
    await using client = connect(echoService(), server.address);
    await client.echo({}, { ...AS_USER, signal: leaving.signal }).catch(() => undefined);
    return kept;
  }
});
