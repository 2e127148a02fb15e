/** What a workload is given beside its source, its parameters and its limits. Nothing secret. */
export interface WorkloadSetup {
  /** The stage that it is: the name of its folder of outputs. */
  readonly stage: string;
  /** Whether it fetches the clone's inputs, instead of running a source. */
  readonly fetchInputs: boolean;
  readonly inputs: readonly WorkloadInput[];
  /** The public ones. */
  readonly overrides: readonly WorkloadOverride[];
  /** Whether lifecycle has more to tell, for the workload or its runner alone. */
  readonly hasSecrets: boolean;
  readonly ports: readonly WorkloadPort[];
  readonly probe?: WorkloadProbe;
  /** Whether its outputs and its log are sent to lifecycle at its end. */
  readonly keepResults: boolean;
}

/** Something that is fetched before the workloads of a clone run. */
export interface WorkloadInput {
  readonly name: string;
  /** An address without what follows `?`, or a result of another clone. */
  readonly from:
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'result'; readonly cloneId: string; readonly name: string };
  /** In hexadecimal digits. Empty: whatever comes. */
  readonly sha256: string;
  readonly maxBytes: number;
}

/** Whom an override is for. */
export type OverrideScope = 'app' | 'environment';

/** A value that a workload or its surroundings get. */
export interface WorkloadOverride {
  readonly name: string;
  readonly scope: OverrideScope;
  readonly value: string;
}

/** Something that a workload listens on. */
export interface WorkloadPort {
  readonly name: string;
  readonly label: string;
  readonly scheme: string;
}

/** How the health of a workload is seen. */
export interface WorkloadProbe {
  readonly check:
    | { readonly kind: 'http'; readonly port: string; readonly path: string }
    | { readonly kind: 'tcp'; readonly port: string }
    | { readonly kind: 'command'; readonly command: readonly string[] };
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly failures: number;
}

/** What only the workload, or its runner, may know: held in memory and in a file of the runner. */
export interface WorkloadSecrets {
  readonly overrides: readonly WorkloadOverride[];
  /** The whole addresses of inputs. */
  readonly inputs: readonly { readonly name: string; readonly url: string }[];
}
