import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomically } from '@ramet/service';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';

/** Where the services of a mesh are. */
export interface Endpoints {
  readonly teams?: string;
  readonly keys?: string;
  readonly lifecycle?: string;
  /** A file with the authorities that have signed what they show. */
  readonly ca?: string;
  /** Asked for its audit only. */
  readonly executor?: string;
}

/** One mesh and one identity in it. */
export interface Profile {
  readonly endpoints: Endpoints;
  /** The credential, where it is kept. A profile with a login has none. */
  readonly apiKey?: string;
  readonly login?: KeptLogin;
}

/** A login that goes on from one command to the next. */
export interface KeptLogin {
  /** Good once: for the next one, and a token. */
  readonly refreshToken: string;
  /** The token that came with it. */
  readonly token: string;
  /** Until when the token is used, in milliseconds since 1970. */
  readonly tokenUntil: number;
}

/** What `ramet login` remembers. */
export interface Config {
  /** The profile that is used where none is named. */
  readonly current: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

const EMPTY: Config = { current: '', profiles: {} };
const OTHERS = 0o077;

/** The config file: RAMET_CONFIG, else the one in the user's config folder. */
export function configPath({ env, home }: Pick<World, 'env' | 'home'>): string {
  const folder = env.XDG_CONFIG_HOME || join(home, '.config');
  return env.RAMET_CONFIG || join(folder, 'ramet', 'config.json');
}

/**
 * Reads the config file. One that is not there is empty.
 *
 * Throws UsageError if it is not what `ramet login` writes, or if others may read the keys in it.
 */
export async function readConfig(path: string): Promise<Config> {
  const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw new UsageError(`cannot read ${path}: ${thrown.message}`);
  });
  if (text === undefined) return EMPTY;
  const { mode } = await stat(path);
  if ((mode & OTHERS) !== 0) {
    throw new UsageError(`others may read ${path}, and it holds API keys: chmod 600 ${path}`);
  }
  return parseConfig(text, path);
}

/** Writes the config file, for its owner's eyes only. */
export async function writeConfig(path: string, config: Config): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomically(path, `${JSON.stringify(config, undefined, 2)}\n`);
}

/** Changes one profile of the config file, if it is there, and leaves the others as they are. */
export async function changeProfile(
  path: string,
  name: string,
  change: (profile: Profile) => Profile,
): Promise<void> {
  const { current, profiles } = await readConfig(path);
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile)
    await writeConfig(path, { current, profiles: { ...profiles, [name]: change(profile) } });
}

function parseConfig(text: string, path: string): Config {
  try {
    const { current, profiles } = JSON.parse(text) as Partial<Config>;
    if (typeof current === 'string' && typeof profiles === 'object' && profiles !== null) {
      return { current, profiles };
    }
  } catch {
    // The parser's own message would quote the file, and the file holds API keys.
  }
  throw new UsageError(`${path} is damaged: remove it and log in again`);
}
