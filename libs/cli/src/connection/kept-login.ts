import type { TokenServiceService } from '@ramet/proto-gen/teams.v1';
import type { Issued, Remote } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import { UsageError } from '../usage-error.js';
import { changeProfile, type KeptLogin, readConfig } from './config-file.js';

/** Where a login is kept, and what its continuation needs. */
export interface LoginPlace {
  readonly file: string;
  readonly profile: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The tokens that teams has made, as they come in its answers. */
interface Answer {
  readonly token: string;
  readonly refreshToken: string;
  readonly expiresIn?: { readonly seconds: bigint } | undefined;
}

const MS_PER_SECOND = 1_000;
/** A token is put away some time before it ends: clocks differ. */
const USABLE_SHARE = 0.8;

/** What is kept of a login that has just begun or gone on. */
export function keptLogin({ token, refreshToken, expiresIn }: Answer, clock: Clock): KeptLogin {
  const lifeMs = Number(expiresIn?.seconds ?? 0n) * MS_PER_SECOND;
  return { token, refreshToken, tokenUntil: clock.now().getTime() + lifeMs * USABLE_SHARE };
}

/**
 * Gives the token of a login that is kept in the config file, or goes on to the next one and keeps
 * that.
 *
 * Commands that go on at once are given the same next refresh token, so that each may keep it.
 */
export async function continueLogin(
  tokens: Pick<Remote<typeof TokenServiceService>, 'refreshToken'>,
  { file, profile, clock, signal }: LoginPlace,
): Promise<Issued> {
  const { profiles } = await readConfig(file);
  const kept = Object.hasOwn(profiles, profile) ? profiles[profile]?.login : undefined;
  if (!kept) throw new UsageError(`nobody is logged in: ramet login --profile ${profile}`);
  const now = clock.now().getTime();
  if (now < kept.tokenUntil) return { token: kept.token, expiresInMs: kept.tokenUntil - now };

  const { refreshToken } = kept;
  const login = keptLogin(await tokens.refreshToken({ refreshToken }, { signal }), clock);
  await changeProfile(file, profile, (before) => ({ ...before, login }));
  return { token: login.token, expiresInMs: login.tokenUntil - now };
}
