import assert from 'node:assert/strict';
import { connect } from './connect.js';
import { echoService } from './test-contract.js';
import { startTestServer } from './test-server.js';

const AS_USER = { metadata: { caller: 'user:usr_1' } };

describe('a served call', () => {
  it('is answered', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    const { text } = await client.echo({ text: 'hello' }, AS_USER);
    assert.equal(text, 'hello');
  });

  it('streams its responses', async () => {
    await using server = await startTestServer();
    await using client = connect(echoService(), server.address);
    const seen: string[] = [];
    for await (const { text } of client.count({})) seen.push(text);
    assert.deepEqual(seen, ['1', '2', '3']);
  });
});
