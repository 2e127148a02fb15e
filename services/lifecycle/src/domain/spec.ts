/** What a clone of a template is. The contract (`template.proto`) says what each part means. */
export interface Spec {
  readonly stages: readonly Stage[];
  readonly parameters: readonly ParameterSpec[];
  readonly openParameters: boolean;
  readonly limits: Limits;
  readonly overrides: readonly Override[];
  readonly policy: Policy;
}

/** A part of a run: an execution of its own. */
export interface Stage {
  readonly name: string;
  /** What it does. `bot`: it runs the source of the clone's bot; in a clone there is none of these. */
  readonly work: StageWork;
  /** Whether it runs even after a failure or a stop. */
  readonly always: boolean;
  /** Whether it runs only for a release that is new. */
  readonly oncePerRelease: boolean;
  readonly limits: Limits;
  readonly retry?: RetryPolicy;
  readonly probe?: Probe;
  readonly ports: readonly Port[];
}

export type StageWork =
  | { readonly kind: 'bot' }
  | { readonly kind: 'fetch_inputs' }
  | { readonly kind: 'source'; readonly source: Source };

/** What a workload is made of. A new runtime is a new member. */
export type Source = ProcessSource | ImageSource;

/** A program for the process runtime. */
export interface ProcessSource {
  readonly kind: 'process';
  readonly bundle: string;
  /** Which release of the bundle. Empty: the one without a tag. */
  readonly tag: string;
  readonly command: readonly string[];
  readonly revision: number;
}

/** A container image. */
export interface ImageSource {
  readonly kind: 'image';
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly command: readonly string[];
  readonly revision: number;
}

/** What a workload may use. What is absent is the clone's, or the default. */
export interface Limits {
  readonly runTimeMs?: number;
  readonly memoryBytes?: number;
  readonly graceMs?: number;
  readonly cpuMillis?: number;
  readonly storageBytes?: number;
}

export const FAILURES = [
  'EXIT',
  'SIGNAL',
  'OUT_OF_MEMORY',
  'TIMED_OUT',
  'REPORTED',
  'START_FAILED',
  'LOST',
] as const;

/** What a failure was, as far as trying again is concerned. */
export type Failure = (typeof FAILURES)[number];

/** When a stage is tried again. */
export interface RetryPolicy {
  /** How many executions it has at most in one run. */
  readonly maxExecutions: number;
  /** After which failures. Empty: all. */
  readonly on: readonly Failure[];
  readonly backoffMs?: number;
  readonly maxBackoffMs?: number;
}

/** How the health of a workload is seen. */
export interface Probe {
  readonly check:
    | { readonly kind: 'http'; readonly port: string; readonly path: string }
    | { readonly kind: 'tcp'; readonly port: string }
    | { readonly kind: 'command'; readonly command: readonly string[] };
  readonly periodMs?: number;
  readonly timeoutMs?: number;
  readonly failures?: number;
}

/** Something that a workload listens on. */
export interface Port {
  readonly name: string;
  readonly label: string;
  readonly scheme: string;
}

export const PARAMETER_TYPES = [
  'TEXT',
  'INTEGER',
  'NUMBER',
  'BOOLEAN',
  'ENUMERATION',
  'URL',
  'TIME',
] as const;

/** What a clone may be told. */
export interface ParameterSpec {
  readonly name: string;
  readonly type: (typeof PARAMETER_TYPES)[number];
  readonly description: string;
  readonly required: boolean;
  readonly defaultValue?: string;
  readonly values: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

export interface Parameter {
  readonly name: string;
  readonly value: string;
}

export const OVERRIDE_SCOPES = ['APP', 'ENVIRONMENT'] as const;
export type OverrideScope = (typeof OVERRIDE_SCOPES)[number];

/** A value that a workload or its surroundings get. A secret one is named by its digest. */
export interface Override {
  readonly name: string;
  readonly scope: OverrideScope;
  readonly layer: 'TEMPLATE' | 'OWNER' | 'CLONE';
  /** Empty for a secret one. */
  readonly value: string;
  /** Empty for a public one. */
  readonly digest: string;
  /** How large a secret one is. Kept for the limits, and told to nobody. */
  readonly bytes?: number;
}

/** What holds for a clone however it runs. Absent: never, or the default. */
export interface Policy {
  readonly expireAfterMs?: number;
  readonly expiryGraceMs?: number;
  readonly extendUpToMs?: number;
  readonly idleAfterMs?: number;
  readonly resultRetentionMs?: number;
  readonly archiveRetentionMs?: number;
  readonly startWithinMs?: number;
}

/** Something that a workload reads. */
export interface Input {
  readonly name: string;
  readonly source: /** `url` is what may be shown; the whole address is sealed under the digest. */
    | { readonly kind: 'url'; readonly url: string; readonly digest: string }
    | { readonly kind: 'result'; readonly cloneId: string; readonly name: string };
  /** Hexadecimal. Empty: whatever comes. */
  readonly sha256: string;
  readonly maxBytes: number;
}
