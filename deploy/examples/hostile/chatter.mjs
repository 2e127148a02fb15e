// Prints far too much: as many MiB as its argument says, on both streams, as lines that are long,
// empty, binary, not UTF-8, full of escape codes, and at last one without an end.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

const MIB = 1024 * 1024;
const KINDS = [
  (n) => Buffer.from(`line ${n}\n`),
  () => Buffer.from('\n'),
  () => Buffer.concat([Buffer.alloc(64 * 1024, 'x'), Buffer.from('\n')]),
  () => randomBytes(4096),
  () => Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x0a]),
  () => Buffer.from('\u001b]0;title\u0007\u001b[2J\u001b[31mred\u0000nul\r\n'),
  (n) => Buffer.from(`{"level":"error","message":"not the mesh's own line ${n}"}\n`),
];

const total = Number(process.argv[2] ?? 64) * MIB;
for (let printed = 0, n = 0; printed < total; n += 1) {
  const stream = n % 2 === 0 ? process.stdout : process.stderr;
  const chunk = KINDS[n % KINDS.length](n);
  printed += chunk.length;
  if (!stream.write(chunk)) await once(stream, 'drain');
}
process.stdout.write('the end');
