import { resolve } from 'node:path';
import { UsageError } from '../usage-error.js';
import type { Config, Endpoints, Profile } from './config-file.js';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly profile?: string;
  readonly mesh?: string;
  readonly as?: string;
  readonly apiKeyFile?: string;
  readonly identityTokenFile?: string;
  readonly teamsAddress?: string;
  readonly keysAddress?: string;
  readonly lifecycleAddress?: string;
  readonly executorAddress?: string;
  readonly ca?: string;
  readonly timeout?: string;
  readonly json?: boolean;
}

/** Where the credential comes from. It is read when it is needed, not before. */
export type Credential =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'value'; readonly apiKey: string }
  | { readonly from: 'token'; readonly token: string }
  | { readonly from: 'identity'; readonly path: string }
  | { readonly from: 'login'; readonly profile: string }
  | { readonly from: 'mesh'; readonly meshFile: string; readonly name: string };

/** Which mesh to talk to, and as whom. */
export interface Target {
  readonly endpoints: Endpoints;
  readonly credential: Credential | undefined;
}

/** What the choice of a target depends on. */
export interface Sources {
  readonly options: GlobalOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: Config;
  /** The mesh file in reach of the folder, if there is one. */
  readonly meshFile: string | undefined;
  readonly readMesh: (file: string) => Endpoints;
}

/** Whom the embedded mesh is asked as where nobody is named. */
const DEFAULT_NAME = 'user';

/**
 * Chooses the mesh and the identity.
 *
 * For each address and for the credential alike: the option, else the variable, else the mesh or
 * the profile. The mesh counts where `--mesh` or `--as` asks for it, or no profile is there.
 */
export function chooseTarget(sources: Sources): Target {
  const { options, env } = sources;
  const base = baseOf(sources);
  const endpoints = {
    ...base.endpoints,
    ...given('ca', pathOf(options.ca || env.RAMET_CA)),
    ...given('teams', options.teamsAddress || env.RAMET_TEAMS),
    ...given('keys', options.keysAddress || env.RAMET_KEYS),
    ...given('lifecycle', options.lifecycleAddress || env.RAMET_LIFECYCLE),
    ...given('executor', options.executorAddress || env.RAMET_EXECUTOR),
  };
  return { endpoints, credential: credentialOf(sources) ?? base.credential };
}

function baseOf(sources: Sources): Target {
  const { options, env, config } = sources;
  const asked = options.mesh ?? (env.RAMET_MESH || undefined);
  const wantsMesh = asked !== undefined || options.as !== undefined;
  if (options.profile !== undefined) {
    if (options.mesh === undefined && options.as === undefined) {
      return ofProfile(config, options.profile);
    }
    throw new UsageError('--profile cannot stand beside --mesh or --as');
  }
  const name = env.RAMET_PROFILE || config.current;
  if (!wantsMesh && name !== '') return ofProfile(config, name);
  const meshFile = asked ?? sources.meshFile;
  if (meshFile !== undefined) return ofMesh(sources, meshFile);
  if (!wantsMesh) return { endpoints: {}, credential: undefined };
  throw new UsageError('there is no .ramet/mesh.json here or above: start the mesh, or use --mesh');
}

function ofMesh({ options, readMesh }: Sources, meshFile: string): Target {
  const credential = { from: 'mesh', meshFile, name: options.as ?? DEFAULT_NAME } as const;
  return { endpoints: readMesh(meshFile), credential };
}

function ofProfile({ profiles }: Config, name: string): Target {
  const profile: Profile | undefined = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (!profile)
    throw new UsageError(`there is no profile '${name}': ramet login --profile ${name}`);
  const { endpoints, apiKey } = profile;
  if (apiKey !== undefined) return { endpoints, credential: { from: 'value', apiKey } };
  return { endpoints, credential: { from: 'login', profile: name } };
}

function credentialOf({ options, env }: Sources): Credential | undefined {
  const { apiKeyFile, identityTokenFile } = options;
  if (apiKeyFile && identityTokenFile) {
    throw new UsageError('--api-key-file cannot stand beside --identity-token-file');
  }
  if (apiKeyFile) return { from: 'file', path: apiKeyFile };
  if (identityTokenFile) return { from: 'identity', path: identityTokenFile };
  if (options.as !== undefined) return undefined;
  if (env.RAMET_API_KEY) return { from: 'value', apiKey: env.RAMET_API_KEY.trim() };
  if (env.RAMET_API_KEY_FILE) return { from: 'file', path: env.RAMET_API_KEY_FILE };
  const path = env.RAMET_IDENTITY_TOKEN_FILE;
  if (path) return { from: 'identity', path };
  return undefined;
}

/** What is remembered is found from other folders, too. */
function pathOf(file: string | undefined): string | undefined {
  return file ? resolve(file) : undefined;
}

function given(service: keyof Endpoints, address: string | undefined): Endpoints {
  return address ? { [service]: address } : {};
}
