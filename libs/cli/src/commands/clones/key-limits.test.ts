// Goal: what a clone may sign is kept as a file; one that is none is refused before anybody is asked.
// Method: the command in this process, asking services on loopback that answer for this test.
import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Key, SignOperation } from '@ramet/proto-gen/keys.v1';
import { Clone, type CreateCloneRequest } from '@ramet/proto-gen/lifecycle.v1';
import { Bot } from '@ramet/proto-gen/teams.v1';
import { type Ran, runCommand, startTestMesh } from '../../test-mesh.js';

const BOT_ID = `bot_${'3'.repeat(26)}`;
const KEY_ID = `key_${'5'.repeat(26)}`;
/** As docs/grants.md has it. */
const FILE = {
  maxUses: '1000',
  expireTime: '2027-03-01T00:00:00Z',
  rate: { perSecond: 5, burst: 20 },
  maxPayloadBytes: 4096,
  venue: {
    allow: { hosts: ['api.binance.com'], paths: ['/api/v3'], symbols: ['BTCUSDT'] },
    deny: { paths: ['/api/v3/order/cancelReplace'] },
  },
};

/** Text that is no limits, and what is said of it. */
const NONE: readonly (readonly [string, string, RegExp])[] = [
  ['what is no JSON', '{"maxUses": 1', /not a GrantLimits: /],
  ['a field that there is none of', '{"maxUse": "1"}', /not a GrantLimits: .*maxUse/],
  ['a value of another kind', '{"venue": {"allow": []}}', /not a GrantLimits: .*VenueRules/],
  ['a number that is none', '{"maxUses": "-1"}', /not a GrantLimits: .*max_?[uU]ses/],
  ['a time that is none', '{"expireTime": "tomorrow"}', /not a GrantLimits: /],
  ['an operation that there is none of', '{"operations": ["SIGN"]}', /not a GrantLimits: .*SIGN/],
  ['nesting without end', '['.repeat(200_000), /not a GrantLimits: /],
];

describe('ramet clones create --key-limits', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('sends what a file says, with operations named beside it', async () => {
    const { ran, created } = await create(JSON.stringify(FILE), '--sign', 'venue');

    assert.equal(ran.errors, '');
    const { keyLimits } = created[0] ?? assert.fail('nothing was created');
    assert.equal(keyLimits?.maxUses, 1_000n);
    assert.deepEqual(keyLimits?.expireTime, new Date(FILE.expireTime));
    assert.deepEqual(keyLimits?.rate, FILE.rate);
    assert.deepEqual(keyLimits?.venue?.allow?.symbols, ['BTCUSDT']);
    assert.deepEqual(keyLimits?.venue?.deny?.paths, FILE.venue.deny.paths);
    assert.deepEqual(keyLimits?.operations, [SignOperation.VENUE]);
  });

  for (const [what, text, said] of NONE) {
    it(`refuses ${what}, and asks nobody`, async () => {
      const { ran, created } = await create(text);
      assert.deepEqual([ran.exitCode, created], [2, []]);
      assert.match(ran.errors, said);
      assert.ok(ran.errors.length < 1_000, 'the file is not told back');
    });
  }

  it('refuses a file that has no end, and one that is too long, without reading all of it', async () => {
    const long = join(folder, 'long.json');
    await writeFile(long, '');
    await truncate(long, 8 * 1024 ** 3);
    for (const path of ['/dev/zero', long]) {
      const { ran, created } = await run(path);
      assert.deepEqual([ran.exitCode, created], [2, []]);
      assert.match(ran.errors, /more than 4194304 bytes: /);
    }
  });

  it('refuses a folder, and a file that is no text', async () => {
    assert.match((await run(folder)).ran.errors, /cannot read the file: .*EISDIR/);
    const path = join(folder, 'bytes');
    await writeFile(path, Buffer.from([0x7b, 0xff, 0x7d]));
    assert.match((await run(path)).ran.errors, /not UTF-8: /);
  });

  it('refuses a file that is not there', async () => {
    const { ran } = await run(join(folder, 'nowhere.json'));
    assert.equal(ran.exitCode, 2);
    assert.match(ran.errors, /cannot read the file: .*nowhere\.json/);
  });

  async function create(text: string, ...more: readonly string[]) {
    const path = join(folder, 'limits.json');
    await writeFile(path, text);
    return run(path, ...more);
  }

  async function run(
    path: string,
    ...more: readonly string[]
  ): Promise<{ readonly ran: Ran; readonly created: readonly CreateCloneRequest[] }> {
    const created: CreateCloneRequest[] = [];
    await using mesh = await startTestMesh({
      bots: {
        listBots: async () => ({ bots: [Bot.fromPartial({ id: BOT_ID })], nextPageToken: '' }),
      },
      keys: {
        listAvailableKeys: async () => ({
          ...{ keys: [Key.fromPartial({ id: KEY_ID })], nextPageToken: '' },
        }),
      },
      clones: {
        createClone: async (asked) => {
          created.push(asked);
          return { clone: Clone.fromPartial({ id: `cln_${'2'.repeat(26)}` }), quotas: [] };
        },
      },
    });
    const args = ['clones', 'create', '--bot', BOT_ID, '--key', KEY_ID, '--key-limits', path];
    return { ran: await runCommand(mesh.address, [...args, ...more]), created };
  }
});
