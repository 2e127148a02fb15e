/** What a workload is given beside its command and its parameters. Nothing secret. */
export interface WorkloadSetup {
  /** The stage that it is: the name of its folder of outputs. */
  readonly stage: string;
  /** Whether inputs are fetched, instead of a command being run. */
  readonly fetchInputs: boolean;
  readonly inputs: readonly InputSpec[];
  /** The public ones. */
  readonly overrides: readonly Override[];
  /** Whether there is a file of secrets. */
  readonly hasSecrets: boolean;
  readonly ports: readonly PortSpec[];
  readonly probe?: ProbeSpec;
  /** Whether the outputs and the log are sent to lifecycle at the end. */
  readonly keepResults: boolean;
}

/** Something to fetch into the storage. */
export interface InputSpec {
  readonly name: string;
  /** An address without what follows `?`, or a result of another clone. */
  readonly from:
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'result'; readonly cloneId: string; readonly name: string };
  /** In hexadecimal digits. Empty: whatever comes. */
  readonly sha256: string;
  readonly maxBytes: number;
}

/** A value that the workload or its surroundings get. */
export interface Override {
  readonly name: string;
  readonly scope: 'app' | 'environment';
  readonly value: string;
}

/** Something that the workload listens on. */
export interface PortSpec {
  readonly name: string;
  readonly label: string;
  readonly scheme: string;
}

/** How the health of the workload is seen. */
export interface ProbeSpec {
  readonly check:
    | { readonly kind: 'http'; readonly port: string; readonly path: string }
    | { readonly kind: 'tcp'; readonly port: string }
    | { readonly kind: 'command'; readonly command: readonly string[] };
  readonly periodMs: number;
  readonly timeoutMs: number;
  /** How many failures in a row make it unwell. */
  readonly failures: number;
}

/** What only the workload or its runner may know. */
export interface Secrets {
  readonly overrides: readonly Override[];
  /** The whole addresses of inputs. */
  readonly inputs: readonly { readonly name: string; readonly url: string }[];
}
