import assert from 'node:assert/strict';
import { conflict, denied, type ErrorCode, invalid, notFound, PublicError } from '@ramet/errors';
import { connect, type Remote } from './connect.js';
import { type Details, decodeDetails, encodeStatus } from './details.js';
import { RemoteError, type StatusName } from './remote-error.js';
import { type EchoService, echoService } from './test-contract.js';
import { type LoggedLine, startTestServer } from './test-server.js';

const AS_USER = { metadata: { caller: 'user:usr_1', 'x-correlation-id': 'cor-1' } };

const CODES: Readonly<Record<ErrorCode, StatusName>> = {
  invalid_argument: 'INVALID_ARGUMENT',
  unauthenticated: 'UNAUTHENTICATED',
  permission_denied: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  already_exists: 'ALREADY_EXISTS',
  failed_precondition: 'FAILED_PRECONDITION',
  aborted: 'ABORTED',
  resource_exhausted: 'RESOURCE_EXHAUSTED',
  out_of_range: 'OUT_OF_RANGE',
  deadline_exceeded: 'DEADLINE_EXCEEDED',
  unavailable: 'UNAVAILABLE',
};

describe('an error', () => {
  for (const [code, name] of Object.entries(CODES)) {
    it(`reaches the caller as ${name}, with its reason and metadata`, async () => {
      const thrown = new PublicError(code as ErrorCode, 'BECAUSE', 'no: 50% ✓', {
        metadata: { clone_id: 'cln_1' },
      });
      const error = await errorOf(thrown);
      assert.equal(error.code, name);
      assert.equal(error.reason, 'BECAUSE');
      assert.equal(error.message, 'no: 50% ✓');
      assert.deepEqual(error.metadata, { clone_id: 'cln_1' });
      assert.equal(error.correlationId, 'cor-1');
      assert.match(error.traceId, /^[0-9a-f]{32}$/);
    });
  }

  it('lists what is wrong with the request', async () => {
    const violations = [
      { field: 'parameters[2].value', description: 'must not be empty' },
      { field: 'name', description: 'must be a DNS label' },
    ];
    assert.deepEqual((await errorOf(invalid(...violations))).violations, violations);
  });

  it('names the resource that is not there', async () => {
    const error = await errorOf(notFound('clone', 'cln_1'));
    assert.deepEqual(error.resource, { kind: 'clone', id: 'cln_1' });
    assert.equal(error.reason, 'CLONE_NOT_FOUND');
  });

  it('names the precondition that does not hold', async () => {
    const subject = { kind: 'key', id: 'key_1' };
    const { preconditions } = await errorOf(conflict('KEY_IN_USE', subject, 'the key is held'));
    assert.deepEqual(preconditions, [
      { type: 'KEY_IN_USE', subject: 'key/key_1', description: 'the key is held' },
    ]);
  });

  it('names the action that is denied', async () => {
    assert.deepEqual((await errorOf(denied('clones.stop', 'no'))).metadata, {
      action: 'clones.stop',
    });
  });

  it('names the quota that is spent, and when to ask again', async () => {
    const quotas = [{ subject: 'user:usr_1', description: 'at most 3 clones' }];
    const thrown = new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', 'too many', {
      quotas,
      retryAfterMs: 2_500,
    });
    const error = await errorOf(thrown);
    assert.deepEqual(error.quotas, quotas);
    assert.equal(error.retryAfterMs, 2_500);
  });

  it('says nothing of a bug but where to look for it (T34)', async () => {
    const lines: LoggedLine[] = [];
    const bug = new TypeError('password of db is hunter2', { cause: new Error('inner') });
    const error = await errorOf(bug, lines);

    assert.equal(error.code, 'INTERNAL');
    assert.equal(error.message, 'internal error');
    assert.equal(error.reason, 'INTERNAL');
    assert.deepEqual(error.metadata, {});
    const [line, ...others] = lines;
    assert.deepEqual(others, []);
    assert.equal(line?.level, 'error');
    assert.equal(line?.fields.error, bug);
    assert.equal(line?.fields.trace_id, error.traceId);
    assert.equal(line?.fields.method, '/test.v1.EchoService/Echo');
  });

  it('may have a message that is no header: long, broken, of several lines', async () => {
    const message = `\ud800 first\nsecond ${'ß'.repeat(3_000)}`;
    const error = await errorOf(new PublicError('aborted', 'BECAUSE', message));
    assert.equal(error.code, 'ABORTED');
    assert.match(error.message, /first\nsecond ß/);
    assert.ok(Buffer.byteLength(error.message) <= 1_003);
  });

  it('stays small however much there is to say', async () => {
    const violations = Array.from({ length: 2_000 }, (_, index) => ({
      field: `items[${index}].name`,
      description: 'x'.repeat(5_000),
    }));
    const error = await errorOf(invalid(...violations));
    assert.equal(error.code, 'INVALID_ARGUMENT');
    assert.ok(error.violations.length >= 5, `${error.violations.length}`);
    assert.equal(error.violations[0]?.field, 'items[0].name');
  });

  it('of a peer that is away is passed on as such, and any other as a bug', async () => {
    const method = '/ramet.keys.v1.KeyService/GetKey';
    const away = await errorOf(new RemoteError('UNAVAILABLE', 'refused', {}, method));
    const late = await errorOf(new RemoteError('DEADLINE_EXCEEDED', 'late'));
    const other = await errorOf(new RemoteError('NOT_FOUND', 'no such key: key_1'));
    assert.deepEqual([away.code, away.reason], ['UNAVAILABLE', 'PEER_UNAVAILABLE']);
    assert.deepEqual(away.metadata, { peer: 'ramet.keys.v1.KeyService' });
    assert.deepEqual([late.code, late.reason], ['UNAVAILABLE', 'PEER_UNAVAILABLE']);
    assert.deepEqual([other.code, other.message], ['INTERNAL', 'internal error']);
  });

  it('ends a stream after what was sent before', async () => {
    await using server = await startTestServer({
      async *count() {
        yield { text: '1' };
        throw notFound('clone', 'cln_1');
      },
    });
    await using client = connect(echoService(), server.address);
    const seen: string[] = [];
    const read = async () => {
      for await (const { text } of client.count({})) seen.push(text);
    };
    await assert.rejects(read, { code: 'NOT_FOUND', reason: 'CLONE_NOT_FOUND' });
    assert.deepEqual(seen, ['1']);
  });
});

describe('the details of an error', () => {
  const EMPTY: Details = {
    reason: '',
    metadata: {},
    violations: [],
    resource: undefined,
    preconditions: [],
    quotas: [],
    retryAfterMs: undefined,
    correlationId: '',
    traceId: '',
  };

  it('stay under 4 KB', () => {
    const long = 'é'.repeat(1_000);
    const many = Array.from({ length: 500 }, (_, index) => index);
    const bytes = encodeStatus(3, long, {
      ...EMPTY,
      reason: long,
      metadata: Object.fromEntries(many.map((index) => [`${index}${long}`, long])),
      violations: many.map(() => ({ field: long, description: long })),
      preconditions: many.map(() => ({ type: long, subject: long, description: long })),
      quotas: many.map(() => ({ subject: long, description: long })),
      resource: { kind: long, id: long },
      retryAfterMs: 1,
      correlationId: long,
      traceId: long,
    });
    assert.ok(bytes.length <= 4_096, `${bytes.length}`);
    decodeDetails(bytes);
  });

  it('that are of another making read as absent', () => {
    assert.deepEqual(decodeDetails(Buffer.from([8, 5, 18, 1, 65])), EMPTY);
  });
});

async function errorOf(thrown: unknown, lines: LoggedLine[] = []): Promise<RemoteError> {
  const echo = () => Promise.reject(thrown);
  await using server = await startTestServer({ echo }, { lines });
  await using client: Remote<EchoService> = connect(echoService(), server.address);
  try {
    await client.echo({}, AS_USER);
  } catch (error) {
    assert.ok(error instanceof RemoteError, String(error));
    return error;
  }
  assert.fail('the call has succeeded');
}
