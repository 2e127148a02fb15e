import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { keptPorts } from './kept-ports.js';
import { testFolder } from './testing/folder.js';

describe('the ports of a mesh', () => {
  it('are all different, and the same the next time', async () => {
    using folder = testFolder();
    const file = join(folder.path, 'mesh.json');
    const first = await keptPorts(file, ['teams', 'keys']);

    assert.notEqual(first.teams, first.keys);
    assert.deepEqual(await keptPorts(file, ['teams', 'keys']), first);
  });

  it('are chosen anew where somebody else listens', async () => {
    using folder = testFolder();
    const file = join(folder.path, 'mesh.json');
    const first = await keptPorts(file, ['teams', 'keys']);
    const stranger = createServer().listen(first.teams, '127.0.0.1');
    await once(stranger, 'listening');

    const next = await keptPorts(file, ['teams', 'keys']);
    stranger.close();

    assert.notEqual(next.teams, first.teams);
    assert.equal(next.keys, first.keys);
  });
});
