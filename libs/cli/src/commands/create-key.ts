import { readFile } from 'node:fs/promises';
import { CreateKeyRequest, KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { parseChoice, spelled } from '../parse/choice.js';
import { parseLabels } from '../parse/pairs.js';
import { decodeSecret } from '../parse/secret-encoding.js';
import { parseMoment } from '../parse/time.js';
import { parseWhole } from '../parse/whole.js';
import { findOwner } from '../resolve.js';
import { UsageError } from '../usage-error.js';
import { keyView } from '../views/keys.js';
import {
  argument,
  type CreateOptions,
  gather,
  present,
  repeatable,
  requestIdOf,
} from './options.js';
import { readSecret } from './secret.js';

/** Where the secret of a key, or of a version of one, comes from. */
export interface MaterialOptions {
  readonly generate?: boolean;
  readonly rsaBits?: string;
  readonly secretFile?: string;
  readonly exact?: boolean;
  readonly secretEncoding?: string;
  readonly publicKeyFile?: string;
  readonly passphraseFile?: string;
}

interface CreateKeyOptions extends CreateOptions, MaterialOptions {
  readonly owner?: string;
  readonly algorithm: string;
  readonly venue?: string;
  readonly venueKeyId?: string;
  readonly label?: readonly string[];
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly default?: boolean;
  readonly acceptTerms?: string;
  readonly validateOnly?: boolean;
}

/** How the owner of something is said. */
export const WHOSE = 'whose: me, a team, or an id (default: me)';

const MAX_RSA_BITS = 4_096;

const ALGORITHM_NAMES = Object.entries(KeyAlgorithm)
  .filter(([, value]) => value !== KeyAlgorithm.UNSPECIFIED)
  .map(([name]) => spelled(name))
  .join(', ');

const FORMS = `
A secret of HMAC is the bytes of its file, as the venue gives it. Private keys are PEM or DER, PKCS8 or what
OpenSSL made before it, without a password, and nothing before or after it (openssl ecparam -genkey -noout);
or the 32 bytes alone, for which there is --secret-encoding: keys of Ethereum are mostly in hex.
docs/venues.md tells what each venue takes.`;

/** Adds `keys create` to the command. */
export function addCreateKey(keys: Command, act: Act): void {
  withMaterial(
    repeatable(keys.command('create <name>').description('create a key; nobody sees it again')),
  )
    .addHelpText('after', FORMS)
    .requiredOption('--algorithm <algorithm>', ALGORITHM_NAMES)
    .option('--owner <owner>', WHOSE)
    .option('--venue <venue>', 'the venue that it is for, such as binance')
    .option('--venue-key-id <id>', 'what the venue calls it')
    .option('--valid-from <time>', 'from when it may be used')
    .option('--valid-until <time>', 'until when it may be used')
    .option('--default', 'make it the default key of its venue: it is not offered to clones')
    .option('--accept-terms <version>', "accept the venue's terms, in this version")
    .option('--label <name=value>', 'note something on it; may be repeated', gather)
    .option('--validate-only', 'check everything and create nothing')
    .action(act(createKey));
}

/** Adds the options that say where a secret comes from. */
export function withMaterial(command: Command): Command {
  return command
    .option('--generate', 'let the mesh make the secret')
    .option(
      '--rsa-bits <bits>',
      'the size of an RSA key that is made: 2048, 3072 or 4096 (default: 2048)',
    )
    .option('--secret-file <file>', 'take the secret from a file, or from standard input with `-`')
    .option(
      '--secret-encoding <encoding>',
      'how the file writes bytes: hex, with 0x or not, or base64',
    )
    .option('--exact', 'keep the line end at the end of the file')
    .option('--public-key-file <file>', 'refuse a secret that has not this public key')
    .option('--passphrase-file <file>', 'the passphrase that the venue wants with it');
}

async function createKey(
  context: Context,
  args: readonly string[],
  options: CreateKeyOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { venue = '', venueKeyId = '', validFrom, validUntil, validateOnly = false } = options;
  const algorithm = parseChoice(KeyAlgorithm, options.algorithm);
  const labels = parseLabels(options.label ?? []);
  requireOneSource(options);
  const owner = await findOwner(context, options.owner ?? 'me');
  const request = {
    requestId: requestIdOf(context, options),
    ...{ owner, name: argument(args, 0), algorithm, venue, venueKeyId, labels, validateOnly },
    ...{ validFrom: momentOf(context, validFrom), validUntil: momentOf(context, validUntil) },
    ...{ defaultKey: options.default ?? false, acceptTerms: options.acceptTerms ?? '' },
  };
  await usingMaterial(context, options, async (material) => {
    const asked = CreateKeyRequest.fromPartial({ ...request, ...material });
    const { key } = await session.keys.createKey(asked, { signal: world.signal });
    out.item(keyView(world.clock), present(key, 'key'));
  });
}

function momentOf({ world }: Context, text: string | undefined): Date | undefined {
  return text === undefined ? undefined : parseMoment(text, world.clock);
}

async function readPassphrase(
  { world }: Context,
  { secretFile, passphraseFile }: MaterialOptions,
): Promise<Buffer> {
  if (passphraseFile === undefined) return Buffer.alloc(0);
  if (passphraseFile === '-' && secretFile === '-') {
    throw new UsageError('standard input can be the secret or the passphrase, not both');
  }
  return readSecret(world, passphraseFile, { what: 'passphrase' });
}

/**
 * Throws UsageError unless a secret is either made or taken from a file, with no option that is for the
 * other.
 */
export function requireOneSource(options: MaterialOptions): void {
  const { generate = false, secretFile, exact, publicKeyFile, secretEncoding, rsaBits } = options;
  if (generate === (secretFile !== undefined)) {
    throw new UsageError('a key is either made with --generate or taken from --secret-file');
  }
  const others = generate
    ? { '--exact': exact, '--public-key-file': publicKeyFile, '--secret-encoding': secretEncoding }
    : { '--rsa-bits': rsaBits };
  const [odd] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (odd === undefined) return;
  throw new UsageError(`${odd} is for a secret that is ${generate ? 'taken from a file' : 'made'}`);
}

/** Calls back with the secret that the options tell of, and zeroes it. */
export async function usingMaterial(
  context: Context,
  options: MaterialOptions,
  use: (
    given: Pick<CreateKeyRequest, 'material' | 'claimedPublicKey' | 'passphrase'>,
  ) => Promise<void>,
): Promise<void> {
  const passphrase = await readPassphrase(context, options);
  const { secretFile, publicKeyFile, rsaBits = '0' } = options;
  const claimedPublicKey = publicKeyFile ? await readPublicKey(publicKeyFile) : Buffer.alloc(0);
  if (secretFile === undefined) {
    const value = { rsaBits: parseWhole(rsaBits, 0, MAX_RSA_BITS) };
    await use({ material: { $case: 'generate', value }, claimedPublicKey, passphrase });
    return;
  }
  const given = await readSecret(context.world, secretFile, { exact: options.exact ?? false });
  const value = decodeSecret(given, options.secretEncoding);
  try {
    await use({ material: { $case: 'secret', value }, claimedPublicKey, passphrase });
  } finally {
    value.fill(0);
    passphrase.fill(0);
  }
}

async function readPublicKey(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new UsageError(`cannot read the public key: ${(thrown as Error).message}`);
  }
}
