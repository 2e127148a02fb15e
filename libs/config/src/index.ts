import { readFileSync } from 'node:fs';
import type { Parse } from './parse.js';

export { flag, integer, oneOf, type Parse, text } from './parse.js';
export { TLS_SETTINGS, type TlsConfig, wholeTls } from './tls.js';

type Env = Readonly<Record<string, string | undefined>>;

/** One setting: the variable it comes from, how to read it, and what it is if absent. */
export interface Setting<Value> {
  readonly env: string;
  readonly parse: Parse<Value>;
  /** Without a default the setting is required. */
  readonly default?: Value;
}

/** The values of a table of settings. */
export type Config<Settings> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never;
};

/** Reads all settings at once. Throws a single error that lists everything wrong with them. */
export function readConfig<Settings extends Record<string, Setting<unknown>>>(
  env: Env,
  settings: Settings,
): Config<Settings> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, setting] of Object.entries(settings)) {
    const text = env[setting.env];
    try {
      if (text !== undefined && text !== '') values[name] = setting.parse(text);
      else if ('default' in setting) values[name] = setting.default;
      else problems.push(`${setting.env} is required`);
    } catch (error) {
      problems.push(`${setting.env} ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new Error(`bad configuration:\n  ${problems.join('\n  ')}`);
  return values as Config<Settings>;
}

/** A value that must not be printed. Its text form and its JSON are `[secret]`. */
export class Secret {
  readonly #value: Buffer;

  constructor(value: Buffer) {
    this.#value = value;
  }

  /** The secret itself. Whoever asks must not keep or print it. */
  reveal(): Buffer {
    return this.#value;
  }

  /** The secret as text, without the line end that editors add. */
  text(): string {
    return this.#value.toString('utf8').replace(/\r?\n$/, '');
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}

/**
 * Takes the path of a file and reads the secret in it.
 *
 * Refuses an empty file. The path may be named in errors, the content never is.
 */
export const secretFile: Parse<Secret> = (path) => {
  const secret = new Secret(readFileSync(path));
  if (secret.text().trim() === '') throw new Error(`names an empty file: ${path}`);
  return secret;
};
