import type { JsonValue } from '@bufbuild/protobuf';
import type { Things } from '../support/story.js';

/** People, by what they are in the team that owns the things. */
export const PEOPLE = ['stranger', 'member', 'manager', 'owner', 'overseer'] as const;

/** Services, and the runners of the things' own clone and of a foreign one. */
export const MACHINES = [
  'teams',
  'keys',
  'lifecycle',
  'executor',
  'runner',
  'otherRunner',
] as const;

/** Whose the things are that a request is about. */
export const TARGETS = ['own', 'foreign', 'missing', 'personal'] as const;

export type Person = (typeof PEOPLE)[number];
export type Machine = (typeof MACHINES)[number];
export type Target = (typeof TARGETS)[number];

/** The things of each target. */
export type World = Readonly<Record<Target, Things>>;

/** `ok`, or the reason that the call fails with, for each of PEOPLE. */
export type Verdicts = readonly [string, string, string, string, string];

/** What one RPC answers to everybody. What is not said is PERMISSION_DENIED. */
export interface Row {
  readonly rpc: string;
  /** The request about some things. It changes nothing that a later cell depends on. */
  readonly request: (about: Things, world: World) => JsonValue;
  readonly people?: Partial<Readonly<Record<Target, Verdicts>>>;
  /** For own, foreign and missing things. */
  readonly machines?: Partial<Readonly<Record<Machine, readonly [string, string, string]>>>;
  /** Whether a credential is not even looked for. */
  readonly isOpen?: boolean;
}

/** Everybody who calls. */
export const EVERYBODY = [...PEOPLE, ...MACHINES] as const;

const COLUMNS = ['own', 'foreign', 'missing'] as const;
export const DENIED = 'PERMISSION_DENIED';

/** The same for all people. */
export function all(verdict: string): Verdicts {
  return [verdict, verdict, verdict, verdict, verdict];
}

/** The same for all people but the administrator of the mesh. */
export function but(verdict: string, overseer: string): Verdicts {
  return [verdict, verdict, verdict, verdict, overseer];
}

/** What those get who manage what an owner has. Everybody else finds nothing. */
export function managing(none: string, verdict: string): Partial<Record<Target, Verdicts>> {
  return {
    own: [none, none, verdict, verdict, verdict],
    foreign: but(none, verdict),
    missing: all(none),
    personal: [none, verdict, none, none, verdict],
  };
}

/** The same whatever things a request is about. */
export function always(
  verdicts: Verdicts,
): Readonly<Record<'own' | 'foreign' | 'missing', Verdicts>> {
  return { own: verdicts, foreign: verdicts, missing: verdicts };
}

/** The same for every machine, whatever things a request is about. */
export function everyMachine(
  verdict: string,
): Readonly<Record<Machine, readonly [string, string, string]>> {
  const verdicts = [verdict, verdict, verdict] as const;
  return Object.fromEntries(MACHINES.map((name) => [name, verdicts])) as Record<
    Machine,
    typeof verdicts
  >;
}

/** What the table says of a cell. */
export function expectedOf(row: Row, who: Person | Machine, target: Target): string {
  const person = (PEOPLE as readonly string[]).indexOf(who);
  if (person >= 0) return row.people?.[target]?.[person] ?? DENIED;
  const column = (COLUMNS as readonly string[]).indexOf(target);
  return row.machines?.[who as Machine]?.[column] ?? DENIED;
}
