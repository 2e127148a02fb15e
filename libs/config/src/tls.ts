import { integer, text } from './parse.js';

/** The settings of what a service proves itself with, and where. All services have them. */
export const TLS_SETTINGS = {
  /** What this service shows to the others, its key, and who must have signed theirs. */
  tlsCertFile: { env: 'TLS_CERT_FILE', parse: text, default: '' },
  tlsKeyFile: { env: 'TLS_KEY_FILE', parse: text, default: '' },
  tlsCaFile: { env: 'TLS_CA_FILE', parse: text, default: '' },
  /** What comes before `/svc/` in the names of certificates. */
  trustDomain: { env: 'TRUST_DOMAIN', parse: text, default: '' },
  meshHost: { env: 'MESH_HOST', parse: text, default: '' },
  meshPort: { env: 'MESH_PORT', parse: integer, default: 0 },
  /** What users and runners are shown. Without it they are served in plaintext, on loopback alone. */
  publicCertFile: { env: 'PUBLIC_CERT_FILE', parse: text, default: '' },
  publicKeyFile: { env: 'PUBLIC_KEY_FILE', parse: text, default: '' },
} as const;

/** What a service is told of certificates. Absent in tests that are about something else. */
export interface TlsConfig {
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCaFile?: string;
  readonly trustDomain?: string;
  readonly meshHost?: string;
  readonly meshPort?: number;
  readonly publicCertFile?: string;
  readonly publicKeyFile?: string;
}

type Name = keyof typeof TLS_SETTINGS;

const MESH = ['tlsCertFile', 'tlsKeyFile', 'tlsCaFile', 'trustDomain'] as const;
const PLACES = ['meshHost', 'meshPort'] as const;
const PUBLIC = ['publicCertFile', 'publicKeyFile'] as const;

/** Gives the settings back, or throws if some of what belongs together is missing. */
export function wholeTls<Config extends TlsConfig>(config: Config): Config {
  const problems = [
    ...missing(config, MESH, [...MESH, ...PLACES]),
    ...missing(config, PUBLIC, PUBLIC),
  ];
  if (problems.length > 0) throw new Error(`bad configuration:\n  ${problems.join('\n  ')}`);
  return config;
}

/** What is missing of settings that are wanted as soon as one of some is there. */
function missing(
  config: TlsConfig,
  wanted: readonly Name[],
  telling: readonly Name[],
): readonly string[] {
  const told = telling.find((name) => isSet(config, name));
  if (told === undefined) return [];
  return wanted
    .filter((name) => !isSet(config, name))
    .map((name) => `${variable(name)} is required beside ${variable(told)}`);
}

function isSet(config: TlsConfig, name: Name): boolean {
  return Boolean(config[name]);
}

function variable(name: Name): string {
  return TLS_SETTINGS[name].env;
}
