import assert from 'node:assert/strict';
import { UsageError } from '../usage-error.js';
import { parseImage } from './image.js';

const DIGEST = `sha256:${'0f'.repeat(32)}`;

const IMAGES: readonly (readonly [
  text: string,
  repository: string,
  tag: string,
  digest: string,
])[] = [
  ['bot', 'bot', '', ''],
  ['bot:v1', 'bot', 'v1', ''],
  ['ghcr.io/acme/bot', 'ghcr.io/acme/bot', '', ''],
  ['ghcr.io/acme/bot:1.2_3-rc', 'ghcr.io/acme/bot', '1.2_3-rc', ''],
  ['localhost:5000/bot', 'localhost:5000/bot', '', ''],
  ['localhost:5000/bot:v1', 'localhost:5000/bot', 'v1', ''],
  [`acme/bot@${DIGEST}`, 'acme/bot', '', DIGEST],
  [`localhost:5000/bot:v1@${DIGEST}`, 'localhost:5000/bot', 'v1', DIGEST],
];

const NO_IMAGES: readonly (readonly [text: string, why: RegExp])[] = [
  ['', /the repository/],
  [':v1', /the repository/],
  ['Acme/bot', /the repository/],
  ['acme/', /the repository/],
  ['https://ghcr.io/acme/bot?x', /a tag is|the repository/],
  ['bot:', /a tag is/],
  ['bot:v 1', /a tag is/],
  [`bot:${'v'.repeat(129)}`, /a tag is/],
  ['bot@', /a digest is/],
  ['bot@sha256:0f', /a digest is/],
  [`bot@${DIGEST.toUpperCase()}`, /a digest is/],
  [`bot@${DIGEST}@${DIGEST}`, /a digest is/],
];

describe('parseImage', () => {
  for (const [text, repository, tag, digest] of IMAGES) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseImage(text), { repository, tag, digest });
    });
  }

  for (const [text, why] of NO_IMAGES) {
    it(`refuses '${text}', and says why`, () => {
      assert.throws(() => parseImage(text), UsageError);
      assert.throws(() => parseImage(text), why);
    });
  }
});
