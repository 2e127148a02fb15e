// Goal: what was kept is verified without anybody's help, and holds for nothing else.
// Method: a log of the test's own, with a key of its own; the command gets its proofs over gRPC, and
// verifies the files with no mesh at all.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consistencyRanges,
  EMPTY,
  grow,
  hashRanges,
  inclusionRanges,
  leafHash,
  noteKey,
  printCheckpoint,
  printNoteKey,
  type Range,
  rootOf,
  signNote,
} from '@ramet/merkle';
import {
  LogAudit,
  LogEntry,
  LogFaultKind,
  SignatureRecord,
  SignedHead,
} from '@ramet/proto-gen/keys.v1';
import {
  type Answers,
  type Ran,
  runCommand,
  runIn,
  startTestMesh,
  USER_ID,
} from '../../test-mesh.js';

const KEY_ID = `key_${'5'.repeat(26)}`;
const TIME = new Date('2030-01-01T00:00:00.001Z');
const OWNER = { owner: { $case: 'userId', value: USER_ID } } as const;
const ENTRIES = Array.from({ length: 7 }, (_, nth) =>
  Buffer.from(
    LogEntry.encode({
      owner: OWNER,
      record: {
        $case: 'signature',
        value: SignatureRecord.fromPartial({
          ...{ position: BigInt(nth), requestId: `r${nth}`, grantId: `gra_${nth}` },
          payloadDigest: Buffer.from([nth, 2]),
        }),
      },
    }).finish(),
  ),
);
const LEAVES = ENTRIES.map(leafHash);
const SIGNER = signer();

describe('ramet receipts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-receipts-'));
  const keyFile = keep('log-keys', `# of the test\n\n${printNoteKey(SIGNER.key)}\n`);
  after(() => rmSync(folder, { recursive: true }));

  it('gets a receipt, which is verified with nothing but the key', async () => {
    const file = keep('receipt', (await ask(['receipt', 'get', KEY_ID, 'r3'])).out);

    const { exitCode, out, errors } = await verify(file);

    assert.equal(errors, '');
    assert.equal(exitCode, 0);
    assert.match(out, /^proven: +entry 3 of 7$/m);
    assert.match(out, /^request: +r3$/m);
    assert.match(out, /^grant: +gra_3$/m);
    assert.match(out, /^payload digest: +AwI=$/m);
    assert.match(out, new RegExp(`^log: +ramet.dev/keys/user/${USER_ID}$`, 'm'));
  });

  it('tells programs what was proven', async () => {
    const file = keep('receipt', (await ask(['receipts', 'get', KEY_ID, 'r3'])).out);
    const { out } = await verify(file, ['--json']);
    const proven = JSON.parse(out) as { index: number; head: { size: number }; entry: unknown };
    assert.equal(proven.index, 3);
    assert.equal(proven.head.size, 7);
    assert.match(JSON.stringify(proven.entry), /"requestId":"r3"/);
  });

  it('holds for nothing that was changed', async () => {
    const { out: text } = await ask(['receipts', 'get', KEY_ID, 'r3']);
    const good = JSON.parse(text) as Record<'entry' | 'head', string> & { proof: string[] };
    const [first = ''] = good.proof;
    const foreign = Buffer.from(LogEntry.encode(LogEntry.fromPartial({})).finish());
    for (const [what, bad] of Object.entries({
      entry: { ...good, entry: ENTRIES[4]?.toString('base64') },
      'entry of another log': { ...good, entry: foreign.toString('base64') },
      index: { ...good, index: 4 },
      proof: { ...good, proof: good.proof.toReversed() },
      'a hash': { ...good, proof: good.proof.with(0, `B${first.slice(1)}`) },
      size: { ...good, head: good.head.replace('\n7\n', '\n8\n') },
      time: { ...good, head: good.head.replace('2030', '2031') },
      'no signature': { ...good, head: good.head.slice(0, good.head.indexOf('—')) },
    })) {
      const { exitCode, errors } = await verify(keep('bad', JSON.stringify(bad)));
      assert.equal(exitCode, 1, `${what}: ${errors}`);
    }
  });

  it('holds for nothing, and fails as what it is, once any of its bytes has changed', async () => {
    const { out: text } = await ask(['receipts', 'get', KEY_ID, 'r3']);
    for (let at = 0; at < text.length; at += 13) {
      const changed = `${text.slice(0, at)}${text[at] === 'B' ? 'C' : 'B'}${text.slice(at + 1)}`;
      for (const bad of [changed, text.slice(0, at), text.slice(0, at) + text.slice(at + 1)]) {
        const { exitCode, errors } = await verify(keep('bad', bad));
        // A blank between the parts says nothing.
        if (exitCode === 0) assert.deepEqual(JSON.parse(bad), JSON.parse(text));
        else assert.ok(exitCode === 1 || exitCode === 2, `byte ${at}: ${exitCode} ${errors}`);
      }
    }
  });

  it('fails for an entry that a log has signed and nobody can read', async () => {
    const entry = Buffer.from('ff'.repeat(9), 'hex');
    const file = {
      format: 'ramet.receipt.v1',
      entry: entry.toString('base64'),
      index: 0,
      proof: [],
    };
    const bad = { ...file, head: noteAt(1, [leafHash(entry)]) };
    const { exitCode, errors } = await verify(keep('bad', JSON.stringify(bad)));
    assert.equal(exitCode, 1, errors);
    assert.match(errors, /none that this command knows/);
  });

  it('takes no file for a proof that is none', async () => {
    const { out: text } = await ask(['receipts', 'get', KEY_ID, 'r3']);
    for (const bad of [
      '{}',
      '{',
      '{"format":"ramet.receipt.v2"}',
      text.replace('"index": 3', '"index": 3.5'),
      text.replace('"index": 3', '"index": -3'),
      text.replace('"proof": [', '"proof": [7, '),
      text.replace(/"entry": "(.)/, '"entry": " $1'),
    ]) {
      assert.equal((await verify(keep('bad', bad))).exitCode, 2, bad);
    }
  });

  it('believes no other key, and takes no line for a key that is none', async () => {
    const file = keep('receipt', (await ask(['receipts', 'get', KEY_ID, 'r3'])).out);
    const other = keep('other', `${printNoteKey(signer().key)}\n`);
    assert.equal((await run(['verify', file, '--log-key', other])).exitCode, 1);
    for (const bad of ['', '# none\n', `${printNoteKey(SIGNER.key)}x\n`]) {
      const { exitCode } = await run(['verify', file, '--log-key', keep('bad-key', bad)]);
      assert.equal(exitCode, 2);
    }
    assert.equal((await run(['verify', file])).exitCode, 2);
  });

  it('proves that a log has grown from a kept head', async () => {
    const old = keep('old', noteAt(3));
    const proof = keep('proof', (await ask(['receipts', 'consistency', old])).out);

    const { exitCode, out } = await verify(proof);

    assert.equal(exitCode, 0);
    assert.match(out, /growth from 3 to 7 entries/);
  });

  it('does not prove it for a log that was another one', async () => {
    const good = (await ask(['receipts', 'consistency', keep('old', noteAt(3))])).out;
    const other = noteAt(3, [...LEAVES].reverse());
    const bad = JSON.stringify({ ...(JSON.parse(good) as object), first: other });
    const { exitCode, errors } = await verify(keep('bad', bad));
    assert.equal(exitCode, 1);
    assert.match(errors, /did not grow/);
  });

  it('prints a head and keys that can be kept', async () => {
    const head = keep('head', (await ask(['receipts', 'head'])).out);
    const keys = keep('keys', (await ask(['receipts', 'keys'])).out);
    const { exitCode, out } = await run(['verify', head, '--log-key', keys]);
    assert.equal(exitCode, 0);
    assert.match(out, /a head of 7/);
  });

  it('fails an audit that has found something', async () => {
    const faults = [{ kind: LogFaultKind.RECORD_CHANGED, at: 7n, text: 'is not what was hashed' }];
    const bad = LogAudit.fromPartial({ owner: OWNER, size: 9n, heads: 2n, faults });
    for (const [audits, code] of [
      [[LogAudit.fromPartial({})], 0],
      [[LogAudit.fromPartial({}), bad], 1],
    ] as const) {
      await using mesh = await startTestMesh({
        admin: true,
        receipts: {
          async *auditLogs() {
            for (const audit of audits) yield { audit };
          },
        },
      });
      const { exitCode, out } = await runCommand(mesh.address, ['admin', 'audit-log']);
      assert.equal(exitCode, code);
      if (code === 1) assert.match(out, /RECORD_CHANGED at 7/);
    }
  });

  it('lets administrators change the key', async () => {
    const asked: string[] = [];
    const key = { verifier: 'the-new-one', createTime: TIME, retireTime: undefined };
    await using mesh = await startTestMesh({
      admin: true,
      receipts: {
        ...RECEIPTS,
        rotateLogKey: async ({ newest }) => {
          asked.push(newest);
          return { key };
        },
        retireLogKey: async ({ verifier }) => {
          asked.push(verifier);
          return { key: { ...key, verifier, retireTime: TIME } };
        },
      },
    });
    const old = printNoteKey(SIGNER.key);

    const rotated = await runCommand(mesh.address, ['admin', 'rotate-log-key']);
    const retired = await runCommand(mesh.address, ['admin', 'retire-log-key', old]);

    assert.deepEqual(asked, [old, old]);
    assert.match(rotated.out, /^verifier: +the-new-one$/m);
    assert.match(retired.out, /^until: +2030/m);
  });

  async function ask(args: readonly string[]): Promise<Ran> {
    await using mesh = await startTestMesh({ receipts: RECEIPTS });
    const ran = await runCommand(mesh.address, args);
    assert.equal(ran.errors, '');
    return ran;
  }

  function verify(file: string, more: readonly string[] = []): Promise<Ran> {
    return run(['verify', file, '--log-key', keyFile, ...more]);
  }

  /** Runs the command without a mesh. */
  function run(args: readonly string[]): Promise<Ran> {
    return runIn(args, {});
  }

  function keep(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }
});

const RECEIPTS: NonNullable<Answers['receipts']> = {
  getReceipt: async ({ record }) => {
    const index = ENTRIES.findIndex((entry) => entry.includes(String(record?.value)));
    const entry = ENTRIES[index] ?? Buffer.alloc(0);
    const proof = await prove(inclusionRanges(index, LEAVES.length));
    return { receipt: { entry, index: BigInt(index), proof, head: headAt(LEAVES.length) } };
  },
  getSignedHead: async () => ({ head: headAt(LEAVES.length) }),
  getConsistencyProof: async ({ firstSize, size }) => ({
    size,
    proof: await prove(consistencyRanges(Number(firstSize), Number(size))),
  }),
  listLogKeys: async () => ({
    keys: [{ verifier: printNoteKey(SIGNER.key), createTime: TIME, retireTime: undefined }],
  }),
};

function prove(ranges: readonly Range[]): Promise<readonly Buffer[]> {
  return hashRanges(ranges, 1, async (nodes) =>
    nodes.map(({ height, index }) => {
      const leaves = LEAVES.slice(index * 2 ** height, (index + 1) * 2 ** height);
      return rootOf(grow(EMPTY, leaves).frontier);
    }),
  );
}

function headAt(size: number): SignedHead {
  return SignedHead.fromPartial({ owner: OWNER, size: BigInt(size), note: noteAt(size) });
}

function noteAt(size: number, leaves: readonly Buffer[] = LEAVES): string {
  const root = rootOf(grow(EMPTY, leaves.slice(0, size)).frontier);
  const origin = `ramet.dev/keys/user/${USER_ID}`;
  return signNote(printCheckpoint({ origin, size, root, time: TIME }), [SIGNER]);
}

function signer() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = noteKey('ramet.dev/keys', publicKey);
  return { name: key.name, id: key.id, privateKey, key };
}
