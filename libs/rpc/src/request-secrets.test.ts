// Goal: T24. What a request has brought a secret in is zeroed, whatever becomes of the call.
// Method: the definition of the service hands out the bytes that came from the wire.
import assert from 'node:assert/strict';
import { connect } from './connect.js';
import { findMethod, readRegistry } from './contract.js';
import { implement } from './implement.js';
import { holdsSecrets, wipe } from './request-secrets.js';
import { type EchoRequest, type EchoService, echoService, testContract } from './test-contract.js';
import { rejection, startTestServer } from './test-server.js';

const SECRET = { text: 'hello', right: 'canary' };
const ECHO = '/test.v1.EchoService/Echo';

describe('the bytes of a request that may hold a secret', () => {
  for (const [what, caller, isAnswered] of [
    ['that was answered', 'user:usr_1', true],
    ['whose caller was refused, and of which a record was kept', 'workload:cln_1', false],
  ] as const) {
    it(`are zeroed: of one ${what}`, async () => {
      const seen: Buffer[] = [];
      await using server = await startSeen(seen);
      await using client = connect(echoService(), server.address);

      const call = client.echo(SECRET as EchoRequest, { metadata: { caller } });
      if (isAnswered) assert.equal((await call).text, 'hello');
      else assert.equal((await rejection(call)).code, 'PERMISSION_DENIED');

      assert.equal(seen.length, 1);
      for (const bytes of seen) assert.ok(bytes.every((byte) => byte === 0));
    });
  }

  it('are known by the contract', () => {
    const registry = readRegistry(testContract());
    const { input, output } = findMethod(registry, ECHO);
    assert.deepEqual([holdsSecrets(input), holdsSecrets(output)], [true, false]);
  });
});

describe('wiping a message', () => {
  it('zeroes its bytes, however deep they are', () => {
    const [outer, inner] = [Buffer.from('one'), Buffer.from('two')];
    wipe({ outer, name: 'kept', list: [{ $case: 'secret', value: inner }], none: undefined });
    assert.deepEqual([...outer, ...inner], [0, 0, 0, 0, 0, 0]);
  });
});

/** Serves the test service, and hands out the bytes that its Echo method is given to decode. */
function startSeen(seen: Buffer[]) {
  const { echo, ...rest } = echoService();
  const requestDeserialize = (bytes: Buffer) => {
    seen.push(bytes);
    return echo.requestDeserialize(bytes);
  };
  const definition: EchoService = { ...rest, echo: { ...echo, requestDeserialize } };
  const answer = async ({ text = '' }: EchoRequest) => ({ text });
  const { descriptorSet, rules } = testContract();
  const rule = rules.get(ECHO);
  assert.ok(rule);
  return startTestServer(
    {},
    {
      services: [
        implement(definition, {
          ...{ echo: answer, anyone: answer, admin: answer, mesh: answer, run: answer },
          async *count() {
            yield { text: '' };
          },
          upload: async () => ({ text: '' }),
        }),
      ],
      contract: { descriptorSet, rules: new Map(rules).set(ECHO, { ...rule, audit: 'write' }) },
      audit: () => undefined,
    },
  );
}
